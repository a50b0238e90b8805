/* The timeline and a machine that sleeps: the four ways in which a clock and a
 * file can take it, and what lies at its edges. */
#include "unit/timeline_bench.h"

#define HOUR (INT64_C(3600000) * MS)

enum { HOUR_FRAMES = 3600 * RATE };

/* Does the stamps' clock count the sleep, and does the file keep it? */
struct way {
    bool counted, kept;
};

static const struct way ways[] = {
    {true, false}, {true, true}, {false, false}, {false, true}};

enum { WAYS = sizeof ways / sizeof ways[0] };

/* A way's device plays on so much later by the clock. */
static int64_t jump(const struct way *way)
{
    return way->counted ? HOUR : 0;
}

static uint64_t kept_frames(const struct way *way)
{
    return way->kept ? HOUR_FRAMES : 0;
}

/* The machine sleeps now; it was looked at 100 ms ago, and is 50 ms after it
 * woke up. The device plays on as if nothing had been. */
static void sleep_now(struct bench *b, const struct way *way)
{
    int64_t now_ns = b->device_ns + jump(way) + 50 * MS;
    struct suspend s = suspend_between(b->device_ns - 100 * MS, now_ns, HOUR,
                                       way->counted, way->kept);
    timeline_expect_sleep(&b->t, &s);
    b->device_ns += jump(way);
}

/* Place what the device gives, passing the sleep when it is due. */
static unsigned play_through(struct bench *b, int packets)
{
    unsigned passed = 0;
    for (int i = 0; i < packets; i++) {
        struct packet p = next(b);
        if (timeline_sleep_due(&b->t, p.time_ns)) {
            timeline_pass_sleep(&b->t, &b->plan);
            account(b);
            passed++;
        }
        place(b, &p);
        pass(b, PERIOD);
    }
    return passed;
}

static void test_sound_follows_sound(void **state)
{
    (void)state;
    for (int i = 0; i < WAYS; i++) {
        struct bench b;
        begin(&b, UINT64_MAX);
        play(&b, 100);
        sleep_now(&b, &ways[i]);
        assert_int_equal(play_through(&b, 100), 1);
        assert_int_equal(b.frames[CLASS_CAPTURED], 200 * PERIOD);
        assert_int_equal(b.frames[CLASS_GONE], kept_frames(&ways[i]));
        assert_int_equal(total(&b), 200 * PERIOD + kept_frames(&ways[i]));
        /* and the clock is right from then on */
        timeline_finish(&b.t, b.device_ns + 1000 * MS, 0, &b.plan);
        account(&b);
        assert_int_equal(b.frames[CLASS_IDLE], RATE);
    }
}

static void test_what_was_stamped_before_stays_before(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    /* known before the packets of the last 50 ms are read from the ring */
    struct suspend s = suspend_between(b.device_ns - 100 * MS,
                                       b.device_ns + 50 * MS + HOUR + 30 * MS,
                                       HOUR, true, true);
    timeline_expect_sleep(&b.t, &s);
    assert_int_equal(play_through(&b, 5), 0);
    assert_int_equal(b.t.at, 105 * PERIOD);
    b.device_ns += HOUR;
    struct packet p = next(&b);
    assert_true(timeline_sleep_due(&b.t, p.time_ns));
    assert_int_equal(timeline_pass_sleep(&b.t, &b.plan), 105 * PERIOD);
    assert_int_equal(b.t.slept_ns, HOUR);
    assert_int_equal(b.plan.gap_count, 1);
    assert_int_equal(b.plan.gaps[0].class, CLASS_GONE);
    assert_string_equal(b.plan.gaps[0].reason, "suspended");
    account(&b);
    assert_false(timeline_sleep_due(&b.t, p.time_ns)); /* once */
}

static void test_a_hole_tells_where_a_standing_clock_slept(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    struct suspend s = suspend_between(
        b.device_ns - 10 * MS, b.device_ns + 900 * MS, HOUR, false, true);
    timeline_expect_sleep(&b.t, &s);
    assert_int_equal(play_through(&b, 10), 0);
    b.device_ns += 300 * MS; /* frozen, and woken up */
    assert_int_equal(play_through(&b, 100), 1);
    assert_int_equal(b.frames[CLASS_GONE], HOUR_FRAMES);
    assert_int_equal(b.frames[CLASS_IDLE], RATE * 3 / 10);
    assert_int_equal(total(&b), HOUR_FRAMES + RATE * 3 / 10 + 210 * PERIOD);
}

static void test_waking_up_is_no_loss(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    sleep_now(&b, &ways[0]);
    b.device_ns += 1500 * MS;
    struct packet p = next(&b);
    p.flags = PACKET_DISCONTINUITY; /* as Windows flags it */
    p.position += 12345;
    assert_true(timeline_sleep_due(&b.t, p.time_ns));
    timeline_pass_sleep(&b.t, &b.plan);
    account(&b);
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_LOST], 0);
    assert_int_equal(b.frames[CLASS_IDLE], RATE * 3 / 2);
    /* but only this once */
    b.source_frames = p.position + PERIOD + 4800;
    pass(&b, PERIOD);
    b.device_ns += 100 * MS;
    p = next(&b);
    p.position = b.source_frames - PERIOD;
    p.flags = PACKET_DISCONTINUITY;
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_LOST], 4800);
}

static void test_asleep_while_nothing_plays(void **state)
{
    (void)state;
    for (int i = 0; i < WAYS; i++) {
        struct bench b;
        begin(&b, UINT64_MAX);
        timeline_idle(&b.t, START + 600 * MS, &b.plan);
        account(&b);
        b.device_ns = START + 1000 * MS;
        sleep_now(&b, &ways[i]);
        assert_false(timeline_sleep_due(&b.t, START + 900 * MS));
        int64_t heard_ns = b.device_ns + 500 * MS;
        assert_true(timeline_sleep_due(&b.t, heard_ns));
        /* up to the last moment that is known to lie before it */
        assert_int_equal(timeline_pass_sleep(&b.t, &b.plan), RATE * 9 / 10);
        assert_int_equal(b.plan.gaps[0].frames, RATE * 3 / 10);
        account(&b);
        timeline_idle(&b.t, heard_ns, &b.plan);
        account(&b);
        assert_int_equal(b.frames[CLASS_IDLE], RATE * 3 / 2);
        assert_int_equal(b.frames[CLASS_GONE], kept_frames(&ways[i]));
        b.device_ns = heard_ns;
        play(&b, 10);
        assert_int_equal(b.frames[CLASS_CAPTURED], 10 * PERIOD);
        assert_int_equal(b.frames[CLASS_LOST], 0);
    }
}

static void test_a_device_that_is_gone_sleeps_too(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    sleep_now(&b, &ways[0]);
    timeline_pass_sleep(&b.t, &b.plan);
    account(&b);
    timeline_gone(&b.t, b.device_ns + 40 * MS, 0, &b.plan);
    account(&b);
    timeline_back(&b.t, b.device_ns + 3000 * MS, 0, &b.plan);
    account(&b);
    assert_int_equal(b.frames[CLASS_GONE], 3 * RATE);
    assert_int_equal(total(&b), 4 * RATE);
}

static void test_a_limit_counts_the_files_frames(void **state)
{
    (void)state;
    for (int i = 0; i < WAYS; i++) {
        struct bench b;
        begin(&b, 2 * RATE);
        play(&b, 100);
        sleep_now(&b, &ways[i]);
        /* one more second of the file: by the clock that is after the sleep,
         * within it, or before it began where the file keeps it */
        int64_t wait_ns = timeline_time(&b.t, 2 * RATE) - START - 1000 * MS;
        int64_t due_ns = !ways[i].kept     ? jump(&ways[i]) + 1000 * MS
                         : ways[i].counted ? 1000 * MS
                                           : 50 * MS; /* it is over: now */
        assert_int_equal(wait_ns, due_ns);
        play_through(&b, 200);
        assert_int_equal(total(&b), 2 * RATE);
        /* where the clock stood still the five packets up to now lie before */
        uint64_t sound = !ways[i].kept        ? 2 * RATE
                         : jump(&ways[i]) > 0 ? RATE
                                              : 105 * PERIOD;
        assert_int_equal(b.frames[CLASS_CAPTURED], sound);
    }
}

static void test_a_stop_after_the_sleep(void **state)
{
    (void)state;
    for (int i = 0; i < WAYS; i++) {
        struct bench b;
        begin(&b, UINT64_MAX);
        play(&b, 100);
        sleep_now(&b, &ways[i]);
        int64_t stop_ns = b.device_ns + 700 * MS;
        timeline_set_stop(&b.t, stop_ns);
        assert_int_equal(b.t.limit, RATE * 17 / 10 + kept_frames(&ways[i]));
        /* no packet came any more */
        assert_true(timeline_sleep_due(&b.t, stop_ns));
        timeline_pass_sleep(&b.t, &b.plan);
        account(&b);
        timeline_finish(&b.t, stop_ns, 0, &b.plan);
        account(&b);
        assert_int_equal(total(&b), RATE * 17 / 10 + kept_frames(&ways[i]));
    }
}

static void test_a_stop_before_the_sleep(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    int64_t stop_ns = b.device_ns + 30 * MS; /* asked for, then it slept */
    sleep_now(&b, &ways[1]);
    assert_false(timeline_sleep_due(&b.t, stop_ns));
    timeline_set_stop(&b.t, stop_ns);
    assert_int_equal(b.t.limit, 103 * PERIOD);
}

static void test_two_sleeps_count_as_one(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    sleep_now(&b, &ways[0]);
    b.device_ns += 100 * MS;
    sleep_now(&b, &ways[0]);
    assert_int_equal(play_through(&b, 10), 1);
    assert_int_equal(b.frames[CLASS_IDLE], RATE / 10);
    assert_int_equal(total(&b), RATE + RATE / 10 + 10 * PERIOD);
}

static void test_without_stamps_it_waits_for_one(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    sleep_now(&b, &ways[3]);
    assert_false(timeline_sleep_due(&b.t, PACKET_NO_TIME));
    assert_true(timeline_sleep_due(&b.t, b.device_ns + 60 * MS));
}

static void test_other_rates_sleep_as_long(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    timeline_reformat(&b.t, 44100);
    int64_t from = b.device_ns;
    for (int64_t i = 0; i < 200; i++) {
        int64_t slept_ns = i < 100 ? 0 : HOUR;
        struct packet p = {.kind = PACKET_AUDIO,
                           .frames = 441,
                           .position = (uint64_t)i * 441,
                           .idle_ns = PACKET_NO_TIME,
                           .time_ns = from + 10 * MS * i + slept_ns};
        if (i == 100) {
            b.device_ns = from + 1000 * MS;
            sleep_now(&b, &ways[0]);
            assert_true(timeline_sleep_due(&b.t, p.time_ns));
            timeline_pass_sleep(&b.t, &b.plan);
            account(&b);
        }
        place(&b, &p);
    }
    assert_int_equal(b.frames[CLASS_CAPTURED], 2 * RATE);
    assert_int_equal(total(&b), 2 * RATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_follows_sound),
        cmocka_unit_test(test_what_was_stamped_before_stays_before),
        cmocka_unit_test(test_a_hole_tells_where_a_standing_clock_slept),
        cmocka_unit_test(test_waking_up_is_no_loss),
        cmocka_unit_test(test_asleep_while_nothing_plays),
        cmocka_unit_test(test_a_device_that_is_gone_sleeps_too),
        cmocka_unit_test(test_a_limit_counts_the_files_frames),
        cmocka_unit_test(test_a_stop_after_the_sleep),
        cmocka_unit_test(test_a_stop_before_the_sleep),
        cmocka_unit_test(test_two_sleeps_count_as_one),
        cmocka_unit_test(test_without_stamps_it_waits_for_one),
        cmocka_unit_test(test_other_rates_sleep_as_long),
    };
    return cmocka_run_group_tests_name("timeline-sleep", tests, NULL, NULL);
}
