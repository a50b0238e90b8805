/* The bus: sums to the bit, the class of a mixed frame, the window's bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/bus.h"

enum { TRACKS_MOST = 8, WINDOW = 100, CHANNELS = 2 };

static const char idle_reason[] = "nothing was playing";
static const char gone_reason[] = "the device was away";
static const char lost_reason[] = "the buffer was full";

/* Frame N of TRACK, as a 16-bit source has it. */
static float sample(unsigned track, uint64_t n, unsigned channel)
{
    uint32_t x =
        (uint32_t)(n * 2654435761u + track * 40503u + channel * 977u) >> 8;
    return (float)(int16_t)(x & 0xffff) / 32768.0f;
}

static void put(struct bus *b, unsigned track, uint64_t from, uint64_t count)
{
    float frames[WINDOW * CHANNELS];
    for (uint64_t n = 0; n < count; n++) {
        for (unsigned c = 0; c < CHANNELS; c++) {
            frames[n * CHANNELS + c] = sample(track, from + n, c);
        }
    }
    bus_frames(b, track, frames, count);
}

static struct bus *make(unsigned tracks)
{
    struct bus *b = bus_create(tracks, tracks, CHANNELS, WINDOW);
    assert_non_null(b);
    return b;
}

/* The next run is of CLASS and COUNT frames. */
static void expect(struct bus *b, enum account_class class, uint64_t count)
{
    struct bus_run run;
    assert_true(bus_peek(b, &run));
    assert_int_equal(run.class, class);
    assert_int_equal(run.count, count);
    bus_pop(b, &run);
}

static void expect_nothing(const struct bus *b)
{
    struct bus_run run;
    assert_false(bus_peek(b, &run));
}

/* Tracks in steps that have nothing to do with each other, many times round
 * the window: each frame is the sum, once, in order. */
static void test_sums_are_exact_and_in_order(void **state)
{
    (void)state;
    for (unsigned tracks = 1; tracks <= TRACKS_MOST; tracks++) {
        struct bus *b = make(tracks);
        uint64_t at[TRACKS_MOST] = {0};
        uint64_t taken = 0;
        uint32_t random = tracks;
        while (taken < 20 * WINDOW) {
            random = random * 1664525u + 1013904223u;
            unsigned i = (random >> 8) % tracks;
            uint64_t n = (random >> 16) % WINDOW + 1;
            uint64_t room = bus_room(b, i);
            n = n < room ? n : room;
            put(b, i, at[i], n);
            at[i] += n;
            struct bus_run run;
            while (bus_peek(b, &run)) {
                assert_int_equal(run.class, CLASS_CAPTURED);
                for (uint64_t k = 0; k < run.count * CHANNELS; k++) {
                    float sum = 0;
                    for (unsigned t = 0; t < tracks; t++) {
                        sum += sample(t, taken + k / CHANNELS, k % CHANNELS);
                    }
                    assert_memory_equal(&run.frames[k], &sum, sizeof sum);
                }
                taken += run.count;
                bus_pop(b, &run);
            }
        }
        for (unsigned i = 0; i < tracks; i++) {
            assert_true(at[i] >= taken && at[i] <= taken + WINDOW);
        }
        bus_destroy(b);
    }
}

/* What one frame becomes of two tracks' classes. */
static void test_class_of_a_mixed_frame(void **state)
{
    (void)state;
    static const enum account_class mixed[CLASS_COUNT][CLASS_COUNT] = {
        [CLASS_CAPTURED] = {[CLASS_CAPTURED] = CLASS_CAPTURED,
                            [CLASS_IDLE] = CLASS_CAPTURED,
                            [CLASS_LOST] = CLASS_LOST,
                            [CLASS_GONE] = CLASS_CAPTURED},
        [CLASS_IDLE] = {[CLASS_CAPTURED] = CLASS_CAPTURED,
                        [CLASS_IDLE] = CLASS_IDLE,
                        [CLASS_LOST] = CLASS_LOST,
                        [CLASS_GONE] = CLASS_GONE},
        [CLASS_LOST] = {[CLASS_CAPTURED] = CLASS_LOST,
                        [CLASS_IDLE] = CLASS_LOST,
                        [CLASS_LOST] = CLASS_LOST,
                        [CLASS_GONE] = CLASS_LOST},
        [CLASS_GONE] = {[CLASS_CAPTURED] = CLASS_CAPTURED,
                        [CLASS_IDLE] = CLASS_GONE,
                        [CLASS_LOST] = CLASS_LOST,
                        [CLASS_GONE] = CLASS_GONE},
    };
    static const char *const reasons[CLASS_COUNT] = {
        [CLASS_IDLE] = idle_reason,
        [CLASS_LOST] = lost_reason,
        [CLASS_GONE] = gone_reason,
    };
    for (int one = 0; one < CLASS_COUNT; one++) {
        for (int two = 0; two < CLASS_COUNT; two++) {
            const enum account_class put_class[2] = {(enum account_class)one,
                                                     (enum account_class)two};
            struct bus *b = make(2);
            for (unsigned i = 0; i < 2; i++) {
                if (put_class[i] == CLASS_CAPTURED) {
                    put(b, i, 0, 7);
                } else {
                    bus_gap(b, i, put_class[i], 7, reasons[put_class[i]]);
                }
            }
            struct bus_run run;
            assert_true(bus_peek(b, &run));
            assert_int_equal(run.class, mixed[one][two]);
            assert_int_equal(run.count, 7);
            if (run.class != CLASS_CAPTURED) {
                assert_string_equal(run.reason, reasons[run.class]);
            }
            /* a track that lost something does not silence the others */
            bool sound = one == CLASS_CAPTURED || two == CLASS_CAPTURED;
            if (sound) {
                float first = 0;
                for (unsigned i = 0; i < 2; i++) {
                    first +=
                        put_class[i] == CLASS_CAPTURED ? sample(i, 0, 0) : 0.0f;
                }
                assert_memory_equal(run.frames, &first, sizeof first);
            }
            bus_destroy(b);
        }
    }
}

static void test_runs_end_where_the_class_changes(void **state)
{
    (void)state;
    struct bus *b = make(2);
    put(b, 0, 0, 30);
    bus_gap(b, 0, CLASS_IDLE, 30, idle_reason);
    bus_gap(b, 1, CLASS_GONE, 40, gone_reason);
    expect(b, CLASS_CAPTURED, 30);
    expect(b, CLASS_GONE, 10);
    expect_nothing(b);
    bus_gap(b, 1, CLASS_LOST, 5, lost_reason);
    put(b, 1, 0, 10);
    expect(b, CLASS_LOST, 5);
    expect(b, CLASS_CAPTURED, 10);
    bus_gap(b, 1, CLASS_IDLE, 5, idle_reason);
    expect(b, CLASS_IDLE, 5);
    bus_destroy(b);
}

static void test_the_window_is_a_bound(void **state)
{
    (void)state;
    struct bus *b = make(3);
    assert_int_equal(bus_room(b, 0), WINDOW);
    put(b, 0, 0, WINDOW);
    put(b, 1, 0, 40);
    assert_int_equal(bus_room(b, 0), 0);
    assert_int_equal(bus_room(b, 1), 60);
    expect_nothing(b); /* the third has passed nothing */
    bus_gap(b, 2, CLASS_IDLE, 25, idle_reason);
    expect(b, CLASS_CAPTURED, 25);
    assert_int_equal(bus_room(b, 0), 25);
    assert_int_equal(bus_room(b, 2), WINDOW);
    /* the laggard ends: nobody waits for it any longer */
    bus_end(b, 2);
    expect(b, CLASS_CAPTURED, 15);
    assert_int_equal(bus_room(b, 0), 40);
    bus_destroy(b);
}

static void test_ends(void **state)
{
    (void)state;
    struct bus *b = make(2);
    put(b, 0, 0, 50);
    put(b, 1, 0, 20);
    bus_end(b, 0);
    expect(b, CLASS_CAPTURED, 20);
    bus_end(b, 1);
    struct bus_run run;
    assert_true(bus_peek(b, &run)); /* up to the last one's end */
    assert_int_equal(run.count, 30);
    float alone = sample(0, 20, 0);
    assert_memory_equal(run.frames, &alone, sizeof alone);
    bus_pop(b, &run);
    expect_nothing(b);
    bus_destroy(b);
}

static void test_what_came_too_late_is_lost(void **state)
{
    (void)state;
    struct bus *b = make(2);
    bus_gap(b, 0, CLASS_IDLE, 30, idle_reason);
    bus_gap(b, 1, CLASS_IDLE, 10, idle_reason);
    expect(b, CLASS_IDLE, 10);
    assert_int_equal(bus_late(b, 5, 25), 5); /* five are in the file */
    bus_gap(b, 1, CLASS_IDLE, 30, idle_reason);
    expect(b, CLASS_LOST, 20);
    assert_int_equal(bus_late(b, 27, 3), 3);
    assert_int_equal(bus_late(b, 2, 3), 3);
    expect_nothing(b);
    bus_destroy(b);
}

/* A place is used again: nothing of what lay there is left. */
static void test_a_place_is_clean_when_used_again(void **state)
{
    (void)state;
    struct bus *b = make(1);
    for (unsigned round = 0; round < 3; round++) {
        bus_gap(b, 0, CLASS_LOST, WINDOW / 2, lost_reason);
        bus_frames(b, 0, NULL, WINDOW / 2);
        expect(b, CLASS_LOST, WINDOW / 2);
        expect(b, CLASS_CAPTURED, WINDOW / 2);
        put(b, 0, 0, WINDOW - 1);
        struct bus_run run;
        for (uint64_t n = 0; n < WINDOW - 1; n += run.count) {
            assert_true(bus_peek(b, &run));
            bus_pop(b, &run);
        }
        bus_gap(b, 0, CLASS_IDLE, 1, idle_reason);
        expect(b, CLASS_IDLE, 1);
        bus_frames(b, 0, NULL, WINDOW);
        assert_true(bus_peek(b, &run));
        for (unsigned i = 0; i < run.count * CHANNELS; i++) {
            assert_true(run.frames[i] == 0.0f);
        }
        bus_pop(b, &run);
    }
    bus_destroy(b);
}

/* One that joins later is waited for from then on, and begins at the oldest
 * frame that is here. */
static void test_a_track_joins(void **state)
{
    (void)state;
    struct bus *b = bus_create(3, 1, CHANNELS, WINDOW);
    assert_non_null(b);
    put(b, 0, 0, 10);
    expect(b, CLASS_CAPTURED, 10); /* nobody waits for who has not begun */
    put(b, 0, 10, 10);
    assert_int_equal(bus_begin(b, 2), 10);
    assert_int_equal(bus_room(b, 2), WINDOW);
    expect_nothing(b);
    bus_gap(b, 2, CLASS_IDLE, 4, "nothing");
    expect(b, CLASS_CAPTURED, 4);
    put(b, 2, 14, 2);
    struct bus_run run;
    assert_true(bus_peek(b, &run));
    assert_int_equal(run.count, 2);
    assert_true(run.frames[0] == sample(0, 14, 0) + sample(2, 14, 0));
    bus_pop(b, &run);
    bus_end(b, 2);
    expect(b, CLASS_CAPTURED, 4);
    assert_int_equal(bus_begin(b, 2), 20);
    bus_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_are_exact_and_in_order),
        cmocka_unit_test(test_class_of_a_mixed_frame),
        cmocka_unit_test(test_runs_end_where_the_class_changes),
        cmocka_unit_test(test_the_window_is_a_bound),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_what_came_too_late_is_lost),
        cmocka_unit_test(test_a_place_is_clean_when_used_again),
        cmocka_unit_test(test_a_track_joins),
    };
    return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
