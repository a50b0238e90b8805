/* bus: where several tracks become one. Each track writes its frames, or gaps
 * of a class, one after another from frame 0 on; frames that fall on the same
 * place are added; what every track has passed can be taken out, in order.
 *
 * It holds a window and no more: a track may be ahead of the slowest by so much
 * (bus_room), and has to wait then. Pure arithmetic in float32: sums of 16-bit
 * samples are exact, those of 24-bit samples too up to twice full scale; beyond
 * it is for whoever makes integers of them to clip and count. Writer thread.
 *
 * The class of a mixed frame: lost where any track lost it, else captured where
 * any captured it, else gone where any was away, else idle. */
#ifndef LOOPREC_CORE_BUS_H
#define LOOPREC_CORE_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/account.h"

struct bus;

/* A stretch of frames of one class. */
struct bus_run {
    enum account_class class;
    const char *reason;  /* a track's, for that class; static string */
    const float *frames; /* interleaved; NULL: silence (idle and gone) */
    uint64_t count;
};

/* For up to TRACKS tracks of CHANNELS channels. The first BEGUN of them are at
 * frame 0, the others are to begin later. Its memory is not touched until used.
 * NULL: there is none. */
struct bus *bus_create(unsigned tracks, unsigned begun, uint32_t channels,
                       uint64_t window_frames);
/* NULL is fine. */
void bus_destroy(struct bus *b);

/* TRACK begins to write, at the oldest frame that is here. Returns that. */
uint64_t bus_begin(struct bus *b, unsigned track);

/* How many frames TRACK may write now. The whole window for the slowest. */
uint64_t bus_room(const struct bus *b, unsigned track);

/* TRACK's next COUNT frames, at most bus_room: captured. NULL: zeros. */
void bus_frames(struct bus *b, unsigned track, const float *frames,
                uint64_t count);

/* The same where it has nothing; not CLASS_CAPTURED. REASON is a static
 * string. */
void bus_gap(struct bus *b, unsigned track, enum account_class class,
             uint64_t count, const char *reason);

/* COUNT frames from FRAME on, which a track has written, were lost after all.
 * Returns how many of them, the first ones, are taken out already. */
uint64_t bus_late(struct bus *b, uint64_t frame, uint64_t count);

/* TRACK writes no more: nobody waits for it. */
void bus_end(struct bus *b, unsigned track);

/* The oldest frames that all tracks have passed; where all have ended, up to
 * the last one's end. As many as lie together and have one class; false: none.
 * Valid until bus_pop, which drops them. */
bool bus_peek(const struct bus *b, struct bus_run *run);
void bus_pop(struct bus *b, const struct bus_run *run);

#endif
