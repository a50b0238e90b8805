/* A device made by arithmetic, and what a timeline's plans add up to. */
#ifndef LOOPREC_TESTS_TIMELINE_BENCH_H
#define LOOPREC_TESTS_TIMELINE_BENCH_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/timeline.h"

enum { RATE = 48000, PERIOD = 480 };

#define MS    INT64_C(1000000)
#define START (INT64_C(1234567) * MS + 891)

struct bench {
    struct timeline t;
    uint64_t frames[CLASS_COUNT];
    uint64_t skipped;
    uint64_t late;
    uint64_t source_frames; /* the device's count: position of the next */
    int64_t device_ns;      /* when the next frame is played */
    struct plan plan;       /* the last */
};

static inline void begin(struct bench *b, uint64_t limit)
{
    memset(b, 0, sizeof(*b));
    timeline_init(&b->t, RATE, START, limit, 250 * MS);
    timeline_reformat(&b->t, RATE);
    b->device_ns = START;
}

static inline uint64_t total(const struct bench *b)
{
    uint64_t sum = 0;
    for (int i = 0; i < CLASS_COUNT; i++) {
        sum += b->frames[i];
    }
    return sum;
}

static inline void account(struct bench *b)
{
    for (unsigned i = 0; i < b->plan.gap_count; i++) {
        assert_true(b->plan.gaps[i].frames > 0);
        assert_non_null(b->plan.gaps[i].reason);
        b->frames[b->plan.gaps[i].class] += b->plan.gaps[i].frames;
    }
    b->frames[CLASS_CAPTURED] += b->plan.file_frames;
    b->frames[CLASS_IDLE] -= b->plan.late_frames;
    b->frames[CLASS_LOST] += b->plan.late_frames;
    b->late += b->plan.late_frames;
    b->skipped += b->plan.skip_frames;
    assert_int_equal(total(b), b->t.at);
}

/* The next period's packet as a well-behaved device gives it. */
static inline struct packet next(struct bench *b)
{
    return (struct packet){.kind = PACKET_AUDIO,
                           .frames = PERIOD,
                           .time_ns = b->device_ns,
                           .idle_ns = PACKET_NO_TIME,
                           .position = b->source_frames};
}

static inline void pass(struct bench *b, uint32_t frames)
{
    b->source_frames += frames;
    b->device_ns += frames_to_ns(frames, RATE);
}

static inline void place(struct bench *b, const struct packet *p)
{
    timeline_place(&b->t, p, p->time_ns, false, &b->plan);
    account(b);
}

static inline void play(struct bench *b, int packets)
{
    for (int i = 0; i < packets; i++) {
        struct packet p = next(b);
        place(b, &p);
        pass(b, PERIOD);
    }
}

static inline void assert_near(uint64_t value, uint64_t expected,
                               uint64_t within)
{
    if (value + within < expected || value > expected + within) {
        fail_msg("%llu is not within %llu of %llu", (unsigned long long)value,
                 (unsigned long long)within, (unsigned long long)expected);
    }
}

#endif
