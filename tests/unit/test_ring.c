/* The ring: whole packets, in order, at every place where counters and buffer
 * wrap; losses that travel with the data; two threads at once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/ring.h"
#include "sys/thread.h"

/* 64 bytes before the counters wrap, and a place far from it. */
static const uint64_t starts[] = {
    0, 64, UINT64_MAX - 63, UINT64_MAX - 4095, UINT64_MAX - 65535 - 128,
};
enum { STARTS = sizeof(starts) / sizeof(starts[0]) };

/* Chunks are of 64 KiB. */
enum { PAYLOAD_MAX = 16000, CHUNK = 65536, HEAD = 128 };

static struct packet audio(uint32_t frames, uint64_t position)
{
    return (struct packet){.kind = PACKET_AUDIO,
                           .frames = frames,
                           .position = position,
                           .time_ns = (int64_t)position * 1000,
                           .idle_ns = PACKET_NO_TIME};
}

/* Frame n of the stream holds n, so that any shift or repeat shows. */
static bool push(struct ring *ring, uint32_t frames, uint64_t position)
{
    float *room = ring_reserve(ring, frames * sizeof(float));
    if (!room) {
        ring_drop(ring, frames);
        return false;
    }
    for (uint32_t i = 0; i < frames; i++) {
        room[i] = (float)((position + i) & 0xffffff);
    }
    struct packet p = audio(frames, position);
    ring_commit(ring, &p);
    return true;
}

/* Returns how many of the packet's samples are not what they should be. */
static unsigned wrong_samples(const struct packet *p, const float *samples)
{
    unsigned wrong = 0;
    for (uint32_t i = 0; i < p->frames; i++) {
        wrong += samples[i] != (float)((p->position + i) & 0xffffff);
    }
    return wrong;
}

static void test_in_order_across_every_wrap(void **state)
{
    (void)state;
    for (int s = 0; s < STARTS; s++) {
        struct ring *ring = ring_create(1, PAYLOAD_MAX);
        ring_preset(ring, starts[s]);
        uint64_t written = 0, read = 0;
        for (unsigned round = 0; round < 2000; round++) {
            uint32_t frames = 1 + (round * 7919) % 3000;
            if (push(ring, frames, written)) {
                written += frames;
            }
            const void *payload;
            const struct packet *p = ring_peek(ring, &payload);
            assert_non_null(p);
            assert_int_equal(p->position, read);
            assert_int_equal(wrong_samples(p, payload), 0);
            assert_int_equal((uintptr_t)payload % 16, 0);
            read += p->frames;
            ring_pop(ring);
        }
        assert_null(ring_peek(ring, NULL));
        assert_int_equal(written, read);
        ring_destroy(ring);
    }
}

static void test_full_ring_refuses_and_keeps_what_it_has(void **state)
{
    (void)state;
    for (int s = 0; s < STARTS; s++) {
        struct ring *ring = ring_create(64 * 1024, PAYLOAD_MAX);
        ring_preset(ring, starts[s]);
        uint64_t kept = 0, position = 0, refused = 0;
        for (int i = 0; i < 400; i++) {
            if (push(ring, 480, position)) {
                kept++;
            } else {
                refused++;
            }
            position += 480;
        }
        /* 32 in each of four chunks; fewer where it does not begin at one */
        assert_true(kept >= 96 && kept <= 128);
        assert_int_equal(ring_dropped_total(ring), refused * 480);
        assert_int_equal(ring_dropped_tail(ring), refused * 480);
        assert_true(ring_high_water(ring) == 1.0);

        /* what was kept is whole and in order */
        const void *payload;
        for (uint64_t i = 0; i < kept; i++) {
            const struct packet *p = ring_peek(ring, &payload);
            assert_non_null(p);
            assert_int_equal(p->position, i * 480);
            assert_int_equal(p->lost_before, 0);
            assert_int_equal(wrong_samples(p, payload), 0);
            ring_pop(ring);
        }
        assert_null(ring_peek(ring, NULL));

        /* the loss travels with the next packet, once */
        assert_true(push(ring, 480, position));
        assert_int_equal(ring_dropped_tail(ring), 0);
        assert_true(push(ring, 480, position + 480));
        assert_int_equal(ring_peek(ring, NULL)->lost_before, refused * 480);
        ring_pop(ring);
        assert_int_equal(ring_peek(ring, NULL)->lost_before, 0);
        ring_destroy(ring);
    }
}

static void test_room_is_what_fits(void **state)
{
    (void)state;
    for (int start = 0; start < STARTS; start++) {
        struct ring *ring = ring_create(1, PAYLOAD_MAX);
        ring_preset(ring, starts[start]);
        uint64_t position = 0;
        for (unsigned round = 0; round < 500; round++) {
            uint32_t frames = 1 + (round * 613) % 3000;
            size_t bytes = frames * sizeof(float);
            uint64_t fit = 0;
            while (fit < 10000 && ring_has_room(ring, fit + 1, bytes)) {
                fit++;
            }
            if (ring_waiting(ring) > 0) {
                for (uint64_t i = 0; i < fit; i++) {
                    assert_true(push(ring, frames, position));
                    position += frames;
                }
                assert_null(ring_reserve(ring, bytes));
            } else {
                assert_true(push(ring, frames, position));
                position += frames;
            }
            for (unsigned i = 0; i < 1 + round % 7; i++) {
                ring_pop(ring);
            }
        }
        /* where nothing waits, no more room comes of waiting */
        while (ring_peek(ring, NULL)) {
            ring_pop(ring);
        }
        assert_true(ring_has_room(ring, UINT64_MAX, PAYLOAD_MAX));
        assert_true(push(ring, 1, position));
        assert_false(ring_has_room(ring, UINT64_MAX, PAYLOAD_MAX));
        assert_null(ring_reserve(ring, CHUNK));
        assert_null(ring_reserve(ring, SIZE_MAX));
        ring_destroy(ring);
    }
    assert_null(ring_create(SIZE_MAX, 1));
    assert_null(ring_create(1, SIZE_MAX));
    assert_null(ring_create((size_t)UINT64_C(0x1000000000000), 1));
}

static void test_looking_ahead_takes_nothing(void **state)
{
    (void)state;
    for (int s = 0; s < STARTS; s++) {
        struct ring *ring = ring_create(64 * 1024, PAYLOAD_MAX);
        ring_preset(ring, starts[s]);
        for (uint64_t i = 0; i < 5; i++) {
            assert_true(push(ring, 2000, i * 2000));
        }
        for (int again = 0; again < 2; again++) {
            uint64_t cursor = 0;
            for (uint64_t i = 0; i < 5; i++) {
                const struct packet *p = ring_look(ring, &cursor);
                assert_non_null(p);
                assert_int_equal(p->position, i * 2000);
            }
            assert_null(ring_look(ring, &cursor));
        }
        assert_int_equal(ring_peek(ring, NULL)->position, 0);
        ring_destroy(ring);
    }
}

static void test_records_without_payload(void **state)
{
    (void)state;
    struct ring *ring = ring_create(1, PAYLOAD_MAX);
    assert_non_null(ring_reserve(ring, 0));
    struct packet gone = {.kind = PACKET_GONE, .time_ns = 77};
    ring_commit(ring, &gone);
    ring_commit(ring, &gone); /* nothing reserved: nothing happens */
    assert_int_equal(ring_peek(ring, NULL)->kind, PACKET_GONE);
    ring_pop(ring);
    assert_null(ring_peek(ring, NULL));
    ring_pop(ring); /* empty: nothing happens */
    ring_destroy(ring);
    ring_destroy(NULL);
}

static void test_size_for_a_time(void **state)
{
    (void)state;
    /* ten seconds really fit, in packets of 5 ms and in any longer ones, and
     * wherever in a chunk the oldest is */
    for (uint32_t frames = 240; frames <= 1500; frames += 37) {
        struct ring *ring = ring_create(
            ring_bytes_for(2000, 240 * 2 * sizeof(float), PAYLOAD_MAX),
            PAYLOAD_MAX);
        for (uint32_t i = 0; i <= frames % 100; i++) {
            assert_true(push(ring, frames * 2, 0));
        }
        for (uint32_t i = 0; i <= frames % 100; i++) {
            ring_pop(ring);
        }
        for (uint32_t i = 0; i < 480000 / frames; i++) {
            assert_true(push(ring, frames * 2, 0));
        }
        assert_true(ring_high_water(ring) <= 1.0);
        ring_destroy(ring);
    }
}

/* --- memory --- */

/* Push COUNT packets of 1000 frames from *POSITION on and take them all; the
 * lowest and the highest address of their samples are kept in *LOW, *HIGH. */
static void pass(struct ring *ring, int count, uint64_t *position,
                 uintptr_t *low, uintptr_t *high)
{
    uint64_t expected = *position;
    for (int i = 0; i < count; i++) {
        assert_true(push(ring, 1000, *position));
        *position += 1000;
    }
    const void *payload;
    const struct packet *p;
    while ((p = ring_peek(ring, &payload)) != NULL) {
        assert_int_equal(p->position, expected);
        assert_int_equal(wrong_samples(p, payload), 0);
        expected += p->frames;
        uintptr_t at = (uintptr_t)payload;
        *low = at < *low ? at : *low;
        *high = at + 4000 > *high ? at + 4000 : *high;
        ring_pop(ring);
    }
    assert_int_equal(expected, *position);
}

static void test_memory_is_what_waits_not_what_could(void **state)
{
    (void)state;
    for (int start = 0; start < STARTS; start++) {
        struct ring *ring = ring_create(1024 * 1024, PAYLOAD_MAX);
        ring_preset(ring, starts[start]);
        uint64_t position = 0;
        uintptr_t low = UINTPTR_MAX, high = 0;
        for (int i = 0; i < 3000; i++) {
            pass(ring, 1 + i % 5, &position, &low, &high);
        }
        assert_true(high - low <= 2 * CHUNK);

        /* nor if it is never empty: 20 wait, 80 KB, in two or three chunks */
        low = UINTPTR_MAX;
        high = 0;
        for (int i = 0; i < 20; i++) {
            assert_true(push(ring, 1000, position));
            position += 1000;
        }
        for (int i = 0; i < 3000; i++) {
            assert_true(push(ring, 1000, position));
            position += 1000;
            const void *payload;
            const struct packet *p = ring_peek(ring, &payload);
            assert_int_equal(p->position, position - 21000);
            assert_int_equal(wrong_samples(p, payload), 0);
            uintptr_t at = (uintptr_t)payload;
            low = at < low ? at : low;
            high = at + 4000 > high ? at + 4000 : high;
            ring_pop(ring);
        }
        assert_true(high - low <= 4 * CHUNK);
        while (ring_peek(ring, NULL)) {
            ring_pop(ring);
        }

        /* and all of it is there when it is needed */
        pass(ring, 15 * (CHUNK / (4000 + HEAD)), &position, &low, &high);
        assert_true(high - low > 900 * 1024);
        pass(ring, 3, &position, &low, &high);
        assert_true(ring_fill(ring) == 0.0);
        ring_destroy(ring);
    }
}

/* --- two threads --- */

enum { STRESS_PACKETS = 60000 };

struct stress {
    struct ring *ring;
    bool patient;    /* wait for room instead of dropping */
    uint64_t pushed; /* frames; producer, read after the join */
};

static void produce(void *argument)
{
    struct stress *s = argument;
    uint64_t position = 0;
    uint32_t seed = 12345;
    for (int i = 0; i < STRESS_PACKETS; i++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t frames = 1 + (seed >> 8) % 700;
        while (s->patient &&
               !ring_has_room(s->ring, 1, frames * sizeof(float))) {
            sched_yield();
        }
        push(s->ring, frames, position);
        position += frames;
        ring_set_reached(s->ring, (int64_t)position);
    }
    s->pushed = position;
    ring_end(s->ring);
}

static void two_threads(size_t bytes, bool patient)
{
    for (int start = 0; start < STARTS; start++) {
        struct stress s = {.ring = ring_create(bytes, PAYLOAD_MAX),
                           .patient = patient};
        ring_preset(s.ring, starts[start]);
        struct thread *t = thread_start("producer", produce, &s, NULL);
        assert_non_null(t);

        uint64_t expected = 0;
        unsigned wrong = 0, misplaced = 0, unseen = 0;
        for (;;) {
            struct ring_mark mark = ring_mark(s.ring);
            const void *payload;
            const struct packet *p;
            uint64_t cursor = 0;
            ring_look(s.ring, &cursor);
            while ((p = ring_peek(s.ring, &payload)) != NULL) {
                expected += p->lost_before;
                misplaced += p->position != expected;
                wrong += wrong_samples(p, payload);
                expected = p->position + p->frames;
                ring_pop(s.ring);
            }
            /* all that was pushed before the mark was set has been seen, but
             * for what was dropped */
            if (mark.reached_ns > 0 && ring_dropped_total(s.ring) == 0) {
                unseen += expected < (uint64_t)mark.reached_ns;
            }
            if (mark.ended) {
                break;
            }
        }
        thread_join(t);
        expected += ring_dropped_tail(s.ring);
        assert_int_equal(wrong, 0);
        assert_int_equal(misplaced, 0);
        assert_int_equal(unseen, 0);
        assert_int_equal(expected, s.pushed);
        assert_true(!patient || ring_dropped_total(s.ring) == 0);
        assert_true(ring_fill(s.ring) == 0.0);
        ring_destroy(s.ring);
    }
}

static void test_two_threads_pass_everything_on(void **state)
{
    (void)state;
    two_threads(64 * 1024, true);
}

static void test_two_threads_lose_nothing_uncounted(void **state)
{
    (void)state;
    two_threads(64 * 1024, false);
}

static void test_two_threads_with_many_chunks(void **state)
{
    (void)state;
    two_threads(1024 * 1024, true);
    two_threads(1024 * 1024, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_across_every_wrap),
        cmocka_unit_test(test_full_ring_refuses_and_keeps_what_it_has),
        cmocka_unit_test(test_room_is_what_fits),
        cmocka_unit_test(test_looking_ahead_takes_nothing),
        cmocka_unit_test(test_records_without_payload),
        cmocka_unit_test(test_size_for_a_time),
        cmocka_unit_test(test_memory_is_what_waits_not_what_could),
        cmocka_unit_test(test_two_threads_pass_everything_on),
        cmocka_unit_test(test_two_threads_lose_nothing_uncounted),
        cmocka_unit_test(test_two_threads_with_many_chunks),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
