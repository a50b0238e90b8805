/* raw: little-endian samples and nothing else. Writer thread. */
#include <stdlib.h>

#include "sink/formats.h"
#include "sink/body.h"

struct raw_sink {
    struct sink base;
    struct medium medium;
    struct body body;
};

static struct sink *raw_open(const struct sink_request *request,
                             struct fault *f)
{
    struct raw_sink *s = malloc(sizeof *s);

    if (s == NULL) {
        fault_set(f, ERR_NO_MEMORY, "open file", request->path, NULL);
        return NULL;
    }
    if (!medium_open(&s->medium, request, f)) {
        free(s);
        return NULL;
    }
    s->base.ops = &sink_raw_ops;
    body_init(&s->body, request);
    return &s->base;
}

static bool raw_write(struct sink *sink, const void *data, size_t frames,
                      struct fault *f)
{
    struct raw_sink *s = (struct raw_sink *)sink;

    return body_write(&s->body, &s->medium, data, frames) ||
           medium_tell(&s->medium, f);
}

static bool raw_commit(struct sink *sink, struct fault *f)
{
    return medium_commit(&((struct raw_sink *)sink)->medium, f);
}

static uint64_t raw_frames(const struct sink *sink)
{
    const struct raw_sink *s = (const struct raw_sink *)sink;

    return body_whole_frames(&s->body, s->medium.end, false);
}

static uint64_t raw_bytes(const struct sink *sink)
{
    const struct raw_sink *s = (const struct raw_sink *)sink;

    return (uint64_t)s->medium.end;
}

static uint64_t raw_most_bytes(const struct sink *sink, uint64_t frames)
{
    const struct raw_sink *s = (const struct raw_sink *)sink;

    return raw_bytes(sink) + frames * s->body.frame_bytes;
}

static const struct file *raw_file(const struct sink *sink)
{
    return ((const struct raw_sink *)sink)->medium.file;
}

static bool raw_close(struct sink *sink, struct sink_total *total,
                      struct fault *f)
{
    struct raw_sink *s = (struct raw_sink *)sink;
    unsigned before = s->medium.failures;
    bool ok;

    if (s->medium.fault.err != ERR_OK)
        medium_cut(&s->medium,
                   (int64_t)(raw_frames(sink) * s->body.frame_bytes));
    total->frames = raw_frames(sink);
    total->bytes = raw_bytes(sink);
    ok = medium_close(&s->medium, before, f);
    free(s);
    return ok;
}

const struct sink_ops sink_raw_ops = {
    .name = "raw",
    .open = raw_open,
    .write = raw_write,
    .commit = raw_commit,
    .close = raw_close,
    .bytes = raw_bytes,
    .frames = raw_frames,
    .most_bytes = raw_most_bytes,
    .file = raw_file,
};
