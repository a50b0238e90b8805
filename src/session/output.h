/* output: the way into the file: silence and frames in the file's format; and
 * what is counted on that way: the account, levels, clipping, gaps. What lies
 * in a pause goes no further than here. Writer thread. Private to session/. */
#ifndef LOOPREC_SESSION_OUTPUT_H
#define LOOPREC_SESSION_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/dither.h"
#include "core/levels.h"
#include "core/pauses.h"
#include "core/timeline.h"
#include "session/gaps.h"
#include "session/internal.h"
#include "sink/sink.h"

/* Small enough for the processor's cache, large enough for the encoder; holds
 * at least 128 frames of FORMAT_CHANNELS_MAX channels. */
enum { OUTPUT_BLOCK_BYTES = 16 * 1024 };

enum { OUTPUT_MARKS = 64 }; /* that are ahead of what is written */

struct output {
    struct sink *sink;   /* not owned */
    struct queue *queue; /* not owned: where gaps are told */
    struct audio_format format;
    enum sample_type sample;
    size_t sample_bytes;
    size_t block_frames;
    struct levels levels;
    struct account account; /* adds up to frames */
    struct gaps gaps;
    struct pauses pauses;         /* what comes for these is not written */
    uint64_t marks[OUTPUT_MARKS]; /* frames to come that the sink is to mark */
    unsigned mark_count;
    bool marks_refused; /* it was told that one will not be in the file */
    enum account_class writing; /* what came last */
    uint64_t frames;            /* written, or waiting */
    size_t waiting;             /* frames in the block, all of one class */
    uint64_t clipped;           /* samples */
    bool dithers;
    struct dither dither;
    _Alignas(max_align_t) unsigned char block[OUTPUT_BLOCK_BYTES];
    float dithered[OUTPUT_BLOCK_BYTES / sizeof(int16_t)];
};

/* DITHER: where SAMPLE is S16. */
void output_init(struct output *o, struct sink *sink, struct queue *queue,
                 const struct audio_format *format, enum sample_type sample,
                 bool dither);

/* A gap. What is given here and in output_frames may wait for more until
 * output_flush. Gaps of one class that touch are told as one. FRAMES is what
 * other tracks gave meanwhile; NULL: silence. False: the sink's fault. */
bool output_gap(struct output *o, const struct plan_gap *gap,
                const float *frames, struct fault *f);

/* COUNT captured frames in the file's rate and channels; NULL: captured
 * silence. What is beyond full scale is clipped where the file has integers,
 * and told the first time. False: the sink's fault. */
bool output_frames(struct output *o, const float *frames, uint64_t count,
                   struct fault *f);

/* Write what waits for more of its kind. False: the sink's fault. */
bool output_flush(struct output *o, struct fault *f);

/* Of the recording's frames COUNT, from FRAME on, all of which were given, are
 * lost after all: what was a gap. MIXED: in one of several lanes, so that in
 * the file they are lost also where others were captured. */
void output_reclassify(struct output *o, uint64_t frame, uint64_t count,
                       bool mixed);

/* Of the file's frames that were written FRAMES, from AT on, are in no file:
 * they are lost. */
void output_lose(struct output *o, uint64_t at, uint64_t frames);

/* Mark FRAME of the file; marks come in order. Where the file cannot hold it
 * that is told, once. */
void output_mark(struct output *o, uint64_t frame);

/* A write failed, and FRAMES frames are in the file: make the account agree. */
void output_settle(struct output *o, uint64_t frames);

/* Nothing comes: tell of the gap that it ends with. */
void output_end_gap(struct output *o);

#endif
