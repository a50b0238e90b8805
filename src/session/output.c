/* output: see output.h. Writer thread. */
#include "session/output.h"

#include <string.h>

#include "core/convert.h"
#include "core/text.h"
#include "sys/clock.h"

/* Silence in every sample type is zeros. */
static const unsigned char silence[OUTPUT_BLOCK_BYTES];

void output_init(struct output *o, struct sink *sink, struct queue *queue,
                 const struct audio_format *format, enum sample_type sample)
{
    memset(o, 0, sizeof(*o));
    o->sink = sink;
    o->queue = queue;
    o->format = *format;
    o->sample = sample;
    o->sample_bytes = convert_sink_bytes(sample);
    o->block_frames = OUTPUT_BLOCK_BYTES / (o->sample_bytes * format->channels);
    levels_init(&o->levels, format->channels);
}

static bool write_silence(struct output *o, enum account_class class,
                          uint64_t frames, struct fault *f)
{
    o->writing = class;
    while (frames > 0) {
        size_t n = frames < o->block_frames ? (size_t)frames : o->block_frames;
        if (!sink_write(o->sink, silence, n, f)) {
            return false;
        }
        levels_add(&o->levels, NULL, n);
        o->account.frames[class] += n;
        o->frames += n;
        frames -= n;
    }
    return true;
}

void output_end_gap(struct output *o)
{
    if (o->gap.frames == 0) {
        return;
    }
    struct session_event event = {
        .kind = EVENT_GAP,
        .wall_ns = clock_wall_ns(),
        .class = o->gap.class,
        .at_frame = o->gap.at_frame,
        .frames = o->gap.frames,
    };
    text_copy(event.reason, sizeof(event.reason), o->gap.reason);
    queue_post(o->queue, &event);
    o->gap.frames = 0;
}

bool output_gap(struct output *o, const struct plan_gap *gap, struct fault *f)
{
    if (o->gap.frames > 0 && o->gap.class != gap->class) {
        output_end_gap(o);
    }
    if (o->gap.frames == 0) {
        o->gap = (struct pending_gap){
            .class = gap->class, .at_frame = o->frames, .reason = gap->reason};
    }
    o->gap.frames += gap->frames;
    return write_silence(o, gap->class, gap->frames, f);
}

bool output_frames(struct output *o, const float *frames, uint64_t count,
                   struct fault *f)
{
    if (count == 0) {
        return true;
    }
    output_end_gap(o);
    if (!frames) {
        return write_silence(o, CLASS_CAPTURED, count, f);
    }
    o->writing = CLASS_CAPTURED;
    while (count > 0) {
        size_t n = count < o->block_frames ? (size_t)count : o->block_frames;
        size_t samples = n * o->format.channels;
        /* while the frames are in the processor's first cache */
        o->clipped += convert_from_float(o->block, frames, o->sample, samples);
        levels_add(&o->levels, frames, n);
        if (!sink_write(o->sink, o->block, n, f)) {
            return false;
        }
        o->account.frames[CLASS_CAPTURED] += n;
        o->frames += n;
        frames += samples;
        count -= n;
    }
    return true;
}

void output_reclassify(struct output *o, uint64_t frames)
{
    uint64_t idle = o->account.frames[CLASS_IDLE];
    if (frames > idle) {
        frames = idle;
    }
    o->account.frames[CLASS_IDLE] -= frames;
    o->account.frames[CLASS_LOST] += frames;
}

void output_settle(struct output *o, uint64_t frames)
{
    static const enum account_class order[CLASS_COUNT] = {
        CLASS_CAPTURED, CLASS_IDLE, CLASS_LOST, CLASS_GONE};
    if (frames > o->frames) {
        /* some of the write that failed got through */
        o->account.frames[o->writing] += frames - o->frames;
    }
    uint64_t excess = o->frames > frames ? o->frames - frames : 0;
    for (int i = 0; i < CLASS_COUNT; i++) {
        uint64_t *count = &o->account.frames[order[i]];
        uint64_t n = *count < excess ? *count : excess;
        *count -= n;
        excess -= n;
    }
    o->frames = frames;
}
