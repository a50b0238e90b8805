/* mp3_head: see mp3_head.h. Writer thread.
 *
 * Frame headers: ISO/IEC 11172-3, 2.4.2.3, and 13818-3; the tag: "Xing VBR
 * header" and "Mp3 Info Tag rev 1" (gabriel.mp3-tech.org), whose fields LAME
 * 3.100 writes too. */
#include "sink/mp3_head.h"

#include <string.h>

#include "core/bytes.h"

enum {
    MPEG_1 = 3,
    MONO = 3,
    FRAMES_AND_BYTES_AND_TOC = 7,
    TOC_BYTES = 100,
    DELAY = 576,         /* LAME's default delay */
    DECODER_DELAY = 529, /* what decoders add to it */
    TAG_CRC_BYTES = 190, /* so much of the frame has a checksum */
};

static unsigned version_of(const uint8_t header[4])
{
    return header[1] >> 3 & 3;
}

static unsigned samples_of(const uint8_t header[4])
{
    return version_of(header) == MPEG_1 ? 1152 : 576;
}

/* The whole frame's; 0: this is no header of layer III. */
static size_t length_of(const uint8_t header[4])
{
    static const uint16_t kbits[2][16] = {
        {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},
        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},
    };
    static const uint16_t rates[4][3] = {
        {11025, 12000, 8000},
        {1, 1, 1}, /* reserved */
        {22050, 24000, 16000},
        {44100, 48000, 32000},
    };
    unsigned version = version_of(header);
    unsigned kbit = kbits[version == MPEG_1][header[2] >> 4];
    unsigned rate = header[2] >> 2 & 3;
    unsigned padding = header[2] >> 1 & 1;

    if (header[0] != 0xFF || (header[1] & 0xE6) != 0xE2 || version == 1 ||
        kbit == 0 || rate == 3)
        return 0;
    return samples_of(header) / 8 * kbit * 1000 / rates[version][rate] +
           padding;
}

/* A header is complete. What is none (there is no such case with LAME) is
 * passed byte by byte. */
static void begin_frame(struct mp3_head *h)
{
    size_t length = length_of(h->header);

    if (length <= sizeof h->header) {
        memmove(h->header, h->header + 1, sizeof h->header - 1);
        h->have--;
        return;
    }
    h->left = length - sizeof h->header;
    h->have = 0;
    if (h->first_bytes == 0) {
        memcpy(h->first, h->header, sizeof h->first);
        h->first_bytes = length;
    }
}

static void watch(struct mp3_head *h, const void *data, size_t bytes)
{
    const uint8_t *from = data;

    while (bytes > 0) {
        size_t part = h->left < bytes ? h->left : bytes;
        if (h->left == 0) {
            part = 1;
            h->header[h->have++] = *from;
            if (h->have == sizeof h->header)
                begin_frame(h);
        } else {
            h->left -= part;
        }
        from += part;
        bytes -= part;
        h->at += (int64_t)part;
        if (h->left == 0 && h->have == 0) {
            h->frames += h->whole > 0; /* the first is none */
            h->whole = h->at;
        }
    }
}

size_t mp3_head_append(struct mp3_head *h, struct medium *m, int64_t at,
                       const void *data, size_t bytes)
{
    const uint8_t *from = data;
    struct mp3_head ahead = *h;
    size_t skip = 0;

    watch(&ahead, data, bytes);
    if (m->stream && at < (int64_t)ahead.first_bytes) {
        size_t left = ahead.first_bytes - (size_t)at;
        skip = left < bytes ? left : bytes;
    }
    medium_seek(m, m->length);
    if (medium_write(m, from + skip, bytes - skip) != bytes - skip)
        return 0;
    *h = ahead;
    return bytes;
}

uint64_t mp3_head_samples(const struct mp3_head *h, uint64_t given)
{
    uint64_t samples = (uint64_t)h->frames * samples_of(h->first);
    uint64_t late = DELAY + DECODER_DELAY;

    samples = samples > late ? samples - late : 0;
    return samples < given ? samples : given;
}

/* CRC-16 with the polynomial 0x8005, the lowest bit first. */
static uint16_t checksum(const uint8_t *data, size_t bytes)
{
    unsigned crc = 0;

    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xA001u : 0);
    }
    return (uint16_t)crc;
}

size_t mp3_head_make(const struct mp3_head *h, uint8_t *to)
{
    bool mono = h->first[3] >> 6 == MONO;
    size_t side =
        version_of(h->first) == MPEG_1 ? (mono ? 17 : 32) : (mono ? 9 : 17);
    uint8_t *tag = to + sizeof h->first + side;
    uint8_t *lame = tag + 16 + TOC_BYTES + 4;
    uint16_t crc;

    if (h->first_bytes < TAG_CRC_BYTES + 2)
        return 0;
    memset(to, 0, h->first_bytes);
    memcpy(to, h->first, sizeof h->first);
    memcpy(tag, "Xing", 4);
    tag[7] = FRAMES_AND_BYTES_AND_TOC | 8; /* a quality, of 0 */
    bytes_put_be(tag + 8, h->frames, 4);
    bytes_put_be(tag + 12, h->at < UINT32_MAX ? (uint32_t)h->at : 0, 4);
    for (unsigned i = 0; i < TOC_BYTES; i++) /* as if it were constant */
        tag[16 + i] = (uint8_t)(i * 256 / TOC_BYTES);
    memcpy(lame, "LAME3.100", 9);
    lame[21] = DELAY >> 4;
    lame[22] = (uint8_t)(DELAY << 4);
    bytes_put_be(lame + 28, h->at < UINT32_MAX ? (uint32_t)h->at : 0, 4);
    crc = checksum(to, TAG_CRC_BYTES);
    /* behind the music's own checksum */
    bytes_put_be(lame + 34, crc, 2);
    return h->first_bytes;
}
