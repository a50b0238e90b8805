/* A source whose streams come and go: each frame of the file is the sum of
 * those that play there, to the bit, whoever comes, ends or comes back; and the
 * file is as long as the time. The file lies in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mixing.h"

struct stretch {
    uint64_t from, until; /* frames */
};

/* In every frame from FROM to UNTIL as many counters are to be found as of the
 * COUNT STRETCHES hold it. */
static void assert_streams(const struct stretch *stretches, size_t count,
                           uint64_t from, uint64_t until)
{
    assert_true((int64_t)(until * CHANNELS * sizeof(float)) <= failing.length);
    for (uint64_t n = from; n < until; n++) {
        unsigned times = 0;
        for (size_t i = 0; i < count; i++) {
            times += n >= stretches[i].from && n < stretches[i].until;
        }
        assert_true(holds(n, times));
    }
}

static void test_streams_come_and_go(void **state)
{
    (void)state;
    static const struct stretch plays[] = {
        {RATE, 3 * RATE}, {2 * RATE, 4 * RATE}, {3 * RATE + 7, 9 * RATE / 2}};
    static const char *const specs[] = {
        "counter,fast,stream=1s+2s,stream=2s+2s,stream=144007f+71993f",
        "counter,fast,period=7ms,stream=1s+2s,stream=2s+2s,"
        "stream=144007f+71993f",
        "counter,fast,period=1s,stream=1s+2s,stream=2s+2s,"
        "stream=144007f+71993f",
        "counter,stream=1s+2s,stream=2s+2s,stream=144007f+71993f",
    };
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        const char *const one[] = {specs[i], NULL};
        struct session_request r = mixed(one, 5 * RATE);
        struct outcome o;
        record(&r, 0, &o);
        assert_int_equal(o.report.end, SESSION_COMPLETE);
        if (i < 3) {
            assert_account(&o, 7 * RATE / 2, 3 * RATE / 2, 0, 0);
            assert_streams(plays, 3, 0, 5 * RATE);
        } else {
            /* frame 0 is a little after the source's opening */
            assert_int_equal(o.report.frames, 5 * RATE);
            assert_int_equal(o.report.account.frames[CLASS_LOST], 0);
            assert_in_range(o.report.account.frames[CLASS_CAPTURED],
                            7 * RATE / 2 - RATE / 10, 7 * RATE / 2);
        }
    }
}

/* As many as there may be, all from one moment on, and more lanes than the
 * writer had made by then. */
static void test_all_lanes_at_once(void **state)
{
    (void)state;
    char spec[2048] = "counter,fast";
    for (unsigned i = 0; i < SOURCE_LANES_MAX; i++) {
        strcat(spec, ",stream=100ms+900ms");
    }
    const char *const one[] = {spec, NULL};
    struct session_request r = mixed(one, 2 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    static const struct stretch none = {0, 0};
    assert_streams(&none, 1, 0, RATE / 10);
    for (uint64_t n = RATE / 10; n < RATE; n++) {
        assert_true(holds(n, SOURCE_LANES_MAX));
    }
    assert_streams(&none, 1, RATE, 2 * RATE);
    assert_account(&o, RATE * 9 / 10, RATE * 11 / 10, 0, 0);
}

/* A player that opens a stream for every song: one lane serves all of them, and
 * nothing of a song is where the one before was. */
static void test_one_after_the_other(void **state)
{
    (void)state;
    struct stretch plays[40];
    char spec[2048] = "counter,fast,period=3ms";
    for (unsigned i = 0; i < 40; i++) {
        uint64_t from = 1000 + i * UINT64_C(5003);
        plays[i] = (struct stretch){from, from + 4987};
        char *end = spec + strlen(spec);
        snprintf(end, sizeof spec - (size_t)(end - spec), ",stream=%uf+4987f",
                 (unsigned)from);
    }
    const char *const one[] = {spec, NULL};
    struct session_request r = mixed(one, 5 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    assert_streams(plays, 40, 0, 5 * RATE);
    assert_int_equal(o.report.account.frames[CLASS_LOST], 0);
    assert_int_equal(o.report.account.frames[CLASS_CAPTURED], 40 * 4987);
}

/* While the server is away it is gone, whatever played, and what plays when it
 * is back is where it belongs. */
static void test_the_server_goes_away(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "counter,fast,stream=1s+9s,stream=2s+1s,lose-at=4s+2s", NULL};
    struct session_request r = mixed(specs, 10 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    static const struct stretch plays[] = {{RATE, 10 * RATE},
                                           {2 * RATE, 3 * RATE}};
    uint64_t gone = o.report.account.frames[CLASS_GONE];
    assert_in_range(gone, 2 * RATE, 3 * RATE + RATE / 2);
    assert_int_equal(o.report.account.frames[CLASS_LOST], 0);
    assert_int_equal(count_events(&o, EVENT_DEVICE_LOST), 1);
    assert_int_equal(count_events(&o, EVENT_DEVICE_BACK), 1);
    assert_streams(plays, 2, 0, 4 * RATE);
    static const struct stretch none = {0, 0};
    assert_streams(&none, 1, 4 * RATE, 4 * RATE + gone);
    assert_streams(plays, 2, 4 * RATE + gone, 10 * RATE);
}

/* A stream may be ready while another one that has a lower lane is not yet. It
 * is not waited for. */
static void test_a_higher_lane_begins_first(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "counter,fast,lanes-down,stream=1s+8s,stream=7s+1s,stream=8s+1s", NULL};
    static const struct stretch plays[] = {
        {RATE, 9 * RATE}, {7 * RATE, 8 * RATE}, {8 * RATE, 9 * RATE}};
    struct session_request r = mixed(specs, 10 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    assert_streams(plays, 3, 0, 10 * RATE);
    assert_account(&o, 8 * RATE, 2 * RATE, 0, 0);
}

static void test_what_a_stream_lost_is_lost(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "counter,fast,stream=1s+3s,gap=2s+500ms", NULL};
    struct session_request r = mixed(specs, 5 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    assert_account(&o, 5 * RATE / 2, 2 * RATE, RATE / 2, 0);
}

/* Beside other sources: each has its lanes. */
static void test_two_sources_with_streams(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "counter,fast,stream=1s+2s,stream=2s+2s",
        "counter,fast,period=9ms,stream=500ms+2s", "counter,fast,length=1s",
        NULL};
    static const struct stretch plays[] = {{RATE, 3 * RATE},
                                           {2 * RATE, 4 * RATE},
                                           {RATE / 2, 5 * RATE / 2},
                                           {0, RATE}};
    struct session_request r = mixed(specs, 5 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    assert_account(&o, 4 * RATE, RATE, 0, 0);
    assert_streams(plays, 4, 0, 5 * RATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_come_and_go),
        cmocka_unit_test(test_all_lanes_at_once),
        cmocka_unit_test(test_one_after_the_other),
        cmocka_unit_test(test_the_server_goes_away),
        cmocka_unit_test(test_a_higher_lane_begins_first),
        cmocka_unit_test(test_what_a_stream_lost_is_lost),
        cmocka_unit_test(test_two_sources_with_streams),
    };
    return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
