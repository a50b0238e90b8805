/* What the parts of a session share: the track (one source, its ring and its
 * capture thread), the writer, and the queue of events. Private to session/. */
#ifndef LOOPREC_SESSION_INTERNAL_H
#define LOOPREC_SESSION_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/convert.h"
#include "core/levels.h"
#include "core/ring.h"
#include "core/timeline.h"
#include "session/session.h"
#include "sys/thread.h"
#include "sys/wake.h"

/* "No stop asked for yet." */
#define STOP_NEVER INT64_MAX

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

/* --- capture.c: one source on its thread --- */

/* The longest packet in the ring; longer ones are split. */
enum { TRACK_PACKET_FRAMES = 2048 };

enum track_phase {
    TRACK_OPENING,
    TRACK_OPEN,   /* waits for the word to begin */
    TRACK_FAILED, /* open failed: see fault */
    TRACK_RUNNING,
};

struct track {
    /* constant after track_start, track_open, track_begin */
    struct source *source;
    struct queue *queue;
    struct thread *thread;
    struct ring *ring;
    size_t ring_bytes;
    struct wake *main_wake;   /* set when the phase leaves OPENING */
    struct wake *writer_wake; /* set when the ring has ended, or is full in
                               * virtual time */
    struct wake *go;          /* set to begin, or to give up */
    struct wake *room;        /* set by the writer: there is room (virtual) */

    /* written by the capture thread before its phase leaves OPENING */
    struct source_info info;
    struct fault fault;
    int64_t opened_ns; /* the source's clock when it was open */

    /* capture thread only */
    struct audio_format format;  /* what packets have now */
    struct source_info info_now; /* of the latest opening */
    int64_t back_ns;             /* when the opening that succeeded began */
    int64_t idle_ns;             /* said since the last packet; or NO_TIME */

    /* writer thread only */
    struct audio_format writer_format; /* what packets have at the ring's end */
    struct timeline timeline;
    struct converter *converter;
    uint64_t owed_frames; /* file frames planned, not yet out of the
                           * converter */

    /* shared */
    _Atomic int phase;           /* enum track_phase */
    _Atomic bool waits_for_room; /* virtual time: the capture thread does */
    _Atomic bool abandoned;      /* interrupted: waits are to end */
};

/* Make the source; touches no audio system. On false track_release cleans. */
bool track_create(struct track *t, const struct source_request *request,
                  struct queue *queue, struct wake *main_wake,
                  struct wake *writer_wake, struct fault *f);
/* Start the thread, which opens the source. */
bool track_open(struct track *t, struct fault *f);
enum track_phase track_phase(const struct track *t);
/* The track is OPEN: give it a ring for BUFFER_NS; let it run. */
bool track_make_ring(struct track *t, int64_t buffer_ns, struct fault *f);
void track_begin(struct track *t);
/* End soon; any thread; lock-free. */
void track_interrupt(struct track *t, int64_t stop_ns);
/* Let a track that was not begun end; join; release everything. */
void track_release(struct track *t);

/* --- writer.c: every ring into the one file --- */

struct writer;

struct writer_setup {
    struct track *tracks;
    unsigned track_count;
    struct sink *sink; /* the writer closes it */
    struct audio_format format;
    enum sample_type sample;
    int64_t start_ns;    /* frame 0 */
    uint64_t limit;      /* frames; UINT64_MAX */
    int64_t deadline_ns; /* when the duration is over; STOP_NEVER */
    bool virtual_time;
    int64_t poll_ns; /* how often the rings are looked at */
    int64_t look_ns; /* see timeline_init */
    bool hold;       /* see HOLD_NS in reader.c */
    struct queue *queue;
    struct wake *wake;      /* wakes the writer */
    struct wake *main_wake; /* set at the end */
};

struct writer *writer_create(const struct writer_setup *setup, struct fault *f);
bool writer_start(struct writer *w, struct fault *f);
/* The recording stops at STOP_NS; the earliest wins; any thread; lock-free.
 * The sources are to be interrupted by the caller. */
void writer_stop(struct writer *w, int64_t stop_ns);
enum session_end writer_state(const struct writer *w);
void writer_status(struct writer *w, struct session_status *out);
/* Wait for the end; fill in everything that the writer knows. */
void writer_join(struct writer *w, struct session_report *out);
void writer_destroy(struct writer *w);

#endif
