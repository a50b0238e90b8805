/* taps: a fixed pool of recording streams, each for one stream of an
 * application (or for all of one output) that comes and goes, and each with a
 * lane of its own. Capture thread only; nothing here but taps_open and
 * taps_close touches the heap.
 *
 * How a tap behaves, measured with PulseAudio 16.1 and PipeWire 0.3.65 (null
 * sinks):
 *   - It has the samples bit for bit, after the stream's own volume: 16-bit
 *     audio at 100 % is unchanged, asked for as 16 bit or as float.
 *   - The time that the server tells is as good as a monitor's: on PulseAudio
 *     within 0.1 ms of it; on PipeWire one cycle of the graph (5 to 11 ms)
 *     before the monitor's, within 0.5 ms.
 *   - While the player stalls there are zeros. While it is corked PulseAudio
 *     gives zeros, PipeWire nothing: its count stands still and goes on without
 *     a loss (the intake makes the same of the zeros).
 *   - A stream that moves to another output: PulseAudio kills the tap; on
 *     PipeWire the tap goes along without missing a sample, also where the
 *     output that it was on is gone.
 *   - When the stream ends, the tap is killed. What was played by then has come
 *     on PulseAudio; PipeWire keeps what is less than a fragment (up to 20 ms
 *     of a player that stops at once; one that drains has played on by then).
 *   - A stream's number is not used again; a tap on one that is not there is
 *     refused by both. */
#ifndef LOOPREC_SOURCE_PULSE_TAPS_H
#define LOOPREC_SOURCE_PULSE_TAPS_H

#include "source/pulse/branches.h"
#include "source/pulse/intake.h"
#include "source/pulse/keepers.h"
#include "source/pulse/roster.h"

enum {
    TAPS_MAX = SOURCE_LANES_MAX,
    /* Streams that find all taps in use; any beyond are forgotten. */
    TAPS_WAITING_MAX = 256,
};

enum tap_state {
    TAP_FREE,
    TAP_WANTED, /* the server is to be asked for it, again or at all */
    TAP_UP,     /* it was asked, and what it gave is still to be handed over */
};

/* What else is on the output of a stream that begins. */
enum tap_others { OTHERS_UNKNOWN, OTHERS_NONE, OTHERS_SOME };

struct tap {
    struct stream stream;
    struct intake intake;
    enum tap_state state;
    struct roster_stream who; /* FREE: whose it was */
    bool lane_begun;          /* the lane was, once */
    int64_t begin_ns;         /* the stream has nothing older */
    int64_t asked_ns;         /* when the server was asked */
    int64_t retry_ns;
    unsigned tries;
    /* it is to end, when all has come that the server had sent by then; where
     * its stream is gone, when the server has killed it: PipeWire sends what
     * was still on its way before that, up to 30 ms */
    bool leaving;
    bool gone;
    int64_t leave_ns; /* since then */
    bool steady;      /* its stream plays, and did not begin just now */
    /* the beginning */
    bool joins; /* is looked for */
    bool heard; /* was found */
    enum tap_others others;
    pa_operation *others_op;
};

struct taps {
    /* constant after taps_open */
    struct link *link;
    const struct output *base;
    int64_t latency_ns;
    struct keepers *keepers;
    unsigned char *bytes; /* malloc */
    struct branches branches;
    const struct outlet *lanes; /* TAPS_MAX; NULL outside run */
    bool changed;               /* what taps_outputs tells */
    int64_t removed_ns;         /* when a stream of others ended last */
    /* for the log */
    unsigned attached, joined, forgotten;
    struct tap items[TAPS_MAX];
    struct roster_stream waiting[TAPS_WAITING_MAX]; /* oldest first */
    unsigned waiting_count;
};

/* BASE and KEEPERS outlive it. False: ERR_NO_MEMORY. */
bool taps_open(struct taps *t, struct link *l, const struct output *base,
               int64_t latency_ns, struct keepers *keepers, struct fault *f);
void taps_close(struct taps *t);

void taps_attach(struct taps *t, const struct roster_stream *who);
void taps_detach(struct taps *t, uint32_t input, uint32_t sink);
void taps_change(struct taps *t, const struct roster_stream *who);
/* Of all. */
void taps_detach_all(struct taps *t);

/* The sink input INPUT, of whomever, is no more. */
void taps_removed(struct taps *t, uint32_t input);

/* From now on there are LANES, one for each tap; NULL: there are none any more,
 * and what is kept is handed over before. */
void taps_run(struct taps *t, const struct outlet *lanes);

/* After a turn. FLOOR_NS: lanes without a stream are idle up to there. True:
 * something is under way that should not wait. */
bool taps_turned(struct taps *t, int64_t now_ns, int64_t floor_ns);

/* Is any tap in use? */
bool taps_in_use(const struct taps *t);

/* The outputs that have taps, to OUT (TAPS_MAX of them at most); their
 * number. */
unsigned taps_outputs(const struct taps *t, struct keepers_use *out);

#endif
