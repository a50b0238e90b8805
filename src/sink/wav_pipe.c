/* wav_pipe: a WAV for a reader that cannot wait: libsndfile refuses streams,
 * so the header is made here, with sizes that say "until the end". Writer
 * thread. */
#include <string.h>

#include "sink/formats.h"

enum {
    WAVE_PCM = 1,
    WAVE_EXTENSIBLE = 0xFFFE,
    HEADER_MAX = 12 + 8 + 40 + 8,
};

/* KSDATAFORMAT_SUBTYPE_PCM; its first byte is 3 for IEEE_FLOAT. */
static const uint8_t subtype[16] = {
    0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00,
    0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71,
};

struct header {
    uint8_t bytes[HEADER_MAX];
    size_t length;
};

static void put_bytes(struct header *h, const void *data, size_t bytes)
{
    memcpy(h->bytes + h->length, data, bytes);
    h->length += bytes;
}

static void put_le(struct header *h, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        h->bytes[h->length++] = (uint8_t)(value >> (8 * i));
}

/* Two channels of 16 bits need no more than the oldest form, which every
 * reader knows. */
static bool is_plain(const struct sink_request *request)
{
    const struct audio_format *format = &request->format;

    return request->sample == SAMPLE_S16 && format->channels <= 2 &&
           (format->channel_mask == 0 ||
            format->channel_mask == format_default_mask(format->channels));
}

static void put_format(struct header *h, const struct sink_request *request)
{
    const struct audio_format *format = &request->format;
    uint32_t bits = (uint32_t)sample_bytes(request->sample) * 8;
    uint32_t block = (uint32_t)sink_frame_bytes(request);
    uint32_t mask = format->channel_mask;
    bool plain = is_plain(request);

    if (mask == 0)
        mask = format_default_mask(format->channels);
    put_bytes(h, "fmt ", 4);
    put_le(h, plain ? 16 : 40, 4);
    put_le(h, plain ? WAVE_PCM : WAVE_EXTENSIBLE, 2);
    put_le(h, format->channels, 2);
    put_le(h, format->rate, 4);
    put_le(h, format->rate * block, 4);
    put_le(h, block, 2);
    put_le(h, bits, 2);
    if (plain)
        return;
    put_le(h, 22, 2);
    put_le(h, bits, 2);
    put_le(h, mask, 4);
    put_bytes(h, subtype, sizeof subtype);
    if (request->sample == SAMPLE_F32)
        h->bytes[h->length - sizeof subtype] = 3;
}

struct sink *wav_pipe_start(struct medium *m,
                            const struct sink_request *request, struct fault *f)
{
    struct header h = {.length = 0};

    put_bytes(&h, "RIFF", 4);
    put_le(&h, UINT32_MAX, 4);
    put_bytes(&h, "WAVE", 4);
    put_format(&h, request);
    put_bytes(&h, "data", 4);
    put_le(&h, UINT32_MAX, 4);
    return raw_start(m, request, h.bytes, h.length, f);
}
