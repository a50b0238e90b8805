/* timeline_world: for fuzz_timeline: how far a device is to be believed, and
 * what holds of a timeline then, after each step. One thread. */
#ifndef LOOPREC_TESTS_FUZZ_TIMELINE_WORLD_H
#define LOOPREC_TESTS_FUZZ_TIMELINE_WORLD_H

#include <inttypes.h>
#include <stdbool.h>

#include "core/format.h"
#include "core/timeline.h"
#include "fuzz/fuzz.h"

#define MS      INT64_C(1000000)
#define S       (1000 * MS)
#define LATE_NS (200 * MS)
#define START   (INT64_C(1234567) * MS + 891)

enum world {
    EXACT, /* stamps are right, or there is none; positions count, or stand */
    LATE,  /* some stamps are those of the moment of reading, up to LATE_NS too
            * late */
    CHAOS, /* packets and the source's words are anything at all, in any order
            * (but the clock and the machine's sleeps are as they were) */
    WORLDS
};

enum { QUEUE = 32, PERIOD_MOST = 4000 };

struct bench {
    enum world world;
    struct timeline t;
    struct account account;
    bool sleep_counted, sleep_kept;
    /* the device */
    uint32_t rate;
    int64_t now_ns;    /* the clock */
    int64_t device_ns; /* when its next frame is played; now or before */
    uint64_t position; /* of that frame */
    uint64_t dropped;  /* since the last packet, on its way */
    bool away;
    int64_t passed_ns; /* of the file's time, by a clock of its own */
    /* between it and the writer */
    struct packet queue[QUEUE];
    unsigned first, count;
    int64_t reached_ns;
    int64_t longest_ns; /* of all packets and unseen openings */
    int64_t latest_ns;  /* a stamp was so late */
    bool vague;  /* a sleep found packets without a stamp on their way, or
                  * another  one that was not passed yet: on which side of it
                  * they  lie  nobody knows */
    bool untold; /* nobody tells the timeline the time */
    uint64_t limit;
    bool told; /* FUZZ_TRACE=1: what happens, for who looks into a find */
};

#define TELL(b, ...)                  \
    do {                              \
        if ((b)->told) {              \
            printf("# " __VA_ARGS__); \
            fflush(stdout);           \
        }                             \
    } while (0)

/* A moment for people. */
static inline int64_t us(int64_t time_ns)
{
    return time_ns == PACKET_NO_TIME ? -1 : (time_ns - START) / 1000;
}

/* --- what holds after each step --- */

static inline void check_length(const struct bench *b)
{
    const struct timeline *t = &b->t;
    int64_t most_ns = b->passed_ns + b->longest_ns;

    TELL(b,
         "  at %" PRIu64 ", now %" PRId64 " us, file's time %" PRId64
         " us, skew %" PRId64 "\n",
         t->at, us(b->now_ns), b->passed_ns / 1000, t->skew.ns);
    REQUIRE(account_total(&b->account) == t->at);
    REQUIRE(t->at <= b->limit);
    if (!b->untold) {
        int64_t told_ns = most_ns + TIMELINE_AHEAD_NS;
        told_ns += told_ns / 2000;
        REQUIRE(t->at <= (uint64_t)frames_from_ns(told_ns, t->rate) + 2);
    }
    if (b->world == LATE) {
        /* and how late a run can begin unnoticed */
        most_ns += b->latest_ns + S + b->passed_ns / 2000;
    }
    if (b->world != CHAOS && !b->vague) {
        REQUIRE(t->at <= (uint64_t)frames_from_ns(most_ns, t->rate) + 2);
    }
}

static inline void take_plan(struct bench *b, const struct plan *plan,
                             const struct packet *p, uint64_t before)
{
    uint64_t *frames = b->account.frames;
    uint64_t late = plan->late_frames;

    REQUIRE(plan->gap_count <= PLAN_GAPS);
    REQUIRE(late <= before && plan->late_from <= before - late);
    late = late < frames[CLASS_IDLE] ? late : frames[CLASS_IDLE];
    frames[CLASS_IDLE] -= late;
    frames[CLASS_LOST] += late;
    for (unsigned i = 0; i < plan->gap_count; i++) {
        const struct plan_gap *gap = &plan->gaps[i];
        REQUIRE(gap->frames > 0 && gap->reason != NULL);
        TELL(b, "  %s %" PRIu64 ": %s\n", account_class_name(gap->class),
             gap->frames, gap->reason);
        REQUIRE(gap->class > CLASS_CAPTURED && gap->class < CLASS_COUNT);
        frames[gap->class] += gap->frames;
    }
    frames[CLASS_CAPTURED] += plan->file_frames;
    TELL(b, "  skip %u, take %u, late %" PRIu64 "\n", plan->skip_frames,
         plan->take_frames, plan->late_frames);
    if (p == NULL) {
        REQUIRE(plan->take_frames == 0 && plan->file_frames == 0);
    } else {
        REQUIRE((uint64_t)plan->skip_frames + plan->take_frames <= p->frames);
        REQUIRE(plan->surplus_frames <= plan->skip_frames);
    }
    check_length(b);
}

#endif
