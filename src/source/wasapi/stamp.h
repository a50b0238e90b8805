/* stamp: how far a packet's time stamp and position can be believed. Pure
 * arithmetic, no Windows header, so that it is tested everywhere. Capture
 * thread. */
#ifndef LOOPREC_SOURCE_WASAPI_STAMP_H
#define LOOPREC_SOURCE_WASAPI_STAMP_H

#include <stdbool.h>
#include <stdint.h>

struct stamper {
    /* constant after init */
    uint32_t rate;
    int64_t buffer_ns; /* how old a packet may get in the system's buffer */
    /* moving: time */
    int64_t last_raw_ns; /* the last stamp as the system gave it; 0: none */
    int64_t next_ns;     /* where that packet ended */
    int64_t old_ns;      /* audio believed in a row although it was old */
    bool astray;         /* the stamps do not tell the time: ours is taken */
    uint32_t good;       /* plausible stamps in a row while astray */
    /* moving: position */
    uint64_t next_position;
    bool position_known;
    bool position_dead; /* it does not count frames: not used any more */
};

void stamper_init(struct stamper *s, uint32_t rate, int64_t buffer_ns);

/* The time of a packet's first frame, never earlier than it was. RAW_NS is the
 * system's stamp in nanoseconds, MISSING that the system says it has none,
 * FRAMES the packet's length, NOW_NS the moment it was read. May be
 * PACKET_NO_TIME. */
int64_t stamper_time(struct stamper *s, int64_t raw_ns, bool missing,
                     uint32_t frames, int64_t now_ns);

/* The packet's position, or PACKET_NO_POSITION. */
uint64_t stamper_position(struct stamper *s, uint64_t raw, uint32_t frames);

#endif
