/* The timeline and devices that go away and come back, with another format
 * maybe. */
#include "unit/timeline_bench.h"

static void test_gone_is_gone_until_it_is_back(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    timeline_gone(&b.t, b.device_ns + 20 * MS, 0, &b.plan);
    account(&b);
    int64_t from = b.device_ns;
    timeline_idle(&b.t, from + 1000 * MS, &b.plan);
    account(&b);
    assert_int_equal(b.frames[CLASS_GONE], 48000);
    timeline_reformat(&b.t, RATE);
    b.device_ns = from + 2500 * MS;
    b.source_frames = 0; /* a new origin */
    play(&b, 10);
    assert_int_equal(b.frames[CLASS_GONE], 120000);
    assert_int_equal(b.frames[CLASS_IDLE], 0);
    timeline_idle(&b.t, b.device_ns + 1000 * MS, &b.plan);
    account(&b);
    assert_int_equal(b.frames[CLASS_IDLE], 48000);
}

static void test_gone_lasts_until_the_device_is_open(void **state)
{
    (void)state;
    /* its first audio comes after the opening, or from within it */
    static const int64_t first_ms[] = {3000, 1500};
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        begin(&b, UINT64_MAX);
        play(&b, 100);
        timeline_gone(&b.t, b.device_ns, 0, &b.plan);
        account(&b);
        int64_t from = b.device_ns;
        timeline_back(&b.t, from + 1000 * MS, 1000 * MS, &b.plan);
        account(&b);
        assert_int_equal(b.frames[CLASS_GONE], RATE);
        timeline_reformat(&b.t, RATE);
        b.device_ns = from + first_ms[i] * MS;
        b.source_frames = 0; /* a new origin */
        play(&b, 10);
        assert_int_equal(b.frames[CLASS_GONE], i == 0 ? 2 * RATE : 72000);
        assert_int_equal(b.frames[CLASS_IDLE], i == 0 ? RATE : 0);
        assert_int_equal(b.frames[CLASS_LOST], 0);
        assert_int_equal(b.late, 0);
        /* and the silences to come are none of the opening's */
        timeline_idle(&b.t, b.device_ns + 1000 * MS, &b.plan);
        account(&b);
        assert_int_equal(b.frames[CLASS_IDLE], i == 0 ? 2 * RATE : RATE);
    }
}

static void test_nothing_plays_when_the_device_is_back(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    timeline_gone(&b.t, b.device_ns, 0, &b.plan);
    account(&b);
    int64_t from = b.device_ns;
    timeline_back(&b.t, from, 1000 * MS, &b.plan);
    account(&b);
    for (int i = 1; i <= 20; i++) {
        timeline_idle(&b.t, from + i * 97 * MS, &b.plan);
        account(&b);
    }
    timeline_finish(&b.t, from + 3000 * MS, 0, &b.plan);
    account(&b);
    assert_int_equal(b.frames[CLASS_GONE], RATE);
    assert_int_equal(b.frames[CLASS_IDLE], 2 * RATE);
}

/* The silence was rounded up to a frame, the first stamp down: nothing is left
 * out for that, and nothing was late. */
static void test_rounding_leaves_nothing_out(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    timeline_gone(&b.t, b.device_ns, 0, &b.plan);
    account(&b);
    int64_t from = b.device_ns;
    timeline_back(&b.t, from, 1000 * MS, &b.plan);
    account(&b);
    timeline_idle(&b.t, from + 1000 * MS, &b.plan);
    account(&b);
    timeline_reformat(&b.t, RATE);
    b.device_ns = from + 1000 * MS - 15000; /* less than a frame */
    b.source_frames = 0;
    play(&b, 1);
    assert_int_equal(b.skipped, 0);
    assert_int_equal(b.late, 0);
    assert_int_equal(b.frames[CLASS_CAPTURED], 101 * PERIOD);
}

static void test_gone_to_the_end(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    timeline_gone(&b.t, b.device_ns, 480, &b.plan);
    account(&b);
    timeline_finish(&b.t, b.device_ns + 500 * MS, 0, &b.plan);
    account(&b);
    assert_int_equal(b.frames[CLASS_GONE], 24000);
    assert_int_equal(total(&b), 72000);
}

static void test_other_rate_keeps_time(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    timeline_gone(&b.t, b.device_ns, 0, &b.plan);
    account(&b);
    timeline_reformat(&b.t, 44100);
    int64_t from = b.device_ns;
    for (int64_t i = 0; i < 1000; i++) {
        struct packet p = {.kind = PACKET_AUDIO,
                           .frames = 441,
                           .position = (uint64_t)i * 441,
                           .idle_ns = PACKET_NO_TIME,
                           .time_ns = from + 10 * MS * i};
        place(&b, &p);
    }
    assert_int_equal(total(&b), 48000 + 480000);
    assert_int_equal(b.frames[CLASS_CAPTURED], 528000);
    /* a loss is told in the file's frames */
    struct packet p = {.kind = PACKET_AUDIO,
                       .frames = 441,
                       .position = 441000 + 4410,
                       .idle_ns = PACKET_NO_TIME,
                       .time_ns = from + 10100 * MS};
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_LOST], 4800);
}

/* A packet of no frames tells what was lost before it, and nothing else: all
 * up to its stamp, whatever came before. */
static void test_a_loss_up_to_the_end(void **state)
{
    (void)state;
    for (int played = 0; played <= 100; played += 100) {
        struct bench b;
        begin(&b, UINT64_MAX);
        play(&b, played);
        struct packet p = packet_of_loss(b.device_ns + 500 * MS, 24000);
        place(&b, &p);
        timeline_finish(&b.t, p.time_ns, 0, &b.plan);
        account(&b);
        assert_int_equal(b.frames[CLASS_LOST], 24000);
        assert_int_equal(total(&b), (uint64_t)played * PERIOD + 24000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gone_is_gone_until_it_is_back),
        cmocka_unit_test(test_gone_lasts_until_the_device_is_open),
        cmocka_unit_test(test_nothing_plays_when_the_device_is_back),
        cmocka_unit_test(test_rounding_leaves_nothing_out),
        cmocka_unit_test(test_gone_to_the_end),
        cmocka_unit_test(test_a_loss_up_to_the_end),
        cmocka_unit_test(test_other_rate_keeps_time),
    };
    return cmocka_run_group_tests_name("timeline gone", tests, NULL, NULL);
}
