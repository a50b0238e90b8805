/* mp3_head: the frames of an MP3 stream, counted while an encoder appends them,
 * and its first one: that holds no sound but tells how many follow (as "Xing",
 * LAME and most players know it). The encoder writes that at the end; here it
 * can be had before, and where the end never comes. Without it a stream of
 * variable bit rate has a guessed length. Writer thread. */
#ifndef LOOPREC_SINK_MP3_HEAD_H
#define LOOPREC_SINK_MP3_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/medium.h"

/* The longest frame of layer III: 320 kbit/s at 32 kHz, and a byte. */
enum { MP3_FRAME_MOST = 1441 };

struct mp3_head {
    uint8_t first[4];   /* the first frame's header; all zeros: not there yet */
    size_t first_bytes; /* its length */
    uint32_t frames;    /* that are whole, behind the first one */
    int64_t whole;      /* where the last whole one ends */
    /* within a frame */
    uint8_t header[4];
    unsigned have; /* of the header */
    size_t left;   /* of what follows it */
    int64_t at;
};

/* The encoder appends BYTES of DATA at its offset AT: to M. In a stream the
 * first frame, which would tell the length, is left out: there it would be
 * heard as a moment of silence. Returns BYTES, or 0 after a failure. */
size_t mp3_head_append(struct mp3_head *h, struct medium *m, int64_t at,
                       const void *data, size_t bytes);

/* Samples of each channel that a player gets from the whole frames, GIVEN at
 * most. */
uint64_t mp3_head_samples(const struct mp3_head *h, uint64_t given);

/* The first frame as it is to be now, into TO (MP3_FRAME_MOST bytes). Returns
 * its length; 0: there is none yet. */
size_t mp3_head_make(const struct mp3_head *h, uint8_t *to);

#endif
