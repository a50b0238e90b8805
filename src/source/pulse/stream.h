/* stream: one recording stream on a sound server, of all that an output plays
 * or of one sink input on it: what it is (stream.c) and how its bytes become
 * stamped packets (flow.c). run.c keeps a set of them going. Capture thread
 * only. */
#ifndef LOOPREC_SOURCE_PULSE_STREAM_H
#define LOOPREC_SOURCE_PULSE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/pulse/devices.h"
#include "source/pulse/link.h"
#include "source/pulse/timing.h"
#include "source/source.h"

#define STREAM_NEVER INT64_MIN

/* All of the output, and not one sink input's part in it. */
#define STREAM_WHOLE PA_INVALID_INDEX

enum stream_phase {
    STREAM_CLOSED,
    STREAM_CONNECTING, /* the server was asked for it */
    STREAM_CHECKING,   /* it is there; is it as loud as it should be? */
    STREAM_OPEN,
    STREAM_DEAD, /* the server refused it, or has ended it */
};

/* What to record, and how. */
struct stream_wish {
    const struct output *output; /* copied; its spec is what is asked for */
    pa_context *context;         /* on which connection of the link's loop;
                                  * NULL: the link's own */
    uint32_t input;              /* a sink input, or STREAM_WHOLE */
    int64_t latency_ns;          /* so old bytes may be when handed over */
    bool same_places;            /* the map has the output's own places: nothing
                                  * is to be mixed */
    bool corked;                 /* to begin with, it delivers nothing */
    bool tight; /* as small pieces as there can be, whatever the latency */
};

struct stream {
    /* constant after open */
    pa_stream *pa; /* NULL: closed */
    struct link *link;
    pa_context *context;
    struct output output;
    uint32_t input;
    size_t frame_bytes;
    size_t fragment_bytes;
    size_t capacity_bytes; /* what the server, and libpulse, hold for us */
    int64_t latency_ns;    /* as wished */
    int64_t fragment_ns;
    int64_t batch_ns;   /* bytes may gather for so long before we look */
    int64_t jump_ns;    /* time that moves by more has jumped */
    int64_t absence_ns; /* nothing for so long: time may have jumped */

    /* opening */
    enum stream_phase phase;
    pa_operation *volume_asked; /* questions to the server; NULL: none */
    pa_operation *volume_set;

    /* the owner's, between turns */
    const struct outlet *out; /* NULL: the bytes stay with libpulse */
    bool keeps; /* it keeps what is handed over with stamps that are not known
                 * yet: not so much is held back in libpulse, which lets go of
                 * it when the server ends the stream */
    bool full;  /* it keeps no more for now: the rest stays there */
    bool background; /* no end of it is waited for at the stop */

    /* the bytes */
    uint64_t index;         /* bytes taken, by the server's own count */
    uint64_t extra_frames;  /* lost beyond that count: position runs ahead */
    uint64_t waiting_bytes; /* left in libpulse, as last seen */
    uint64_t lost_frames;   /* to tell with the next packet */
    bool missed;            /* the next packet does not follow the last one */
    bool took;              /* a packet was handed over in this turn */

    /* time */
    struct timing timing;
    int64_t arrival_ns;    /* when bytes came last; at first: of the opening */
    int64_t end_ns;        /* stamp of the next frame, if it follows at once */
    int64_t lag_ns;        /* the latest that bytes came, by their own stamps */
    bool slept;            /* the output was suspended since the last bytes */
    bool holding;          /* bytes stay with libpulse until the server has said
                            * what time they are from */
    int64_t held_ns;       /* since then */
    uint64_t held_index;   /* from here */
    bool first_since_held; /* no answer for stamps since then */
    uint64_t behind_bytes; /* so many more the server had, by its last answer:
                            * more than it keeps for the next fragment; or 0 */
    uint64_t switch_index; /* not 0: there time jumps by switch_ns, lost */
    int64_t switch_ns;
    uint64_t uncounted; /* bytes that came and the server forgot to count */

    /* questions for the time */
    bool asking;      /* one is under way */
    bool stalled;     /* the last answer took long */
    bool asked_fresh; /* it went out as bytes came */
    int64_t asked_ns;
    int64_t ask_next_ns; /* with bytes, not before */
    int64_t ask_pause_ns;

    /* silence */
    int64_t certain_ns;   /* nothing was played up to here */
    int64_t idle_ns;      /* what the outlet was told last */
    unsigned empty_turns; /* in a row, with a question unanswered */

    bool broken; /* the server moved us, or sent a part of a frame */
};

/* --- stream.c --- */

/* Ask the server for the stream; the link is connected. Returns at once.
 * False: it could not even be asked (the connection is gone, or libpulse has no
 * memory), nothing is left open; F as by stream_open. */
bool stream_connect(struct stream *s, struct link *l,
                    const struct stream_wish *wish, struct fault *f);

/* After a turn of the link: how far it is. */
enum stream_phase stream_advance(struct stream *s);

/* Connect and wait until it is open. On failure nothing is left open.
 * ERR_SOURCE_FAILED, NO_SERVER. */
bool stream_open(struct stream *s, struct link *l,
                 const struct stream_wish *wish, int64_t deadline_ns,
                 struct fault *f);
void stream_close(struct stream *s);

/* Let the server deliver, or not. */
void stream_cork(struct stream *s, bool corked);

/* From now on it is tight, or not; see struct stream_wish. */
void stream_tighten(struct stream *s, bool tight);

/* --- flow.c --- */

void flow_begin(struct stream *s);

/* Take what has come. */
void flow_read(struct stream *s);

/* Nobody wants what has come. */
void flow_drop(struct stream *s);

/* Ask the server for the stream's time. FRESH: bytes have just come, so that
 * the answer is good for stamps. */
void flow_ask(struct stream *s, int64_t now_ns, bool fresh);

/* When the next frame to be taken was heard, or will be, by the answers so far;
 * STREAM_NEVER: there was none. */
int64_t flow_next_ns(const struct stream *s);

/* Hand over what was held, without an answer. */
void flow_release(struct stream *s, int64_t now_ns);

/* Hand over what waited because the owner was full. */
void flow_resume(struct stream *s);

/* Nothing more is wanted of it: hand over what is there, where it can still be
 * had (else it is waiting_bytes), and no more. */
void flow_finish(struct stream *s, int64_t now_ns);

/* What was played up to STOP_NS has not come, and is not waited for: hand over
 * what is there, and that the rest is lost (a packet of no frames). */
void flow_miss(struct stream *s, int64_t stop_ns, int64_t now_ns);

/* Bytes have not come for a while. */
bool flow_absent(const struct stream *s, int64_t now_ns);

#endif
