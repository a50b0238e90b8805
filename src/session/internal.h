/* What the parts of a session share: the track (one source on its capture
 * thread), its lanes (each a stream's way from there into the file), the
 * writer, and the queue of events. Private to session/. */
#ifndef LOOPREC_SESSION_INTERNAL_H
#define LOOPREC_SESSION_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/convert.h"
#include "core/levels.h"
#include "core/ring.h"
#include "core/timeline.h"
#include "session/news.h"
#include "session/session.h"
#include "sys/thread.h"
#include "sys/wake.h"

/* "No stop asked for yet." */
#define STOP_NEVER INT64_MAX

/* A source that was asked to end does so within 2 s (source.h), unless it hangs
 * in the system, a driver as a rule. Windows leaves 5 s from the closing of a
 * console to the process's end, and the file is to be finished in them. */
#define PATIENCE_NS INT64_C(3000000000)

/* --- queue.c: events on their way to the main thread --- */

struct queue;

/* WAKE is set with each event. */
struct queue *queue_create(struct wake *wake);
void queue_destroy(struct queue *q);
/* Writer thread, or capture thread outside the capture path. TEXT and REASON
 * may be NULL. An event that finds no room is counted. */
void queue_post(struct queue *q, const struct session_event *event);
void queue_post_text(struct queue *q, enum session_event_kind kind,
                     const char *text, const char *reason);
bool queue_take(struct queue *q, struct session_event *out);
uint64_t queue_overflow(struct queue *q);

/* --- capture.c: one source on its thread; lane.c: its lanes --- */

/* The longest packet in the ring; longer ones are split. */
enum { TRACK_PACKET_FRAMES = 2048 };

enum track_phase {
    TRACK_OPENING, /* for the first time */
    TRACK_WAITING, /* what is to be opened is not there */
    TRACK_OPEN,
    TRACK_FAILED, /* open failed, at first or for good: see fault */
};

/* What the plan of a lane is for. */
enum lane_plan {
    PLAN_NONE,    /* there is none */
    PLAN_SILENCE, /* nothing of the ring */
    PLAN_PACKET,  /* the ring's oldest packet, which is dropped afterwards */
};

struct track;

/* One stream's way: its ring, its timeline, what brings it into the file's
 * format. Most sources are one stream and have one lane. One with more
 * (source.h) has a first that carries no packets: it says how far time has
 * come, and holds the end of the mix half a second behind that, so that a
 * stream that has just begun still finds its place. */
struct lane {
    /* constant after lane_make_ring */
    struct track *track;
    struct ring *ring;

    /* shared */
    _Atomic bool begun; /* by the capture thread: something comes, or did */

    /* capture thread only */
    int64_t idle_ns; /* said since the last packet; or NO_TIME */

    /* writer thread only */
    bool joined;                       /* it is written */
    unsigned place;                    /* on the bus */
    struct audio_format writer_format; /* what packets have at the ring's end */
    struct timeline timeline;
    struct converter *converter;
    uint64_t owed_frames; /* file frames planned, not yet out of the
                           * converter */
    struct plan plan;
    enum lane_plan planned; /* what is left of the plan is to be written */
    unsigned gaps_written;  /* of the plan's */
    bool ends_run;          /* the converter is to be emptied first */
    bool finishing;         /* nothing more is read or planned */
    bool taken;             /* packets were, since this was last looked at */
    bool late;              /* the last packet came too late */
    bool given_up;          /* the source did not end when it was asked to */
};

struct track {
    /* constant after track_create, track_open, track_make_lanes */
    unsigned index; /* among the session's tracks */
    struct source_request request;
    bool wait;         /* for what is not there */
    int64_t wait_ns;   /* at most; 0: without an end */
    bool present;      /* the recording began with it */
    bool virtual_time; /* the recording's */
    struct source *source;
    struct queue *queue;
    struct thread *thread;
    struct lane *lanes; /* lane_count of them */
    unsigned lane_count;
    int64_t buffer_ns;        /* the rings' length */
    struct wake *main_wake;   /* set when the phase changes */
    struct wake *writer_wake; /* set when the ring has ended, or is full in
                               * virtual time */
    struct wake *go;          /* set to begin, or to give up */
    struct wake *room;        /* set by the writer: there is room (virtual) */
    struct news news;         /* what the source tells beside its packets */

    /* written by the capture thread before its phase is OPEN or FAILED */
    struct source_info info;
    struct fault fault;
    int64_t opened_ns; /* the source's clock when it was open */

    /* written by the capture thread before the ring ends */
    int64_t ended_ns; /* the source's clock when it ended by itself, or
                       * STOP_NEVER */

    /* capture thread only */
    struct audio_format format;  /* what packets have now */
    struct source_info info_now; /* of the latest opening */
    int64_t back_ns;             /* when the opening that succeeded began */

    /* shared */
    _Atomic int phase;           /* enum track_phase */
    _Atomic unsigned lanes_made; /* by the writer: they have rings */
    _Atomic unsigned lanes_used; /* by the capture thread: no lane beyond was
                                  * begun; the first is from the start */
    _Atomic bool begun;          /* the recording has; there are lanes */
    _Atomic bool waits_for_room; /* virtual time: the capture thread does */
    _Atomic bool abandoned;      /* interrupted: waits are to end */
    _Atomic bool over;           /* the thread touches nothing any more */
};

/* Make the source of REQUEST's place INDEX; touches no audio system. On false
 * track_release cleans. */
bool track_create(struct track *t, unsigned index,
                  const struct session_request *request, struct queue *queue,
                  struct wake *main_wake, struct wake *writer_wake,
                  struct fault *f);
/* Start the thread, which opens the source; once it is there, if it is waited
 * for. */
bool track_open(struct track *t, struct fault *f);
enum track_phase track_phase(const struct track *t);
/* The track has FAILED, and not because what it waited for never came. */
bool track_refused(const struct track *t);
/* Its name for people: as the system has it where it is present, else as it was
 * asked for. Raw. */
const char *track_name(const struct track *t);
/* Whether the track is PRESENT is known: give it as many lanes as its source
 * has, or may have, the first with a ring for BUFFER_NS of FORMAT, its own or
 * the file's; let it run. */
bool track_make_lanes(struct track *t, const struct audio_format *format,
                      int64_t buffer_ns, struct fault *f);
void track_begin(struct track *t);
/* End soon; any thread; lock-free. */
void track_interrupt(struct track *t, int64_t stop_ns);
/* Has its thread come to its end, or none been started? */
bool track_is_over(const struct track *t);
/* Let a track that was not begun end; join; release everything. */
void track_release(struct track *t);

/* The next lane of T that has no ring gets one. Main thread, then writer
 * thread. False: ERR_NO_MEMORY. */
bool lane_make(struct track *t, const struct audio_format *format,
               struct fault *f);
void lanes_release(struct track *t);
/* Only lanes whose number is smaller were begun, and not all of these need
 * have been: streams do not become ready in the order of their lanes. All of
 * them have rings. Any thread. */
unsigned lanes_used(const struct track *t);
/* On every one of them nothing older than TIME_NS is still to come; nothing at
 * all is. Capture thread. */
void lanes_set_reached(struct track *t, int64_t time_ns);
void lanes_end(struct track *t);

/* --- writer.c: every ring into the one file --- */

struct writer;

struct writer_setup {
    struct track *tracks;
    unsigned track_count;
    struct sink *sink; /* the writer closes it */
    struct audio_format format;
    enum sample_type sample;
    bool dither;
    int64_t start_ns; /* frame 0 */
    uint64_t limit;   /* frames; UINT64_MAX */
    bool virtual_time;
    enum session_suspend on_suspend; /* SPLIT: the sink is a segments_open's */
    int64_t poll_ns;                 /* how often the rings are looked at */
    int64_t look_ns;                 /* see timeline_init */
    int64_t buffer_ns;               /* the rings' length */
    bool hold;                       /* see HOLD_NS in reader.c */
    struct queue *queue;
    struct wake *wake;      /* wakes the writer */
    struct wake *main_wake; /* set at the end */
};

struct writer *writer_create(const struct writer_setup *setup, struct fault *f);
bool writer_start(struct writer *w, struct fault *f);
/* The recording stops at STOP_NS; the earliest wins; any thread; lock-free.
 * The sources are to be interrupted by the caller. */
void writer_stop(struct writer *w, int64_t stop_ns);
/* Pause at AT_NS, or go on then. False: too many at once; nothing is done. Any
 * thread. */
bool writer_pause(struct writer *w, int64_t at_ns);
/* Mark AT_NS; the rest as writer_pause. */
bool writer_mark(struct writer *w, int64_t at_ns);
enum session_end writer_state(const struct writer *w);
void writer_status(struct writer *w, struct session_status *out);
/* Wait for the end; fill in everything that the writer knows. */
void writer_join(struct writer *w, struct session_report *out);
void writer_destroy(struct writer *w);

#endif
