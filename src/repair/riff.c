/* riff: what is wrong with a WAV or RF64 file. Main thread.
 *
 * RIFF: Microsoft's "Multimedia Programming Interface and Data Specifications
 * 1.0"; ds64: EBU Tech 3306. What programs leave behind when they do not
 * finish: sizes of 0, of 0xFFFFFFFF or thereabouts, of an earlier moment, and
 * beyond 4 GiB what is left of a size in 32 bits. */
#include <string.h>

#include "core/bytes.h"

#include "repair/plan.h"

enum {
    CHUNKS_MOST = 1000,
    CHUNK_HEAD = 8,
    FIRST_CHUNK = 12,
    DS64_BYTES = 28,
    PADDING_MOST = 65536,
};

struct riff {
    struct look *look;
    bool rf64;
    bool has_junk;   /* room for ds64 where it belongs */
    int64_t ds64_at; /* its content; 0: none */
    int64_t fact_at; /* 0: none */
    int64_t data_at;
    uint64_t size32; /* as data's own field says it */
    uint64_t said;   /* by ds64, where it counts */
    uint32_t align;
    uint32_t rate;
};

/* A size of 32 bits that is none, in a file that is larger; some programs take
 * their header's bytes from it. */
#define UNKNOWN_FROM (UINT32_MAX - 255)

/* Where the sound ends, and the chunks behind it. */
struct ending {
    int64_t data; /* the end of the sound */
    int64_t file; /* the end of what stays */
    bool trusted; /* the size was right */
};

static const char before_sound[] =
    "it is broken off, or damaged, before its sound begins";

/* --- chunks --- */

static bool is_id(const uint8_t *id)
{
    for (int i = 0; i < 4; i++) {
        if (id[i] < ' ' || id[i] > '~') {
            return false;
        }
    }
    return true;
}

/* What is seen behind the sound. */
static bool is_known(const uint8_t *id)
{
    static const char known[][5] = {
        "LIST", "id3 ", "ID3 ", "bext", "cue ", "smpl", "plst", "note",
        "labl", "iXML", "axml", "_PMX", "umid", "JUNK", "junk", "PAD ",
        "FLLR", "inst", "acid", "afsp", "DISP", "PEAK", "levl", "cart",
        "SAUR", "LGWV", "strc", "tlst", "resu", "fact", "MD5 ", "ixml",
        "minf", "elm1", "regn", "DGDA", "ResU", "chna", "AFAn", "Cr8r",
        "clm ", "ltxt", "mext", "link", "C2PA", "SMED", "bmck", "wamd",
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (memcmp(id, known[i], 4) == 0) {
            return true;
        }
    }
    return false;
}

/* Do whole chunks lie from AT to the very end (the last byte of padding may be
 * missing)? */
static bool is_chain(struct look *l, int64_t at)
{
    for (int i = 0; i < CHUNKS_MOST; i++) {
        uint8_t head[CHUNK_HEAD];
        if (at == l->length || at == l->length + 1) {
            return true;
        }
        if (!look_at(l, at, head, sizeof head) || !is_id(head)) {
            return false;
        }
        int64_t size = (int64_t)bytes_get_le(head + 4, 4);
        at += CHUNK_HEAD + size + (size & 1);
    }
    return false;
}

static bool read_format(struct riff *r, int64_t at, int64_t size,
                        struct fault *f)
{
    uint8_t b[PCM_BYTES];

    if (size < PCM_BYTES || !look_at(r->look, at, b, sizeof b)) {
        return plan_refuse(r->look, f, before_sound, NULL);
    }
    if (!pcm_read(b, &r->rate, &r->align)) {
        return plan_refuse(r->look, f, "its sound is not plain samples",
                           "only PCM, floating point, A-law and u-law are "
                           "understood");
    }
    return true;
}

/* One chunk before the sound. */
static bool read_chunk(struct riff *r, const uint8_t *id, int64_t at,
                       int64_t size, struct fault *f)
{
    bool first = at == FIRST_CHUNK + CHUNK_HEAD;
    uint8_t b[DS64_BYTES];

    if (memcmp(id, "fmt ", 4) == 0) {
        return read_format(r, at, size, f);
    }
    if (memcmp(id, "fact", 4) == 0 && size >= 4) {
        r->fact_at = at;
    }
    if (first && size >= DS64_BYTES &&
        (memcmp(id, "JUNK", 4) == 0 || memcmp(id, "ds64", 4) == 0)) {
        r->has_junk = !r->rf64;
    }
    if (r->rf64 && first && memcmp(id, "ds64", 4) == 0 && size >= DS64_BYTES &&
        look_at(r->look, at, b, sizeof b)) {
        r->ds64_at = at;
        r->said = bytes_get_le(b + 8, 8);
    }
    return true;
}

/* From the first chunk to the sound. */
static bool read_chunks(struct riff *r, struct fault *f)
{
    int64_t at = FIRST_CHUNK;

    for (int i = 0; i < CHUNKS_MOST; i++) {
        uint8_t head[CHUNK_HEAD];
        if (!look_at(r->look, at, head, sizeof head) || !is_id(head)) {
            break;
        }
        int64_t size = (int64_t)bytes_get_le(head + 4, 4);
        at += CHUNK_HEAD;
        if (memcmp(head, "data", 4) == 0) {
            r->data_at = at;
            r->size32 = (uint64_t)size;
            if (r->align == 0 || (r->rf64 && r->ds64_at == 0)) {
                break;
            }
            return true;
        }
        if (size > r->look->length - at) {
            break;
        }
        if (!read_chunk(r, head, at, size, f)) {
            return false;
        }
        at += size + (size & 1);
    }
    return plan_refuse(r->look, f, before_sound, NULL);
}

/* --- where the sound ends --- */

/* The first of whole chunks that go to the very end? */
static bool begins_tail(struct look *l, int64_t at, const uint8_t *data,
                        void *user)
{
    (void)user;
    return is_id(data) && is_known(data) && is_chain(l, at);
}

/* To the end of the file; but whole chunks of known names that close it are
 * none of it. */
static struct ending to_the_end(const struct riff *r)
{
    struct look *l = r->look;
    int64_t from = l->length - TAIL_MOST;

    from = from < r->data_at ? r->data_at : from + ((from ^ r->data_at) & 1);
    int64_t at = look_find(l, from, 2, CHUNK_HEAD, begins_tail, NULL);
    bool closed = at >= 0;
    int64_t room = (closed ? at : l->length) - r->data_at;
    int64_t whole = room / r->align * r->align;
    int64_t end = r->data_at + whole;
    if (closed) {
        /* a byte of padding is none of it; more is nothing to be left out of
         * a chunk */
        bool fits = whole + (whole & 1) == room;
        return (struct ending){.data = fits ? end : at, .file = l->length};
    }
    return (struct ending){.data = end, .file = end};
}

/* What other programs hang on behind everything. */
static bool is_foreign(struct look *l, int64_t at)
{
    uint8_t id[8];

    if (l->length - at <= PADDING_MOST && look_zeros(l, at, l->length)) {
        return true;
    }
    if (!look_at(l, at, id, sizeof id)) {
        return false;
    }
    return look_id3v1(l, at) || memcmp(id, "APETAGEX", 8) == 0 ||
           memcmp(id, "ID3", 3) == 0;
}

/* A size of 32 bits of which the upper ones were lost; 0: it is none. */
static int64_t unwrapped(const struct riff *r, int64_t size)
{
    int64_t room = r->look->length - r->data_at;
    int64_t most = room >> 32;

    for (int64_t k = most; k > 0 && k + 2 > most; k--) {
        int64_t whole = size + k * (INT64_C(1) << 32);
        if (whole <= room &&
            (is_chain(r->look, r->data_at + whole) ||
             is_chain(r->look, r->data_at + whole + (whole & 1)))) {
            return whole;
        }
    }
    return 0;
}

/* Where the whole ends, as the file says it. */
static uint64_t end_of_whole(const struct riff *r)
{
    uint8_t b[8] = {0};
    bool wide = r->rf64 && look_at(r->look, 4, b, 4) &&
                bytes_get_le(b, 4) == UINT32_MAX;
    bool there =
        wide ? look_at(r->look, r->ds64_at, b, 8) : look_at(r->look, 4, b, 4);
    uint64_t size = bytes_get_le(b, wide ? 8 : 4);

    return there && size <= (uint64_t)r->look->length ? size + 8 : 0;
}

/* Does it agree with a sound that ends at END? It may leave out what hangs on
 * behind the chunks, and a last byte of padding may be missing. */
static bool whole_is_right(const struct riff *r, int64_t end)
{
    uint64_t whole = end_of_whole(r);

    return whole >= (uint64_t)end && whole <= (uint64_t)r->look->length + 1;
}

/* All sizes agree, but what follows the sound at EVEN is nothing that is known:
 * this file is as it was finished, or as it was at an earlier moment, when its
 * header was put right while the recording went on. */
static bool leave_tail(const struct riff *r, struct plan *p, int64_t even)
{
    int64_t whole = (int64_t)end_of_whole(r);
    int64_t length = r->look->length;
    int64_t from = whole > even && whole < length ? whole : even;
    uint8_t id[4];
    bool sound = whole <= even && length - even >= r->align &&
                 !(look_at(r->look, even, id, sizeof id) && is_known(id));

    return plan_leave_tail(p, length - from, sound);
}

static struct ending find_ending(const struct riff *r, struct plan *p)
{
    struct look *l = r->look;
    int64_t room = l->length - r->data_at;
    uint64_t said = r->rf64 && r->size32 == UINT32_MAX ? r->said : r->size32;
    uint8_t head[CHUNK_HEAD];

    if (said > (uint64_t)room) {
        plan_say(p, said >= 0x7FFFF000 && r->size32 == said
                        ? "its header does not know the length"
                        : "it ends before its header says");
        return to_the_end(r);
    }
    int64_t size = (int64_t)said;
    int64_t end = r->data_at + size;
    int64_t even = end + (size & 1);
    struct ending as_said = {.data = end, .file = l->length, .trusted = true};
    if (is_chain(l, even) || is_chain(l, end) ||
        (size > 0 && is_foreign(l, even))) {
        return as_said;
    }
    int64_t whole = unwrapped(r, size);
    if (whole > 0) {
        plan_say(p, "its size does not fit into 32 bits");
        return (struct ending){.data = r->data_at + whole, .file = l->length};
    }
    if (size > 0 && whole_is_right(r, end) && leave_tail(r, p, even)) {
        return as_said;
    }
    if (size > 0 && look_at(l, even, head, sizeof head) && is_known(head)) {
        plan_say(p, "a chunk behind the sound is broken off");
        return (struct ending){.data = end, .file = even};
    }
    if (l->length - end < r->align) {
        return as_said; /* some bytes, and no whole frame of sound */
    }
    plan_say(p, said >= UNKNOWN_FROM && r->size32 == said
                    ? "its header does not know the length"
                    : "it goes on behind what its header says");
    return to_the_end(r);
}

/* --- what is to stand there --- */

static void set_ds64(struct riff *r, struct plan *p, int64_t at, uint64_t riff,
                     uint64_t data)
{
    plan_set_le(p, r->look, at, riff, 8);
    plan_set_le(p, r->look, at + 8, data, 8);
    plan_set_le(p, r->look, at + 16, data / r->align, 8);
}

/* A WAV that is too large becomes RF64: in the room that was left for that, or
 * with room that is made. */
static void become_rf64(struct riff *r, struct plan *p, uint64_t riff,
                        uint64_t data)
{
    struct look *l = r->look;
    int64_t at = FIRST_CHUNK;

    plan_say(p, "a WAV of more than 4 GiB has to be RF64");
    plan_set(p, l, 0, "RF64\xff\xff\xff\xff", 8);
    plan_set_le(p, l, r->data_at - 4, UINT32_MAX, 4);
    if (r->has_junk) {
        plan_set(p, l, at, "ds64", 4);
        set_ds64(r, p, at + CHUNK_HEAD, riff, data);
        plan_set_le(p, l, at + CHUNK_HEAD + 24, 0, 4);
        return;
    }
    p->insert_at = at;
    p->insert_bytes = CHUNK_HEAD + DS64_BYTES;
    riff += p->insert_bytes;
    memcpy(p->inserted, "ds64\x1c\0\0", 8);
    bytes_put_le(p->inserted + 8, riff, 8);
    bytes_put_le(p->inserted + 16, data, 8);
    bytes_put_le(p->inserted + 24, data / r->align, 8);
}

static void make_plan(struct riff *r, struct plan *p, const struct ending *e)
{
    struct look *l = r->look;
    uint64_t data = (uint64_t)(e->data - r->data_at);
    uint64_t frames = data / r->align;

    p->frames = frames;
    p->rate = r->rate;
    p->length = e->file;
    if (e->trusted && whole_is_right(r, e->data)) {
        return;
    }
    if (e->trusted) {
        plan_say(p, "the size of the whole is wrong");
    }
    /* chunks end on an even byte */
    if (e->file == e->data) {
        p->length += (int64_t)(data & 1);
    }
    uint64_t riff = (uint64_t)p->length - 8;
    int64_t even = e->data + (int64_t)(data & 1);
    if (e->trusted && even < p->length && !is_chain(l, even) &&
        !is_chain(l, e->data)) {
        riff = (uint64_t)even - 8; /* what hangs on is none of it */
    }
    if (r->rf64) {
        plan_set_le(p, l, 4, UINT32_MAX, 4);
        plan_set_le(p, l, r->data_at - 4, UINT32_MAX, 4);
        set_ds64(r, p, r->ds64_at, riff, data);
    } else if (riff > UINT32_MAX) {
        become_rf64(r, p, riff, data);
    } else {
        plan_set_le(p, l, 4, riff, 4);
        plan_set_le(p, l, r->data_at - 4, data, 4);
    }
    if (r->fact_at != 0 && !e->trusted) {
        plan_set_le(p, l, r->fact_at, frames < UINT32_MAX ? frames : UINT32_MAX,
                    4);
    }
}

bool riff_plan(struct plan *p, struct look *l, struct fault *f)
{
    struct riff r = {.look = l};
    uint8_t head[FIRST_CHUNK];

    if (!look_at(l, 0, head, sizeof head) || memcmp(head + 8, "WAVE", 4) != 0) {
        return plan_refuse(l, f, before_sound, NULL);
    }
    r.rf64 = memcmp(head, "RIFF", 4) != 0;
    p->kind = r.rf64 ? "RF64" : "WAV";
    if (!read_chunks(&r, f)) {
        return false;
    }
    struct ending e = find_ending(&r, p);
    make_plan(&r, p, &e);
    if (l->fault.err != ERR_OK) {
        *f = l->fault;
        return false;
    }
    return true;
}
