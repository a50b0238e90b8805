/* What travels from a source to the writer: a header and, for audio,
 * interleaved float32 frames. Made on the capture thread, read on the writer
 * thread. */
#ifndef LOOPREC_CORE_PACKET_H
#define LOOPREC_CORE_PACKET_H

#include <stdint.h>

#include "core/format.h"

enum packet_kind {
    PACKET_AUDIO,  /* frames, with their stamp and position */
    PACKET_FORMAT, /* the device is back: it was opened from time_ns on, for
                    * length_ns; from here on audio has packet.format */
    PACKET_GONE,   /* the device is away from time_ns on */
    PACKET_SLEPT,  /* the machine slept after time_ns, for length_ns, which
                    * the stamps behind it count */
};

enum packet_flag {
    PACKET_SILENT = 1,        /* frames are zeros; no payload follows */
    PACKET_DISCONTINUITY = 2, /* the system says something was missed before */
};

/* A packet without a (trustworthy) stamp or position. */
#define PACKET_NO_TIME     INT64_MIN
#define PACKET_NO_POSITION UINT64_MAX

struct packet {
    uint32_t kind;        /* enum packet_kind */
    uint32_t flags;       /* enum packet_flag, or-ed */
    uint32_t frames;      /* AUDIO only; at the current source format */
    uint32_t reserved;    /* 0 */
    int64_t time_ns;      /* of the first frame, on clock_now_ns()'s clock (or
                           * the source's own, see source.h); or NO_TIME */
    uint64_t position;    /* of the first frame, in frames since some origin of
                           * this opening of the device; or NO_POSITION */
    uint64_t lost_before; /* frames that existed and were dropped right before
                           * this packet (by the ring; by a source that was
                           * told a number) */
    int64_t idle_ns;      /* the source had nothing to give up to here, as it
                           * said since the packet before; or NO_TIME. Filled
                           * in by the session, not by sources */
    struct audio_format format; /* FORMAT only */
    int64_t length_ns;          /* FORMAT, SLEPT only */
};

/* FRAMES are lost up to TIME_NS, behind which nothing comes: a packet of no
 * frames, without samples. */
static inline struct packet packet_of_loss(int64_t time_ns, uint64_t frames)
{
    return (struct packet){
        .kind = PACKET_AUDIO,
        .flags = PACKET_SILENT | PACKET_DISCONTINUITY,
        .time_ns = time_ns,
        .position = PACKET_NO_POSITION,
        .lost_before = frames,
        .idle_ns = PACKET_NO_TIME,
    };
}

#endif
