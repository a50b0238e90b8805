/* Several sources in one file: their sum to the bit, the class of each frame,
 * who ends when, and who is not waited for. The file lies in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mixing.h"
#include "session/tracks.h"

/* FROM to UNTIL of the file is TIMES times the counter. */
static void assert_sum(uint64_t from, uint64_t until, unsigned times)
{
    assert_true((int64_t)(until * CHANNELS * sizeof(float)) <= failing.length);
    for (uint64_t n = from; n < until; n++) {
        assert_true(holds(n, times));
    }
}

/* The same of one counter that did not begin with frame 0. */
static void assert_counts_on(uint64_t from, uint64_t until)
{
    float last;
    memcpy(&last, failing.data + from * sizeof last * CHANNELS, sizeof last);
    for (uint64_t n = from + 1; n < until; n++) {
        float next;
        memcpy(&next, failing.data + n * sizeof next * CHANNELS, sizeof next);
        int32_t step = (int32_t)((next - last) * 32768.0f);
        assert_true(step == CHANNELS || step == CHANNELS - 65536);
        last = next;
    }
}

/* How many frames from FROM to UNTIL hold one counter and nothing else, which
 * that at FROM does. */
static uint64_t alone(uint64_t from, uint64_t until)
{
    const float *file = (const float *)(const void *)failing.data;
    int32_t offset = (int32_t)(file[from * CHANNELS] * 32768.0f) -
                     (int32_t)(from * CHANNELS);
    uint64_t count = 0;
    for (uint64_t n = from; n < until; n++) {
        int32_t value = (int16_t)((int32_t)(n * CHANNELS) + offset);
        count += file[n * CHANNELS] == (float)value / 32768.0f;
    }
    return count;
}

static void assert_near(uint64_t value, uint64_t wanted, uint64_t within)
{
    assert_in_range(value, wanted > within ? wanted - within : 0,
                    wanted + within);
}

/* The machine sleeps for all of them: told once, and they stay together. */
static void test_a_sleep_is_one_for_all(void **state)
{
    (void)state;
    enum { ASLEEP = 20 * RATE };
    static const char *const specs[] = {
        "counter,fast,sleep-at=2s+20s,period=7ms",
        "counter,fast,sleep-at=2s+20s,period=90ms", NULL};
    for (int fill = 0; fill < 2; fill++) {
        struct session_request r = mixed(specs, fill ? 25 * RATE : 5 * RATE);
        r.on_suspend = fill ? SUSPEND_FILL : SUSPEND_CUT;
        struct outcome o;
        record(&r, 0, &o);
        assert_account(&o, 5 * RATE, 0, 0, fill ? ASLEEP : 0);
        assert_int_equal(count_events(&o, EVENT_SUSPEND), 1);
        assert_int_equal(o.report.asleep_ns, INT64_C(20000000000));
        assert_sum(0, 2 * RATE, 2);
        const float *file = (const float *)(const void *)failing.data;
        uint64_t kept = fill ? ASLEEP : 0;
        for (uint64_t n = 2 * RATE; n < 5 * RATE; n++) {
            assert_true(file[(n + kept) * CHANNELS] ==
                        counter(n + ASLEEP, 0) * 2.0f);
        }
    }
}

static void test_two_to_eight_are_added_to_the_bit(void **state)
{
    (void)state;
    /* packets of different lengths, so that the tracks never move together */
    static const char *const all[] = {
        "counter,fast",
        "counter,fast,period=7ms",
        "counter,fast,period=1s",
        "counter,fast,period=333f",
        "counter,fast,period=10ms",
        "counter,fast,period=1ms",
        "counter,fast,period=100ms",
        "counter,fast,period=999ms",
    };
    for (unsigned count = 2; count <= SESSION_TRACKS_MAX; count++) {
        const char *specs[SESSION_TRACKS_MAX + 1] = {NULL};
        memcpy(specs, all, count * sizeof specs[0]);
        struct session_request r = mixed(specs, 10 * RATE);
        struct outcome o;
        record(&r, 0, &o);
        assert_int_equal(o.report.end, SESSION_COMPLETE);
        assert_int_equal(o.report.frames, 10 * RATE);
        assert_account(&o, 10 * RATE, 0, 0, 0);
        assert_sum(0, 10 * RATE, count);
    }
}

static void test_each_frame_has_the_class_of_its_tracks(void **state)
{
    (void)state;
    /* seconds:  0     1     2     3     4     5
     * one       c  c  c  c  c  g  g  g  g  i  i
     * two       c  c  i  i  i  i  i  c  c  c  i
     * three     c  L  c  c  i  i  i  i  i  i  i */
    static const char *const specs[] = {
        "counter,fast,period=10ms,lose-at=2500ms+2s,stall=4500ms+1s",
        "counter,fast,period=10ms,stall=1s+2500ms,length=5s",
        "counter,fast,period=10ms,gap=500ms+500ms,length=2s",
        NULL,
    };
    struct session_request r = mixed(specs, 11 * RATE / 2);
    struct outcome o;
    record(&r, 0, &o);
    enum { HALF = RATE / 2 };
    assert_int_equal(o.report.frames, 11 * HALF);
    assert_account(&o, 7 * HALF, HALF, HALF, 2 * HALF);
    assert_sum(0, HALF, 3);
    assert_sum(HALF, 2 * HALF, 2); /* lost in one, the others are heard */
    assert_sum(2 * HALF, 4 * HALF, 2);
    assert_sum(4 * HALF, 5 * HALF, 1);
    assert_sum(5 * HALF, 7 * HALF, 0);
    assert_sum(7 * HALF, 10 * HALF, 1);
    assert_sum(10 * HALF, 11 * HALF, 0);
    assert_int_equal(count_events(&o, EVENT_DEVICE_LOST), 1);
    assert_int_equal(count_events(&o, EVENT_DEVICE_BACK), 1);
}

static void test_one_that_ends_is_not_waited_for(void **state)
{
    (void)state;
    static const char *const specs[] = {"counter,fast",
                                        "counter,fast,end-at=1s", NULL};
    struct session_request r = mixed(specs, 20 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.end, SESSION_COMPLETE);
    assert_account(&o, 20 * RATE, 0, 0, 0);
    assert_sum(0, RATE, 2);
    assert_sum(RATE, 20 * RATE, 1);
}

static void test_the_last_end_is_the_recordings(void **state)
{
    (void)state;
    static const struct {
        const char *specs[4];
        uint64_t frames, idle;
    } cases[] = {
        {{"counter,fast,end-at=2s"}, 2 * RATE, 0},
        {{"counter,fast,length=1s,end-at=2s"}, 2 * RATE, RATE},
        {{"counter,fast,end-at=2s", "counter,fast,end-at=7s",
          "counter,fast,end-at=1s"},
         7 * RATE,
         0},
        /* it ends while it plays nothing: up to that moment */
        {{"counter,fast,end-at=1s", "counter,fast,length=2s,end-at=3s"},
         3 * RATE,
         RATE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct session_request r = mixed(cases[i].specs, 0);
        struct outcome o;
        record(&r, 0, &o);
        assert_int_equal(o.report.end, SESSION_SOURCE_ENDED);
        assert_int_equal(o.report.fault.err, ERR_OK);
        assert_int_equal(o.report.frames, cases[i].frames);
        assert_account(&o, cases[i].frames - cases[i].idle, cases[i].idle, 0,
                       0);
    }
}

static void test_another_format_is_fitted_in(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "tone=1000,fast,amp=-20",
        "tone=1000,fast,amp=-20,rate=44100,channels=1",
        "tone=1000,fast,amp=-20,rate=8000,reformat-at=5s:96000:2", NULL};
    struct session_request r = mixed(specs, 10 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.format.rate, RATE);
    assert_int_equal(o.report.format.channels, 2);
    assert_account(&o, 10 * RATE, 0, 0, 0);
    /* three equal tones in step: 9.5 dB more than one */
    assert_true(o.report.peak_dbfs > -10.6 && o.report.peak_dbfs < -10.3);
}

static void test_sums_beyond_full_scale_are_counted(void **state)
{
    (void)state;
    static const char *const specs[] = {"tone,fast,bits=16,amp=-3",
                                        "tone,fast,bits=16,amp=-3", NULL};
    struct session_request r = mixed(specs, RATE);
    r.sample = SAMPLE_S16;
    struct outcome o;
    record(&r, 0, &o);
    assert_true(o.report.clipped_samples > RATE / 2);
    assert_true(o.report.peak_dbfs > 2.9 && o.report.peak_dbfs < 3.1);
}

static void test_two_kinds_of_time_are_refused(void **state)
{
    (void)state;
    static const char *const specs[] = {"tone", "tone,fast", NULL};
    struct session_request r = mixed(specs, RATE);
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    struct session *s = session_create(&r, wake, &f);
    assert_false(session_start(s, &f));
    assert_int_equal(f.err, ERR_USAGE);
    session_destroy(s);
    wake_destroy(wake);
}

static void test_a_stop_is_exact_for_all(void **state)
{
    (void)state;
    static const char *const specs[] = {"tone",
                                        "tone,stall=300ms+10s",
                                        "tone,lose-at=300ms+10s",
                                        "tone,rate=44100",
                                        "tone,end-at=400ms",
                                        NULL};
    struct session_request r = mixed(specs, 0);
    struct outcome o;
    record(&r, INT64_C(1200000000), &o);
    assert_int_equal(o.report.end, SESSION_STOPPED);
    /* 1.2 s after session_start's return, which is after frame 0 */
    assert_in_range(o.report.frames, 57600, 57600 + 2400);
    assert_true(o.report.account.frames[CLASS_IDLE] < 480);

    r = mixed(specs, RATE);
    record(&r, 0, &o);
    assert_int_equal(o.report.end, SESSION_COMPLETE);
    assert_int_equal(o.report.frames, RATE);
    assert_int_equal(failing.length, RATE * CHANNELS * sizeof(float));
}

static void test_a_laggard_is_not_waited_for_without_end(void **state)
{
    (void)state;
    /* The second says nothing at all for a while, as one that hangs does. */
    static const char *const specs[] = {"counter", "counter,burst=500ms+6s",
                                        NULL};
    struct session_request r = mixed(specs, 0);
    r.buffer_ns = 10000000;
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    struct session *s = session_create(&r, wake, &f);
    assert_true(session_start(s, &f));
    int64_t start_ns = clock_now_ns();
    struct session_status status;
    do { /* at 5.5 s of 6.5 the file is beyond the place where it hangs */
        wake_wait(wake, 50000000);
        session_status(s, &status);
    } while (status.frames < RATE && clock_now_ns() - start_ns < 6000000000);
    assert_true(status.frames >= RATE);
    do { /* what comes for the places that were filled is lost, and told */
        wake_wait(wake, 50000000);
        session_status(s, &status);
    } while (status.frames < 6 * RATE &&
             clock_now_ns() - start_ns < 20000000000);
    session_stop(s, clock_now_ns());
    struct session_report report;
    session_finish(s, &report);
    assert_int_equal(account_total(&report.account), report.frames);
    assert_counts_on(RATE, 2 * RATE); /* the other one is whole */
    /* Where it is alone the second is lost, since that never was idle. */
    assert_near(report.account.frames[CLASS_LOST],
                RATE / 2 + alone(RATE, report.frames), RATE / 10);
    unsigned warnings = 0;
    struct session_event event;
    while (session_next_event(s, &event)) {
        warnings += event.kind == EVENT_WARNING;
    }
    assert_in_range(warnings, 1, 3);
    session_destroy(s);
    wake_destroy(wake);
}

static void test_the_beginning_is_where_all_are_whole(void **state)
{
    (void)state;
    const struct track kept_70 = {.present = true, .info = {.since_ns = 70}};
    const struct track kept_80 = {.present = true, .info = {.since_ns = 80}};
    const struct track to_come = {.present = true, .info = {.since_ns = 120}};
    const struct track present = {.present = true};
    const struct track absent = {.present = false};

    assert_int_equal(tracks_since_ns(&kept_70, 1, 100), 70);
    assert_int_equal(tracks_since_ns(&present, 1, 100), 100);
    assert_int_equal(tracks_since_ns(&absent, 1, 100), 100);
    assert_int_equal(tracks_since_ns(&to_come, 1, 100), 100);
    const struct track several[] = {kept_70, absent, kept_80};
    assert_int_equal(tracks_since_ns(several, 3, 100), 80);
    const struct track one_from_now[] = {kept_70, present};
    assert_int_equal(tracks_since_ns(one_from_now, 2, 100), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_beginning_is_where_all_are_whole),
        cmocka_unit_test(test_a_sleep_is_one_for_all),
        cmocka_unit_test(test_two_to_eight_are_added_to_the_bit),
        cmocka_unit_test(test_each_frame_has_the_class_of_its_tracks),
        cmocka_unit_test(test_one_that_ends_is_not_waited_for),
        cmocka_unit_test(test_the_last_end_is_the_recordings),
        cmocka_unit_test(test_another_format_is_fitted_in),
        cmocka_unit_test(test_sums_beyond_full_scale_are_counted),
        cmocka_unit_test(test_two_kinds_of_time_are_refused),
        cmocka_unit_test(test_a_stop_is_exact_for_all),
        cmocka_unit_test(test_a_laggard_is_not_waited_for_without_end),
    };
    return cmocka_run_group_tests_name("session_tracks", tests, NULL, NULL);
}
