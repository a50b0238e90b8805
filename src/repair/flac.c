/* flac: what is wrong with a FLAC file: its number of samples, and a last block
 * that is not whole. Main thread. Sections are RFC 9639's.
 *
 * Nothing is decoded. A block does not tell its length; it ends where its
 * checksum comes out and the next one's header stands, with a checksum of its
 * own and the number that must follow. Of the last one flac_block tells where
 * it ends: a checksum comes out again behind each zero that follows, and may
 * end with one itself. */
#include <string.h>

#include "core/bytes.h"

#include "repair/flac_block.h"
#include "repair/plan.h"

enum {
    STREAMINFO_BYTES = 34,
    AT_RATE = 10,  /* 20 bits of rate, 3 of channels, 5 of bits, 36 of total */
    AT_TOTAL = 13, /* its first 4 bits are others' */
    TOTAL_BYTES = 5,
    AT_MD5 = 18,
    MD5_BYTES = 16,
    METADATA_MOST = 1000,
    HEADER_MOST = 16,
};

struct flac {
    struct look *look;
    int64_t info_at; /* STREAMINFO's content */
    uint8_t info[STREAMINFO_BYTES];
    int64_t audio_at;
    int64_t content_end; /* nothing but zeros from here to the end */
    uint32_t channels, bits;
    uint64_t said;    /* the samples, by STREAMINFO; 0: not known */
    uint64_t samples; /* in whole blocks */
    int64_t end;      /* behind the last whole block */
    bool torn;        /* and there a block begins that is not whole */
    unsigned damaged; /* blocks */
    uint8_t crc8[256];
    uint16_t crc16[256];
};

struct header {
    bool variable;
    size_t bytes;
    uint64_t number;
    uint32_t samples;
    unsigned assignment; /* of channels */
};

enum found {
    WHOLE, /* and another one follows */
    LAST,  /* whole, and no other one follows */
    DAMAGED,
    BROKEN_OFF,
    HOLE
};

static void make_tables(struct flac *c)
{
    for (unsigned i = 0; i < 256; i++) {
        unsigned small = i, large = i << 8;
        for (int bit = 0; bit < 8; bit++) {
            small = small << 1 ^ (small & 0x80 ? 0x07U : 0);
            large = large << 1 ^ (large & 0x8000 ? 0x8005U : 0);
        }
        c->crc8[i] = (uint8_t)small;
        c->crc16[i] = (uint16_t)large;
    }
}

/* --- a block's header (9.1) --- */

/* A number in UTF-8's manner, of up to 36 bits. Its bytes; 0: it is none. */
static size_t read_number(const uint8_t *b, uint64_t *number)
{
    size_t bytes = 1;

    if (b[0] < 0x80) {
        *number = b[0];
        return 1;
    }
    while (bytes < 8 && (b[0] & 0x80 >> bytes)) {
        bytes++;
    }
    if (bytes < 2 || bytes > 7) {
        return 0;
    }
    *number = bytes == 7 ? 0 : b[0] & (0x7FU >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((b[i] & 0xC0) != 0x80) {
            return 0;
        }
        *number = *number << 6 | (b[i] & 0x3F);
    }
    return bytes;
}

/* Is it one of this stream, and whole? */
static bool read_header(const struct flac *c, int64_t at, struct header *h)
{
    static const uint8_t depths[8] = {0, 8, 12, 0, 16, 20, 24, 32};
    uint8_t b[HEADER_MOST] = {0};
    int64_t left = c->look->length - at;

    if (left < 7 || !look_at(c->look, at, b,
                             left < HEADER_MOST ? (size_t)left : HEADER_MOST)) {
        return false;
    }
    unsigned size = b[2] >> 4, rate = b[2] & 15;
    unsigned channels = b[3] >> 4, depth = b[3] >> 1 & 7;
    if (b[0] != 0xFF || (b[1] & 0xFE) != 0xF8 || size == 0 || rate == 15 ||
        channels > 10 || (b[3] & 1) != 0 || depth == 3 ||
        (channels < 8 ? channels + 1 : 2) != c->channels ||
        (depth != 0 && depths[depth] != c->bits)) {
        return false;
    }
    h->variable = b[1] & 1;
    h->assignment = channels;
    size_t n = 4 + read_number(b + 4, &h->number);
    if (n == 4) {
        return false;
    }
    if (size == 6) {
        h->samples = b[n] + 1U;
    } else if (size == 7) {
        h->samples = ((unsigned)b[n] << 8 | b[n + 1]) + 1U;
    } else {
        h->samples = size == 1  ? 192
                     : size < 6 ? 144U << size
                                : 256U << (size - 8);
    }
    n += size == 6 ? 1 : size == 7 ? 2 : 0;
    n += rate == 12 ? 1 : rate == 13 || rate == 14 ? 2 : 0;
    uint8_t crc = 0;
    for (size_t i = 0; i < n; i++) {
        crc = c->crc8[crc ^ b[i]];
    }
    h->bytes = n + 1;
    return (int64_t)h->bytes <= left && crc == b[n];
}

/* --- blocks --- */

/* What may stand behind a whole block, but another one: nothing, zeros that a
 * power failure left, an ID3v1. */
static bool is_last_end(const struct flac *c, int64_t at)
{
    return at == c->look->length || at >= c->content_end ||
           look_id3v1(c->look, at);
}

/* Less than a header lies there, and it begins as one. */
static bool is_torn_header(const struct flac *c, int64_t at)
{
    int second = look_byte(c->look, at + 1);

    return c->look->length - at < HEADER_MOST &&
           look_byte(c->look, at) == 0xFF &&
           (second < 0 || (second & 0xFE) == 0xF8);
}

/* Where that block ends by what is in it; -1: nowhere. */
static int64_t end_by_content(const struct flac *c, int64_t at,
                              const struct header *h)
{
    const struct flac_shape shape = {.samples = h->samples,
                                     .bits = c->bits,
                                     .channels = c->channels,
                                     .assignment = h->assignment};

    return flac_block_end(c->look, at + (int64_t)h->bytes, &shape);
}

/* The block that begins at AT with H. Its end goes to *END; where another one
 * follows its header to *NEXT. */
static enum found find_end(const struct flac *c, int64_t at,
                           const struct header *h, int64_t *end,
                           struct header *next)
{
    uint64_t follows = h->number + (h->variable ? h->samples : 1);
    int64_t most = (int64_t)h->samples * c->channels * (c->bits + 1) / 8 +
                   c->channels * 64 + 64;
    int64_t least = at + (int64_t)h->bytes + (int64_t)c->channels + 2;
    int64_t whole = 0; /* by its content; 0: not asked yet */
    bool is_whole = false;
    int byte = 0;
    uint16_t crc = 0;

    for (int64_t p = at; p <= c->look->length && p - at <= most; p++) {
        byte = look_byte(c->look, p);
        *end = p;
        if (crc == 0 && p >= least) {
            whole = whole != 0 ? whole : end_by_content(c, at, h);
            if (is_last_end(c, p)) {
                /* nothing but zeros lies between the two */
                *end = whole > p && p >= c->content_end ? whole : p;
                return LAST;
            }
            is_whole = is_whole || p == whole;
        }
        if (byte == 0xFF && p >= least && read_header(c, p, next) &&
            next->variable == h->variable && next->number == follows) {
            return crc == 0 ? WHOLE : DAMAGED;
        }
        if (crc == 0 && p >= least && is_torn_header(c, p)) {
            return LAST;
        }
        if (byte < 0) {
            break;
        }
        crc = (uint16_t)(crc << 8 ^ c->crc16[crc >> 8 ^ byte]);
    }
    bool at_end = byte < 0 || *end >= c->content_end;
    if (is_whole && (at_end || c->samples + h->samples == c->said)) {
        *end = whole; /* and something else follows */
        return LAST;
    }
    return at_end ? BROKEN_OFF : HOLE;
}

/* All blocks. False: they do not follow each other. */
static bool walk(struct flac *c, struct fault *f)
{
    struct header h, next;
    int64_t at = c->audio_at;
    int64_t end = at;

    c->end = at;
    if (!read_header(c, at, &h)) {
        return is_last_end(c, at) || c->look->length - at < HEADER_MOST ||
               plan_refuse(c->look, f, "no sound follows its header", NULL);
    }
    for (;;) {
        enum found found = find_end(c, at, &h, &end, &next);
        if (found == BROKEN_OFF) {
            c->torn = true;
            return true;
        }
        if (found == HOLE) {
            return plan_refuse(c->look, f,
                               "a part in its middle is missing or damaged, "
                               "which cannot be repaired",
                               "flac -d -F FILE saves what can be decoded");
        }
        c->damaged += found == DAMAGED;
        c->samples += h.samples;
        c->end = end;
        if (found == LAST) {
            c->torn = is_torn_header(c, end);
            return true;
        }
        at = end;
        h = next;
    }
}

/* --- the beginning --- */

static bool read_metadata(struct flac *c, struct fault *f)
{
    static const char why[] =
        "it is broken off, or damaged, before its sound begins";
    struct look *l = c->look;
    int64_t at = look_id3v2(l);
    uint8_t b[4];

    if (!look_at(l, at, b, 4) || memcmp(b, "fLaC", 4) != 0) {
        return plan_refuse(l, f, why, NULL);
    }
    at += 4;
    for (int i = 0; i < METADATA_MOST; i++) {
        if (!look_at(l, at, b, 4)) {
            break;
        }
        int64_t size = b[1] << 16 | b[2] << 8 | b[3];
        at += 4;
        if ((b[0] & 0x7F) == 127 || size > l->length - at ||
            (i == 0) != ((b[0] & 0x7F) == 0)) {
            break;
        }
        if (i == 0) {
            c->info_at = at;
            if (size != STREAMINFO_BYTES ||
                !look_at(l, at, c->info, STREAMINFO_BYTES)) {
                break;
            }
        }
        at += size;
        if (b[0] & 0x80) {
            c->audio_at = at;
            return true;
        }
    }
    return plan_refuse(l, f, why, NULL);
}

static int64_t find_content_end(struct look *l, int64_t from)
{
    uint8_t part[4096];
    int64_t end = l->length;

    while (end > from) {
        size_t n = end - from < (int64_t)sizeof part ? (size_t)(end - from)
                                                     : sizeof part;
        if (!look_at(l, end - (int64_t)n, part, n)) {
            break;
        }
        size_t zeros = 0;
        while (zeros < n && part[n - 1 - zeros] == 0) {
            zeros++;
        }
        end -= (int64_t)zeros;
        if (zeros < n) {
            break;
        }
    }
    return end;
}

/* --- the plan --- */

static void set_total(struct flac *c, struct plan *p)
{
    uint64_t total = c->samples >> 36 == 0 ? c->samples : 0;
    uint8_t bytes[TOTAL_BYTES];

    bytes_put_be(bytes, total, TOTAL_BYTES);
    bytes[0] |= c->info[AT_TOTAL] & 0xF0;
    plan_set(p, c->look, c->info_at + AT_TOTAL, bytes, sizeof bytes);
}

/* What lies behind the last whole block. */
static void plan_end(struct flac *c, struct plan *p)
{
    struct look *l = c->look;
    bool zeros = c->content_end <= c->end;

    if (c->end >= l->length || look_id3v1(l, c->end)) {
        return;
    }
    if (!c->torn && c->said == c->samples) {
        plan_leave_tail(p, l->length - c->end, false);
        return;
    }
    plan_say(p, zeros     ? "zeros follow its last block"
                : c->torn ? "its last block is broken off"
                          : "something else follows its last block");
    p->length = c->end;
}

static void make_plan(struct flac *c, struct plan *p)
{
    static const uint8_t no_md5[MD5_BYTES];
    struct look *l = c->look;
    uint64_t said = c->said;

    p->frames = c->samples;
    p->length = l->length;
    plan_end(c, p);
    if (said != c->samples) {
        plan_say(p, said == 0           ? "its header does not know the length"
                    : said > c->samples ? "it ends before its header says"
                                        : "it goes on behind what its header "
                                          "says");
        set_total(c, p);
    }
    if (said != 0 && said != c->samples) {
        /* the checksum is that of another sound; zeros: not known */
        plan_set(p, l, c->info_at + AT_MD5, no_md5, sizeof no_md5);
    }
    if (c->damaged > 0) {
        plan_say(p, "%u of its blocks are damaged, which cannot be repaired",
                 c->damaged);
    }
}

bool flac_plan(struct plan *p, struct look *l, struct fault *f)
{
    struct flac c = {.look = l};

    p->kind = "FLAC";
    make_tables(&c);
    if (!read_metadata(&c, f)) {
        return false;
    }
    p->rate = (uint32_t)c.info[AT_RATE] << 12 |
              (uint32_t)c.info[AT_RATE + 1] << 4 | c.info[AT_RATE + 2] >> 4;
    c.channels = (c.info[AT_RATE + 2] >> 1 & 7) + 1;
    c.bits = ((c.info[AT_RATE + 2] & 1U) << 4 | c.info[AT_TOTAL] >> 4) + 1;
    c.said =
        bytes_get_be(c.info + AT_TOTAL, TOTAL_BYTES) & UINT64_C(0xFFFFFFFFF);
    c.content_end = find_content_end(l, c.audio_at);
    if (!walk(&c, f)) {
        return false;
    }
    if (l->fault.err != ERR_OK) {
        *f = l->fault;
        return false;
    }
    make_plan(&c, p);
    if (c.samples == 0 && !plan_is_empty(p, l)) {
        return plan_refuse(l, f, "there is not one whole block of sound in it",
                           NULL);
    }
    return true;
}
