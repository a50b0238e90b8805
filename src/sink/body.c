/* body: see body.h. Writer thread. */
#include "sink/body.h"

#include "sink/formats.h"

/* Samples are written as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "files are little-endian and samples are not swapped");

void body_init(struct body *b, const struct sink_request *request)
{
    b->sample = request->sample;
    b->channels = request->format.channels;
    b->frame_bytes = sink_frame_bytes(request);
}

/* The upper three bytes of each of SAMPLES 32-bit samples. */
static void pack24(uint8_t *dst, const uint8_t *src, size_t samples)
{
    for (size_t i = 0; i < samples; i++) {
        dst[3 * i] = src[4 * i + 1];
        dst[3 * i + 1] = src[4 * i + 2];
        dst[3 * i + 2] = src[4 * i + 3];
    }
}

static bool write_packed(struct body *b, struct medium *m, const uint8_t *data,
                         size_t samples)
{
    while (samples > 0) {
        size_t n = samples < BODY_PACK_SAMPLES ? samples : BODY_PACK_SAMPLES;
        pack24(b->packed, data, n);
        if (medium_write(m, b->packed, n * 3) != n * 3)
            return false;
        data += n * 4;
        samples -= n;
    }
    return true;
}

bool body_write(struct body *b, struct medium *m, const void *data,
                size_t frames)
{
    size_t bytes = frames * b->frame_bytes;

    /* After a failure the medium takes nothing more. */
    if (b->sample == SAMPLE_S24)
        write_packed(b, m, data, frames * b->channels);
    else
        medium_write(m, data, bytes);
    return m->fault.err == ERR_OK;
}

uint64_t body_whole_frames(const struct body *b, int64_t bytes, bool even)
{
    uint64_t frames = bytes > 0 ? (uint64_t)bytes / b->frame_bytes : 0;

    if (even && frames > 0 && (frames * b->frame_bytes) % 2 != 0)
        frames--;
    return frames;
}
