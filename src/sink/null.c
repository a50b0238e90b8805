/* null: a sink that counts and forgets, or tells an ear. Writer thread. */
#include <stdlib.h>

#include "sink/formats.h"

struct null_sink {
    struct sink base;
    size_t frame_bytes;
    struct audio_format format;
    const struct sink_ear *ear;
    uint64_t frames;
};

static struct sink *null_open(const struct sink_request *request,
                              struct fault *f)
{
    struct null_sink *s = malloc(sizeof *s);

    if (s == NULL) {
        fault_set(f, ERR_NO_MEMORY, "open null", NULL, NULL);
        return NULL;
    }
    s->base.ops = &sink_null_ops;
    s->frame_bytes = sink_frame_bytes(request);
    s->format = request->format;
    s->ear = request->ear;
    s->frames = 0;
    return &s->base;
}

static bool null_write(struct sink *sink, const void *data, size_t frames,
                       struct fault *f)
{
    struct null_sink *s = (struct null_sink *)sink;

    (void)f;
    if (s->ear != NULL) {
        s->ear->hear(s->ear->context, &s->format, data, frames);
    }
    s->frames += frames;
    return true;
}

static uint64_t null_bytes(const struct sink *sink)
{
    const struct null_sink *s = (const struct null_sink *)sink;

    return s->frames * s->frame_bytes;
}

static bool null_close(struct sink *sink, struct sink_total *total,
                       struct fault *f)
{
    (void)f;
    total->frames = ((struct null_sink *)sink)->frames;
    total->bytes = null_bytes(sink);
    free(sink);
    return true;
}

static uint64_t null_frames(const struct sink *sink)
{
    return ((const struct null_sink *)sink)->frames;
}

const struct sink_ops sink_null_ops = {
    .name = "null",
    .open = null_open,
    .write = null_write,
    .close = null_close,
    .bytes = null_bytes,
    .frames = null_frames,
};
