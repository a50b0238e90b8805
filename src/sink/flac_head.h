/* flac_head: the first bytes of a FLAC file, watched while an encoder writes
 * them, so that the number of samples can be put in before the encoder would
 * do it, and where it never will (after a failure). Writer thread. */
#ifndef LOOPREC_SINK_FLAC_HEAD_H
#define LOOPREC_SINK_FLAC_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/medium.h"

/* "fLaC", a block's header, STREAMINFO (RFC 9639, 8.2). */
enum { FLAC_HEAD_BYTES = 4 + 4 + 34 };

struct flac_head {
    uint8_t bytes[FLAC_HEAD_BYTES]; /* as the encoder wrote them first */
    uint64_t blocks;                /* whole frames of FLAC appended so far */
};

/* BYTES of DATA were written at offset AT. The encoder hands over each block
 * of its metadata and each of its frames with one write. */
void flac_head_watch(struct flac_head *h, int64_t at, const void *data,
                     size_t bytes);

/* Samples of each channel in the blocks so far, GIVEN at most (the last block
 * is shorter). */
uint64_t flac_head_samples(const struct flac_head *h, uint64_t given);

/* Put the number of samples into the file; M's position stays. */
void flac_head_set_samples(const struct flac_head *h, struct medium *m,
                           uint64_t samples);

#endif
