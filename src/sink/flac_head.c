/* flac_head: the number of samples in a FLAC file's STREAMINFO. Writer thread.
 * Offsets are RFC 9639's, section 8.2. */
#include "sink/flac_head.h"

#include "core/bytes.h"
#include "sink/flac_cue.h"

enum {
    AT_BLOCK_SIZE = 8, /* the smallest block's: all but the last are alike */
    AT_TOTAL = 21,     /* 4 bits of other things, then 36 bits */
    TOTAL_BYTES = 5,
    AT_TYPE = 4, /* of STREAMINFO */
    LAST = 0x80, /* no block follows */
};

static void watch(struct flac_head *h, int64_t at, const void *data,
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

static bool write_at(struct medium *m, int64_t at, const uint8_t *data,
                     size_t bytes)
{
    medium_seek(m, at);
    return medium_write(m, data, bytes) == bytes;
}

/* In three writes, so that a crash between any two leaves a good file: while
 * what is in the room changes, all of it is padding. */
static void write_marks(struct flac_head *h, struct medium *m, uint64_t samples)
{
    struct marks none = {0};
    uint8_t blocks[FLAC_CUE_BYTES];
    enum { HEAD = 4, BODY_AT = FLAC_HEAD_BYTES + HEAD };

    flac_cue_make(blocks, &none, 0);
    if (!write_at(m, FLAC_HEAD_BYTES, blocks, HEAD))
        return;
    flac_cue_make(blocks, &h->marks, samples);
    if (write_at(m, BODY_AT, blocks + HEAD, sizeof blocks - HEAD) &&
        write_at(m, FLAC_HEAD_BYTES, blocks, HEAD))
        h->marked = false;
}

static void leave_room(struct flac_head *h, struct medium *m)
{
    uint8_t blocks[FLAC_CUE_BYTES];

    flac_cue_make(blocks, &h->marks, 0); /* as a rule there are none yet */
    if (write_at(m, FLAC_HEAD_BYTES, blocks, sizeof blocks))
        h->room = FLAC_CUE_BYTES;
}

size_t flac_head_put(struct flac_head *h, struct medium *m, int64_t at,
                     const void *data, size_t bytes)
{
    size_t done;

    if (at == FLAC_HEAD_BYTES && m->length == at && !m->stream &&
        (h->bytes[AT_TYPE] & LAST) == 0)
        leave_room(h, m);
    medium_seek(m, at + (at >= FLAC_HEAD_BYTES ? (int64_t)h->room : 0));
    done = medium_write(m, data, bytes);
    if (done == bytes)
        watch(h, at, data, done);
    return done;
}

bool flac_head_mark(struct flac_head *h, const struct medium *m, uint64_t frame)
{
    /* The first frame is marked before the encoder has written anything. */
    bool room = m->length < FLAC_HEAD_BYTES ? !m->stream : h->room > 0;
    bool fits = room && marks_add(&h->marks, frame, FLAC_CUE_MARKS);

    h->marked = h->marked || fits;
    return fits;
}

void flac_head_set_marks(struct flac_head *h, struct medium *m,
                         uint64_t samples, bool finished)
{
    int64_t position = m->position;

    if (finished && marks_cut(&h->marks, samples))
        h->marked = true; /* they may be in the file already */
    if (finished && h->marks.count > 0)
        h->marked = true; /* the sheet tells how long the file is */
    if (h->room == 0 || m->length < FLAC_HEAD_BYTES + FLAC_CUE_BYTES ||
        !h->marked)
        return;
    write_marks(h, m, samples);
    if (finished && h->marked) /* there is no later */
        write_marks(h, m, samples);
    medium_seek(m, position);
}

uint64_t flac_head_samples(const struct flac_head *h, uint64_t given)
{
    uint64_t samples = h->blocks * bytes_get_be(h->bytes + AT_BLOCK_SIZE, 2);

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
    bytes_put_be(total, samples, TOTAL_BYTES);
    total[0] |= h->bytes[AT_TOTAL] & 0xF0;
    medium_seek(m, AT_TOTAL);
    medium_write(m, total, sizeof total);
    medium_seek(m, position);
}
