/* watch: see watch.h. Its own thread, but for watch_start and watch_stop. */
#include "source/wasapi/watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "source/wasapi/abi_session.h"
#include "source/wasapi/alarm.h"
#include "source/wasapi/awake.h"
#include "source/wasapi/device.h"
#include "source/wasapi/sessions.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { LOOK_MS = 500 };
/* Going through all sessions costs some milliseconds: only where nothing has
 * been heard for so long. */
#define SURVEY_AFTER_NS INT64_C(1000000000)

struct watch {
    /* constant while the thread runs */
    struct watch_setup setup;
    HANDLE stop;
    struct thread *thread;
    /* its thread only */
    IMMDeviceEnumerator *enumerator; /* where processes are heard */
    struct process_list processes;   /* while sessions are looked at */
    IAudioClock *clock;
    UINT64 frequency; /* of its positions */
    struct meter *meter;
    struct alarm alarm;
    struct awake awake;
    bool volume_seen; /* the sessions' volumes were looked at */
};

static const char nothing_of_output[] =
    "the output plays and nothing of it arrives: what plays may be protected, "
    "or the device's driver gives nothing back; try another player, or another "
    "output with -D";
static const char nothing_of_processes[] =
    "what is to be recorded plays and nothing of it arrives: it may be "
    "protected, or Windows does not give it here; try its output with -D";

/* --- what there is to look at --- */

static void open_clock(struct watch *w)
{
    void *clock = NULL;

    if (FAILED(IAudioClient_GetService(w->setup.client, &iid_clock, &clock)) ||
        !clock)
        return;
    w->clock = clock;
    if (FAILED(IAudioClock_GetFrequency(w->clock, &w->frequency)))
        w->frequency = 0;
}

static void open_meter(struct watch *w)
{
    void *meter = NULL;

    if (SUCCEEDED(IMMDevice_Activate(w->setup.device, &iid_meter, CLSCTX_ALL,
                                     NULL, &meter)))
        w->meter = meter;
}

static void open_awake(struct watch *w)
{
    const struct source_listener *l = w->setup.listener;
    struct fault f = {0};
    char text[sizeof f.detail + 80];

    if (awake_open(&w->awake, w->setup.device, w->setup.client_name, &f) || !l)
        return;
    snprintf(text, sizeof text, "the output cannot be kept awake: %s",
             f.detail);
    l->warn(l->context, text);
}

static void open_all(struct watch *w)
{
    if (!w->setup.device) {
        w->enumerator = device_enumerator(NULL);
        return;
    }
    open_clock(w);
    open_meter(w);
    if (w->setup.keep_awake)
        open_awake(w);
}

static void close_all(struct watch *w)
{
    awake_close(&w->awake);
    if (w->meter)
        w->meter->methods->release(w->meter);
    if (w->clock)
        IAudioClock_Release(w->clock);
    if (w->enumerator)
        IMMDeviceEnumerator_Release(w->enumerator);
}

/* --- whose sessions are heard --- */

static bool is_heard(void *context, DWORD process_id)
{
    const struct watch *w = context;
    enum source_scope scope = w->setup.scope;

    if (process_id == GetCurrentProcessId())
        return false;
    if (w->setup.child && child_holds(w->setup.child, process_id))
        return true; /* its launcher may have ended */
    return scope == SCOPE_ALL ||
           target_holds(&w->processes, w->setup.target, process_id) ==
               (scope == SCOPE_APP);
}

/* The processes as they are now, for is_heard; process_list_free. */
static struct session_filter filter_now(struct watch *w)
{
    w->processes = (struct process_list){0};
    if (w->setup.scope != SCOPE_ALL)
        processes_read(&w->processes, PROCESSES_BORN, NULL);
    return (struct session_filter){.matches = is_heard, .context = w};
}

/* --- one look --- */

/* S_FALSE: the call took so long that the position is no longer true
 * (IAudioClock::GetPosition, remarks). The stamp is in units of 100 ns. */
static void look_at_clock(struct watch *w)
{
    const struct source_listener *l = w->setup.listener;
    UINT64 position = 0, qpc = 0;
    double ppm;

    if (!w->clock ||
        IAudioClock_GetPosition(w->clock, &position, &qpc) != S_OK ||
        qpc > INT64_MAX / 100)
        return;
    drift_add(w->setup.drift, (int64_t)(qpc * 100), position, w->frequency);
    if (l && drift_ppm(w->setup.drift, &ppm))
        l->drift(l->context, ppm);
}

/* The endpoint's meter lies before or behind its mute, as the driver likes
 * ("IAudioMeterInformation", remarks: in hardware or in software), and the tap
 * before it. A muted output whose meter stands still thus never alarms, and
 * one whose meter moves is heard all the same: neither is a false alarm. */
static double peak_now(struct watch *w, int64_t now_ns, int64_t heard_ns)
{
    struct session_filter filter;
    double peak;

    if (w->setup.device)
        return meter_peak(w->meter);
    if (!w->enumerator || heard_ns == HEARD_NOT_RUNNING ||
        now_ns - heard_ns < SURVEY_AFTER_NS)
        return -1.0;
    filter = filter_now(w);
    peak = sessions_peak(w->enumerator, &filter);
    process_list_free(&w->processes);
    return peak;
}

static void look_at_meter(struct watch *w)
{
    const struct source_listener *l = w->setup.listener;
    int64_t now_ns = clock_now_ns();
    int64_t heard_ns = heard_at(w->setup.heard);
    double peak = peak_now(w, now_ns, heard_ns);

    if (alarm_look(&w->alarm, now_ns, peak, heard_ns) && l)
        l->broken(l->context,
                  w->setup.device ? nothing_of_output : nothing_of_processes);
}

/* An application may have no session yet: it is looked at until it has. */
static void look_at_volume(struct watch *w)
{
    struct session_filter filter;

    if (!w->enumerator || w->setup.scope != SCOPE_APP || w->volume_seen)
        return;
    filter = filter_now(w);
    w->volume_seen =
        sessions_warn_if_silent(w->enumerator, &filter, w->setup.listener);
    process_list_free(&w->processes);
}

/* How long until the next look. */
static DWORD pause_ms(const struct watch *w)
{
    int64_t half_ms = w->awake.buffer_ns / 2000000;

    return w->awake.client && half_ms < LOOK_MS ? (DWORD)half_ms + 1 : LOOK_MS;
}

static void watch_main(void *argument)
{
    struct watch *w = argument;
    struct fault f = {0};
    bool com;

    if (!device_com_begin(&com, &f)) {
        log_line("the watch cannot begin: %s", f.detail);
        return;
    }
    open_all(w);
    do {
        look_at_volume(w);
        look_at_clock(w);
        look_at_meter(w);
        /* Lost with the device, which the capture notices. */
        if (w->awake.client && !awake_feed(&w->awake))
            awake_close(&w->awake);
    } while (WaitForSingleObject(w->stop, pause_ms(w)) == WAIT_TIMEOUT);
    close_all(w);
    device_com_end(&com);
}

/* --- capture thread --- */

static void destroy(struct watch *w)
{
    if (w->setup.device)
        IMMDevice_Release(w->setup.device);
    if (w->setup.client)
        IAudioClient_Release(w->setup.client);
    if (w->stop)
        CloseHandle(w->stop);
    free(w);
}

struct watch *watch_start(const struct watch_setup *setup)
{
    struct watch *w;
    struct fault f = {0};

    if (!setup->listener && !setup->keep_awake)
        return NULL;
    w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->setup = *setup;
    if (setup->device)
        IMMDevice_AddRef(setup->device);
    if (setup->client)
        IAudioClient_AddRef(setup->client);
    w->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (w->stop)
        w->thread = thread_start("watch", watch_main, w, &f);
    if (w->thread)
        return w;
    log_line("the recording is not watched: %s", f.detail);
    destroy(w);
    return NULL;
}

void watch_stop(struct watch *w)
{
    if (!w)
        return;
    SetEvent(w->stop);
    thread_join(w->thread);
    destroy(w);
}
