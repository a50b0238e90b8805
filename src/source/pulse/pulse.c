/* pulse: the source for PulseAudio and PipeWire. See source.h for the order of
 * calls. create, destroy and the lists: main thread; interrupt: any; all else:
 * the capture thread, which drives libpulse's plain main loop itself. */
#include "source/pulse/pulse.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/pulse/apps.h"
#include "source/pulse/checkup.h"
#include "source/pulse/devices.h"
#include "source/pulse/link.h"
#include "source/pulse/null_sink.h"
#include "source/pulse/programs.h"
#include "source/pulse/whole.h"
#include "sys/clock.h"

#define OPEN_NS  INT64_C(5000000000)
#define RETRY_NS INT64_C(200000000)
/* Where somebody plays, a recording begins when the sound does: a sink whose
 * player asked for no hurry has been mixed up to 2 s ahead, and what was mixed
 * before we came cannot be had (PulseAudio 16.1, null sink; libpulse's default
 * latency). */
#define FIRST_NS INT64_C(2500000000)

struct pulse {
    struct source base;
    /* constant after create */
    struct source_request request;
    /* shared: stop_ns in it */
    struct link link;
    /* capture thread */
    struct whole whole;        /* SCOPE_OUTPUT */
    struct programs *programs; /* the other scopes; NULL: not that */
    struct who who;            /* theirs */
    char first[256];           /* what was opened first: its id */
    bool server_away; /* the last loss or failed opening was the server's */
    bool watching;    /* wait: subscribed on the present connection */
    bool news;        /* wait: an output came, or the default changed */
};

static struct pulse *self(struct source *s)
{
    return (struct pulse *)s; /* base is the first member */
}

static void pulse_destroy(struct source *s)
{
    struct pulse *p = self(s);
    if (p == NULL) {
        return;
    }
    link_destroy(&p->link);
    if (p->programs != NULL) {
        who_free(&p->who);
        free(p->programs);
    }
    free(p);
}

static struct source *pulse_create(const struct source_request *request,
                                   struct fault *f)
{
    if (request->device != NULL && request->device[0] == '\0') {
        fault_set(f, ERR_USAGE, "choose the output", "the name is empty", NULL);
        return NULL;
    }
    bool chosen =
        request->scope == SCOPE_APP || request->scope == SCOPE_EXCLUDE;
    if (chosen && !who_check(request, (uint32_t)getpid(), f)) {
        return NULL;
    }
    if (request->keep_awake) {
        fault_set(f, ERR_USAGE, "options",
                  "--keep-awake is for Windows; leave it out: here an output "
                  "that is recorded stays awake by itself",
                  NULL);
        return NULL;
    }
    struct pulse *p = calloc(1, sizeof *p);
    if (p == NULL) {
        fault_set(f, ERR_NO_MEMORY, "make the source", NULL, NULL);
        return NULL;
    }
    if (!link_create(&p->link, f)) {
        free(p);
        return NULL;
    }
    p->base.ops = pulse_system.ops;
    p->request = *request;
    if (request->null_sink != NULL) {
        p->link.server = null_sink_server(request->null_sink);
    }
    if (request->scope != SCOPE_OUTPUT) {
        p->programs = calloc(1, sizeof *p->programs);
        if (p->programs == NULL) {
            pulse_destroy(&p->base);
            fault_set(f, ERR_NO_MEMORY, "make the source", NULL, NULL);
            return NULL;
        }
        who_init(&p->who, &p->request, (uint32_t)getpid());
    }
    return &p->base;
}

/* --- opening --- */

/* The output that the request means, now. After a loss it is the same one as
 * before, by name; where -D was a part of a name that fits only one output
 * again, that one. */
static bool choose(struct pulse *p, struct output *out, int64_t deadline_ns,
                   struct fault *f)
{
    struct link *l = &p->link;
    const char *wanted = p->request.device;
    struct null_sink *own = p->request.null_sink;
    bool again = p->first[0] != '\0';
    char name[sizeof p->first];

    if (own != NULL) { /* by its exact name: another run's may begin so */
        return null_sink_ensure(own, l, deadline_ns, f) &&
               devices_output(l, null_sink_name(own), out, deadline_ns, f);
    }
    if (again && (wanted != NULL || !p->request.follow)) {
        struct fault missing = {.err = ERR_OK};
        if (devices_output(l, p->first, out, deadline_ns, &missing)) {
            return true;
        }
        if (missing.err != ERR_NO_DEVICE || wanted == NULL) {
            if (f != NULL) {
                *f = missing;
            }
            return false;
        }
    }
    if (wanted == NULL) {
        return devices_default(l, out, deadline_ns, f);
    }
    return devices_find(l, wanted, name, sizeof name, deadline_ns, f) &&
           devices_output(l, name, out, deadline_ns, f);
}

static void disconnect(struct pulse *p)
{
    link_close(&p->link);
    p->watching = false;
}

/* Neither opened before, nor was anything of it waited for. */
static bool is_first(const struct pulse *p)
{
    return p->first[0] == '\0';
}

static bool open_output(struct pulse *p, struct source_info *info,
                        int64_t deadline_ns, struct fault *f)
{
    struct link *l = &p->link;
    struct output out;
    bool follows = p->request.device == NULL && p->request.follow;
    if (!choose(p, &out, deadline_ns, f) ||
        !whole_open(&p->whole, l, &out, p->request.latency_ns, follows,
                    deadline_ns, f)) {
        return false;
    }
    if (is_first(p) && out.running) {
        info->since_ns =
            whole_await_sound(&p->whole, clock_now_ns() + FIRST_NS);
    }
    info->format = out.format;
    devices_copy(info->device_id, sizeof info->device_id, out.id);
    devices_copy(info->device_name, sizeof info->device_name, out.name);
    return true;
}

static bool open_programs(struct pulse *p, struct source_info *info,
                          int64_t deadline_ns, struct fault *f)
{
    if (!programs_open(p->programs, &p->link, &p->request, &p->who,
                       is_first(p) ? FIRST_NS : 0, deadline_ns, f)) {
        return false;
    }
    info->format = p->programs->base.format;
    info->lanes = TAPS_MAX;
    roster_describe(p->programs->roster, info->device_id,
                    sizeof info->device_id, info->device_name,
                    sizeof info->device_name);
    return true;
}

static bool pulse_open(struct source *source, struct source_info *info,
                       struct fault *f)
{
    struct pulse *p = self(source);
    struct link *l = &p->link;
    int64_t deadline_ns = clock_now_ns() + OPEN_NS;

    if (!link_is_up(l)) {
        disconnect(p);
        if ((p->request.null_sink != NULL &&
             null_sink_is_over(p->request.null_sink, f)) ||
            !link_connect(l, p->request.client_name, deadline_ns, f)) {
            p->server_away = true;
            return false;
        }
    }
    pa_context_set_subscribe_callback(l->context, NULL, NULL);
    p->watching = false;
    p->server_away = false;
    info->virtual_time = false;
    if (p->programs != NULL ? open_programs(p, info, deadline_ns, f)
                            : open_output(p, info, deadline_ns, f)) {
        if (is_first(p)) {
            devices_copy(p->first, sizeof p->first, info->device_id);
        }
        return true;
    }
    p->server_away = !link_is_up(l);
    return false;
}

static enum source_end pulse_run(struct source *source,
                                 const struct outlet *out, struct fault *f)
{
    struct pulse *p = self(source);
    enum source_end end = p->programs != NULL
                              ? programs_run(p->programs, out, f)
                              : whole_run(&p->whole, out, f);
    p->server_away = !link_is_up(&p->link);
    return end;
}

/* The connection stays where it lives: wait listens on it, and the next open
 * need not make one. */
static void pulse_close(struct source *source)
{
    struct pulse *p = self(source);
    if (p->programs != NULL) {
        programs_close(p->programs);
    } else {
        whole_close(&p->whole);
    }
    if (!link_is_up(&p->link) || link_stop(&p->link) != LINK_RUNS) {
        disconnect(p);
    }
}

static void pulse_interrupt(struct source *source, int64_t stop_ns)
{
    link_interrupt(&self(source)->link, stop_ns);
}

/* --- waiting for a device or a server --- */

static void on_news(pa_context *c, pa_subscription_event_type_t type,
                    uint32_t index, void *data)
{
    struct pulse *p = data;
    (void)c;
    (void)index;
    unsigned facility = type & PA_SUBSCRIPTION_EVENT_FACILITY_MASK;
    unsigned kind = type & PA_SUBSCRIPTION_EVENT_TYPE_MASK;
    if (facility == PA_SUBSCRIPTION_EVENT_SERVER ||
        kind == PA_SUBSCRIPTION_EVENT_NEW) {
        p->news = true;
    }
}

static void watch(struct pulse *p)
{
    pa_context *c = p->link.context;
    pa_context_set_subscribe_callback(c, on_news, p);
    pa_operation *op = pa_context_subscribe(
        c,
        PA_SUBSCRIPTION_MASK_SERVER | PA_SUBSCRIPTION_MASK_SINK |
            (p->programs != NULL ? PA_SUBSCRIPTION_MASK_SINK_INPUT : 0),
        NULL, NULL);
    if (op != NULL) {
        pa_operation_unref(op);
    }
    p->watching = true;
    p->news = false;
}

/* Turn the loop until UNTIL_NS, or until there is news or an interrupt. */
static void listen(struct pulse *p, int64_t until_ns)
{
    for (;;) {
        int64_t left = until_ns - clock_now_ns();
        if (left <= 0 || p->news || link_stop(&p->link) != LINK_RUNS ||
            (p->watching && !link_is_up(&p->link)) ||
            link_turn(&p->link, left, LINK_RUNS) < 0) {
            return;
        }
    }
}

static void pulse_wait(struct source *source, int64_t timeout_ns)
{
    struct pulse *p = self(source);
    int64_t until_ns = clock_now_ns() + timeout_ns;

    while (clock_now_ns() < until_ns && link_stop(&p->link) == LINK_RUNS) {
        if (link_is_up(&p->link)) {
            if (p->server_away) {
                return; /* it is back */
            }
            if (!p->watching) {
                watch(p);
            }
            listen(p, until_ns);
            if (p->news) {
                p->news = false;
                return;
            }
            continue;
        }
        /* No server: there is nothing to listen on, so try the door. */
        disconnect(p);
        p->news = false;
        if (!link_connect(&p->link, p->request.client_name, until_ns, NULL)) {
            p->server_away = true;
            int64_t pause_ns = clock_now_ns() + RETRY_NS;
            listen(p, pause_ns < until_ns ? pause_ns : until_ns);
        }
    }
}

/* --- the table --- */

static bool pulse_list(const char *client_name, struct device_list *out,
                       struct fault *f)
{
    struct link l;
    int64_t deadline_ns = clock_now_ns() + OPEN_NS;
    if (!link_begin(&l, client_name, deadline_ns, f)) {
        return false;
    }
    bool ok = devices_list(&l, out, deadline_ns, f);
    link_destroy(&l);
    return ok;
}

static bool pulse_list_apps(const char *client_name, struct app_list *out,
                            struct fault *f)
{
    struct link l;
    int64_t deadline_ns = clock_now_ns() + OPEN_NS;
    if (!link_begin(&l, client_name, deadline_ns, f)) {
        return false;
    }
    bool ok = apps_list(&l, out, deadline_ns, f);
    link_destroy(&l);
    return ok;
}

static const struct source_ops ops = {
    .name = "pulse",
    .create = pulse_create,
    .open = pulse_open,
    .run = pulse_run,
    .close = pulse_close,
    .interrupt = pulse_interrupt,
    .wait = pulse_wait,
    .destroy = pulse_destroy,
};

const struct source_system pulse_system = {
    .ops = &ops,
    .list = pulse_list,
    .list_apps = pulse_list_apps,
    .null_sinks = &null_sink_ops,
    .checkup = &checkup_ops,
};
