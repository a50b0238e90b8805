/* wave_head: see wave_head.h. Pure; writer thread.
 *
 * RIFF and its chunks: Microsoft's "Multimedia Programming Interface and Data
 * Specifications 1.0"; WAVEFORMATEXTENSIBLE: mmreg.h; ds64: EBU Tech 3306;
 * Wave64's GUIDs and sizes: "Sony Sound Forge Wave64 file format". */
#include "sink/wave_head.h"

#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "sink/formats.h"
#include "sink/texts.h"

enum {
    WAVE_PCM = 1,
    WAVE_FLOAT = 3,
    WAVE_EXTENSIBLE = 0xFFFE,
    DS64_BYTES = 28,
    DS64_AT = 12,
    FIXED_MOST = 256,   /* all but texts, in any kind */
    TEXT_OVERHEAD = 10, /* a chunk's name and size, NUL, an even end */
    W64_CHUNK = 24,     /* its chunks count these in their sizes */
};

/* KSDATAFORMAT_SUBTYPE_PCM; its first byte is 3 for IEEE_FLOAT. */
static const uint8_t subtype[16] = {
    0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00,
    0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71,
};

/* What follows the four letters in Wave64's names; "riff" has its own. */
static const uint8_t w64_riff[12] = {0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6,
                                     0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00};
static const uint8_t w64_name[12] = {0xF3, 0xAC, 0xD3, 0x11, 0x8C, 0xD1,
                                     0x00, 0xC0, 0x4F, 0x8E, 0xDB, 0x8A};

static void put_bytes(struct wave_head *h, const void *data, size_t bytes)
{
    memcpy(h->bytes + h->length, data, bytes);
    h->length += bytes;
}

static void put_le(struct wave_head *h, uint64_t value, unsigned bytes)
{
    bytes_put_le(h->bytes + h->length, value, bytes);
    h->length += bytes;
}

/* A chunk's name and size. */
static void put_chunk(struct wave_head *h, const char *name, size_t bytes)
{
    put_bytes(h, name, 4);
    if (h->kind != WAVE_W64) {
        put_le(h, bytes, 4);
        return;
    }
    put_bytes(h, w64_name, sizeof w64_name);
    put_le(h, W64_CHUNK + bytes, 8);
}

/* A chunk's end is even, and in Wave64 a multiple of 8. */
static void put_padding(struct wave_head *h)
{
    put_le(h, 0, (unsigned)(-h->length & (h->kind == WAVE_W64 ? 7 : 1)));
}

/* One or two channels in their customary places need no more than the oldest
 * form, which every reader knows. In Wave64 libsndfile (1.2.2) takes floating
 * point for integers where it is in the other form. */
static bool is_plain(const struct wave_head *h, const struct sink_request *r)
{
    const struct audio_format *format = &r->format;

    return (h->kind == WAVE_W64 && r->sample == SAMPLE_F32) ||
           (format->channels <= 2 &&
            (format->channel_mask == 0 ||
             format->channel_mask == format_default_mask(format->channels)));
}

static void put_format(struct wave_head *h, const struct sink_request *r)
{
    const struct audio_format *format = &r->format;
    bool plain = is_plain(h, r);
    bool real = r->sample == SAMPLE_F32;
    uint32_t bits = (uint32_t)sample_bytes(r->sample) * 8;
    uint32_t mask = format->channel_mask;
    uint32_t block = (uint32_t)h->frame_bytes;

    if (mask == 0)
        mask = format_default_mask(format->channels);
    put_chunk(h, "fmt ", plain ? (real ? 18 : 16) : 40);
    put_le(h, !plain ? WAVE_EXTENSIBLE : real ? WAVE_FLOAT : WAVE_PCM, 2);
    put_le(h, format->channels, 2);
    put_le(h, format->rate, 4);
    put_le(h, format->rate * block, 4);
    put_le(h, block, 2);
    put_le(h, bits, 2);
    if (plain && real)
        put_le(h, 0, 2);
    if (!plain) {
        put_le(h, 22, 2);
        put_le(h, bits, 2);
        put_le(h, mask, 4);
        put_le(h, real ? WAVE_FLOAT : WAVE_PCM, 1);
        put_bytes(h, subtype + 1, sizeof subtype - 1);
    }
    put_padding(h);
}

/* What is not PCM has its length in frames, too. */
static void put_fact(struct wave_head *h, const struct sink_request *r)
{
    if (r->sample != SAMPLE_F32 || h->kind == WAVE_STREAM)
        return;
    put_chunk(h, "fact", h->kind == WAVE_W64 ? 8 : 4);
    h->fact_at = h->length;
    put_le(h, 0, h->kind == WAVE_W64 ? 8 : 4);
}

/* The ids of RIFF's INFO; track and licence have none there, the track's is
 * what most programs agree on. */
static const char info_ids[SINK_TAG_COUNT][5] = {
    [SINK_TAG_TITLE] = "INAM",    [SINK_TAG_ARTIST] = "IART",
    [SINK_TAG_ALBUM] = "IPRD",    [SINK_TAG_TRACKNUMBER] = "ITRK",
    [SINK_TAG_GENRE] = "IGNR",    [SINK_TAG_DATE] = "ICRD",
    [SINK_TAG_COMMENT] = "ICMT",  [SINK_TAG_COPYRIGHT] = "ICOP",
    [SINK_TAG_SOFTWARE] = "ISFT",
};

static void put_texts(struct wave_head *h, const struct texts *texts)
{
    size_t begin = h->length;

    if (h->kind == WAVE_W64)
        return;
    put_chunk(h, "LIST", 0);
    put_bytes(h, "INFO", 4);
    for (size_t i = 0; i < SINK_TAG_COUNT; i++) {
        size_t bytes = strlen(texts->text[i]);
        if (bytes == 0 || info_ids[i][0] == '\0')
            continue;
        put_chunk(h, info_ids[i], bytes + 1);
        put_bytes(h, texts->text[i], bytes + 1);
        put_padding(h);
    }
    if (h->length == begin + 12)
        h->length = begin; /* there is none */
    else
        bytes_put_le(h->bytes + begin + 4, h->length - begin - 8, 4);
}

bool wave_head_make(struct wave_head *h, enum wave_kind kind,
                    const struct sink_request *request)
{
    size_t room = FIXED_MOST;
    struct texts texts;

    /* What a pipe's reader gets is what was asked for, and no more. */
    texts_collect(&texts, request, kind != WAVE_STREAM);
    for (size_t i = 0; i < SINK_TAG_COUNT; i++)
        room += strlen(texts.text[i]) + TEXT_OVERHEAD;
    *h = (struct wave_head){.kind = kind,
                            .frame_bytes = sink_frame_bytes(request),
                            .bytes = calloc(1, room)};
    if (h->bytes == NULL)
        return false;
    if (kind == WAVE_W64) {
        put_bytes(h, "riff", 4);
        put_bytes(h, w64_riff, sizeof w64_riff);
        put_le(h, 0, 8);
        put_bytes(h, "wave", 4);
        put_bytes(h, w64_name, sizeof w64_name);
    } else {
        put_chunk(h, "RIFF", UINT32_MAX);
        put_bytes(h, "WAVE", 4);
    }
    if (kind == WAVE_RIFF || kind == WAVE_RF64) {
        put_chunk(h, "JUNK", DS64_BYTES);
        h->length += DS64_BYTES;
    }
    put_format(h, request);
    put_fact(h, request);
    put_texts(h, &texts);
    put_chunk(h, "data", kind == WAVE_W64 ? 0 : UINT32_MAX);
    h->data_at = h->length - (kind == WAVE_W64 ? 8 : 4);
    wave_head_set(h, 0);
    return true;
}

static void set_riff(struct wave_head *h, uint64_t data_bytes)
{
    uint64_t frames = data_bytes / h->frame_bytes;
    uint64_t riff = h->length - 8 + data_bytes +
                    wave_head_padding(h, data_bytes) + h->behind;
    bool wide = h->kind == WAVE_RF64 || riff > UINT32_MAX;
    uint64_t none = UINT32_MAX; /* "see ds64" */

    memcpy(h->bytes, wide ? "RF64" : "RIFF", 4);
    bytes_put_le(h->bytes + 4, wide ? none : riff, 4);
    memcpy(h->bytes + DS64_AT, wide ? "ds64" : "JUNK", 4);
    bytes_put_le(h->bytes + DS64_AT + 8, wide ? riff : 0, 8);
    bytes_put_le(h->bytes + DS64_AT + 16, wide ? data_bytes : 0, 8);
    bytes_put_le(h->bytes + DS64_AT + 24, wide ? frames : 0, 8);
    if (h->fact_at != 0)
        bytes_put_le(h->bytes + h->fact_at, frames < none ? frames : none, 4);
    bytes_put_le(h->bytes + h->data_at, wide ? none : data_bytes, 4);
}

void wave_head_set(struct wave_head *h, uint64_t data_bytes)
{
    if (h->kind == WAVE_STREAM)
        return;
    if (h->kind != WAVE_W64) {
        set_riff(h, data_bytes);
        return;
    }
    bytes_put_le(h->bytes + 16, h->length + data_bytes, 8);
    if (h->fact_at != 0)
        bytes_put_le(h->bytes + h->fact_at, data_bytes / h->frame_bytes, 8);
    bytes_put_le(h->bytes + h->data_at, W64_CHUNK + data_bytes, 8);
}

/* None in Wave64: libsndfile and SoX do without, and take it for sound. */
size_t wave_head_padding(const struct wave_head *h, uint64_t data_bytes)
{
    return h->kind == WAVE_RIFF || h->kind == WAVE_RF64 ? data_bytes % 2 : 0;
}

void wave_head_free(struct wave_head *h)
{
    free(h->bytes);
    h->bytes = NULL;
}
