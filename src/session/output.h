/* output: the way into the file: silence and frames in the file's format; and
 * what is counted on that way: the account, levels, clipping, gaps. Writer
 * thread. Private to session/. */
#ifndef LOOPREC_SESSION_OUTPUT_H
#define LOOPREC_SESSION_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/levels.h"
#include "core/timeline.h"
#include "session/internal.h"
#include "sink/sink.h"

/* Small enough for the processor's cache, large enough for the encoder; holds
 * at least 128 frames of FORMAT_CHANNELS_MAX channels. */
enum { OUTPUT_BLOCK_BYTES = 16 * 1024 };

/* A gap that may still grow. */
struct pending_gap {
    enum account_class class;
    uint64_t at_frame;
    uint64_t frames;
    const char *reason;
};

struct output {
    struct sink *sink;   /* not owned */
    struct queue *queue; /* not owned: where gaps are told */
    struct audio_format format;
    enum sample_type sample;
    size_t sample_bytes;
    size_t block_frames;
    struct levels levels;
    struct account account; /* adds up to frames */
    struct pending_gap gap;
    enum account_class writing; /* what the last write was */
    uint64_t frames;            /* written */
    uint64_t clipped;           /* samples */
    _Alignas(64) unsigned char block[OUTPUT_BLOCK_BYTES];
};

void output_init(struct output *o, struct sink *sink, struct queue *queue,
                 const struct audio_format *format, enum sample_type sample);

/* A gap of silence. Gaps of one class that touch are told as one. False: the
 * sink's fault. */
bool output_gap(struct output *o, const struct plan_gap *gap, struct fault *f);

/* COUNT captured frames in the file's rate and channels; NULL: captured
 * silence. False: the sink's fault. */
bool output_frames(struct output *o, const float *frames, uint64_t count,
                   struct fault *f);

/* FRAMES idle frames were lost after all. */
void output_reclassify(struct output *o, uint64_t frames);

/* A write failed, and FRAMES frames are in the file: make the account agree. */
void output_settle(struct output *o, uint64_t frames);

/* Tell the gap that can grow no more. */
void output_end_gap(struct output *o);

#endif
