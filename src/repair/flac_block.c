/* flac_block: see flac_block.h. Main thread. Sections are RFC 9639's. */
#include "repair/flac_block.h"

enum { CRC_BYTES = 2, MOST_FIXED = 4 };

struct bits {
    struct look *look;
    int64_t at; /* in bits, from the file's beginning */
    bool bad;   /* nothing of FLAC, or not there */
};

static unsigned get(struct bits *b, unsigned count)
{
    unsigned value = 0;

    for (; count > 0 && !b->bad; count--, b->at++) {
        int byte = look_byte(b->look, b->at >> 3);
        b->bad = byte < 0;
        value = value << 1 | ((unsigned)byte >> (7 - (b->at & 7)) & 1);
    }
    return value;
}

static void skip(struct bits *b, uint64_t count)
{
    b->at += (int64_t)count;
    b->bad = b->bad || b->at > b->look->length * 8;
}

/* How many zeros before the one. */
static unsigned get_unary(struct bits *b)
{
    unsigned zeros = 0;

    while (!b->bad && get(b, 1) == 0) {
        zeros++;
    }
    return zeros;
}

/* 9.2.7 */
static void skip_residual(struct bits *b, uint32_t samples, unsigned order)
{
    unsigned method = get(b, 2);
    unsigned wide = method == 0 ? 4 : 5;
    unsigned parts = get(b, 4);
    uint32_t each = samples >> parts;

    if (method > 1 || each << parts != samples || each < order) {
        b->bad = true;
    }
    for (unsigned i = 0; i < 1U << parts && !b->bad; i++) {
        uint32_t count = i == 0 ? each - order : each;
        unsigned parameter = get(b, wide);
        if (parameter == (1U << wide) - 1) {
            skip(b, (uint64_t)get(b, 5) * count);
            continue;
        }
        for (; count > 0 && !b->bad; count--) {
            get_unary(b);
            skip(b, parameter);
        }
    }
}

/* 9.2 */
static void skip_subframe(struct bits *b, uint32_t samples, unsigned bits)
{
    bool padded = get(b, 1) != 0;
    unsigned type = get(b, 6);
    unsigned wasted = get(b, 1) != 0 ? get_unary(b) + 1 : 0;
    unsigned order = type >= 32 ? (type & 31) + 1 : type & 7;
    bool fixed = type >= 8 && type <= 8 + MOST_FIXED;

    if (padded || wasted >= bits ||
        ((type >= 32 || fixed) && order > samples)) {
        b->bad = true;
        return;
    }
    bits -= wasted;
    if (type <= 1) {
        skip(b, type == 0 ? bits : (uint64_t)bits * samples);
        return;
    }
    skip(b, (uint64_t)order * bits);
    if (type >= 32) {
        unsigned precision = get(b, 4) + 1;
        b->bad = b->bad || precision == 16;
        skip(b, 5 + (uint64_t)order * precision);
    } else if (!fixed) {
        b->bad = true;
    }
    skip_residual(b, samples, order);
}

int64_t flac_block_end(struct look *l, int64_t at,
                       const struct flac_shape *shape)
{
    struct bits b = {.look = l, .at = at * 8};
    /* left and side, side and right, middle and side (9.1.3) */
    unsigned side = shape->assignment == 9                              ? 0
                    : shape->assignment == 8 || shape->assignment == 10 ? 1
                                                                        : 8;

    for (unsigned i = 0; i < shape->channels && !b.bad; i++) {
        skip_subframe(&b, shape->samples, shape->bits + (i == side));
    }
    int64_t end = (b.at + 7) / 8 + CRC_BYTES;
    return b.bad || end > l->length ? -1 : end;
}
