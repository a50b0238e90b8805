/* roster: which streams of a sound server are to be recorded, kept up to date
 * by a thread of its own ("roster"), with a connection of its own: so the
 * capture thread reads no /proc and asks the server nothing but its streams.
 *
 * Functions without a remark: the capture thread, outside of the capture path.
 * roster_next: the capture thread, also while it captures: no lock, no heap. */
#ifndef LOOPREC_SOURCE_PULSE_ROSTER_H
#define LOOPREC_SOURCE_PULSE_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "source/pulse/link.h"
#include "source/pulse/who.h"
#include "source/source.h"

struct roster;

/* One stream that is to be recorded. */
struct roster_stream {
    uint32_t input;   /* the sink input; PA_INVALID_INDEX: all of the sink */
    uint32_t sink;    /* where it plays */
    uint32_t monitor; /* the source that hears that sink */
    int64_t seen_ns;  /* clock_now_ns() when the server first told of it, or of
                       * its move: nothing of it on this sink is much older */
    bool corked;      /* it paused as the server told of it */
    bool fresh;       /* it began after roster_start's first look */
    char name[128];   /* the application's, for people; raw */
};

enum roster_word {
    ROSTER_ATTACH, /* record it */
    ROSTER_DETACH, /* no longer (it ended, moved, is not meant any more) */
    ROSTER_CHANGE, /* corked has changed */
    ROSTER_ENDED,  /* what was to be recorded is over: the recording is too */
};

struct roster_news {
    enum roster_word word;
    struct roster_stream stream; /* but for ENDED */
};

/* Look once, then keep looking. REQUEST (scope APP, EXCLUDE or ALL) outlives
 * the roster; warnings go to its listener, from the roster's thread. CAPTURE,
 * whose loop this turns meanwhile, is knocked at (link_knock) for news; it
 * outlives the roster too. WHO is what is remembered from one roster to the
 * next (which processes were meant): who_init'ed for REQUEST, kept by the
 * source, and the roster's until roster_stop. Returns when the first look is
 * done, at DEADLINE_NS at the latest. NULL: ERR_NO_SERVER, NO_APP,
 * APP_AMBIGUOUS, SOURCE_FAILED, NO_MEMORY; SOURCE_FAILED also when CAPTURE was
 * interrupted meanwhile. */
struct roster *roster_start(const struct source_request *request,
                            struct who *who, struct link *capture,
                            int64_t deadline_ns, struct fault *f);

/* How what is recorded is called, as of the first look: "process:12", "mpv (pid
 * 12)". */
void roster_describe(const struct roster *r, char *id, size_t id_size,
                     char *name, size_t name_size);

/* The oldest news not yet taken. False: none. */
bool roster_next(struct roster *r, struct roster_news *out);

/* Its connection broke, or it cannot go on: the capture thread's run is to end
 * as lost. F (may be NULL) says why. */
bool roster_alive(struct roster *r, struct fault *f);

/* End and join. NULL is fine. */
void roster_stop(struct roster *r);

#endif
