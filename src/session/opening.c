/* opening: see opening.h. */
#include "session/opening.h"

#include <string.h>

#include "core/log.h"
#include "sys/clock.h"

/* Try a lost device again after this, doubled each time up to the most. */
#define RETRY_FIRST_NS INT64_C(50000000)
#define RETRY_MOST_NS  INT64_C(1000000000)
/* While it is away, say how far time has come at least this often. */
#define RETRY_SLICE_NS INT64_C(100000000)

int64_t opening_now(struct track *t)
{
    const struct source_ops *ops = t->source->ops;
    return ops->now ? ops->now(t->source) : clock_now_ns();
}

void opening_set_phase(struct track *t, enum track_phase phase)
{
    /* release: pairs with track_phase; info and fault are complete */
    atomic_store_explicit(&t->phase, (int)phase, memory_order_release);
    wake_set(t->main_wake);
}

enum track_phase track_phase(const struct track *t)
{
    /* acquire: pairs with opening_set_phase */
    return (enum track_phase)atomic_load_explicit(&t->phase,
                                                  memory_order_acquire);
}

bool opening_stopped(const struct track *t)
{
    /* relaxed: the source is interrupted too; this only ends waits */
    return atomic_load_explicit(&t->abandoned, memory_order_relaxed);
}

/* The recording has begun. */
bool opening_begun(const struct track *t)
{
    /* acquire: pairs with track_begin; the ring is there */
    return atomic_load_explicit(&t->begun, memory_order_acquire);
}

/* The next time wait for twice as long. */
static int64_t next_pause(int64_t pause_ns)
{
    int64_t next = pause_ns > 0 ? pause_ns * 2 : RETRY_FIRST_NS;
    return next < RETRY_MOST_NS ? next : RETRY_MOST_NS;
}

/* Wait until it makes sense to try again: for PAUSE_NS, or until the system has
 * news or we are stopped. Tells meanwhile how far time has come. */
static void pause_opening(struct track *t, int64_t pause_ns)
{
    const struct source_ops *ops = t->source->ops;
    int64_t until = opening_now(t) + pause_ns;
    while (!opening_stopped(t)) {
        int64_t now = opening_now(t);
        int64_t left = until - now;
        if (opening_begun(t)) {
            lanes_set_reached(t, now);
        }
        if (left <= 0) {
            return;
        }
        int64_t slice = left < RETRY_SLICE_NS ? left : RETRY_SLICE_NS;
        if (ops->wait) {
            ops->wait(t->source, slice);
        } else {
            wake_wait(t->go, slice);
        }
        if (opening_now(t) - now < slice - slice / 8) {
            return; /* it came back early: there is news */
        }
    }
}

/* It is open, or given up: the source need not look out any longer. */
static void end_waiting(const struct track *t)
{
    const struct source_ops *ops = t->source->ops;
    if (ops->wait_end) {
        ops->wait_end(t->source);
    }
}

/* Is one of the applications given by its name? */
static bool has_name(const struct source_request *r)
{
    for (size_t i = 0; i < r->app_count; i++) {
        if (r->apps[i][strspn(r->apps[i], "0123456789")] != '\0') {
            return true;
        }
    }
    return false;
}

/* What is missing can still come. A process is never given its number twice. */
static bool may_come(const struct track *t, const struct fault *f)
{
    switch (f->err) {
    case ERR_NO_DEVICE:
    case ERR_NO_SERVER: return true;
    case ERR_NO_APP: return has_name(&t->request);
    default: return false;
    }
}

/* The device is away: wait for it with growing pauses, open it. False: stopped
 * meanwhile, the application has ended while it could not be heard, or (told in
 * the track's fault) the device can never be back. */
static bool open_again(struct track *t, bool *lost)
{
    struct fault f = {0};
    int64_t pause_ns = *lost ? RETRY_FIRST_NS : 0;
    for (;;) {
        pause_opening(t, pause_ns);
        if (opening_stopped(t)) {
            return false;
        }
        memset(&t->info_now, 0, sizeof(t->info_now));
        t->back_ns = opening_now(t);
        if (t->source->ops->open(t->source, &t->info_now, &f)) {
            return true;
        }
        if (f.err == ERR_NO_APP &&
            !(t->wait && !t->request.until_exit && may_come(t, &f))) {
            t->ended_ns = t->back_ns;
            return false;
        }
        if (f.err == ERR_SERVER_ENDED) {
            t->fault = f;
            t->ended_ns = t->back_ns;
            opening_set_phase(t, TRACK_FAILED);
            return false;
        }
        log_line("open again: %s (%s)", f.detail, error_sentence(f.err));
        if (!*lost && pause_ns > 0) { /* not at the first attempt */
            *lost = true;
            queue_post_text(t->queue, EVENT_DEVICE_LOST, f.detail,
                            error_name(f.err));
        }
        pause_ns = next_pause(pause_ns);
    }
}

bool opening_again(struct track *t, bool *lost)
{
    bool opened = open_again(t, lost);
    end_waiting(t);
    return opened;
}

/* --- the first opening --- */

/* Open the source, once it is there where it is to be waited for. */
static enum opening open_first(struct track *t)
{
    int64_t pause_ns = RETRY_FIRST_NS;
    int64_t give_up_ns = INT64_MAX;
    for (;;) {
        memset(&t->info, 0, sizeof(t->info));
        t->back_ns = opening_now(t);
        if (t->source->ops->open(t->source, &t->info, &t->fault)) {
            t->format = t->info.format;
            t->opened_ns = opening_now(t);
            if (t->info.since_ns != 0 && t->info.since_ns < t->back_ns) {
                t->info.since_ns = t->back_ns; /* nobody had asked for it yet */
            }
            return OPENED;
        }
        if (opening_stopped(t)) {
            return STOPPED;
        }
        if (!t->wait || !may_come(t, &t->fault) || t->back_ns >= give_up_ns) {
            return REFUSED;
        }
        if (track_phase(t) == TRACK_OPENING) {
            bool ends = t->wait_ns > 0 && t->wait_ns < INT64_MAX - t->back_ns;
            give_up_ns = ends ? t->back_ns + t->wait_ns : INT64_MAX;
            queue_post_text(t->queue, EVENT_WAITING, track_name(t),
                            error_name(t->fault.err));
            opening_set_phase(t, TRACK_WAITING);
        }
        log_line("open: %s (%s)", t->fault.detail,
                 error_sentence(t->fault.err));
        int64_t left_ns = give_up_ns - opening_now(t);
        pause_opening(t, pause_ns < left_ns ? pause_ns : left_ns);
        pause_ns = next_pause(pause_ns);
        if (opening_stopped(t)) {
            return STOPPED;
        }
    }
}

enum opening opening_first(struct track *t)
{
    enum opening opening = open_first(t);
    end_waiting(t);
    return opening;
}

const char *track_name(const struct track *t)
{
    const struct source_request *r = &t->request;
    return t->present           ? t->info.device_name
           : r->spec            ? "the synthetic source"
           : r->process_id != 0 ? "the process"
           : r->app_count > 0   ? r->apps[0]
           : r->device          ? r->device
                                : "an output";
}

bool track_refused(const struct track *t)
{
    return track_phase(t) == TRACK_FAILED &&
           !(t->wait && may_come(t, &t->fault));
}
