/* recording: a session as the command line runs it, for its tests: from a
 * request to the report and the events. Include after cmocka.h. */
#ifndef LOOPREC_TESTS_RECORDING_H
#define LOOPREC_TESTS_RECORDING_H

#include <string.h>

#include "session/session.h"
#include "sys/clock.h"

enum { EVENTS_MAX = 64 };

struct outcome {
    struct session_report report;
    struct session_event events[EVENTS_MAX];
    unsigned event_count;
    bool paused; /* after the last order, where a test gives some */
};

static inline struct session_request request_for(const char *spec,
                                                 uint64_t frames)
{
    struct session_request r = {
        .sources = {{.spec = spec,
                     .follow = true,
                     .latency_ns = 20000000,
                     .client_name = "test"}},
        .source_count = 1,
        .type = SINK_NULL,
        .sample = SAMPLE_S24,
        .compression = 5,
        .has_duration = frames > 0,
        .duration = {.is_frames = true, .frames = frames},
        .buffer_ns = INT64_C(10000000000),
    };
    return r;
}

static inline void gather(struct session *s, struct outcome *o)
{
    struct session_event event;
    while (session_next_event(s, &event)) {
        if (o->event_count < EVENTS_MAX) {
            o->events[o->event_count++] = event;
        }
    }
}

/* How many frames of CLASS the events tell of. */
static inline uint64_t gaps_of(const struct outcome *o,
                               enum account_class class)
{
    uint64_t frames = 0;
    for (unsigned i = 0; i < o->event_count; i++) {
        const struct session_event *event = &o->events[i];
        if (event->kind != EVENT_GAP && event->kind != EVENT_RECLASSIFIED) {
            continue;
        }
        frames += event->class == class ? event->frames : 0;
        if (event->kind == EVENT_RECLASSIFIED && event->was == class) {
            frames -= event->frames;
        }
    }
    return frames;
}

/* Where nothing failed, events and account tell the same. */
static inline void compare_gaps(const struct outcome *o)
{
    if (o->report.fault.err != ERR_OK || o->event_count == EVENTS_MAX ||
        o->report.overflow_events > 0) {
        return;
    }
    for (int c = CLASS_IDLE; c < CLASS_COUNT; c++) {
        assert_int_equal(gaps_of(o, (enum account_class)c),
                         o->report.account.frames[c]);
    }
}

/* Record until the end, and destroy S and WAKE. */
static inline void record_rest(struct session *s, struct wake *wake,
                               struct outcome *o)
{
    while (session_state(s) == SESSION_RUNNING) {
        wake_wait(wake, -1);
        gather(s, o);
    }
    session_finish(s, &o->report);
    gather(s, o);
    assert_int_equal(account_total(&o->report.account), o->report.frames);
    compare_gaps(o);
    session_destroy(s);
    wake_destroy(wake);
}

/* Record until the end, or until STOP_AFTER_NS when that is not 0. */
static inline void record(const struct session_request *r,
                          int64_t stop_after_ns, struct outcome *o)
{
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    memset(o, 0, sizeof(*o));
    struct session *s = session_create(r, wake, &f);
    assert_non_null(s);
    assert_true(session_start(s, &f));
    if (stop_after_ns > 0) {
        int64_t stop_ns = clock_now_ns() + stop_after_ns;
        while (clock_now_ns() < stop_ns) {
            wake_wait(wake, stop_ns - clock_now_ns());
        }
        session_stop(s, stop_ns);
    }
    record_rest(s, wake, o);
    assert_int_equal(o->report.overflow_events, 0);
}

static inline unsigned count_events(const struct outcome *o,
                                    enum session_event_kind kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < o->event_count; i++) {
        count += o->events[i].kind == kind;
    }
    return count;
}

#endif
