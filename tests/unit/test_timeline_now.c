/* The timeline and the clock: whatever a source says, a file gets no longer
 * than the time that passed, what a source may be ahead, and one packet. */
#include "unit/timeline_bench.h"

#define S INT64_C(1000000000)

enum { AHEAD = 2 * RATE };

static void tell(struct bench *b, int64_t after_ns)
{
    timeline_tell_now(&b->t, START + after_ns);
}

static struct packet unstamped(struct bench *b)
{
    struct packet p = next(b);
    p.time_ns = PACKET_NO_TIME;
    p.position = PACKET_NO_POSITION;
    return p;
}

static void test_more_sound_than_time_is_surplus(void **state)
{
    struct bench b;
    uint64_t surplus = 0;
    (void)state;
    begin(&b, UINT64_MAX);
    tell(&b, S);
    for (int i = 0; i < 1000; i++) {
        struct packet p = unstamped(&b);
        place(&b, &p);
        surplus += b.plan.surplus_frames;
    }
    assert_near(total(&b), RATE + AHEAD + PERIOD, PERIOD);
    assert_int_equal(total(&b) + surplus, 1000 * PERIOD);
    assert_int_equal(b.frames[CLASS_CAPTURED], total(&b));
    /* time passes, and there is room again */
    tell(&b, 2 * S);
    struct packet p = unstamped(&b);
    place(&b, &p);
    assert_int_equal(b.plan.surplus_frames, 0);
    assert_int_equal(b.plan.take_frames, PERIOD);
}

static void test_what_is_mixed_ahead_is_taken(void **state)
{
    struct bench b;
    (void)state;
    begin(&b, UINT64_MAX);
    tell(&b, 10 * MS);
    play(&b, 190);
    assert_int_equal(b.frames[CLASS_CAPTURED], 190 * PERIOD);
    assert_int_equal(b.skipped, 0);
}

static void test_the_first_packet_is_no_exception(void **state)
{
    struct bench b;
    (void)state;
    begin(&b, UINT64_MAX);
    tell(&b, -5 * S); /* before its first frame */
    struct packet p = unstamped(&b);
    p.lost_before = RATE;
    place(&b, &p);
    place(&b, &p);
    assert_int_equal(total(&b), PERIOD);
    assert_int_equal(b.plan.surplus_frames, PERIOD);
    assert_int_equal(b.plan.skip_frames, PERIOD);
}

static void test_a_stamp_from_the_future_is_none(void **state)
{
    static const int64_t ahead[] = {3 * S + 1, 3600 * S, INT64_MAX / 2,
                                    INT64_MAX - START};
    (void)state;
    for (unsigned i = 0; i < sizeof ahead / sizeof ahead[0]; i++) {
        struct bench b;
        begin(&b, UINT64_MAX);
        tell(&b, S);
        play(&b, 50);
        struct packet p = next(&b);
        p.time_ns = START + ahead[i];
        assert_false(timeline_wants_look(&b.t, &p));
        place(&b, &p);
        pass(&b, PERIOD);
        play(&b, 49);
        assert_int_equal(b.frames[CLASS_CAPTURED], RATE);
        assert_int_equal(total(&b), RATE);
    }
}

/* Nor does it make a better stamp of an earlier packet's. */
static void test_refining_knows_the_clock(void **state)
{
    struct bench b;
    uint64_t frames = 0;
    (void)state;
    begin(&b, UINT64_MAX);
    tell(&b, S);
    struct packet first = next(&b), second = first;
    int64_t time_ns = first.time_ns;
    second.time_ns = INT64_MIN + 1;
    assert_true(timeline_refine(&b.t, &first, &first, &frames, &time_ns));
    assert_true(timeline_refine(&b.t, &first, &second, &frames, &time_ns));
    assert_true(time_ns == first.time_ns);
    /* what lies behind weeks of losses says nothing of it */
    second.lost_before = UINT64_MAX / 2;
    second.time_ns = START;
    assert_false(timeline_refine(&b.t, &first, &second, &frames, &time_ns));
    assert_true(time_ns == first.time_ns);
}

static void test_a_loss_is_no_longer_than_time(void **state)
{
    static const uint64_t lost[] = {(uint64_t)60 * RATE, UINT64_C(1) << 50,
                                    UINT64_MAX};
    (void)state;
    for (unsigned i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        for (int first = 0; first < 2; first++) {
            struct bench b;
            begin(&b, UINT64_MAX);
            tell(&b, S);
            play(&b, first ? 0 : 50);
            struct packet p = unstamped(&b);
            p.lost_before = lost[i];
            place(&b, &p);
            assert_near(total(&b), RATE + AHEAD, PERIOD);
        }
    }
}

/* The source's word on what comes without packets. */
static void test_moments_that_cannot_be_are_not_heeded(void **state)
{
    static const int64_t wild[] = {INT64_MAX, INT64_MIN + 1, INT64_MIN,
                                   START + 3600 * S};
    (void)state;
    for (unsigned i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        struct bench b;
        begin(&b, UINT64_MAX);
        tell(&b, S);
        play(&b, 50);
        timeline_idle(&b.t, wild[i], &b.plan);
        account(&b);
        timeline_gone(&b.t, wild[i], UINT64_MAX, &b.plan);
        account(&b);
        timeline_back(&b.t, wild[i], INT64_MAX, &b.plan);
        account(&b);
        timeline_finish(&b.t, wild[i], 0, &b.plan);
        account(&b);
        assert_int_equal(total(&b), RATE / 2);
    }
}

static void test_an_endless_opening_is_none(void **state)
{
    struct bench b;
    (void)state;
    begin(&b, UINT64_MAX);
    tell(&b, 3 * S);
    play(&b, 50);
    timeline_gone(&b.t, START + S / 2, 0, &b.plan);
    account(&b);
    timeline_back(&b.t, START + S, 48 * 3600 * S, &b.plan);
    account(&b);
    timeline_idle(&b.t, START + 2 * S, &b.plan);
    account(&b);
    assert_int_equal(b.frames[CLASS_GONE], RATE / 2);
    assert_int_equal(b.frames[CLASS_IDLE], RATE);
}

/* A device may run ahead as a crystal does: nothing of a concert is cut. */
static void test_a_fast_crystal_is_not_cut(void **state)
{
    enum { HOURS = 10, SECONDS = HOURS * 3600 };
    struct bench b;
    (void)state;
    begin(&b, UINT64_MAX);
    for (int i = 0; i < SECONDS; i++) { /* 100 ppm */
        struct packet p = next(&b);
        p.frames = RATE;
        p.time_ns = START + i * (S - 100000);
        tell(&b, p.time_ns - START + S);
        place(&b, &p);
        pass(&b, RATE);
    }
    assert_int_equal(b.frames[CLASS_CAPTURED], (uint64_t)SECONDS * RATE);
    assert_int_equal(total(&b), (uint64_t)SECONDS * RATE);
}

static void test_who_joins_knows_the_clock(void **state)
{
    struct bench b, other;
    (void)state;
    begin(&other, UINT64_MAX);
    tell(&other, S);
    begin(&b, UINT64_MAX);
    timeline_join(&b.t, &other.t, 0);
    timeline_idle(&b.t, START + 60 * S, &b.plan);
    account(&b);
    assert_int_equal(total(&b), 0);
    /* and it does not go back */
    tell(&b, 0);
    timeline_idle(&b.t, START + 5 * S / 2, &b.plan);
    account(&b);
    assert_int_equal(total(&b), RATE * 5 / 2);
}

/* The time asleep has passed, also where the clock did not count it. */
static void test_a_sleep_is_time(void **state)
{
    enum { HOUR = 3600 };
    (void)state;
    for (int counted = 0; counted < 2; counted++) {
        struct bench b;
        int64_t jump = counted ? HOUR * S : 0;
        begin(&b, UINT64_MAX);
        tell(&b, S);
        play(&b, 100);
        tell(&b, S + jump + 100 * MS);
        struct suspend slept =
            suspend_between(b.device_ns, b.device_ns + jump + 100 * MS,
                            HOUR * S, counted != 0, true);
        timeline_expect_sleep(&b.t, &slept);
        assert_true(timeline_sleep_due(&b.t, START + S + jump + 100 * MS));
        timeline_pass_sleep(&b.t, &b.plan);
        account(&b);
        assert_int_equal(b.frames[CLASS_GONE], (uint64_t)HOUR * RATE);
        timeline_finish(&b.t, START + S + jump + 100 * MS, 0, &b.plan);
        account(&b);
        assert_int_equal(total(&b), (uint64_t)(HOUR + 1) * RATE + RATE / 10);
    }
}

/* Where nobody tells, what was lost ends with what can be reckoned with. */
static void test_without_a_clock_numbers_stay_small(void **state)
{
    struct bench b;
    (void)state;
    begin(&b, UINT64_MAX);
    for (int i = 0; i < 10000; i++) {
        struct packet p = unstamped(&b);
        p.lost_before = UINT64_MAX;
        place(&b, &p);
    }
    assert_true(timeline_time(&b.t, b.t.at) > START);
    assert_true(total(&b) < UINT64_C(1) << 48);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_more_sound_than_time_is_surplus),
        cmocka_unit_test(test_what_is_mixed_ahead_is_taken),
        cmocka_unit_test(test_the_first_packet_is_no_exception),
        cmocka_unit_test(test_a_stamp_from_the_future_is_none),
        cmocka_unit_test(test_refining_knows_the_clock),
        cmocka_unit_test(test_a_loss_is_no_longer_than_time),
        cmocka_unit_test(test_moments_that_cannot_be_are_not_heeded),
        cmocka_unit_test(test_an_endless_opening_is_none),
        cmocka_unit_test(test_a_fast_crystal_is_not_cut),
        cmocka_unit_test(test_who_joins_knows_the_clock),
        cmocka_unit_test(test_a_sleep_is_time),
        cmocka_unit_test(test_without_a_clock_numbers_stay_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
