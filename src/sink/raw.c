/* raw: little-endian samples and nothing else; behind a header it is the body
 * of wav_pipe.c too. Writer thread. */
#include <stdlib.h>
#include <string.h>

#include "core/convert.h"
#include "sink/formats.h"

/* Samples are written as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "files are little-endian and samples are not swapped");

enum { PACK_SAMPLES = 4096 };

struct raw_sink {
    struct sink base;
    struct medium medium;
    enum sample_type sample;
    uint32_t channels;
    size_t frame_bytes; /* in the file */
    int64_t start;      /* where the samples begin */
    uint8_t packed[PACK_SAMPLES * 3];
};

/* The upper three bytes of each of SAMPLES 32-bit samples. */
static void pack24(uint8_t *dst, const uint8_t *src, size_t samples)
{
    for (size_t i = 0; i < samples; i++) {
        dst[3 * i] = src[4 * i + 1];
        dst[3 * i + 1] = src[4 * i + 2];
        dst[3 * i + 2] = src[4 * i + 3];
    }
}

static bool write_packed(struct raw_sink *s, const uint8_t *data,
                         size_t samples)
{
    while (samples > 0) {
        size_t n = samples < PACK_SAMPLES ? samples : PACK_SAMPLES;
        pack24(s->packed, data, n);
        if (medium_write(&s->medium, s->packed, n * 3) != n * 3)
            return false;
        data += n * 4;
        samples -= n;
    }
    return true;
}

static bool raw_write(struct sink *sink, const void *data, size_t frames,
                      struct fault *f)
{
    struct raw_sink *s = (struct raw_sink *)sink;
    size_t bytes = frames * s->frame_bytes;

    /* After a failure the medium takes nothing more. */
    if (s->sample == SAMPLE_S24)
        write_packed(s, data, frames * s->channels);
    else
        medium_write(&s->medium, data, bytes);
    if (s->medium.fault.err != ERR_OK)
        return medium_tell(&s->medium, f);
    return true;
}

static bool raw_commit(struct sink *sink, struct fault *f)
{
    struct raw_sink *s = (struct raw_sink *)sink;

    return s->medium.fault.err == ERR_OK || medium_tell(&s->medium, f);
}

static uint64_t raw_frames(const struct sink *sink)
{
    const struct raw_sink *s = (const struct raw_sink *)sink;

    return sink_whole_frames(s->start, s->medium.end, s->frame_bytes, false);
}

static bool raw_close(struct sink *sink, struct fault *f)
{
    struct raw_sink *s = (struct raw_sink *)sink;
    unsigned before = s->medium.failures;
    bool ok;

    if (s->medium.fault.err != ERR_OK) {
        uint64_t bytes = raw_frames(sink) * s->frame_bytes;
        medium_cut(&s->medium, s->start + (int64_t)bytes);
    }
    ok = medium_close(&s->medium, before, f);
    free(s);
    return ok;
}

static uint64_t raw_bytes(const struct sink *sink)
{
    const struct raw_sink *s = (const struct raw_sink *)sink;

    return (uint64_t)s->medium.end;
}

struct sink *raw_start(struct medium *m, const struct sink_request *request,
                       const void *header, size_t header_bytes, struct fault *f)
{
    struct raw_sink *s = malloc(sizeof *s);

    if (s == NULL) {
        fault_set(f, ERR_NO_MEMORY, "open file", request->path, NULL);
        medium_close(m, 0, NULL);
        return NULL;
    }
    s->base.ops = &sink_raw_ops;
    s->medium = *m;
    s->sample = request->sample;
    s->channels = request->format.channels;
    s->frame_bytes = sink_frame_bytes(request);
    s->start = (int64_t)header_bytes;
    if (header_bytes > 0 &&
        medium_write(&s->medium, header, header_bytes) != header_bytes) {
        medium_tell(&s->medium, f);
        medium_close(&s->medium, 0, NULL);
        free(s);
        return NULL;
    }
    return &s->base;
}

static struct sink *raw_open(const struct sink_request *request,
                             struct fault *f)
{
    struct medium m;

    if (!medium_open(&m, request, f))
        return NULL;
    return raw_start(&m, request, NULL, 0, f);
}

const struct sink_ops sink_raw_ops = {
    .name = "raw",
    .open = raw_open,
    .write = raw_write,
    .commit = raw_commit,
    .close = raw_close,
    .bytes = raw_bytes,
    .frames = raw_frames,
};
