/* flac_header: see flac_header.h. Main thread. 9.1 of RFC 9639. */
#include "repair/flac_header.h"

#include <string.h>

enum { SPOILT_MOST = 2 }; /* bytes of a header that may be wrong */

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

/* The other way; the number has 31 bits at most, as block numbers do. */
static size_t write_number(uint8_t *b, uint64_t number)
{
    size_t bytes = 1;

    if (number < 0x80) {
        b[0] = (uint8_t)number;
        return 1;
    }
    while (bytes < 6 && number >> (bytes * 5 + 1) != 0) {
        bytes++;
    }
    for (size_t i = bytes - 1; i > 0; i--, number >>= 6) {
        b[i] = (uint8_t)(0x80 | (number & 0x3F));
    }
    b[0] = (uint8_t)(0xFF00U >> bytes | number);
    return bytes;
}

static uint8_t crc8(const uint8_t *b, size_t bytes)
{
    unsigned crc = 0;

    for (size_t i = 0; i < bytes; i++) {
        crc ^= b[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc << 1 ^ (crc & 0x80 ? 0x07U : 0)) & 0xFF;
        }
    }
    return (uint8_t)crc;
}

bool flac_header_read(struct look *l, int64_t at, uint32_t count, uint32_t bits,
                      struct flac_header *h)
{
    static const uint8_t depths[8] = {0, 8, 12, 0, 16, 20, 24, 32};
    uint8_t b[FLAC_HEADER_MOST] = {0};
    int64_t left = l->length - at;

    if (left < 7 ||
        !look_at(l, at, b,
                 left < FLAC_HEADER_MOST ? (size_t)left : FLAC_HEADER_MOST)) {
        return false;
    }
    unsigned size = b[2] >> 4, rate = b[2] & 15;
    unsigned channels = b[3] >> 4, depth = b[3] >> 1 & 7;
    if (b[0] != 0xFF || (b[1] & 0xFE) != 0xF8 || size == 0 || rate == 15 ||
        channels > 10 || (b[3] & 1) != 0 || depth == 3 ||
        (channels < 8 ? channels + 1 : 2) != count ||
        (depth != 0 && depths[depth] != bits)) {
        return false;
    }
    h->spoilt = false;
    h->variable = b[1] & 1;
    h->assignment = channels;
    h->number_bytes = read_number(b + 4, &h->number);
    if (h->number_bytes == 0) {
        return false;
    }
    size_t n = 4 + h->number_bytes;
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
    h->bytes = n + 1;
    memcpy(h->raw, b, sizeof b);
    return (int64_t)h->bytes <= left && crc8(b, n) == b[n];
}

uint64_t flac_header_follows(const struct flac_header *h)
{
    return h->number + (h->variable ? h->samples : 1);
}

bool flac_header_read_spoilt(struct look *l, int64_t at,
                             const struct flac_header *h,
                             struct flac_header *next)
{
    size_t more = h->bytes - 1 - 4 - h->number_bytes;
    uint8_t b[FLAC_HEADER_MOST];
    unsigned wrong = 0;

    *next = *h;
    next->spoilt = true;
    next->number = flac_header_follows(h);
    next->number_bytes = write_number(next->raw + 4, next->number);
    size_t n = 4 + next->number_bytes;
    memcpy(next->raw + n, h->raw + 4 + h->number_bytes, more);
    next->bytes = n + more + 1;
    if (!look_at(l, at, b, next->bytes)) {
        return false;
    }
    if (h->assignment == 1 || h->assignment >= 8) {
        /* of two channels, and changes from block to block */
        next->raw[3] = (uint8_t)((b[3] & 0xF0) | (h->raw[3] & 0x0F));
    }
    next->raw[n + more] = crc8(next->raw, n + more);
    for (size_t i = 0; i < next->bytes; i++) {
        wrong += b[i] != next->raw[i];
    }
    return wrong <= SPOILT_MOST;
}
