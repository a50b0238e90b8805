/* keepers: streams of ours on the monitors of outputs where applications play,
 * or may begin to: while one records an application's streams, they keep the
 * outputs ready for the next one. Capture thread only.
 *
 * They are needed for two things.
 *   - The beginning of a stream, which its own tap misses, is in the monitor of
 *     its output (onset.h): the default output's, and that of each where a tap
 *     is, are listened to; while somebody's first sound is waited for, those of
 *     all outputs that are awake.
 *   - An output of PulseAudio that nobody is in a hurry for mixes up to 2 s
 *     ahead, and what is mixed before a tap is there cannot be had: of sounds
 *     of 250 ms on an idle null sink nothing at all (16.1). A recording stream
 *     with a small latency on its monitor holds it to 20 ms, also a corked one,
 *     which delivers nothing and costs nothing: so there is one on every output
 *     that is awake. PipeWire has no such outputs.
 *
 * While a stream that is recorded plays on an output, no other's beginning can
 * be told in its monitor (onset.h). To hear it all the same would double the
 * packets, so on PulseAudio the keeper there is corked too, from a second after
 * the stream's beginning to its end; the roster tells of that at once, and it
 * hears again before the next song (songs 4 ms apart: not a frame of their
 * beginnings was missing, 16.1, norewinds=1). PipeWire's listen on: none is
 * corked there, and what coming and going would do to its graph is not known.
 *
 * A null sink of PulseAudio takes back what it has mixed of the present block
 * when a player starts, and mixes it again, but its monitor does not hear that
 * (no tap does, either): of a block of 20 ms up to 20 ms of a sound's beginning
 * are missing. So while somebody's first sound is waited for, the keepers ask
 * for blocks of 2 ms there: 500 turns a second of the server instead of 50, for
 * a minute at most. Sound cards' monitors hold back what may be mixed again;
 * there it would only bring other people's sound into danger. */
#ifndef LOOPREC_SOURCE_PULSE_KEEPERS_H
#define LOOPREC_SOURCE_PULSE_KEEPERS_H

#include "source/pulse/onset.h"
#include "source/pulse/stream.h"

/* Outputs beyond these are recorded, but not kept ready. */
enum { KEEPERS_MAX = 8, KEEPERS_SINKS_MAX = 32 };

struct keeper {
    struct stream stream;
    struct outlet outlet;
    struct past past;
    unsigned char *bytes; /* the past's */
    bool listens;
    int64_t changed_ns; /* that did, last */
    bool tight;         /* as was asked last */
};

/* An output, as the server told of it. */
struct keepers_sink {
    uint32_t index;
    uint32_t monitor;
    bool is_default;
    bool asleep;
    bool hardware;
    bool same; /* its monitor gives what the base does, nothing is converted */
};

/* An output that has a tap. */
struct keepers_use {
    uint32_t sink;
    bool plays; /* what is recorded there plays, and goes on */
};

struct keepers {
    /* constant after keepers_open */
    struct link *link;
    const struct output *base; /* the format to ask for */
    int64_t latency_ns;
    uint64_t past_frames;
    unsigned char *bytes; /* malloc */
    /* the outputs */
    bool pipewire;
    char default_name[256];
    struct keepers_sink sinks[KEEPERS_SINKS_MAX];
    unsigned sink_count;
    struct keepers_sink coming[KEEPERS_SINKS_MAX]; /* of the answer under way */
    unsigned coming_count;
    pa_operation *server_op, *sinks_op;
    bool asking;
    bool dirty; /* something has changed since it was asked */
    bool news;  /* the last answer, or a wish, is still to be followed */
    int64_t next_ns;
    bool tight; /* wanted */
    /* where they are put */
    int64_t shift_ns; /* a monitor has a stream's sound so much later than a
                       * tap, as seen last */
    struct keeper items[KEEPERS_MAX];
};

/* Look at the outputs. BASE outlives it. LISTENS: make keepers, at first where
 * the default output is. False: ERR_NO_MEMORY, SOURCE_FAILED, NO_SERVER;
 * nothing is left. */
bool keepers_open(struct keepers *k, struct link *l, const struct output *base,
                  int64_t latency_ns, bool listens, int64_t deadline_ns,
                  struct fault *f);
void keepers_close(struct keepers *k);

/* The server says that an output, or which one is the default, has changed. */
void keepers_stir(struct keepers *k);

/* After a turn: let them be where they should, USED being the outputs that
 * have taps, one for each tap, COUNT of them. CHANGED: they are not those of
 * the last turn. */
void keepers_turned(struct keepers *k, const struct keepers_use *used,
                    unsigned count, bool changed, int64_t now_ns);

/* From now on a beginning is waited for, or not. */
void keepers_tighten(struct keepers *k, bool tight);

/* Have those that listen heard something? Until then an output still plays what
 * it had mixed ahead before: what begins meanwhile is heard late, and its first
 * 20 ms are missed (PulseAudio 16.1, null sink). */
bool keepers_are_ready(const struct keepers *k);

/* Does SINK give what the base does? */
bool keepers_same(const struct keepers *k, uint32_t sink);

/* What SINK's monitor gave of late; NULL: nobody listens to it. */
const struct past *keepers_past(const struct keepers *k, uint32_t sink);

#endif
