/* wasapi: the source that hears what Windows plays, by loopback of the default
 * or of a named render endpoint, or of processes. See source.h for the order of
 * calls and the threads; the work is done in endpoint.c, pump.c, device.c and
 * notify.c for outputs, in scope.c and process.c for applications. */
#include "source/wasapi/wasapi.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "source/wasapi/checkup.h"
#include "source/wasapi/device.h"
#include "source/wasapi/endpoint.h"
#include "source/wasapi/hresult.h"
#include "source/wasapi/notify.h"
#include "source/wasapi/pump.h"
#include "source/wasapi/scope.h"
#include "source/wasapi/sessions.h"
#include "source/wasapi/watch.h"
#include "sys/clock.h"

/* Applications are looked for this often; a device wakes the wait itself. */
#define WAIT_SLICE_NS INT64_C(250000000)

struct wasapi {
    struct source base;
    /* constant after create */
    struct source_request request;
    /* shared with the thread that interrupts */
    struct interrupt interrupt;
    /* capture thread only: from open to close */
    bool com_owned;
    IMMDeviceEnumerator *enumerator;
    struct notify *notify;
    struct endpoint endpoint;
    struct scope scope; /* but for SCOPE_OUTPUT; also from open to open */
    struct watch *watch;
    /* capture thread only: from the first wait to wait_end */
    struct {
        bool begun;
        bool com_owned;
        IMMDeviceEnumerator *enumerator;
        struct notify *notify;
    } waiting;
    /* shared with the watch */
    struct heard heard;
    struct drift drift; /* of the device with the id below; watch's thread */
    char id[DEVICE_TEXT_BYTES];   /* the first that was opened, where that */
    char name[DEVICE_TEXT_BYTES]; /* is to be kept; else the last */
};

static struct wasapi *self(struct source *s)
{
    return (struct wasapi *)s;
}

static bool follows(const struct wasapi *w)
{
    return !w->request.device && w->request.follow;
}

static bool hears_processes(const struct wasapi *w)
{
    return w->request.scope != SCOPE_OUTPUT;
}

static void wasapi_destroy(struct source *s)
{
    struct wasapi *w = self(s);

    if (!w)
        return;
    if (w->interrupt.wake)
        CloseHandle(w->interrupt.wake);
    free(w);
}

static const struct source_ops wasapi_ops;

static struct source *wasapi_create(const struct source_request *request,
                                    struct fault *f)
{
    struct wasapi *w = calloc(1, sizeof *w);

    if (w)
        w->interrupt.wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!w || !w->interrupt.wake) {
        free(w);
        fault_set(f, ERR_NO_MEMORY, "create the source", NULL, NULL);
        return NULL;
    }
    w->base.ops = &wasapi_ops;
    w->request = *request;
    if (hears_processes(w) && request->keep_awake) {
        wasapi_destroy(&w->base);
        fault_set(f, ERR_USAGE, "options",
                  "--keep-awake keeps one output awake, and applications are "
                  "recorded on none; leave it out",
                  NULL);
        return NULL;
    }
    atomic_init(&w->interrupt.stop_ns, INT64_MAX);
    if (hears_processes(w) && !scope_check(&w->scope, &w->request, f)) {
        wasapi_destroy(&w->base);
        return NULL;
    }
    return &w->base;
}

/* The device to open. Once a device was chosen that is not to change (by -D or
 * --no-follow), only that one will do: a name that fitted one output must not
 * mean another one after a loss. */
static IMMDevice *choose(struct wasapi *w, struct fault *f)
{
    if (follows(w))
        return device_default(w->enumerator, f);
    if (w->id[0])
        return device_again(w->enumerator, w->id, w->name, f);
    if (w->request.device)
        return device_find(w->enumerator, w->request.device, f);
    return device_default(w->enumerator, f);
}

static void fill_info(const struct wasapi *w, struct source_info *info)
{
    const char *id = hears_processes(w) ? w->scope.id : w->id;
    const char *name = hears_processes(w) ? w->scope.name : w->name;

    *info = (struct source_info){.format = w->endpoint.format};
    text_copy(info->device_id, sizeof info->device_id, id);
    text_copy(info->device_name, sizeof info->device_name, name);
}

static void wasapi_close(struct source *s)
{
    struct wasapi *w = self(s);

    watch_stop(w->watch);
    w->watch = NULL;
    endpoint_close(&w->endpoint);
    scope_close(&w->scope);
    notify_destroy(w->notify);
    w->notify = NULL;
    if (w->enumerator)
        IMMDeviceEnumerator_Release(w->enumerator);
    w->enumerator = NULL;
    device_com_end(&w->com_owned);
}

/* What is told beside packets; a stream that nobody watches is recorded too.
 * DEVICE is NULL where processes are heard; SAME: it is the last one again. */
static void begin_watch(struct wasapi *w, IMMDevice *device, bool same)
{
    const struct watch_setup setup = {
        .device = device,
        .client = device ? w->endpoint.client : NULL,
        .scope = w->request.scope,
        .target = &w->scope.target,
        .child = w->request.child,
        .heard = &w->heard,
        .drift = &w->drift,
        .listener = w->request.listener,
        .keep_awake = w->request.keep_awake,
        .client_name = w->request.client_name,
    };

    heard_init(&w->heard);
    w->endpoint.heard = &w->heard;
    /* Each device has a clock of its own. */
    if (same)
        drift_break(&w->drift);
    else
        drift_init(&w->drift);
    w->watch = watch_start(&setup);
}

static bool open_output(struct wasapi *w, struct fault *f)
{
    IMMDevice *device;
    char id[DEVICE_TEXT_BYTES], name[DEVICE_TEXT_BYTES];
    wchar_t *wide;
    HRESULT hr;
    bool ok;

    w->enumerator = device_enumerator(f);
    device = w->enumerator ? choose(w, f) : NULL;
    if (!device)
        return false;
    device_describe(device, id, name);
    wide = device_wide_id(device);
    /* Without news of other devices a loss is still seen by the stream. */
    w->notify = notify_create(w->enumerator, wide, w->interrupt.wake, &hr);
    ok = endpoint_open(&w->endpoint, device, name, w->request.client_name,
                       w->interrupt.wake, f);
    if (ok) {
        begin_watch(w, device, strcmp(w->id, id) == 0);
        memcpy(w->id, id, sizeof w->id);
        memcpy(w->name, name, sizeof w->name);
    }
    CoTaskMemFree(wide);
    IMMDevice_Release(device);
    if (ok)
        pump_settle(&w->endpoint, &w->interrupt);
    return ok;
}

static bool wasapi_open(struct source *s, struct source_info *info,
                        struct fault *f)
{
    struct wasapi *w = self(s);
    bool ok;

    if (!device_com_begin(&w->com_owned, f))
        return false;
    ok = hears_processes(w)
             ? scope_open(&w->scope, &w->endpoint, &w->interrupt, f)
             : open_output(w, f);
    if (!ok) {
        wasapi_close(s);
        return false;
    }
    if (interrupt_stop(&w->interrupt) != INT64_MAX) {
        wasapi_close(s);
        return fault_set(f, ERR_SOURCE_FAILED, "open the output", "interrupted",
                         NULL);
    }
    if (hears_processes(w))
        begin_watch(w, NULL, false);
    fill_info(w, info);
    return true;
}

static enum source_end wasapi_run(struct source *s, const struct outlet *out,
                                  struct fault *f)
{
    struct wasapi *w = self(s);
    const struct pump_terms terms = {
        .name = hears_processes(w) ? w->scope.name : w->name,
        .notify = w->notify,
        .follow = follows(w),
        .watch = w->scope.watch,
        .again = hears_processes(w) && scope_returns(&w->scope),
    };

    return pump_run(&w->endpoint, &w->interrupt, &terms, out, f);
}

static void wasapi_interrupt(struct source *s, int64_t stop_ns)
{
    interrupt_post(&self(s)->interrupt, stop_ns);
}

/* Has what was lost come back? */
static bool came(struct wasapi *w, struct notify *notify)
{
    return hears_processes(w) ? scope_came(&w->scope) : notify_arrived(notify);
}

/* Listen once for the whole absence: what comes between two waits, while it is
 * tried to open, is then known to the next one. */
static void begin_waiting(struct wasapi *w)
{
    HRESULT hr;

    w->waiting.begun = true;
    if (hears_processes(w) || !device_com_begin(&w->waiting.com_owned, NULL))
        return;
    w->waiting.enumerator = device_enumerator(NULL);
    if (w->waiting.enumerator)
        w->waiting.notify =
            notify_create(w->waiting.enumerator, NULL, w->interrupt.wake, &hr);
}

static void wasapi_wait_end(struct source *s)
{
    struct wasapi *w = self(s);

    notify_destroy(w->waiting.notify);
    w->waiting.notify = NULL;
    if (w->waiting.enumerator)
        IMMDeviceEnumerator_Release(w->waiting.enumerator);
    w->waiting.enumerator = NULL;
    device_com_end(&w->waiting.com_owned);
    w->waiting.begun = false;
}

/* Until a device or a default comes, or an application. Without a way to be
 * told: the time-out. */
static void wasapi_wait(struct source *s, int64_t timeout_ns)
{
    struct wasapi *w = self(s);
    int64_t end_ns = clock_now_ns() + timeout_ns;

    if (!w->waiting.begun)
        begin_waiting(w);
    while (interrupt_stop(&w->interrupt) == INT64_MAX &&
           !came(w, w->waiting.notify)) {
        int64_t left_ns = end_ns - clock_now_ns();

        if (left_ns <= 0)
            break;
        if (left_ns > WAIT_SLICE_NS)
            left_ns = WAIT_SLICE_NS;
        WaitForSingleObject(w->interrupt.wake, (DWORD)(left_ns / 1000000 + 1));
    }
}

static bool wasapi_list(const char *client_name, struct device_list *out,
                        struct fault *f)
{
    IMMDeviceEnumerator *e;
    bool com, ok = false;

    (void)client_name; /* nobody is shown who asks */
    if (!device_com_begin(&com, f))
        return false;
    e = device_enumerator(f);
    if (e) {
        ok = device_enumerate(e, out, f);
        IMMDeviceEnumerator_Release(e);
    }
    device_com_end(&com);
    return ok;
}

static bool wasapi_list_apps(const char *client_name, struct app_list *out,
                             struct fault *f)
{
    IMMDeviceEnumerator *e;
    bool com, ok = false;

    (void)client_name;
    if (!device_com_begin(&com, f))
        return false;
    e = device_enumerator(f);
    if (e) {
        ok = sessions_list(e, out, f);
        IMMDeviceEnumerator_Release(e);
    }
    device_com_end(&com);
    return ok;
}

static const struct source_ops wasapi_ops = {
    .name = "wasapi",
    .create = wasapi_create,
    .open = wasapi_open,
    .run = wasapi_run,
    .close = wasapi_close,
    .interrupt = wasapi_interrupt,
    .wait = wasapi_wait,
    .wait_end = wasapi_wait_end,
    .destroy = wasapi_destroy,
};

const struct source_system wasapi_system = {
    .ops = &wasapi_ops,
    .list = wasapi_list,
    .list_apps = wasapi_list_apps,
    .checkup = &checkup_ops,
};
