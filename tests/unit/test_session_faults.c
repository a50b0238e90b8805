/* A session whose file fails, at each of its calls in turn, or stalls: the end
 * that is told, and an account that agrees with the file. It lies in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdatomic.h>

#include <cmocka.h>

#include "fakes/failing_file.h"
#include "recording.h"

enum { CALLS_MAX = 1000 };

/* Record what R says with a file that fails as PLAN says. False: it failed
 * before the recording began. */
static bool try_record(const struct session_request *r,
                       const struct failing_plan *plan, struct outcome *o)
{
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    failing_reset(plan);
    memset(o, 0, sizeof *o);
    struct session *s = session_create(r, wake, &f);
    assert_non_null(s);
    bool began = session_start(s, &f);
    if (began) {
        while (session_state(s) == SESSION_RUNNING) {
            wake_wait(wake, -1);
            gather(s, o);
        }
        session_finish(s, &o->report);
        assert_int_equal(account_total(&o->report.account), o->report.frames);
    } else {
        assert_int_equal(f.err, plan->err);
    }
    assert_false(failing.open);
    assert_false(failing.misused);
    session_destroy(s);
    wake_destroy(wake);
    return began;
}

/* The reader may leave at any time, also when nothing but the end is still to
 * be written. */
static void test_a_reader_that_leaves_is_a_normal_end(void **state)
{
    (void)state;
    static const enum sink_type types[] = {SINK_RAW, SINK_WAV, SINK_FLAC};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct session_request r = request_for("tone,fast", 6000);
        r.path = "-";
        r.type = types[i];
        unsigned closed = 0;
        unsigned call = 0;
        struct outcome o;
        do {
            const struct failing_plan plan = {.call = ++call,
                                              .how = FAIL_FOR_GOOD,
                                              .err = ERR_PIPE_CLOSED,
                                              .stream = true};
            if (!try_record(&r, &plan, &o)) {
                continue;
            }
            closed += o.report.end == SESSION_READER_CLOSED;
            assert_true(o.report.end == SESSION_READER_CLOSED ||
                        o.report.end == SESSION_COMPLETE);
        } while (failing.calls >= call && call < CALLS_MAX);
        assert_true(closed > 0 && call < CALLS_MAX);
    }
}

static void test_a_full_disk_is_told_and_what_is_there_counted(void **state)
{
    (void)state;
    for (unsigned tracks = 1; tracks <= 2; tracks++) {
        struct session_request r = request_for("counter,fast", 20000);
        r.sources[1] = r.sources[0];
        r.source_count = tracks;
        r.path = "memory.raw";
        r.type = SINK_RAW;
        r.sample = SAMPLE_F32;
        unsigned call = 0;
        struct outcome o;
        do {
            const struct failing_plan plan = {.call = ++call,
                                              .how = FAIL_FULL,
                                              .err = ERR_NO_SPACE,
                                              .partial = 100};
            if (!try_record(&r, &plan, &o) || failing.calls < call) {
                continue;
            }
            assert_int_equal(o.report.end, SESSION_FAILED);
            assert_int_equal(o.report.fault.err, ERR_NO_SPACE);
            assert_int_equal(o.report.frames * 2 * sizeof(float),
                             failing.length);
        } while (failing.calls >= call && call < CALLS_MAX);
        assert_in_range(call, 3, CALLS_MAX - 1);
        assert_int_equal(o.report.frames, 20000);
    }
}

/* The disk stalls for as long as the gate is shut. */
static struct wake *gate;
static atomic_bool gate_open;

static void wait_at_gate(void)
{
    /* acquire: pairs with the test's store */
    while (!atomic_load_explicit(&gate_open, memory_order_acquire)) {
        wake_wait(gate, -1);
    }
}

/* A source that plays for 1.3 s, a ring of 64 KiB (170 ms of that), a disk that
 * stalls for longer: what did not fit is told, and the silence behind it is
 * written on although the last word of the source was lost too. */
static void test_an_overrun_is_told_and_silence_written_on(void **state)
{
    (void)state;
    const struct failing_plan plan = {.stall = wait_at_gate};
    struct session_request r = request_for("tone,stall=1300ms+20s", 0);
    r.path = "memory.raw";
    r.type = SINK_RAW;
    r.buffer_ns = 10000000;
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    struct outcome o = {0};
    gate = wake_create(&f);
    failing_reset(&plan);
    struct session *s = session_create(&r, wake, &f);
    assert_true(session_start(s, &f));
    int64_t start_ns = clock_now_ns();
    struct session_status status;
    do {
        wake_wait(wake, 10000000);
        session_status(s, &status);
    } while (status.ring_fill < 0.7 ||
             clock_now_ns() - start_ns < INT64_C(1400000000));
    /* release: pairs with wait_at_gate */
    atomic_store_explicit(&gate_open, true, memory_order_release);
    wake_set(gate);
    do {
        wake_wait(wake, 50000000);
        session_status(s, &status);
    } while (status.frames < 96000 &&
             clock_now_ns() - start_ns < INT64_C(20000000000));
    session_stop(s, clock_now_ns());
    session_finish(s, &o.report);
    gather(s, &o);
    assert_true(status.frames >= 96000);
    const uint64_t *frames = o.report.account.frames;
    assert_int_equal(account_total(&o.report.account), o.report.frames);
    assert_true(frames[CLASS_LOST] > 4800);
    assert_int_equal(gaps_of(&o, CLASS_LOST), frames[CLASS_LOST]);
    /* what was played is there or told, all of it; the rest is idle */
    assert_in_range(frames[CLASS_CAPTURED] + frames[CLASS_LOST], 62400 - 480,
                    62400 + 480);
    assert_true(o.report.ring_high_water > 0.9);
    session_destroy(s);
    wake_destroy(wake);
    wake_destroy(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reader_that_leaves_is_a_normal_end),
        cmocka_unit_test(test_a_full_disk_is_told_and_what_is_there_counted),
        cmocka_unit_test(test_an_overrun_is_told_and_silence_written_on),
    };
    return cmocka_run_group_tests_name("session_faults", tests, NULL, NULL);
}
