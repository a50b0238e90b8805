/* peaks: a short look at how loud streams are, all at the same time. Main
 * thread.
 *
 * Each stream is tapped where a recording of it would be, after its own volume
 * and mute (PulseAudio 16.1, PipeWire 0.3.65), by a record stream that has the
 * server find the peaks. It asks for no latency, so that no output mixes
 * smaller blocks because of it, and for longer fragments than PipeWire's usual
 * cycle. Where an output has been mixed further ahead than we look (up to 2 s
 * for a player in no hurry) nothing comes, and the peak stays unknown. */
#ifndef LOOPREC_SOURCE_PULSE_PEAKS_H
#define LOOPREC_SOURCE_PULSE_PEAKS_H

#include <stddef.h>
#include <stdint.h>

#include "source/pulse/link.h"

/* So long nothing may come of any; and how long it takes at most, for all
 * together. On PipeWire with much to do, or one processor, they come one after
 * the other (branches.h): what is known is closed, so that the next comes. */
#define PEAKS_NS      INT64_C(200000000)
#define PEAKS_MOST_NS INT64_C(1000000000)
/* How many streams are tapped at most; the others' peaks stay unknown. */
enum { PEAKS_MAX = 64 };

struct peak_tap {
    /* the caller's */
    uint32_t input;     /* the sink input */
    uint32_t monitor;   /* the source that hears its sink */
    pa_channel_map map; /* its sink's, so that the peak is the one of what the
                         * output gets: both servers mix for it before that */
    /* what was found: linear, of the loudest channel; below 0: unknown */
    double peak;
    /* peaks.c's own */
    pa_stream *pa;
    unsigned values; /* frames of peaks that came */
    unsigned loud;   /* those that were not zero */
};

/* Look at COUNT streams and set their peaks. What fails is unknown. */
void peaks_look(struct link *l, struct peak_tap *taps, size_t count);

#endif
