/* The timeline: where packets belong, what is missing and why. A packet
 * stream is made by arithmetic, with the faults that real systems have; what
 * the plans add up to must be the time that passed. */
#include "unit/timeline_bench.h"

/* --- the plain case and its edges --- */

static void test_unbroken_stream_is_taken_whole(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 1000);
    assert_int_equal(b.frames[CLASS_CAPTURED], 480000);
    assert_int_equal(total(&b), 480000);
    assert_int_equal(b.skipped, 0);
}

/* A stop never lies before what is placed already. */
static void test_a_stop_in_the_past_cuts_nothing(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    timeline_set_stop(&b.t, START + 500 * MS);
    play(&b, 10);
    timeline_finish(&b.t, START + 500 * MS, 9, &b.plan);
    account(&b);
    assert_int_equal(total(&b), 48000);
    assert_int_equal(b.frames[CLASS_CAPTURED], 48000);
}

/* What was dropped at the very end is lost, but not beyond the stop. */
static void test_losses_at_the_end_go_to_the_stop(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    timeline_finish(&b.t, START + 1100 * MS, 480000, &b.plan);
    account(&b);
    assert_int_equal(b.frames[CLASS_LOST], 4800);
    assert_int_equal(total(&b), 52800);
}

/* A crystal that runs fast for long puts sound later into the file than it was
 * heard: the stop gives way, so that none of it is cut off. */
static void test_a_stop_gives_way_to_a_crystal(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    /* 400 ppm for 250 s is 100 ms; the file has 50 ms of them as a bound */
    for (int i = 0; i < 25000; i++) {
        struct packet p = next(&b);
        p.time_ns -= (p.time_ns - START) / 2500;
        place(&b, &p);
        pass(&b, PERIOD);
    }
    int64_t heard_ns = b.device_ns - (b.device_ns - START) / 2500;
    uint64_t frame = timeline_cut_frame(&b.t, heard_ns);
    uint64_t plain = (uint64_t)frames_from_ns(heard_ns - START, RATE);
    assert_near(frame, plain + (uint64_t)frames_from_ns(50 * MS, RATE), 100);
    assert_true(frame > plain);
}

static void test_limit_is_exact(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, 48001);
    play(&b, 150);
    assert_int_equal(total(&b), 48001);
    assert_int_equal(b.frames[CLASS_CAPTURED], 48001);
    /* nothing more fits, of any kind */
    timeline_idle(&b.t, START + 9000 * MS, &b.plan);
    account(&b);
    timeline_finish(&b.t, START + 9000 * MS, 100, &b.plan);
    account(&b);
    assert_int_equal(total(&b), 48001);
    /* nor one frame of silence */
    begin(&b, 47999);
    timeline_idle(&b.t, START + 1000 * MS, &b.plan);
    account(&b);
    assert_int_equal(total(&b), 47999);
}

static void test_nothing_played_is_idle_to_the_stop(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    for (int i = 1; i <= 100; i++) {
        timeline_idle(&b.t, START + i * 97 * MS, &b.plan);
        account(&b);
    }
    timeline_finish(&b.t, START + 10000 * MS, 0, &b.plan);
    account(&b);
    assert_int_equal(b.frames[CLASS_IDLE], 480000);
    assert_int_equal(total(&b), 480000);
}

static void test_what_was_played_before_the_start_is_left_out(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    b.device_ns = START - 25 * MS;
    play(&b, 10);
    assert_int_equal(b.skipped, 1200);
    assert_int_equal(b.frames[CLASS_CAPTURED], 3600);
    assert_int_equal(total(&b), 3600);
}

static void test_late_first_packet_begins_with_idle(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    b.device_ns = START + 1500 * MS;
    play(&b, 10);
    assert_int_equal(b.frames[CLASS_IDLE], 72000);
    assert_int_equal(b.frames[CLASS_CAPTURED], 4800);
}

/* --- gaps --- */

static void test_position_jump_is_lost_exactly(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 10);
    pass(&b, 4801);
    struct packet p = next(&b);
    p.flags = PACKET_DISCONTINUITY;
    p.time_ns += 3 * MS; /* stamps shake, positions do not */
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_LOST], 4801);
    assert_int_equal(b.frames[CLASS_IDLE], 0);
    assert_int_equal(b.t.at, 10 * PERIOD + 4801 + PERIOD);
}

static void test_ring_losses_are_lost_exactly(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 10);
    pass(&b, 960);
    struct packet p = next(&b);
    p.lost_before = 960;
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_LOST], 960);
    assert_string_equal(b.plan.gaps[0].reason, "the buffer was full");
    /* also where the device has neither positions nor stamps */
    pass(&b, PERIOD);
    pass(&b, 1440);
    p = next(&b);
    p.lost_before = 1440;
    p.position = PACKET_NO_POSITION;
    p.time_ns = PACKET_NO_TIME;
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_LOST], 960 + 1440);
    assert_int_equal(b.t.at, b.source_frames + PERIOD);
}

/* A stream that was moved, a server whose buffer was full. */
static void test_what_a_source_has_lost_is_not_the_rings(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 10);
    pass(&b, 960);
    struct packet p = next(&b);
    p.lost_before = 960;
    p.flags = PACKET_DISCONTINUITY;
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_LOST], 960);
    assert_string_equal(b.plan.gaps[0].reason, "the system missed audio");
}

static void test_wine_overrun_is_measured_by_the_stamp(void **state)
{
    (void)state;
    /* one flagged packet whose position jumps by one period, whatever was
     * lost: facts about Wine's overrun */
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 10);
    b.device_ns += 700 * MS;
    b.source_frames += PERIOD;
    struct packet p = next(&b);
    p.flags = PACKET_DISCONTINUITY;
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_LOST], 33600);
}

static void test_suspended_device_shows_in_the_stamp_only(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 10);
    b.device_ns += 2000 * MS; /* position contiguous, flags 0 */
    play(&b, 10);
    assert_int_equal(b.frames[CLASS_IDLE], 96000);
    assert_int_equal(b.frames[CLASS_LOST], 0);
    assert_int_equal(total(&b), 96000 + 20 * PERIOD);
}

static void test_flag_after_idle_is_not_a_loss(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 10);
    int64_t quiet_ns = b.device_ns;
    b.device_ns += 300 * MS;
    struct packet p = next(&b);
    p.flags = PACKET_DISCONTINUITY;
    p.idle_ns = quiet_ns + 250 * MS; /* the source said so */
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_IDLE], 14400);
    assert_int_equal(b.frames[CLASS_LOST], 0);
}

static void test_flag_long_after_idle_is_a_loss(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 10);
    int64_t quiet_ns = b.device_ns;
    b.device_ns += 500 * MS;
    struct packet p = next(&b);
    p.flags = PACKET_DISCONTINUITY;
    p.idle_ns = quiet_ns + 200 * MS; /* and then nobody looked for 300 ms */
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_IDLE], 9600);
    assert_int_equal(b.frames[CLASS_LOST], 14400);
}

/* A pause of PAUSE_NS at whose end the device's count has moved on by FRAMES;
 * the source looked until shortly before. */
static void pause_and_count(struct bench *b, int64_t pause_ns, uint64_t frames)
{
    int64_t quiet_ns = b->device_ns;
    b->device_ns += pause_ns;
    b->source_frames += frames;
    struct packet p = next(b);
    p.flags = PACKET_DISCONTINUITY;
    p.idle_ns = quiet_ns + pause_ns - 60 * MS;
    place(b, &p);
    pass(b, PERIOD);
}

static void test_count_tells_a_loss_from_a_pause(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 10);
    /* nothing is known of this device: what it counted was there */
    pause_and_count(&b, 100 * MS, 4800);
    assert_int_equal(b.frames[CLASS_LOST], 4800);
    /* a long pause shows that its count goes on while nothing plays */
    timeline_idle(&b.t, b.device_ns + 500 * MS, &b.plan);
    account(&b);
    b.device_ns += 1000 * MS;
    b.source_frames += 48000;
    play(&b, 10);
    uint64_t at = b.t.at;
    pause_and_count(&b, 100 * MS, 4800);
    assert_int_equal(b.frames[CLASS_LOST], 4800);
    assert_int_equal(b.t.at, at + 4800 + PERIOD);
}

static void test_spurious_flags_change_nothing(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    for (int i = 0; i < 1000; i++) {
        struct packet p = next(&b);
        p.flags = PACKET_DISCONTINUITY;
        place(&b, &p);
        pass(&b, PERIOD);
    }
    assert_int_equal(total(&b), 480000);
    assert_int_equal(b.frames[CLASS_CAPTURED], 480000);
}

static void test_position_always_zero_and_missing_stamps(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    for (int i = 0; i < 500; i++) {
        struct packet p = next(&b);
        p.position = PACKET_NO_POSITION;
        if (i % 3 == 1) {
            p.time_ns = PACKET_NO_TIME;
        }
        place(&b, &p);
        pass(&b, PERIOD);
    }
    assert_int_equal(b.frames[CLASS_CAPTURED], 240000);
    b.device_ns += 20 * MS; /* no position: a packet's length counts */
    struct packet p = next(&b);
    p.position = PACKET_NO_POSITION;
    place(&b, &p);
    assert_int_equal(b.frames[CLASS_IDLE], 960);
}

static void test_absurd_stamps_are_ignored(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    struct packet p = next(&b);
    p.time_ns -= 3600 * 1000 * MS;
    place(&b, &p);
    pass(&b, PERIOD);
    play(&b, 100);
    assert_int_equal(b.frames[CLASS_CAPTURED], 201 * PERIOD);
    assert_int_equal(total(&b), 201 * PERIOD);
}

static void test_idle_filled_then_audio_lands_at_its_time(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 200);
    int64_t from = b.device_ns;
    for (int i = 1; i <= 25; i++) {
        timeline_idle(&b.t, from + i * 100 * MS, &b.plan);
        account(&b);
    }
    b.device_ns = from + 3000 * MS;
    struct packet p = next(&b);
    p.flags = PACKET_DISCONTINUITY; /* as Windows flags it */
    place(&b, &p);
    assert_int_equal(b.t.at - PERIOD, 96000 + 144000);
    assert_int_equal(b.frames[CLASS_IDLE], 144000);
    assert_int_equal(b.frames[CLASS_LOST], 0);
}

static void test_audio_after_its_place_was_filled_is_told_as_lost(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 10);
    timeline_idle(&b.t, b.device_ns + 100 * MS, &b.plan);
    account(&b);
    assert_int_equal(b.frames[CLASS_IDLE], 4800);
    play(&b, 20); /* and yet it comes, contiguous */
    assert_int_equal(b.late, 4800);
    assert_int_equal(b.frames[CLASS_LOST], 4800);
    assert_int_equal(b.frames[CLASS_IDLE], 0);
    assert_int_equal(total(&b), 30 * PERIOD);
}

static void test_what_was_dropped_before_a_filled_place_is_lost(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 10);
    timeline_idle(&b.t, b.device_ns + 100 * MS, &b.plan);
    account(&b);
    pass(&b, 7200);
    struct packet p = next(&b); /* 50 ms behind what was filled */
    p.lost_before = 7200;
    place(&b, &p);
    assert_int_equal(b.late, 4800);
    assert_int_equal(b.frames[CLASS_LOST], 7200);
    assert_int_equal(b.frames[CLASS_IDLE], 0);
    assert_int_equal(total(&b), 11 * PERIOD + 7200);
}

/* --- the stop --- */

static void test_stop_cuts_and_fills_to_the_moment(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 100);
    timeline_set_stop(&b.t, START + 1005 * MS);
    play(&b, 10); /* the tail, and more */
    timeline_finish(&b.t, START + 1005 * MS, 0, &b.plan);
    account(&b);
    assert_int_equal(total(&b), 48240);
    assert_int_equal(b.frames[CLASS_CAPTURED], 48240);

    begin(&b, UINT64_MAX);
    play(&b, 100);
    timeline_set_stop(&b.t, START + 1300 * MS);
    timeline_finish(&b.t, START + 1300 * MS, 480, &b.plan);
    account(&b);
    assert_int_equal(total(&b), 62400);
    assert_int_equal(b.frames[CLASS_LOST], 480);
    assert_int_equal(b.frames[CLASS_IDLE], 14400 - 480);
}

static void test_stop_without_a_clock_is_the_last_frame(void **state)
{
    (void)state;
    struct bench b;
    begin(&b, UINT64_MAX);
    play(&b, 3);
    timeline_finish(&b.t, PACKET_NO_TIME, 7, &b.plan);
    account(&b);
    assert_int_equal(total(&b), 3 * PERIOD + 7);
}

/* --- anything at all --- */

static void test_random_streams_add_up(void **state)
{
    (void)state;
    uint32_t seed = 99;
    for (int round = 0; round < 300; round++) {
        struct bench b;
        begin(&b, 100000 + (uint64_t)round * 1000);
        for (int i = 0; i < 400; i++) {
            seed = seed * 1664525 + 1013904223;
            uint32_t r = seed >> 16;
            struct packet p = next(&b);
            p.frames = r % 700;
            p.flags = r % 3;
            p.lost_before = r % 11 == 0 ? r : 0;
            if (r % 7 == 0) {
                p.time_ns += (int64_t)r * MS - 3000 * MS;
            }
            if (r % 13 == 0) {
                p.time_ns = PACKET_NO_TIME;
            }
            if (r % 17 == 0) {
                p.position = r % 2 ? PACKET_NO_POSITION : r;
            }
            timeline_place(&b.t, &p, p.time_ns, r % 5 == 0, &b.plan);
            assert_true(b.plan.skip_frames + b.plan.take_frames <= p.frames);
            account(&b);
            if (r % 97 == 0) {
                timeline_gone(&b.t, b.device_ns, r % 1000, &b.plan);
                account(&b);
                timeline_reformat(&b.t, r % 2 ? 44100 : 96000);
            }
            if (r % 53 == 0) {
                timeline_idle(&b.t, b.device_ns, &b.plan);
                account(&b);
            }
            pass(&b, p.frames);
        }
        timeline_finish(&b.t, b.device_ns, 0, &b.plan);
        account(&b);
        assert_true(total(&b) <= 100000 + (uint64_t)round * 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unbroken_stream_is_taken_whole),
        cmocka_unit_test(test_a_stop_in_the_past_cuts_nothing),
        cmocka_unit_test(test_losses_at_the_end_go_to_the_stop),
        cmocka_unit_test(test_a_stop_gives_way_to_a_crystal),
        cmocka_unit_test(test_limit_is_exact),
        cmocka_unit_test(test_nothing_played_is_idle_to_the_stop),
        cmocka_unit_test(test_what_was_played_before_the_start_is_left_out),
        cmocka_unit_test(test_late_first_packet_begins_with_idle),
        cmocka_unit_test(test_position_jump_is_lost_exactly),
        cmocka_unit_test(test_ring_losses_are_lost_exactly),
        cmocka_unit_test(test_what_a_source_has_lost_is_not_the_rings),
        cmocka_unit_test(test_wine_overrun_is_measured_by_the_stamp),
        cmocka_unit_test(test_suspended_device_shows_in_the_stamp_only),
        cmocka_unit_test(test_flag_after_idle_is_not_a_loss),
        cmocka_unit_test(test_flag_long_after_idle_is_a_loss),
        cmocka_unit_test(test_count_tells_a_loss_from_a_pause),
        cmocka_unit_test(test_spurious_flags_change_nothing),
        cmocka_unit_test(test_position_always_zero_and_missing_stamps),
        cmocka_unit_test(test_absurd_stamps_are_ignored),
        cmocka_unit_test(test_idle_filled_then_audio_lands_at_its_time),
        cmocka_unit_test(test_audio_after_its_place_was_filled_is_told_as_lost),
        cmocka_unit_test(test_what_was_dropped_before_a_filled_place_is_lost),
        cmocka_unit_test(test_stop_cuts_and_fills_to_the_moment),
        cmocka_unit_test(test_stop_without_a_clock_is_the_last_frame),
        cmocka_unit_test(test_random_streams_add_up),
    };
    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
