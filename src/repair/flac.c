/* flac: what is wrong with a FLAC file: its number of samples, and a last block
 * that is not whole. Main thread. Sections are RFC 9639's.
 *
 * Nothing is decoded. A block does not tell its length; it ends where its
 * checksum comes out and the next one's header stands, with a checksum of its
 * own and the number that must follow. Of the last one flac_block tells where
 * it ends: a checksum comes out again behind each zero that follows, and may
 * end with one itself. The last one it is only where no header of a later one
 * stands anywhere behind it. */
#include <string.h>

#include "core/bytes.h"

#include "repair/flac_block.h"
#include "repair/flac_header.h"
#include "repair/plan.h"

enum {
    STREAMINFO_BYTES = 34,
    AT_RATE = 10,  /* 20 bits of rate, 3 of channels, 5 of bits, 36 of total */
    AT_TOTAL = 13, /* its first 4 bits are others' */
    TOTAL_BYTES = 5,
    AT_MD5 = 18,
    MD5_BYTES = 16,
    METADATA_MOST = 1000,
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
    unsigned damaged; /* blocks, which stay */
    unsigned dropped; /* damaged ones right before the torn one: cut with it */
    uint16_t crc16[256];
};

enum found {
    WHOLE, /* and another one follows */
    LAST,  /* whole, and no other one follows */
    DAMAGED,
    BROKEN_OFF,
    HOLE
};

static void make_table(struct flac *c)
{
    for (unsigned i = 0; i < 256; i++) {
        unsigned crc = i << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc << 1 ^ (crc & 0x8000 ? 0x8005U : 0);
        }
        c->crc16[i] = (uint16_t)crc;
    }
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

    return c->look->length - at < FLAC_HEADER_MOST &&
           look_byte(c->look, at) == 0xFF &&
           (second < 0 || (second & 0xFE) == 0xF8);
}

/* Where that block ends by what is in it; -1: nowhere. */
static int64_t end_by_content(const struct flac *c, int64_t at,
                              const struct flac_header *h)
{
    const struct flac_shape shape = {.samples = h->samples,
                                     .bits = c->bits,
                                     .channels = c->channels,
                                     .assignment = h->assignment};

    return flac_block_end(c->look, at + (int64_t)h->bytes, &shape);
}

/* Of the block of H. */
static int64_t most_bytes(const struct flac *c, const struct flac_header *h)
{
    return (int64_t)h->samples * c->channels * (c->bits + 1) / 8 +
           c->channels * 64 + 64;
}

/* A header of a later block than the one that follows H; -1: there is none. */
static int64_t find_later(const struct flac *c, int64_t from,
                          const struct flac_header *h)
{
    struct flac_header later;

    for (int64_t p = from; p < c->content_end; p++) {
        if (look_byte(c->look, p) == 0xFF &&
            flac_header_read(c->look, p, c->channels, c->bits, &later) &&
            later.variable == h->variable &&
            later.number > flac_header_follows(h) &&
            (later.raw[2] & 15) == (h->raw[2] & 15)) {
            return p;
        }
    }
    return -1;
}

/* A later block than that which must follow H stands at LATER: where does this
 * one's header stand, which is damaged? */
static enum found find_spoilt(const struct flac *c, int64_t at, int64_t later,
                              const struct flac_header *h, int64_t *end,
                              struct flac_header *next)
{
    int64_t least = at + (int64_t)h->bytes + (int64_t)c->channels + 2;
    uint16_t crc = 0;

    int64_t most = most_bytes(c, h);
    struct flac_header other;

    later = later - at > most ? at + most + 1 : later;
    for (int64_t p = at; !h->variable && p < later; p++) {
        int byte = look_byte(c->look, p);
        if (byte < 0) {
            break;
        }
        if (p >= least && flac_header_read_spoilt(c->look, p, h, next) &&
            !flac_header_read(c->look, p, c->channels, c->bits, &other)) {
            *end = p;
            return crc == 0 ? WHOLE : DAMAGED;
        }
        crc = (uint16_t)(crc << 8 ^ c->crc16[crc >> 8 ^ byte]);
    }
    return HOLE;
}

/* The block that begins at AT with H, as far as the headers behind it are
 * whole. Its end goes to *END; where another one follows its header to *NEXT.
 */
static enum found find_whole(const struct flac *c, int64_t at,
                             const struct flac_header *h, int64_t *end,
                             struct flac_header *next)
{
    uint64_t follows = flac_header_follows(h);
    int64_t most = most_bytes(c, h);
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
        if (byte == 0xFF && p >= least &&
            flac_header_read(c->look, p, c->channels, c->bits, next) &&
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

/* The same whatever is behind it. */
static enum found find_end(const struct flac *c, int64_t at,
                           const struct flac_header *h, int64_t *end,
                           struct flac_header *next)
{
    enum found found = find_whole(c, at, h, end, next);

    if (found == WHOLE || found == DAMAGED ||
        (found == LAST && c->samples + h->samples == c->said)) {
        return found;
    }
    int64_t later = find_later(c, at + (int64_t)h->bytes, h);
    if (later >= 0) {
        return find_spoilt(c, at, later, h, end, next);
    }
    return found == LAST && h->spoilt ? BROKEN_OFF : found;
}

/* All blocks. False: they do not follow each other.
 *
 * Damaged ones before a torn end are cut with it: as the file's last one such a
 * block would be what is broken off when it is looked at again. */
static bool walk(struct flac *c, struct fault *f)
{
    struct {
        int64_t end;
        uint64_t samples;
        unsigned damaged;
    } whole = {.end = c->audio_at}; /* behind the last whole block */
    struct flac_header h, next;
    int64_t at = c->audio_at;
    int64_t end = at;

    c->end = at;
    if (!flac_header_read(c->look, at, c->channels, c->bits, &h)) {
        return is_last_end(c, at) || c->look->length - at < FLAC_HEADER_MOST ||
               plan_refuse(c->look, f, "no sound follows its header", NULL);
    }
    for (;;) {
        enum found found = find_end(c, at, &h, &end, &next);
        if (found == BROKEN_OFF) {
            c->torn = true;
            c->end = whole.end;
            c->samples = whole.samples;
            c->dropped = c->damaged - whole.damaged;
            c->damaged = whole.damaged;
            return true;
        }
        if (found == HOLE) {
            return plan_refuse(c->look, f,
                               "a part in its middle is missing or damaged, "
                               "which cannot be repaired",
                               "flac -d -F FILE saves what can be decoded");
        }
        if (found == WHOLE && h.spoilt) {
            found = DAMAGED;
        }
        c->damaged += found == DAMAGED;
        c->samples += h.samples;
        c->end = end;
        if (found == WHOLE) {
            whole.end = end;
            whole.samples = c->samples;
            whole.damaged = c->damaged;
        }
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
    if (c->dropped > 0) {
        plan_say(p, "damaged blocks right before that: %u", c->dropped);
    }
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
    make_table(&c);
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
