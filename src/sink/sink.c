/* sink: the calls that go to one of the file types. Writer thread. */
#include "sink/sink.h"

#include "sink/formats.h"

struct sink *sink_open(const struct sink_request *request, struct fault *f)
{
    const struct audio_format *format = &request->format;

    if (request->sample == SAMPLE_NONE || format->rate == 0 ||
        format->channels == 0) {
        fault_set(f, ERR_INTERNAL, "open file", "no format", NULL);
        return NULL;
    }
    if (!sink_check(request->type, request->sample, format, f))
        return NULL;
    return sink_type_ops(request->type)->open(request, f);
}

bool sink_write(struct sink *s, const void *data, size_t frames,
                struct fault *f)
{
    return frames == 0 || s->ops->write(s, data, frames, f);
}

bool sink_commit(struct sink *s, struct fault *f)
{
    return s->ops->commit == NULL || s->ops->commit(s, f);
}

bool sink_mark(struct sink *s, uint64_t frame)
{
    return s->ops->mark != NULL && s->ops->mark(s, frame);
}

bool sink_close(struct sink *s, struct fault *f)
{
    struct sink_total ignored;

    return sink_close_total(s, &ignored, f);
}

bool sink_close_total(struct sink *s, struct sink_total *total, struct fault *f)
{
    *total = (struct sink_total){0};
    return s == NULL || s->ops->close(s, total, f);
}

uint64_t sink_bytes(const struct sink *s)
{
    return s->ops->bytes(s);
}

uint64_t sink_frames(const struct sink *s)
{
    return s->ops->frames(s);
}

uint64_t sink_most_bytes(const struct sink *s, uint64_t frames)
{
    return s->ops->most_bytes != NULL ? s->ops->most_bytes(s, frames) : 0;
}

const struct file *sink_file(const struct sink *s)
{
    return s->ops->file != NULL ? s->ops->file(s) : NULL;
}
