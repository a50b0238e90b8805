/* output: see output.h. Writer thread. */
#include "session/output.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/convert.h"
#include "core/duration.h"
#include "core/text.h"

/* Silence in every sample type is zeros. */
static const unsigned char silence[OUTPUT_BLOCK_BYTES];

void output_init(struct output *o, struct sink *sink, struct queue *queue,
                 const struct audio_format *format, enum sample_type sample,
                 bool dither)
{
    memset(o, 0, offsetof(struct output, block));
    o->sink = sink;
    o->queue = queue;
    o->format = *format;
    o->sample = sample;
    o->sample_bytes = convert_sink_bytes(sample);
    o->block_frames = OUTPUT_BLOCK_BYTES / (o->sample_bytes * format->channels);
    o->dithers = dither && sample == SAMPLE_S16;
    dither_begin(&o->dither);
    levels_init(&o->levels, format->channels);
    gaps_init(&o->gaps, queue, &o->account);
}

static void set_mark(struct output *o, uint64_t frame)
{
    if (!sink_mark(o->sink, frame) && !o->marks_refused) {
        o->marks_refused = true;
        queue_post_text(o->queue, EVENT_WARNING,
                        "a marker is not in the file: wav and rf64 hold 4096 "
                        "of them, flac 161, other types and pipes none; it is "
                        "told here and in the events only",
                        NULL);
    }
}

/* FRAMES fewer frames, of the first COUNT classes of ORDER. */
static void take_back(struct output *o, uint64_t frames,
                      const enum account_class *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t *from = &o->account.frames[order[i]];
        uint64_t n = *from < frames ? *from : frames;
        *from -= n;
        frames -= n;
    }
}

/* What did not get into the file is not counted; what of it did, the sink tells
 * at its end (output_settle). */
static void uncount(struct output *o, size_t frames)
{
    const enum account_class order[] = {o->writing, CLASS_CAPTURED, CLASS_IDLE,
                                        CLASS_LOST, CLASS_GONE};
    take_back(o, frames, order, sizeof order / sizeof order[0]);
    o->frames -= frames;
}

static bool write_out(struct output *o, const void *data, size_t frames,
                      struct fault *f)
{
    if (frames > 0 && !sink_write(o->sink, data, frames, f)) {
        uncount(o, frames);
        return false;
    }
    return true;
}

bool output_flush(struct output *o, struct fault *f)
{
    size_t waiting = o->waiting;
    o->waiting = 0;
    return write_out(o, o->block, waiting, f);
}

static void count(struct output *o, enum account_class class, size_t frames)
{
    o->writing = class;
    o->account.frames[class] += frames;
    o->frames += frames;
}

static bool mark_is_due(const struct output *o)
{
    return o->mark_count > 0 && o->marks[0] <= o->frames;
}

/* How many of COUNT frames to take at once, no more than a block of which
 * AT_ONCE are there already; marks whose frames are next are set. */
static size_t next_block(struct output *o, uint64_t count, size_t at_once)
{
    while (mark_is_due(o)) {
        set_mark(o, o->marks[0]);
        o->mark_count--;
        memmove(o->marks, o->marks + 1, o->mark_count * sizeof o->marks[0]);
    }
    uint64_t most = o->block_frames - at_once;
    if (o->mark_count > 0 && o->marks[0] - o->frames < most) {
        most = o->marks[0] - o->frames;
    }
    return (size_t)(count < most ? count : most);
}

void output_mark(struct output *o, uint64_t frame)
{
    if (frame < o->frames || o->mark_count == OUTPUT_MARKS) {
        set_mark(o, frame);
    } else {
        o->marks[o->mark_count++] = frame;
    }
}

static bool write_silence(struct output *o, enum account_class class,
                          uint64_t frames, struct fault *f)
{
    if (!output_flush(o, f)) {
        return false;
    }
    while (frames > 0) {
        size_t n = next_block(o, frames, 0);
        levels_add(&o->levels, NULL, n);
        count(o, class, n);
        if (!write_out(o, silence, n, f)) {
            return false;
        }
        frames -= n;
    }
    return true;
}

static void tell_clipping(struct output *o)
{
    char at[40], text[160];
    int64_t at_ns = frames_to_ns((int64_t)o->frames, o->format.rate);
    duration_format(at, sizeof at, at_ns);
    snprintf(
        text, sizeof text,
        "the sound exceeds full scale and is clipped, first at %s; samples "
        "of f32 would hold it",
        at);
    queue_post_text(o->queue, EVENT_WARNING, text, NULL);
}

/* At most a block of them, whose largest magnitude is PEAK, to the file's
 * samples, at OUT. */
static void encode(struct output *o, void *out, const float *frames,
                   size_t samples, float peak)
{
    if (o->dithers && dither_apply(&o->dither, o->dithered, frames, samples)) {
        frames = o->dithered;
    } else if (peak < 1.0f) {
        convert_plain(out, frames, o->sample, samples);
        return;
    }
    size_t clipped = convert_from_float(out, frames, o->sample, samples);
    if (clipped > 0 && o->clipped == 0) {
        tell_clipping(o);
    }
    o->clipped += clipped;
}

/* Frames of one class gather in the block: a write for each packet would be one
 * for the header, too. */
static bool write_frames(struct output *o, enum account_class class,
                         const float *frames, uint64_t left, struct fault *f)
{
    while (left > 0) {
        bool apart = o->writing != class || mark_is_due(o);
        if (apart && !output_flush(o, f)) {
            return false;
        }
        size_t n = next_block(o, left, o->waiting);
        size_t samples = n * o->format.channels;
        size_t at = o->waiting * o->format.channels * o->sample_bytes;
        /* while the frames are in the processor's first cache */
        float peak = levels_add(&o->levels, frames, n);
        encode(o, o->block + at, frames, samples, peak);
        count(o, class, n);
        o->waiting += n;
        if (o->waiting == o->block_frames && !output_flush(o, f)) {
            return false;
        }
        frames += samples;
        left -= n;
    }
    return true;
}

static const float *next_frames(const struct output *o, const float *frames,
                                uint64_t count)
{
    return frames ? frames + count * o->format.channels : NULL;
}

void output_end_gap(struct output *o)
{
    gaps_end(&o->gaps);
    gaps_tell_lost(&o->gaps);
}

/* A part of a gap that is in the file. */
static bool write_gap(struct output *o, const struct plan_gap *gap,
                      const float *frames, struct fault *f)
{
    const struct gap next = {.class = gap->class,
                             .at = o->frames,
                             .frames = gap->frames,
                             .reason = gap->reason};
    gaps_add(&o->gaps, &next);
    return frames ? write_frames(o, gap->class, frames, gap->frames, f)
                  : write_silence(o, gap->class, gap->frames, f);
}

bool output_gap(struct output *o, const struct plan_gap *gap,
                const float *frames, struct fault *f)
{
    struct plan_gap part = *gap;
    for (uint64_t left = gap->frames; left > 0; left -= part.frames) {
        bool hidden;
        part.frames = pauses_pass(&o->pauses, left, &hidden);
        if (!hidden && !write_gap(o, &part, frames, f)) {
            return false;
        }
        frames = next_frames(o, frames, part.frames);
    }
    return true;
}

bool output_frames(struct output *o, const float *frames, uint64_t count,
                   struct fault *f)
{
    while (count > 0) {
        bool hidden;
        uint64_t n = pauses_pass(&o->pauses, count, &hidden);
        if (!hidden) {
            gaps_end(&o->gaps);
            if (!(frames ? write_frames(o, CLASS_CAPTURED, frames, n, f)
                         : write_silence(o, CLASS_CAPTURED, n, f))) {
                return false;
            }
        }
        frames = next_frames(o, frames, n);
        count -= n;
    }
    return true;
}

void output_reclassify(struct output *o, uint64_t frame, uint64_t count,
                       bool mixed)
{
    uint64_t at = pauses_place(&o->pauses, frame);
    gaps_lose(&o->gaps, at, pauses_place(&o->pauses, frame + count) - at, mixed,
              "audio came too late");
}

void output_lose(struct output *o, uint64_t at, uint64_t frames)
{
    gaps_lose(&o->gaps, at, frames, true, "its file did not keep it");
    gaps_tell_lost(&o->gaps);
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
    take_back(o, excess, order, CLASS_COUNT);
    o->frames = frames;
}
