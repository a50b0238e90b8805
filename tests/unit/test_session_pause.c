/* A recording that somebody pauses: what is in the file, and what is told. In
 * real time, since moments are meant; nothing here depends on how soon an order
 * is carried out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mixing.h"

#define MS INT64_C(1000000)

enum { ORDERS_MAX = 40, PACKET = RATE / 50 };

/* A recording of R that is paused, or goes on, at each of the moments (from
 * the beginning on, ended by -1), and ends at STOP_NS (0: by itself). */
static void record_paused(const struct session_request *r,
                          const int64_t *moments_ns, int64_t stop_ns,
                          struct outcome *o)
{
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    memset(o, 0, sizeof *o);
    struct session *s = session_create(r, wake, &f);
    assert_non_null(s);
    assert_true(session_start(s, &f));
    int64_t start_ns = clock_now_ns();
    for (; *moments_ns >= 0; moments_ns++) {
        int64_t at_ns = start_ns + *moments_ns;
        while (clock_now_ns() < at_ns) {
            wake_wait(wake, at_ns - clock_now_ns());
            gather(s, o);
        }
        assert_true(session_pause(s, at_ns));
        struct session_status status;
        session_status(s, &status);
        o->paused = status.paused;
    }
    while (stop_ns > 0 && clock_now_ns() < start_ns + stop_ns) {
        wake_wait(wake, start_ns + stop_ns - clock_now_ns());
    }
    if (stop_ns > 0) {
        session_stop(s, start_ns + stop_ns);
    }
    record_rest(s, wake, o);
}

/* The file (of f32) is the sum of TIMES counters, and goes on everywhere but
 * at the pauses that were told, where it jumps by as much as was told. SKIP:
 * silence at the front. */
static void assert_cut_as_told(const struct outcome *o, unsigned times)
{
    uint64_t jump = 0;
    unsigned next = 0;
    uint64_t hidden = 0;
    uint32_t last = 0;
    assert_int_equal(failing.length,
                     o->report.frames * CHANNELS * sizeof(float));
    for (uint64_t n = 0; n < o->report.frames; n++) {
        float sample;
        memcpy(&sample, failing.data + n * CHANNELS * sizeof sample,
               sizeof sample);
        uint32_t here = (uint32_t)(int32_t)(sample * 32768.0f);
        jump = 0;
        for (;
             next < o->event_count && (o->events[next].kind != EVENT_RESUMED ||
                                       o->events[next].at_frame == n);
             next++) {
            if (o->events[next].kind == EVENT_RESUMED) {
                jump += o->events[next].frames;
            }
        }
        hidden += jump;
        if (n > 0) {
            uint32_t step = (uint32_t)((jump + 1) * CHANNELS * times);
            assert_int_equal((here - last) & 0xffff, step & 0xffff);
        }
        last = here;
    }
    if (!o->paused) {
        assert_int_equal(hidden, o->report.paused_frames);
    }
}

static void test_the_time_of_a_pause_is_not_in_the_file(void **state)
{
    (void)state;
    static const char *const specs[] = {"counter", NULL};
    static const int64_t moments[] = {200 * MS, 500 * MS, 900 * MS, 950 * MS,
                                      -1};
    struct session_request r = mixed(specs, 0);
    struct outcome o;
    record_paused(&r, moments, 1200 * MS, &o);
    assert_int_equal(o.report.end, SESSION_STOPPED);
    assert_int_equal(count_events(&o, EVENT_PAUSED), 2);
    assert_int_equal(count_events(&o, EVENT_RESUMED), 2);
    assert_cut_as_told(&o, 1);
    assert_int_equal(o.report.account.frames[CLASS_CAPTURED], o.report.frames);
    assert_false(o.paused);
    /* the time that passed, from the moments that were meant; frame 0 is a
     * little before them */
    assert_in_range(o.report.frames + o.report.paused_frames, 57600,
                    57600 + 9600);
    assert_in_range(o.report.paused_frames, 1, 16800 + 1);
}

static void test_all_tracks_are_cut_at_one_instant(void **state)
{
    (void)state;
    static const char *const specs[] = {"counter", "counter,period=7ms",
                                        "counter,period=40ms",
                                        "silence,stall=100ms+10s", NULL};
    static const int64_t moments[] = {200 * MS, 320 * MS, 500 * MS, 710 * MS,
                                      -1};
    struct session_request r = mixed(specs, 0);
    struct outcome o;
    record_paused(&r, moments, 900 * MS, &o);
    assert_int_equal(count_events(&o, EVENT_RESUMED), 2);
    assert_true(o.report.paused_frames > 0);
    assert_cut_as_told(&o, 3);
    assert_int_equal(o.report.account.frames[CLASS_LOST], 0);
}

static void test_another_rate_goes_on_after_a_pause(void **state)
{
    (void)state;
    static const char *const specs[] = {"silence", "tone=997,amp=-6,rate=44100",
                                        NULL};
    static const int64_t moments[] = {200 * MS, 500 * MS, -1};
    struct session_request r = mixed(specs, RATE / 2);
    struct outcome o;
    record_paused(&r, moments, 0, &o);
    assert_int_equal(o.report.end, SESSION_COMPLETE);
    assert_int_equal(o.report.frames, RATE / 2);
    assert_true(o.report.peak_dbfs < -5.0 && o.report.peak_dbfs > -7.0);
    /* the tone is there on both sides without a hole: no 2 ms of silence */
    unsigned quiet = 0;
    for (uint64_t n = 2 * PACKET; n < o.report.frames; n++) {
        float sample;
        memcpy(&sample, failing.data + n * CHANNELS * sizeof sample,
               sizeof sample);
        quiet = sample > -0.01f && sample < 0.01f ? quiet + 1 : 0;
        assert_true(quiet < RATE / 500);
    }
}

static void test_a_duration_is_of_what_is_in_the_file(void **state)
{
    (void)state;
    static const char *const all[][3] = {{"counter", NULL},
                                         {"counter", "counter", NULL}};
    static const int64_t moments[] = {100 * MS, 500 * MS, -1};
    for (unsigned i = 0; i < 2; i++) {
        struct session_request r = mixed(all[i], RATE / 2);
        struct outcome o;
        int64_t before_ns = clock_now_ns();
        record_paused(&r, moments, 0, &o);
        assert_int_equal(o.report.end, SESSION_COMPLETE);
        assert_int_equal(o.report.frames, RATE / 2);
        assert_int_equal(o.report.account.frames[CLASS_CAPTURED], RATE / 2);
        assert_cut_as_told(&o, i + 1);
        assert_true(clock_now_ns() - before_ns >= 700 * MS);
    }
}

static void test_an_end_in_a_pause(void **state)
{
    (void)state;
    static const char *const specs[] = {"counter", NULL};
    static const int64_t moments[] = {300 * MS, -1};
    struct session_request r = mixed(specs, 0);
    struct outcome o;
    record_paused(&r, moments, 800 * MS, &o);
    assert_true(o.paused);
    assert_int_equal(o.report.end, SESSION_STOPPED);
    assert_int_equal(count_events(&o, EVENT_PAUSED), 1);
    assert_int_equal(count_events(&o, EVENT_RESUMED), 0);
    assert_cut_as_told(&o, 1);
    for (unsigned i = 0; i < o.event_count; i++) {
        if (o.events[i].kind == EVENT_PAUSED) {
            assert_int_equal(o.events[i].at_frame, o.report.frames);
        }
    }
    assert_in_range(o.report.frames + o.report.paused_frames, 38400,
                    38400 + 9600);

    /* and where the source ends */
    static const char *const ends[] = {"counter,end-at=600ms", NULL};
    r = mixed(ends, 0);
    record_paused(&r, moments, 0, &o);
    assert_int_equal(o.report.end, SESSION_SOURCE_ENDED);
    /* from when it was open on, a little before frame 0; the end is a packet's
     */
    assert_in_range(o.report.frames + o.report.paused_frames, 28800 - 9600,
                    28800 + 9600);
    assert_cut_as_told(&o, 1);
}

static void test_a_pause_from_the_first_frame_on(void **state)
{
    (void)state;
    static const char *const specs[] = {"counter", NULL};
    static const int64_t moments[] = {0, 400 * MS, -1};
    struct session_request r = mixed(specs, RATE / 4);
    r.sources[0].latency_ns = 100 * MS;
    struct outcome o;
    record_paused(&r, moments, 0, &o);
    assert_int_equal(o.report.frames, RATE / 4);
    assert_cut_as_told(&o, 1);
    assert_true(o.report.paused_frames > 0);
}

static void test_pauses_in_silence_of_every_kind(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        enum account_class class;
    } cases[] = {
        {"counter,stall=300ms+600ms", CLASS_IDLE},
        {"counter,lose-at=300ms+600ms", CLASS_GONE},
        {"counter,gap=300ms+600ms", CLASS_LOST},
    };
    static const int64_t moments[] = {450 * MS, 750 * MS, -1};
    for (unsigned i = 0; i < 3; i++) {
        const char *const specs[] = {cases[i].spec, NULL};
        struct session_request r = mixed(specs, 0);
        struct outcome o;
        record_paused(&r, moments, 1200 * MS, &o);
        print_message("%s\n", cases[i].spec);
        assert_int_equal(count_events(&o, EVENT_RESUMED), 1);
        const uint64_t *frames = o.report.account.frames;
        /* both in silence, so all of the pause was */
        assert_in_range(frames[cases[i].class] + o.report.paused_frames,
                        28800 - 2 * PACKET, 28800 + 2 * PACKET);
        assert_int_equal(gaps_of(&o, cases[i].class), frames[cases[i].class]);
        assert_int_equal(frames[CLASS_CAPTURED] + frames[cases[i].class],
                         o.report.frames);
    }
}

static void test_many_in_a_moment(void **state)
{
    (void)state;
    static const char *const specs[] = {"counter", NULL};
    int64_t moments[ORDERS_MAX + 1];
    for (int i = 0; i < ORDERS_MAX; i++) {
        moments[i] = 200 * MS + i * 20 * MS / 10;
    }
    moments[ORDERS_MAX] = -1;
    struct session_request r = mixed(specs, RATE / 2);
    struct outcome o;
    record_paused(&r, moments, 0, &o);
    assert_int_equal(count_events(&o, EVENT_PAUSED), ORDERS_MAX / 2);
    assert_int_equal(count_events(&o, EVENT_RESUMED), ORDERS_MAX / 2);
    assert_int_equal(o.report.frames, RATE / 2);
    assert_cut_as_told(&o, 1);
}

static void test_in_virtual_time_nothing_else_is_missing(void **state)
{
    (void)state;
    struct session_request r = request_for("counter,fast", 48000 * 7200);
    static const int64_t moments[] = {1 * MS, 400 * MS, -1};
    struct outcome o;
    record_paused(&r, moments, 0, &o);
    assert_int_equal(o.report.end, SESSION_COMPLETE);
    assert_int_equal(o.report.frames, 48000 * 7200);
    assert_int_equal(o.report.account.frames[CLASS_CAPTURED], o.report.frames);
    assert_int_equal(count_events(&o, EVENT_PAUSED), 1);
    assert_true(o.report.paused_frames > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_time_of_a_pause_is_not_in_the_file),
        cmocka_unit_test(test_all_tracks_are_cut_at_one_instant),
        cmocka_unit_test(test_another_rate_goes_on_after_a_pause),
        cmocka_unit_test(test_a_duration_is_of_what_is_in_the_file),
        cmocka_unit_test(test_an_end_in_a_pause),
        cmocka_unit_test(test_a_pause_from_the_first_frame_on),
        cmocka_unit_test(test_pauses_in_silence_of_every_kind),
        cmocka_unit_test(test_many_in_a_moment),
        cmocka_unit_test(test_in_virtual_time_nothing_else_is_missing),
    };
    return cmocka_run_group_tests_name("session_pause", tests, NULL, NULL);
}
