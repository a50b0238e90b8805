/* flac_head: the number of samples in a FLAC file's STREAMINFO. Writer thread.
 * Offsets are RFC 9639's, section 8.2. */
#include "sink/flac_head.h"

enum {
    AT_BLOCK_SIZE = 8, /* the smallest block's: all but the last are alike */
    AT_TOTAL = 21,     /* 4 bits of other things, then 36 bits */
    TOTAL_BYTES = 5,
};

void flac_head_watch(struct flac_head *h, int64_t at, const void *data,
                     size_t bytes)
{
    const uint8_t *from = data;

    for (size_t i = 0; i < bytes && at + (int64_t)i < FLAC_HEAD_BYTES; i++)
        h->bytes[at + (int64_t)i] = from[i];
    /* A frame's sync code; no metadata block begins with 0xFF. */
    if (at >= FLAC_HEAD_BYTES && bytes >= 2 && from[0] == 0xFF &&
        (from[1] & 0xFE) == 0xF8)
        h->blocks++;
}

uint64_t flac_head_samples(const struct flac_head *h, uint64_t given)
{
    uint64_t block =
        (uint64_t)h->bytes[AT_BLOCK_SIZE] << 8 | h->bytes[AT_BLOCK_SIZE + 1];
    uint64_t samples = h->blocks * block;

    return samples < given ? samples : given;
}

void flac_head_set_samples(const struct flac_head *h, struct medium *m,
                           uint64_t samples)
{
    uint8_t total[TOTAL_BYTES];
    int64_t position = m->position;

    if (m->stream || m->length < FLAC_HEAD_BYTES)
        return;
    if (samples >> 36 != 0)
        samples = 0; /* more than the field can say: "unknown" */
    total[0] = (uint8_t)((h->bytes[AT_TOTAL] & 0xF0) | samples >> 32);
    for (unsigned i = 1; i < TOTAL_BYTES; i++)
        total[i] = (uint8_t)(samples >> (8 * (TOTAL_BYTES - 1 - i)));
    medium_seek(m, AT_TOTAL);
    medium_write(m, total, sizeof total);
    medium_seek(m, position);
}
