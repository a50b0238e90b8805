/* timeline_parts: what the parts of the timeline share: moments, gaps and runs.
 * Private to timeline.c and timeline_silence.c. Writer thread. */
#ifndef LOOPREC_CORE_TIMELINE_PARTS_H
#define LOOPREC_CORE_TIMELINE_PARTS_H

#include "core/timeline.h"

/* The file frame of a moment, negative before the start. */
int64_t timeline_frame_at(const struct timeline *t, int64_t time_ns);

/* TIME_NS, if it can be a moment that the source knows of: reckoned with, and
 * not too far ahead of the clock. Else PACKET_NO_TIME. */
int64_t timeline_moment(const struct timeline *t, int64_t time_ns);

/* LOST source frames, as a source counts them, in file frames: no more than can
 * be reckoned with. */
uint64_t timeline_lost(const struct timeline *t, uint64_t lost);

/* N source frames in file frames, rounded down, as the converter counts. */
uint64_t timeline_to_file(const struct timeline *t, uint64_t n);

/* The moment that the file gives to the next source frame of the open run. */
int64_t timeline_next_ns(const struct timeline *t);

/* What a crystal can have added up to in the run. */
int64_t timeline_crystal_most(const struct timeline *t);

/* Put FRAMES of silence next, as far as the limit and the clock allow. REASON
 * is a static string. */
void timeline_add_gap(struct timeline *t, struct plan *plan,
                      enum account_class class, uint64_t frames,
                      const char *reason);

/* Put FRAMES next in which nothing came, and nothing is known to have been
 * missed: gone, as long as the device was not open, then idle. */
void timeline_add_silence(struct timeline *t, struct plan *plan,
                          uint64_t frames);

/* The run is over: the next packet begins another. */
void timeline_close_run(struct timeline *t);

/* The run goes on behind a gap: same skew, new origin, so that the converter,
 * which is flushed at gaps, and the timeline count from the same frame. */
void timeline_restart_run(struct timeline *t);

#endif
