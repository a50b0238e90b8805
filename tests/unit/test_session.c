/* The session as the command line uses it: a synthetic source through ring,
 * timeline and writer. What is asserted is what a user is told: the frames,
 * the account, the events and why it ended. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "session/session.h"
#include "sys/clock.h"

enum { EVENTS_MAX = 64 };

struct outcome {
    struct session_report report;
    struct session_event events[EVENTS_MAX];
    unsigned event_count;
};

static struct session_request request_for(const char *spec, uint64_t frames)
{
    struct session_request r = {
        .source = {.spec = spec,
                   .follow = true,
                   .latency_ns = 20000000,
                   .client_name = "test"},
        .type = SINK_NULL,
        .sample = SAMPLE_S24,
        .compression = 5,
        .has_duration = frames > 0,
        .duration = {.is_frames = true, .frames = frames},
        .buffer_ns = INT64_C(10000000000),
    };
    return r;
}

static void gather(struct session *s, struct outcome *o)
{
    struct session_event event;
    while (session_next_event(s, &event)) {
        if (o->event_count < EVENTS_MAX) {
            o->events[o->event_count++] = event;
        }
    }
}

/* Record until the end, or until STOP_AFTER_NS when that is not 0. */
static void record(const struct session_request *r, int64_t stop_after_ns,
                   struct outcome *o)
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
    while (session_state(s) == SESSION_RUNNING) {
        wake_wait(wake, -1);
        gather(s, o);
    }
    session_finish(s, &o->report);
    gather(s, o);
    assert_int_equal(account_total(&o->report.account), o->report.frames);
    assert_int_equal(o->report.overflow_events, 0);
    session_destroy(s);
    wake_destroy(wake);
}

static uint64_t gaps_of(const struct outcome *o, enum account_class class)
{
    uint64_t frames = 0;
    for (unsigned i = 0; i < o->event_count; i++) {
        if (o->events[i].kind == EVENT_GAP && o->events[i].class == class) {
            frames += o->events[i].frames;
        }
    }
    return frames;
}

static unsigned count_events(const struct outcome *o,
                             enum session_event_kind kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < o->event_count; i++) {
        count += o->events[i].kind == kind;
    }
    return count;
}

struct expectation {
    const char *spec;
    uint64_t frames[CLASS_COUNT]; /* captured, idle, lost, gone */
    unsigned lost_events, back_events, rerouted_events;
};

/* Virtual time, so exact to the frame: five seconds each. */
static const struct expectation expectations[] = {
    {"tone,fast", {240000, 0, 0, 0}, 0, 0, 0},
    {"tone,fast,gap=1s+100ms", {235200, 0, 4800, 0}, 0, 0, 0},
    {"tone,fast,silent=1s+1s", {240000, 0, 0, 0}, 0, 0, 0},
    {"tone,fast,stall=1s+2s", {144000, 96000, 0, 0}, 0, 0, 0},
    {"tone,fast,length=2s", {96000, 144000, 0, 0}, 0, 0, 0},
    {"tone,fast,burst=1s+500ms", {240000, 0, 0, 0}, 0, 0, 0},
    {"tone,fast,flag-every-packet", {240000, 0, 0, 0}, 0, 0, 0},
    {"tone,fast,flag-first", {240000, 0, 0, 0}, 0, 0, 0},
    {"tone,fast,position=none", {240000, 0, 0, 0}, 0, 0, 0},
    {"tone,fast,position=zero", {240000, 0, 0, 0}, 0, 0, 0},
    {"tone,fast,time=none", {240000, 0, 0, 0}, 0, 0, 0},
    {"tone,fast,drift=200", {240000, 0, 0, 0}, 0, 0, 0},
    {"tone,fast,lose-at=1s+2s", {144000, 0, 0, 96000}, 1, 1, 0},
    {"tone,fast,gap=1s+10ms,stall=2s+1s,lose-at=4s+500ms",
     {167520, 48000, 480, 24000},
     1,
     1,
     0},
};

static void test_faults_are_classed_to_the_frame(void **state)
{
    (void)state;
    size_t count = sizeof(expectations) / sizeof(expectations[0]);
    for (size_t i = 0; i < count; i++) {
        const struct expectation *e = &expectations[i];
        struct session_request r = request_for(e->spec, 240000);
        struct outcome o;
        record(&r, 0, &o);
        print_message("%s\n", e->spec);
        assert_int_equal(o.report.end, SESSION_COMPLETE);
        for (int c = 0; c < CLASS_COUNT; c++) {
            assert_int_equal(o.report.account.frames[c], e->frames[c]);
            if (c != CLASS_CAPTURED) {
                assert_int_equal(gaps_of(&o, (enum account_class)c),
                                 e->frames[c]);
            }
        }
        assert_int_equal(count_events(&o, EVENT_DEVICE_LOST), e->lost_events);
        assert_int_equal(count_events(&o, EVENT_DEVICE_BACK), e->back_events);
        assert_int_equal(count_events(&o, EVENT_DEVICE_REROUTED),
                         e->rerouted_events);
    }
}

static void test_gone_to_the_end(void **state)
{
    (void)state;
    struct session_request r = request_for("tone,fast,lose-at=1s+10s", 240000);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.frames, 240000);
    assert_int_equal(o.report.account.frames[CLASS_GONE], 192000);
    assert_int_equal(count_events(&o, EVENT_DEVICE_LOST), 1);
}

static void test_reroute_goes_on_at_once(void **state)
{
    (void)state;
    struct session_request r = request_for("tone,fast,reroute-at=2s", 240000);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.frames, 240000);
    assert_int_equal(count_events(&o, EVENT_DEVICE_REROUTED), 1);
    assert_int_equal(count_events(&o, EVENT_DEVICE_LOST), 0);
    assert_true(o.report.account.frames[CLASS_GONE] < 4800);
}

static void test_other_format_goes_on_in_the_same_file(void **state)
{
    (void)state;
    struct session_request r =
        request_for("tone,fast,reformat-at=2s:44100:1", 480000);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.frames, 480000);
    assert_int_equal(o.report.format.rate, 48000);
    assert_int_equal(o.report.format.channels, 2);
    assert_int_equal(o.report.account.frames[CLASS_LOST], 0);
    assert_int_equal(o.report.account.frames[CLASS_IDLE], 0);
    assert_true(o.report.account.frames[CLASS_GONE] < 9600);
    /* the tone sounds on at its level: -6 dBFS peak, -9 RMS, in both channels
     */
    assert_true(o.report.rms_dbfs > -9.5 && o.report.rms_dbfs < -8.9);
}

static void test_a_late_reader_makes_no_gap(void **state)
{
    (void)state;
    struct session_request r =
        request_for("tone,fast,jitter=20ms,period=10ms", 480000);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.frames, 480000);
    assert_int_equal(o.report.account.frames[CLASS_LOST], 0);
    /* at most the first stamp's residue */
    assert_true(o.report.account.frames[CLASS_IDLE] < 240);
}

static void test_stop_in_real_time_is_the_moment_of_the_stop(void **state)
{
    (void)state;
    static const char *const specs[] = {"tone", "tone,stall=300ms+10s",
                                        "tone,lose-at=300ms+10s"};
    for (int i = 0; i < 3; i++) {
        struct session_request r = request_for(specs[i], 0);
        struct outcome o;
        record(&r, INT64_C(1200000000), &o);
        assert_int_equal(o.report.end, SESSION_STOPPED);
        /* 1.2 s after session_start's return, which is after frame 0 */
        assert_in_range(o.report.frames, 57600, 57600 + 2400);
    }
}

static void test_duration_in_real_time_is_exact(void **state)
{
    (void)state;
    static const char *const specs[] = {"tone", "tone,stall=200ms+10s",
                                        "tone,drift=400", "tone,drift=-400"};
    for (int i = 0; i < 4; i++) {
        struct session_request r = request_for(specs[i], 48000);
        struct outcome o;
        record(&r, 0, &o);
        assert_int_equal(o.report.end, SESSION_COMPLETE);
        assert_int_equal(o.report.frames, 48000);
    }
}

static void test_a_small_buffer_loses_and_tells(void **state)
{
    (void)state;
    /* a burst of 3 s into a ring of 64 KiB (170 ms of this) */
    struct session_request r = request_for("tone,burst=500ms+3s", 48000 * 5);
    r.buffer_ns = 10000000;
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.frames, 240000);
    assert_true(o.report.account.frames[CLASS_LOST] > 48000);
    assert_int_equal(gaps_of(&o, CLASS_LOST),
                     o.report.account.frames[CLASS_LOST]);
    assert_true(o.report.ring_high_water > 0.9);
}

static void test_a_small_buffer_loses_nothing_by_itself(void **state)
{
    (void)state;
    /* packets that come seldom; packets as long as the buffer */
    static const char *const specs[] = {"tone,period=50ms",
                                        "tone,channels=8,period=50ms"};
    static const int64_t buffers_ns[] = {100000000, 10000000};
    for (int i = 0; i < 2; i++) {
        struct session_request r = request_for(specs[i], 48000 * 2);
        r.source.latency_ns = 100000000;
        r.buffer_ns = buffers_ns[i];
        struct outcome o;
        record(&r, 0, &o);
        assert_int_equal(o.report.frames, 96000);
        assert_int_equal(o.report.account.frames[CLASS_LOST], 0);
    }
}

static void test_silence_after_an_overrun_is_written_on(void **state)
{
    (void)state;
    struct session_request r =
        request_for("tone,burst=200ms+1s,stall=1300ms+20s", 0);
    r.buffer_ns = 10000000;
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    struct session *s = session_create(&r, wake, &f);
    assert_true(session_start(s, &f));
    /* two seconds of the file, of which the source gives 1.3 */
    int64_t give_up_ns = clock_now_ns() + INT64_C(20000000000);
    struct session_status status;
    do {
        wake_wait(wake, 50000000);
        session_status(s, &status);
    } while (status.frames < 96000 && clock_now_ns() < give_up_ns);
    assert_true(status.frames >= 96000);
    session_stop(s, clock_now_ns());
    struct session_report report;
    session_finish(s, &report);
    assert_true(report.account.frames[CLASS_LOST] > 4800);
    assert_int_equal(account_total(&report.account), report.frames);
    session_destroy(s);
    wake_destroy(wake);
}

static void test_nothing_to_open(void **state)
{
    (void)state;
    struct session_request r = request_for("tone,fast,fail-open=1", 480);
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    struct session *s = session_create(&r, wake, &f);
    assert_non_null(s);
    assert_false(session_start(s, &f));
    assert_int_equal(f.err, ERR_NO_DEVICE);
    session_destroy(s);

    r.source.spec = "tune,fast";
    assert_null(session_create(&r, wake, &f));
    assert_int_equal(f.err, ERR_USAGE);
    wake_destroy(wake);
}

static void test_drift_is_told(void **state)
{
    (void)state;
    struct session_request r =
        request_for("tone,fast,drift=80,period=10ms", 48000 * 120);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.frames, 48000 * 120);
    assert_true(o.report.drift_known);
    assert_true(o.report.drift_ppm > 75 && o.report.drift_ppm < 85);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults_are_classed_to_the_frame),
        cmocka_unit_test(test_gone_to_the_end),
        cmocka_unit_test(test_reroute_goes_on_at_once),
        cmocka_unit_test(test_other_format_goes_on_in_the_same_file),
        cmocka_unit_test(test_a_late_reader_makes_no_gap),
        cmocka_unit_test(test_stop_in_real_time_is_the_moment_of_the_stop),
        cmocka_unit_test(test_duration_in_real_time_is_exact),
        cmocka_unit_test(test_a_small_buffer_loses_and_tells),
        cmocka_unit_test(test_a_small_buffer_loses_nothing_by_itself),
        cmocka_unit_test(test_silence_after_an_overrun_is_written_on),
        cmocka_unit_test(test_nothing_to_open),
        cmocka_unit_test(test_drift_is_told),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
