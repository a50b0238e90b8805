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

struct timing {
    uint32_t rate;
    int64_t origins_ns[TIMING_WINDOW];
    unsigned count;
    unsigned next;
    int64_t origin_ns; /* the least of them */
};

void timing_init(struct timing *t, uint32_t rate);

/* Forget the answers: time has jumped. */
void timing_reset(struct timing *t);

bool timing_known(const struct timing *t);

/* One answer: at NOW_NS the stream was at STREAM_NS. */
void timing_answer(struct timing *t, int64_t now_ns, int64_t stream_ns);

/* When FRAME was played. Known timing only. */
int64_t timing_of(const struct timing *t, uint64_t frame);

#endif
