/* flac_block: how far a block of FLAC goes, by what is in it. Main thread. */
#ifndef LOOPREC_REPAIR_FLAC_BLOCK_H
#define LOOPREC_REPAIR_FLAC_BLOCK_H

#include <stdint.h>

#include "repair/plan.h"

struct flac_shape {
    uint32_t samples;
    unsigned bits; /* of a sample; up to 32 */
    unsigned channels;
    unsigned assignment; /* of the header: 8, 9, 10: one is a difference */
};

/* The end of the block, behind its checksum, whose header ends at AT; -1: it is
 * none, or goes on behind the file's end. Nothing is decoded but the lengths.
 */
int64_t flac_block_end(struct look *l, int64_t at,
                       const struct flac_shape *shape);

#endif
