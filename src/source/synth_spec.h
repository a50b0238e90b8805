/* synth_spec: what is written behind "synth:", read into numbers. The grammar
 * is told in synth.c. Pure; any thread. */
#ifndef LOOPREC_SOURCE_SYNTH_SPEC_H
#define LOOPREC_SOURCE_SYNTH_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/format.h"

enum synth_kind {
    SYNTH_TONE,
    SYNTH_CHIRP,
    SYNTH_NOISE,
    SYNTH_COUNTER,
    SYNTH_SILENCE,
};

/* The first six have a length, the others are moments. */
enum synth_event_kind {
    SYNTH_STREAM,
    SYNTH_GAP,
    SYNTH_SILENT,
    SYNTH_STALL,
    SYNTH_BURST,
    SYNTH_SLEEP, /* only when fast */
    SYNTH_LOSE,
    SYNTH_REROUTE,
    SYNTH_REFORMAT,
    SYNTH_OVER,
};

struct synth_event {
    enum synth_event_kind kind;
    int64_t at_ns;     /* since the start */
    int64_t length_ns; /* of LOSE: until open works again */
    uint32_t rate;     /* REFORMAT */
    uint32_t channels; /* REFORMAT; 0: as before */
};

enum synth_position {
    SYNTH_POSITION_RIGHT,
    SYNTH_POSITION_NONE,
    SYNTH_POSITION_ZERO
};

enum { SYNTH_EVENTS_MAX = 64 };

struct synth_spec {
    /* the signal */
    enum synth_kind kind;
    bool kind_given;
    uint64_t millihertz;       /* TONE, CHIRP's start */
    uint64_t chirp_millihertz; /* CHIRP's end */
    int64_t chirp_ns;          /* CHIRP's length; then it begins again */
    uint32_t seed;             /* NOISE */
    double amplitude;          /* linear */
    /* its shape */
    uint32_t rate;
    uint32_t channels;
    enum sample_type type; /* S16, S24 (packed) or F32 */
    /* how it comes */
    int64_t period_ns; /* 0: the default */
    int64_t length_ns; /* INT64_MAX: endless */
    bool fast;
    bool lanes_down;
    /* what is wrong with it */
    int64_t drift_ppb;
    int64_t jitter_ns;
    enum synth_position position;
    bool no_time;
    bool flag_every;
    bool flag_first;
    uint32_t fail_opens;
    unsigned stream_count; /* of the events */
    unsigned event_count;
    struct synth_event events[SYNTH_EVENTS_MAX];
};

/* ERR_USAGE in F names the bad item and says how it is written, or what items
 * there are. */
bool synth_spec_parse(const char *text, struct synth_spec *spec,
                      struct fault *f);

#endif
