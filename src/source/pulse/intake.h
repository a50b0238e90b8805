/* intake: what lies between a tap and its lane. Most of the time it passes
 * packets on. At a stream's beginning, and wherever their time is not known
 * yet, it keeps some: libpulse lets go of what it holds when the server ends a
 * stream, and short sounds end soon. The server's answer then puts their time
 * right, and the beginning that the tap missed can be put before them
 * (onset.h). While its stream is corked PulseAudio gives zeros: they are
 * nothing that was played, and are left out, as if the stream's count had stood
 * still. Capture thread only. */
#ifndef LOOPREC_SOURCE_PULSE_INTAKE_H
#define LOOPREC_SOURCE_PULSE_INTAKE_H

#include "source/pulse/onset.h"
#include "source/pulse/stream.h"

/* So much is kept; what comes behind it waits in libpulse. */
#define INTAKE_NS INT64_C(500000000)
/* A server sends no more at a time: both hand on the blocks of their memory
 * pools, 64 KiB of them at most (memblock.c, PA_MEMPOOL_SLOT_SIZE). */
#define INTAKE_PIECE_BYTES 65536

struct intake {
    struct outlet outlet;      /* for the stream; its context is this */
    struct stream *stream;     /* constant */
    const struct outlet *lane; /* NULL: not ready yet */
    unsigned char *bytes;      /* the owner's: room for ROOM_BYTES */
    size_t room_bytes;
    int64_t told_ns;         /* to the lane: nothing older is to come */
    int64_t end_ns;          /* of what the lane got last; or STREAM_NEVER */
    bool given;              /* something of the stream was handed over */
    bool corked;             /* the owner's: the stream is */
    bool ended;              /* the owner's: nothing is to come any more */
    uint64_t skipped_frames; /* of zeros while it was; they are in no position
                              * that the lane is told */
    bool keeps;
    int64_t since_ns;      /* it has kept frames since then */
    struct packet first;   /* what is kept, as one packet */
    uint64_t extra_frames; /* the stream's then */
    /* what was before the stream, if it is one that goes on elsewhere: the end
     * of it; or STREAM_NEVER */
    int64_t resumes_ns;
};

void intake_init(struct intake *in, struct stream *stream, void *bytes,
                 size_t room_bytes);

/* A stream begins; nothing of it is older than TIME_NS. Until the lane is set,
 * and until intake_pass, what comes is kept. */
void intake_begin(struct intake *in, int64_t time_ns);

/* Is there something that could be handed over now: kept, of known time? */
bool intake_is_ready(const struct intake *in);

/* What is kept, for onset_find. */
void intake_describe(struct intake *in, struct onset *o);

/* Hand over what is kept, with the COUNT frames of PAST from FIRST on before
 * it, and keep no more. The lane is set. */
void intake_pass(struct intake *in, const struct past *past, uint64_t first,
                 uint64_t count);

/* The stream is no more, and FRAMES that had come of it went with it. */
void intake_lose(struct intake *in, uint64_t frames);

#endif
