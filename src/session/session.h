/* session: one recording, from the open source to the finished file. It owns
 * the threads: a capture thread for each track, one writer. All functions but
 * session_stop are the main thread's. */
#ifndef LOOPREC_SESSION_SESSION_H
#define LOOPREC_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/account.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/format.h"
#include "sink/sink.h"
#include "source/source.h"
#include "sys/wake.h"

struct session;

enum { SESSION_TRACKS_MAX = 8 };

struct session_request {
    struct source_request source; /* one track; more will be an array */
    const char *path;             /* UTF-8; "-": standard output; NULL: none */
    enum sink_type type;          /* not SINK_AUTO */
    enum sample_type sample;      /* SAMPLE_NONE: by the source */
    int compression;
    bool overwrite;
    bool has_duration;
    struct duration duration;
    int64_t buffer_ns; /* the ring's length */
};

/* Why a recording ended. */
enum session_end {
    SESSION_RUNNING,
    SESSION_STOPPED,       /* session_stop */
    SESSION_COMPLETE,      /* the duration was reached */
    SESSION_READER_CLOSED, /* the pipe's reader went away: a normal end */
    SESSION_FAILED,        /* the fault says */
};

/* What happened, in order; session_next_event hands them out. */
enum session_event_kind {
    EVENT_GAP,             /* class, at_frame, frames, reason */
    EVENT_DEVICE_LOST,     /* text: why */
    EVENT_DEVICE_BACK,     /* text: the device's name */
    EVENT_DEVICE_REROUTED, /* text: the new device's name */
    EVENT_WARNING,         /* text */
};

struct session_event {
    enum session_event_kind kind;
    int64_t wall_ns;
    enum account_class class;
    uint64_t at_frame;
    uint64_t frames;
    char reason[64];
    char text[320]; /* raw: the printer makes it printable */
};

/* A look at a running recording. */
struct session_status {
    enum session_end end;
    uint64_t frames; /* in the file */
    uint64_t bytes;  /* in the file */
    struct account account;
    uint32_t channels;                      /* of the file */
    float peak[FORMAT_CHANNELS_MAX];        /* linear, since the last look */
    float peak_so_far[FORMAT_CHANNELS_MAX]; /* linear */
    bool gone;                              /* the device is away right now */
    double ring_fill;                       /* 0..1 */
};

/* What a recording was. */
struct session_report {
    enum session_end end;
    struct fault fault;         /* err ERR_OK when all went well */
    struct audio_format format; /* of the file */
    enum sample_type sample;
    uint64_t frames;
    uint64_t bytes;
    struct account account;     /* adds up to frames */
    double peak_dbfs, rms_dbfs; /* -INFINITY: digital silence */
    uint64_t clipped_samples;   /* beyond full scale on the way to integers */
    double ring_high_water;     /* 0..1 */
    double drift_ppm;           /* the device's clock against ours */
    bool drift_known;
    uint64_t overflow_events; /* events that found no room in the queue */
    int64_t wall_ns;          /* from the start to the stop */
};

/* What is recorded, once session_start was true. */
struct session_facts {
    const char *source; /* "pulse" ... */
    struct source_info info;
    struct audio_format format; /* of the file */
    enum sample_type sample;
    const char *path;
    enum sink_type type;
    int64_t start_wall_ns; /* the moment of frame 0 */
};

/* Check everything that can be checked without touching a device or a file
 * that exists. WAKE is set whenever there is something new to see (an event,
 * the end). NULL: told in F. The request's strings must outlive the session. */
struct session *session_create(const struct session_request *request,
                               struct wake *wake, struct fault *f);

/* Open the source, make the file, begin. False: nothing runs; F says why. The
 * file is made last, so that a missing device costs nobody a file. Returns
 * early, with ERR_OK in F, when a stop was requested meanwhile (sys/stop.h). */
bool session_start(struct session *s, struct fault *f);

const struct session_facts *session_facts(const struct session *s);

/* Ask for the end at STOP_NS (clock_now_ns). Any thread; lock-free. */
void session_stop(struct session *s, int64_t stop_ns);

/* SESSION_RUNNING until the writer has finished the file. */
enum session_end session_state(const struct session *s);

void session_status(struct session *s, struct session_status *out);

/* The oldest event not yet seen. False: none. */
bool session_next_event(struct session *s, struct session_event *out);

/* Join the threads (waits for the end) and tell what the recording was. */
void session_finish(struct session *s, struct session_report *out);

void session_destroy(struct session *s);

#endif
