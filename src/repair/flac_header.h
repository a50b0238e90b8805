/* flac_header: a FLAC block's header. Main thread. */
#ifndef LOOPREC_REPAIR_FLAC_HEADER_H
#define LOOPREC_REPAIR_FLAC_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "repair/plan.h"

enum { FLAC_HEADER_MOST = 16 };

struct flac_header {
    bool spoilt; /* it is as it should be, not as it is */
    bool variable;
    size_t bytes;
    uint64_t number; /* of the block, or (variable) of its first sample */
    uint32_t samples;
    unsigned assignment; /* of channels */
    size_t number_bytes;
    uint8_t raw[FLAC_HEADER_MOST]; /* `bytes` of them */
};

/* Is it one of a stream of COUNT channels and so many bits, and whole? */
bool flac_header_read(struct look *l, int64_t at, uint32_t count, uint32_t bits,
                      struct flac_header *h);

/* The number of the block behind H's. */
uint64_t flac_header_follows(const struct flac_header *h);

/* Does the header that must follow H, of blocks of one length, stand at AT but
 * for a byte or two? Then NEXT is as it should be. */
bool flac_header_read_spoilt(struct look *l, int64_t at,
                             const struct flac_header *h,
                             struct flac_header *next);

#endif
