/* onset: the beginning of a new stream, which its own tap missed, found in what
 * the output's monitor gave. Pure; capture thread.
 *
 * A tap is opened when the server has told of the stream, and by then its first
 * sound is often mixed. Measured with taps opened as soon as the news came,
 * fragments of 20 ms: PulseAudio 16.1 (null sink) misses the block that the
 * sink mixes when the first bytes come, 20 ms (5 where the player wants 20 ms
 * of latency; 2 where a keeper holds it to that); PipeWire 0.3.65 none, one or
 * two cycles of the graph, 5 to 21 ms. A monitor that was there before has all
 * of it on PipeWire, sample by sample; on PulseAudio all but what the sink
 * takes back to mix it again, 0 to 20 ms, and nothing is missing with
 * module-null-sink's norewinds=1.
 *
 * Both give the same samples (where nothing else plays, and neither the
 * output's volume nor another rate comes in between), at the same time on
 * PulseAudio, the monitor one cycle of the graph later on PipeWire. So the
 * tap's first sound is looked for among the monitor's, near the same time, and
 * what lies before it there, back to silence, is the beginning. */
#ifndef LOOPREC_SOURCE_PULSE_ONSET_H
#define LOOPREC_SOURCE_PULSE_ONSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

/* What a monitor gave of late. Its frames are numbered from the first on. */
struct past {
    /* constant */
    unsigned char *bytes; /* the owner's */
    uint64_t room;        /* frames */
    size_t frame_bytes;
    uint32_t rate;
    /* moving */
    uint64_t begin, end;    /* these are there, without a gap */
    int64_t end_ns;         /* the moment of frame END */
    bool fresh;             /* nothing that was played before BEGIN is in it */
    uint64_t next_position; /* of the stream */
};

/* BYTES holds ROOM frames and outlives it. */
void past_init(struct past *p, void *bytes, uint64_t room, size_t frame_bytes,
               uint32_t rate);

/* What comes next. DATA may be NULL: zeros. A gap before it makes all that was
 * there be forgotten. */
void past_add(struct past *p, const struct packet *packet, const void *data);

/* It is listened to again: what comes next does not follow on what was there.
 * FRESH: and is not older than now. */
void past_renew(struct past *p, bool fresh);

/* COUNT frames from number FIRST on, or as many as lie in one piece there. */
const void *past_frames(const struct past *p, uint64_t first, uint64_t *count);

/* What a tap gave first. */
struct onset {
    const unsigned char *bytes;
    uint64_t frames;
    int64_t time_ns;  /* of its first frame */
    int64_t since_ns; /* the stream has nothing older */
    int64_t shift_ns; /* the monitor has it so much later, probably */
};

enum onset_found {
    ONSET_LATER, /* more has to come, of the tap or of the monitor */
    ONSET_NONE,  /* it cannot be told, or is somebody else's */
    ONSET_FOUND,
};

/* Find the *COUNT frames from *FIRST on that come right before O's first one;
 * none, where nothing is missing. *SHIFT_NS: so much later the monitor had
 * it. */
enum onset_found onset_find(const struct past *p, const struct onset *o,
                            uint64_t *first, uint64_t *count,
                            int64_t *shift_ns);

#endif
