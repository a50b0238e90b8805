/* test_pulse_onset: the beginning of a stream found in a monitor's past. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/format.h"
#include "source/pulse/onset.h"

#define MS INT64_C(1000000)

enum { RATE = 48000, CHANNELS = 2, FRAME = 2 * CHANNELS, ROOM = RATE };

/* A moment long after the clock's 0. */
#define T0 (INT64_C(1000000) * MS)

static int16_t room[ROOM * CHANNELS];
static int16_t signal_of[RATE * CHANNELS];

/* Noise without a zero in it, the same each time. */
static void make_noise(int16_t *out, size_t frames, uint32_t seed)
{
    for (size_t i = 0; i < frames * CHANNELS; i++) {
        seed = seed * 1664525 + 1013904223;
        out[i] = (int16_t)((seed >> 16) | 1);
    }
}

struct monitor {
    struct past past;
    uint64_t position;
};

static void give(struct monitor *m, const int16_t *frames, uint32_t count)
{
    struct packet p = {
        .frames = count,
        .position = m->position,
        .time_ns = T0 + frames_to_ns((int64_t)m->position, RATE),
    };
    past_add(&m->past, &p, frames);
    m->position += count;
}

/* A monitor that gave SILENT frames of silence. */
static struct monitor quiet_monitor(uint32_t silent)
{
    struct monitor m = {.position = 0};
    past_init(&m.past, room, ROOM, FRAME, RATE);
    for (; silent > 0; silent -= silent < 960 ? silent : 960) {
        give(&m, NULL, silent < 960 ? silent : 960);
    }
    return m;
}

/* A tap that begins MISSED frames into the signal, whose first frame the
 * monitor gave after SILENT frames. */
static struct onset tap(uint32_t silent, uint32_t missed, uint32_t frames)
{
    return (struct onset){
        .bytes = (const unsigned char *)(signal_of + missed * CHANNELS),
        .frames = frames,
        .time_ns = T0 + frames_to_ns(silent + missed, RATE),
        .since_ns = T0 + frames_to_ns(silent, RATE) - 10 * MS,
    };
}

static enum onset_found find(const struct monitor *m, const struct onset *o,
                             uint64_t *count)
{
    uint64_t first;
    int64_t shift_ns;
    enum onset_found found = onset_find(&m->past, o, &first, count, &shift_ns);
    for (uint64_t n = 0; found == ONSET_FOUND && n < *count; n++) {
        uint64_t one = 1;
        const void *theirs = past_frames(&m->past, first + n, &one);
        const unsigned char *ours = o->bytes - (size_t)(*count - n) * FRAME;
        assert_memory_equal(theirs, ours, FRAME);
    }
    return found;
}

static int set_up(void **state)
{
    (void)state;
    make_noise(signal_of, RATE, 1);
    return 0;
}

static void what_the_tap_missed_is_found(void **state)
{
    (void)state;
    static const uint32_t missed[] = {0, 1, 17, 512, 960, 1920, 4800};
    for (size_t i = 0; i < sizeof missed / sizeof missed[0]; i++) {
        struct monitor m = quiet_monitor(5000);
        give(&m, signal_of, missed[i] + 960);
        struct onset o = tap(5000, missed[i], 960);
        uint64_t count;
        assert_int_equal(find(&m, &o, &count), ONSET_FOUND);
        assert_int_equal(count, missed[i]);
    }
}

/* The ring of frames wraps within the beginning, and within the tap's. */
static void a_wrap_does_not_matter(void **state)
{
    (void)state;
    for (uint32_t silent = ROOM - 2000; silent < ROOM + 10; silent += 333) {
        struct monitor m = quiet_monitor(silent);
        give(&m, signal_of, 1920);
        struct onset o = tap(silent, 960, 960);
        uint64_t count;
        assert_int_equal(find(&m, &o, &count), ONSET_FOUND);
        assert_int_equal(count, 960);
    }
}

/* PipeWire's monitor has it a cycle later: it is waited for. */
static void a_monitor_may_be_later(void **state)
{
    (void)state;
    struct monitor m = quiet_monitor(5000 + 512);
    struct onset o = tap(5000, 256, 960);
    uint64_t count;
    o.shift_ns = frames_to_ns(512, RATE);
    assert_int_equal(find(&m, &o, &count), ONSET_LATER);
    give(&m, signal_of, 300);
    assert_int_equal(find(&m, &o, &count), ONSET_LATER);
    give(&m, signal_of + 300 * CHANNELS, 900);
    assert_int_equal(find(&m, &o, &count), ONSET_FOUND);
    assert_int_equal(count, 256);
}

static void an_unexpected_shift_is_found_when_all_was_seen(void **state)
{
    (void)state;
    struct monitor m = quiet_monitor(5000 + 700);
    struct onset o = tap(5000, 256, 960);
    uint64_t count;
    give(&m, signal_of, 1500);
    assert_int_equal(find(&m, &o, &count), ONSET_LATER);
    give(&m, signal_of + 1500 * CHANNELS, 3000);
    assert_int_equal(find(&m, &o, &count), ONSET_FOUND);
    assert_int_equal(count, 256);
}

static void a_periodic_sound_is_joined_at_the_expected_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < RATE * CHANNELS; i++) { /* 1 kHz */
        signal_of[i] = (int16_t)(100 + (i / CHANNELS) % 48 * 50);
    }
    struct monitor m = quiet_monitor(5000);
    give(&m, signal_of, 4000);
    struct onset o = tap(5000, 960, 960);
    uint64_t count;
    assert_int_equal(find(&m, &o, &count), ONSET_FOUND);
    assert_int_equal(count, 960);
}

/* A sound that goes on from before the stream was there is another's. */
static void what_is_older_is_not_its(void **state)
{
    (void)state;
    struct monitor m = quiet_monitor(5000);
    give(&m, signal_of, 4800);
    struct onset o = tap(5000, 2400, 960);
    uint64_t count;
    o.since_ns = T0 + frames_to_ns(5000 + 1000, RATE);
    assert_int_equal(find(&m, &o, &count), ONSET_NONE);
}

static void another_sound_before_silence_is_not_taken(void **state)
{
    (void)state;
    int16_t other[480 * CHANNELS];
    make_noise(other, 480, 7);
    struct monitor m = quiet_monitor(3000);
    give(&m, other, 480);
    give(&m, NULL, 240);
    give(&m, signal_of, 1920);
    struct onset o = tap(3720, 960, 960);
    uint64_t count;
    o.since_ns = T0;
    assert_int_equal(find(&m, &o, &count), ONSET_FOUND);
    assert_int_equal(count, 960);
}

/* Somebody else plays too: the monitor has the sum. */
static void a_mixture_is_left_alone(void **state)
{
    (void)state;
    int16_t sum[4000 * CHANNELS];
    for (size_t i = 0; i < 4000 * CHANNELS; i++) {
        sum[i] = (int16_t)(signal_of[i] / 2 + (int)(i % 77));
    }
    struct monitor m = quiet_monitor(5000);
    give(&m, sum, 4000);
    struct onset o = tap(5000, 960, 960);
    uint64_t count;
    assert_int_equal(find(&m, &o, &count), ONSET_NONE);

    /* only after the tap's first frames does another begin */
    m = quiet_monitor(5000);
    give(&m, signal_of, 960 + 500);
    give(&m, sum, 3000);
    assert_int_equal(find(&m, &o, &count), ONSET_NONE);
}

static void silence_is_not_searched_for(void **state)
{
    (void)state;
    struct monitor m = quiet_monitor(9000);
    struct onset o = tap(5000, 0, 960);
    uint64_t count;
    memset(signal_of, 0, sizeof signal_of);
    assert_int_equal(find(&m, &o, &count), ONSET_LATER);
    o.frames = 6000;
    assert_int_equal(find(&m, &o, &count), ONSET_NONE);
    /* its first sound is all there */
    make_noise(signal_of + 300 * CHANNELS, 1000, 3);
    o.frames = 960;
    assert_int_equal(find(&m, &o, &count), ONSET_FOUND);
    assert_int_equal(count, 0);
}

static void a_faint_beginning_needs_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2000 * CHANNELS; i++) {
        signal_of[i] = (int16_t)(1 + i / CHANNELS / 25); /* 1 1 1 ... 2 2 2 */
    }
    struct monitor m = quiet_monitor(5000);
    give(&m, signal_of, 4000);
    struct onset o = tap(5000, 500, 300);
    uint64_t count;
    assert_int_equal(find(&m, &o, &count), ONSET_LATER);
    o.frames = 960;
    assert_int_equal(find(&m, &o, &count), ONSET_FOUND);
    assert_int_equal(count, 500);
    /* without a change it can't be told */
    memset(signal_of, 1, sizeof signal_of);
    m = quiet_monitor(5000);
    give(&m, signal_of, 4000);
    assert_int_equal(find(&m, &o, &count), ONSET_LATER);
    o.frames = 1400;
    assert_int_equal(find(&m, &o, &count), ONSET_NONE);
}

static void a_gap_makes_the_past_end(void **state)
{
    (void)state;
    struct monitor m = quiet_monitor(5000);
    give(&m, signal_of, 500);
    m.position += 10;
    give(&m, signal_of + 510 * CHANNELS, 1500);
    struct onset o = tap(5000, 960, 960);
    uint64_t count;
    assert_int_equal(m.past.end - m.past.begin, 1500);
    assert_int_equal(find(&m, &o, &count), ONSET_NONE);
}

/* The sound of before is over and not in it: no silence is needed. */
static void a_past_that_is_renewed_is_the_stream_s_own(void **state)
{
    (void)state;
    struct monitor m = quiet_monitor(0);
    uint64_t count;
    give(&m, signal_of, 2000);
    past_renew(&m.past, true);
    m.position += 96000;
    give(&m, NULL, 48);
    give(&m, signal_of, 1920);
    struct onset o = tap(98048, 960, 960);
    assert_int_equal(find(&m, &o, &count), ONSET_FOUND);
    assert_int_equal(count, 960);
    m.past.fresh = false;
    assert_int_equal(find(&m, &o, &count), ONSET_NONE);
}

/* Of one that began before that, what there is. */
static void a_past_that_is_renewed_late_has_the_rest(void **state)
{
    (void)state;
    struct monitor m = quiet_monitor(2000);
    uint64_t count;
    past_renew(&m.past, true);
    m.position += 500;
    give(&m, signal_of + 500 * CHANNELS, 1420);
    struct onset o = tap(2000, 960, 960);
    assert_int_equal(find(&m, &o, &count), ONSET_FOUND);
    assert_int_equal(count, 460);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_the_tap_missed_is_found, set_up),
        cmocka_unit_test_setup(a_wrap_does_not_matter, set_up),
        cmocka_unit_test_setup(a_monitor_may_be_later, set_up),
        cmocka_unit_test_setup(an_unexpected_shift_is_found_when_all_was_seen,
                               set_up),
        cmocka_unit_test_setup(a_periodic_sound_is_joined_at_the_expected_place,
                               set_up),
        cmocka_unit_test_setup(what_is_older_is_not_its, set_up),
        cmocka_unit_test_setup(another_sound_before_silence_is_not_taken,
                               set_up),
        cmocka_unit_test_setup(a_mixture_is_left_alone, set_up),
        cmocka_unit_test_setup(silence_is_not_searched_for, set_up),
        cmocka_unit_test_setup(a_faint_beginning_needs_more, set_up),
        cmocka_unit_test_setup(a_gap_makes_the_past_end, set_up),
        cmocka_unit_test_setup(a_past_that_is_renewed_is_the_stream_s_own,
                               set_up),
        cmocka_unit_test_setup(a_past_that_is_renewed_late_has_the_rest,
                               set_up),
    };
    return cmocka_run_group_tests_name("pulse_onset", tests, NULL, NULL);
}
