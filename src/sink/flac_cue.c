/* flac_cue: see flac_cue.h. Pure. */
#include "sink/flac_cue.h"

#include <string.h>

#include "core/bytes.h"

enum {
    BLOCK_PADDING = 1,
    BLOCK_CUESHEET = 5,
    HEAD_BYTES = 4,    /* of any block */
    SHEET_BYTES = 396, /* before its tracks; the last byte counts these */
    TRACK_BYTES = 36,
    INDEX_BYTES = 12,
    LEAD_OUT = 255, /* its number where it is no CD */
};

_Static_assert(2 * HEAD_BYTES + SHEET_BYTES + TRACK_BYTES +
                       (int)FLAC_CUE_MARKS * (TRACK_BYTES + INDEX_BYTES) <=
                   (int)FLAC_CUE_BYTES,
               "the marks fit in");
_Static_assert((int)FLAC_CUE_MARKS < (int)LEAD_OUT, "each has a number");

static uint8_t *put_be(uint8_t *to, uint64_t value, unsigned bytes)
{
    bytes_put_be(to, value, bytes);
    return to + bytes;
}

static uint8_t *put_head(uint8_t *to, unsigned type, size_t bytes)
{
    return put_be(put_be(to, type, 1), bytes, 3);
}

/* With COUNT index points. The rest of its bytes are zeros. */
static uint8_t *put_track(uint8_t *to, uint64_t frame, size_t number,
                          unsigned count)
{
    put_be(put_be(to, frame, 8), number, 1);
    put_be(to + TRACK_BYTES - 1, count, 1);
    return to + TRACK_BYTES;
}

static uint8_t *put_index(uint8_t *to)
{
    put_be(to + 8, 1, 1); /* number 1, right where the track begins */
    return to + INDEX_BYTES;
}

void flac_cue_make(uint8_t to[FLAC_CUE_BYTES], struct marks *m,
                   uint64_t samples)
{
    uint8_t *end = to + FLAC_CUE_BYTES;

    memset(to, 0, FLAC_CUE_BYTES);
    marks_sort(m);
    if (m->count > 0) {
        size_t tracks = m->count * (TRACK_BYTES + INDEX_BYTES) + TRACK_BYTES;
        to = put_head(to, BLOCK_CUESHEET, SHEET_BYTES + tracks);
        put_be(to + SHEET_BYTES - 1, m->count + 1, 1);
        to += SHEET_BYTES;
        for (size_t i = 0; i < m->count; i++)
            to = put_index(put_track(to, m->frames[i], i + 1, 1));
        to = put_track(to, samples, LEAD_OUT, 0);
    }
    put_head(to, BLOCK_PADDING, (size_t)(end - to) - HEAD_BYTES);
}
