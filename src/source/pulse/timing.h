/* timing: from the server's answers about a stream's time to a stamp for each
 * frame. Pure arithmetic; capture thread.
 *
 * Each answer says when the stream's frame 0 was (or would have been) played:
 * its origin. An answer can be late (the server or we were not scheduled
 * between its measuring and our reading of the clock), hardly ever early; so
 * the least of the last few is the best one. libpulse's own interpolation
 * (pa_stream_get_time) follows every single answer and turns that noise into
 * stamps that run early after a late answer; flow.c has the figures. */
#ifndef LOOPREC_SOURCE_PULSE_TIMING_H
#define LOOPREC_SOURCE_PULSE_TIMING_H

#include <stdbool.h>
#include <stdint.h>

/* Four answers, a second apart: a device whose crystal runs 100 ppm slow is
 * stamped 0.4 ms early at most. */
enum { TIMING_WINDOW = 4 };

/* That time has jumped ahead is believed of so many answers in a row, not of
 * one that is late. */
enum { TIMING_WITNESSES = 3 };

struct timing {
    uint32_t rate;
    int64_t origins_ns[TIMING_WINDOW];
    unsigned count;
    unsigned next;
    int64_t origin_ns;  /* the least of them */
    unsigned doubts;    /* answers in a row that were not believed */
    int64_t doubted_ns; /* the least of their origins */
};

void timing_init(struct timing *t, uint32_t rate);

/* Forget the answers: time has jumped. */
void timing_reset(struct timing *t);

bool timing_known(const struct timing *t);

/* One answer: at NOW_NS the stream was at STREAM_NS. */
void timing_answer(struct timing *t, int64_t now_ns, int64_t stream_ns);

/* The same, where it says that time has jumped ahead. False: it is one of the
 * first to say so, and not believed yet. True: it and those before it are, the
 * answers of before the jump are forgotten. Known timing only. */
bool timing_doubt(struct timing *t, int64_t now_ns, int64_t stream_ns);

/* No more will come: believe those that were doubted, if any. False: none. */
bool timing_believe(struct timing *t);

/* When FRAME was played. Known timing only. */
int64_t timing_of(const struct timing *t, uint64_t frame);

#endif
