/* count: the device's own count of frames, and what it proves. Pure
 * arithmetic. Part of the timeline: writer thread. */
#ifndef LOOPREC_CORE_COUNT_H
#define LOOPREC_CORE_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"

struct count {
    uint64_t next;  /* of the frame after the last, or PACKET_NO_POSITION */
    int64_t end_ns; /* when that frame was due by the stamps, or NO_TIME */
    bool runs;      /* seen to go on while the device gave nothing: then a jump
                     * after a pause does not tell of a loss */
};

/* Nothing is known of what comes: another device, another opening. */
void count_forget(struct count *c);

/* P was taken, to its end; its frames have this RATE. */
void count_take(struct count *c, const struct packet *p, uint32_t rate);

/* Frames missing before P; 0 where there is no count, or where it went back (a
 * new origin). */
uint64_t count_jump(const struct count *c, const struct packet *p);

/* P has the very count that was expected. */
bool count_is_contiguous(const struct count *c, const struct packet *p);

/* P comes after a pause in which the device is known to have had nothing. */
void count_learn(struct count *c, const struct packet *p, uint32_t rate);

#endif
