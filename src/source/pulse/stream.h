/* stream: one recording stream on one output's monitor: what it is (stream.c),
 * how its bytes become stamped packets (flow.c), and the loop that keeps it
 * going (run.c). Capture thread only. */
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

struct stream {
    /* constant after open */
    pa_stream *pa; /* NULL: closed */
    struct link *link;
    struct output output;
    size_t frame_bytes;
    size_t fragment_bytes;
    size_t capacity_bytes; /* what the server, and libpulse, hold for us */
    int64_t fragment_ns;
    int64_t batch_ns;         /* bytes may gather for so long before we look */
    int64_t jump_ns;          /* time that moves by more has jumped */
    int64_t turn_ns;          /* how long the loop waits for bytes */
    int64_t absence_ns;       /* nothing for so long: time may have jumped */
    bool follows;             /* end when the default output moves */
    const struct outlet *out; /* NULL outside run */

    /* the bytes */
    uint64_t index;        /* bytes taken, by the server's own count */
    uint64_t extra_frames; /* lost beyond that count: position runs ahead */
    uint64_t lost_frames;  /* to tell with the next packet */
    bool missed;           /* the next packet does not follow the last one */
    bool took;             /* a packet was handed over in this turn */

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
    uint64_t switch_index; /* not 0: there time jumps by switch_ns, lost */
    int64_t switch_ns;

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

    /* news; run ends on them */
    bool removed;     /* the output is no more */
    bool broken;      /* the server moved us, or sent a part of a frame */
    bool ask_default; /* the server has changed something */
    bool default_moved;
    char default_name[256];
};

/* --- stream.c --- */

/* Record OUTPUT's monitor; the link is connected. Bytes may be LATENCY_NS old
 * when they are handed over. On failure nothing is left
 * open. ERR_SOURCE_FAILED, UNSUPPORTED, NO_SERVER. */
bool stream_open(struct stream *s, struct link *l, const struct output *output,
                 int64_t latency_ns, bool follows, int64_t deadline_ns,
                 struct fault *f);
void stream_close(struct stream *s);

/* Wait until sound has come and is heard (a monitor gives up to a fragment
 * before that), an interrupt, a loss or, if none comes, UNTIL_NS. */
void stream_await_sound(struct stream *s, int64_t until_ns);

/* False: it has ended, F says why (ERR_DEVICE_LOST). */
bool stream_alive(const struct stream *s, struct fault *f);

/* Look where the default output is, if the server spoke of a change. */
void stream_check_default(struct stream *s);

/* --- flow.c --- */

void flow_begin(struct stream *s);

/* libpulse: bytes have come. */
void flow_read(pa_stream *pa, size_t bytes, void *data);

/* Ask the server for the stream's time. FRESH: bytes have just come, so that
 * the answer is good for stamps. */
void flow_ask(struct stream *s, int64_t now_ns, bool fresh);

/* Hand over what was held, without an answer. */
void flow_release(struct stream *s, int64_t now_ns);

/* --- run.c --- */

enum source_end stream_run(struct stream *s, const struct outlet *out,
                           struct fault *f);

#endif
