/* The session as the command line uses it: a synthetic source through ring,
 * timeline and writer. What is asserted is what a user is told: the frames,
 * the account, the events and why it ended. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "recording.h"

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

/* Two seconds, an hour's sleep, and then on; the clock counts the sleep. */
static void test_a_sleep_is_taken_as_asked(void **state)
{
    (void)state;
    static const struct {
        enum session_suspend policy;
        const char *spec;
        uint64_t frames, captured, gone;
    } cases[] = {
        {SUSPEND_CUT, "counter,fast,sleep-at=2s+1h", 240000, 240000, 0},
        {SUSPEND_FILL, "counter,fast,sleep-at=2s+1h", 174000000, 1200000,
         172800000},
        /* the end falls into the sleep */
        {SUSPEND_FILL, "counter,fast,sleep-at=2s+1h", 240000, 96000, 144000},
        {SUSPEND_CUT, "counter,fast,sleep-at=2s+1h,rate=44100,time=none",
         220500, 220500, 0},
        {SUSPEND_CUT, "silence,fast,stall=1s+2h,sleep-at=2s+1h", 240000, 48000,
         0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct session_request r = request_for(cases[i].spec, cases[i].frames);
        r.on_suspend = cases[i].policy;
        struct outcome o;
        record(&r, 0, &o);
        print_message("%s %s\n", session_suspend_name(r.on_suspend),
                      cases[i].spec);
        uint64_t rate = o.report.format.rate;
        assert_int_equal(o.report.end, SESSION_COMPLETE);
        assert_int_equal(o.report.frames, cases[i].frames);
        assert_int_equal(o.report.account.frames[CLASS_CAPTURED],
                         cases[i].captured);
        assert_int_equal(o.report.account.frames[CLASS_GONE], cases[i].gone);
        assert_int_equal(o.report.account.frames[CLASS_LOST], 0);
        assert_int_equal(o.report.asleep_ns, INT64_C(3600000000000));
        assert_int_equal(count_events(&o, EVENT_SUSPEND), 1);
        assert_int_equal(count_events(&o, EVENT_SEGMENT), 0);
        for (unsigned e = 0; e < o.event_count; e++) {
            if (o.events[e].kind == EVENT_SUSPEND) {
                assert_int_equal(o.events[e].at_frame, 2 * rate);
                assert_int_equal(o.events[e].length_ns, INT64_C(3600000000000));
                assert_int_equal(o.events[e].policy, cases[i].policy);
            }
        }
    }
}

static void test_several_sleeps_are_told_each(void **state)
{
    (void)state;
    struct session_request r = request_for(
        "tone,fast,sleep-at=1s+10s,sleep-at=13s+20s,lose-at=34s+1s", 240000);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.asleep_ns, INT64_C(30000000000));
    assert_int_equal(count_events(&o, EVENT_SUSPEND), 2);
    assert_int_equal(o.report.account.frames[CLASS_GONE], 48000);
    assert_int_equal(o.report.account.frames[CLASS_CAPTURED], 192000);
}

static void test_what_is_no_file_is_not_split(void **state)
{
    (void)state;
    struct session_request r = request_for("tone,fast", 480);
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    r.on_suspend = SUSPEND_SPLIT;
    assert_null(session_create(&r, wake, &f));
    assert_int_equal(f.err, ERR_UNSUPPORTED);
    wake_destroy(wake);
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

static void test_a_format_many_times_as_large_loses_nothing(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "tone,fast,rate=8000,channels=1,reformat-at=1s:192000:8",
        "tone,rate=8000,channels=1,reformat-at=1s:192000:8",
    };
    for (int i = 0; i < 2; i++) {
        struct session_request r = request_for(specs[i], 16000);
        struct outcome o;
        record(&r, 0, &o);
        assert_int_equal(o.report.frames, 16000);
        assert_int_equal(o.report.account.frames[CLASS_LOST], 0);
        assert_true(o.report.account.frames[CLASS_CAPTURED] > 15000);
    }
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

static void test_a_small_buffer_loses_nothing_by_itself(void **state)
{
    (void)state;
    /* packets that come seldom; packets as long as the buffer */
    static const char *const specs[] = {"tone,period=50ms",
                                        "tone,channels=8,period=50ms"};
    static const int64_t buffers_ns[] = {100000000, 10000000};
    for (int i = 0; i < 2; i++) {
        struct session_request r = request_for(specs[i], 48000 * 2);
        r.sources[0].latency_ns = 100000000;
        r.buffer_ns = buffers_ns[i];
        struct outcome o;
        record(&r, 0, &o);
        assert_int_equal(o.report.frames, 96000);
        assert_int_equal(o.report.account.frames[CLASS_LOST], 0);
    }
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

    r.sources[0].spec = "tune,fast";
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
        cmocka_unit_test(test_a_sleep_is_taken_as_asked),
        cmocka_unit_test(test_several_sleeps_are_told_each),
        cmocka_unit_test(test_what_is_no_file_is_not_split),
        cmocka_unit_test(test_gone_to_the_end),
        cmocka_unit_test(test_reroute_goes_on_at_once),
        cmocka_unit_test(test_other_format_goes_on_in_the_same_file),
        cmocka_unit_test(test_a_format_many_times_as_large_loses_nothing),
        cmocka_unit_test(test_a_late_reader_makes_no_gap),
        cmocka_unit_test(test_stop_in_real_time_is_the_moment_of_the_stop),
        cmocka_unit_test(test_duration_in_real_time_is_exact),
        cmocka_unit_test(test_a_small_buffer_loses_nothing_by_itself),
        cmocka_unit_test(test_nothing_to_open),
        cmocka_unit_test(test_drift_is_told),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
