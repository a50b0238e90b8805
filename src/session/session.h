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

/* What becomes of the time in which the machine slept. */
enum session_suspend {
    SUSPEND_CUT,   /* it is left out */
    SUSPEND_FILL,  /* it is silence, class gone */
    SUSPEND_SPLIT, /* it is left out, and a new file begins */
};

/* "cut", "fill", "split". */
const char *session_suspend_name(enum session_suspend policy);

struct session_request {
    /* Each is a track of its own; what they give is mixed. 1 to
     * SESSION_TRACKS_MAX. */
    struct source_request sources[SESSION_TRACKS_MAX];
    unsigned source_count;
    const char *path;        /* UTF-8, a name with fields (sink/segments.h);
                              * "-": standard output; NULL: none */
    bool path_is_ours;       /* it was made up, so it never replaces a file:
                              * where one exists, -2, -3 ... is the name */
    enum sink_type type;     /* not SINK_AUTO */
    enum sample_type sample; /* SAMPLE_NONE: by the source */
    uint32_t rate;           /* of the file; 0: by the source */
    uint32_t channels;       /* of the file; 0: by the source */
    bool dither;             /* where it has 16 bits; see dither.h */
    int compression;
    bool overwrite;
    struct sink_tags tags;
    int64_t sync_ns;                 /* see struct sink_request */
    enum session_suspend on_suspend; /* SPLIT: into files, so not to standard
                                      * output or nowhere */
    /* Go on in a new file after so long, or before a file is larger (at least
     * SEGMENTS_LEAST_BYTES); not to standard output or nowhere. */
    bool has_split;
    struct duration split;
    uint64_t split_bytes; /* 0: no */
    /* Of the files of a split recording keep the latest: so many, or so many
     * bytes, or so much time; 0, 0, false: all. */
    unsigned keep_files;
    uint64_t keep_bytes;
    bool keeps_time;
    struct duration keep;
    const char *fallback; /* a folder to go on in when the disk fails; NULL: the
                           * recording ends then */
    bool has_duration;
    struct duration duration;
    int64_t buffer_ns; /* the ring's length */
    /* SINK_NULL: who hears what would be in the file; NULL: nobody. */
    const struct sink_ear *ear;
    /* Devices and applications that are not there are waited for, WAIT_NS at
     * most; 0: without an end. The recording begins with the first one. */
    bool wait;
    int64_t wait_ns;
    /* While session_start waits: called again and again on its thread, returns
     * when the session's WAKE was set, or after TIMEOUT_NS; meanwhile it may
     * take events and stop the session. NULL: nothing is done. */
    void (*attend)(void *context, int64_t timeout_ns);
    void *attend_context;
};

/* Why a recording ended. */
enum session_end {
    SESSION_RUNNING,
    SESSION_STOPPED,       /* session_stop */
    SESSION_COMPLETE,      /* the duration was reached */
    SESSION_SOURCE_ENDED,  /* what was recorded is over: a normal end */
    SESSION_READER_CLOSED, /* the pipe's reader went away: a normal end */
    SESSION_FAILED,        /* the fault says */
};

/* What happened, in order; session_next_event hands them out. */
enum session_event_kind {
    EVENT_GAP,             /* class, at_frame, frames, reason */
    EVENT_RECLASSIFIED,    /* was, class, at_frame, frames, reason */
    EVENT_DEVICE_LOST,     /* text: why */
    EVENT_DEVICE_BACK,     /* text: the device's name */
    EVENT_DEVICE_REROUTED, /* text: the new device's name */
    EVENT_WAITING,         /* text: for what, as it was asked for; reason */
    EVENT_DEVICE_CAME,     /* text: the name of what was waited for, where
                            * others were recorded already */
    EVENT_WARNING,         /* text */
    EVENT_SUSPEND,         /* at_frame, length_ns, policy */
    EVENT_SEGMENT,         /* number: a file of several is finished */
    EVENT_DELETED,         /* number: it was not to be kept */
    EVENT_PAUSED,          /* at_frame; wall_ns: the moment that was meant */
    EVENT_RESUMED,         /* the same; frames: of the pause */
    EVENT_MARKER, /* at_frame, number, from 1; wall_ns: as of a pause */
};

struct session_event {
    enum session_event_kind kind;
    int64_t wall_ns;
    enum account_class class;
    enum account_class was; /* told, or captured, until now */
    uint64_t at_frame;
    uint64_t frames;
    int64_t length_ns;
    enum session_suspend policy;
    unsigned number; /* of a marker; of a file, for session_find_file */
    char reason[64];
    char text[320]; /* raw: the printer makes it printable */
};

/* One file of a recording. */
struct session_file {
    const char *path;       /* the session's */
    unsigned number;        /* from 1; as the name has it */
    uint64_t at_frame;      /* of the recording, with which it begins */
    uint64_t frames, bytes; /* 0 until it is finished */
    const struct session_file *next;
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
    bool paused;                            /* somebody paused it */
    double ring_fill;                       /* 0..1 */
};

/* What a recording was. */
struct session_report {
    enum session_end end;
    struct fault fault;         /* err ERR_OK when all went well */
    struct audio_format format; /* of the file */
    enum sample_type sample;
    uint64_t frames;                  /* in all files, and lost with one that
                                       * was deleted meanwhile */
    uint64_t saved_frames;            /* in all files */
    uint64_t written_frames;          /* those and what a failure took */
    uint64_t bytes;                   /* of all files */
    uint64_t deleted;                 /* files, with --keep */
    const struct session_file *files; /* the first; NULL: there is none. The
                                       * session's */
    struct account account;           /* adds up to frames */
    unsigned markers;           /* that were set, be they in the file or not */
    uint64_t paused_frames;     /* that passed and are in no file */
    int64_t asleep_ns;          /* the machine slept for so long meanwhile */
    double peak_dbfs, rms_dbfs; /* -INFINITY: digital silence */
    uint64_t clipped_samples;   /* beyond full scale on the way to integers */
    double ring_high_water;     /* 0..1 */
    double drift_ppm;           /* the device's clock against ours */
    bool drift_known;
    struct fault absent;      /* why a source was never there while others
                               * were recorded, or went for good; err ERR_OK:
                               * nothing of that */
    bool broken;              /* sound played and did not arrive: it was told */
    uint64_t overflow_events; /* events that found no room in the queue */
    int64_t wall_ns;          /* from the start to the stop, asleep or not */
};

/* What is recorded, once session_start was true. */
struct session_facts {
    const char *source; /* "pulse" ... */
    struct source_info info;
    struct audio_format format; /* of the file */
    enum sample_type sample;
    const char *path; /* of the first file */
    enum sink_type type;
    int64_t start_wall_ns; /* the moment of frame 0 */
};

/* Check everything that can be checked without touching a device or a file
 * that exists. WAKE is set whenever there is something new to see (an event,
 * the end). NULL: told in F. The request's strings must outlive the session. */
struct session *session_create(const struct session_request *request,
                               struct wake *wake, struct fault *f);

/* Open the sources, make the file, begin. False: nothing runs; F says why. The
 * file is made last, so that a missing device costs nobody a file. Where it is
 * waited for sources: begins when each was tried and one is open. Returns
 * early, with ERR_OK in F, when a stop was requested meanwhile (sys/stop.h). */
bool session_start(struct session *s, struct fault *f);

const struct session_facts *session_facts(const struct session *s);

/* Ask for the end at STOP_NS (clock_now_ns). Any thread, but only the main
 * thread (in attend) while session_start runs; lock-free. */
void session_stop(struct session *s, int64_t stop_ns);

/* Pause at AT_NS (clock_now_ns), or go on then: what lies between is not in the
 * file, and a duration's end moves by it. Nothing is closed meanwhile. At most
 * some 60 ms ago; what is older is taken for then. In virtual time it is now.
 * False: it does not run yet, or too many came at once; nothing is done. Main
 * thread. */
bool session_pause(struct session *s, int64_t at_ns);

/* Mark that moment: it is told, and where the file's type can hold it, it is in
 * the file. In a pause: the frame of the cut. The rest as session_pause. */
bool session_mark(struct session *s, int64_t at_ns);

/* SESSION_RUNNING until the writer has finished the file. */
enum session_end session_state(const struct session *s);

void session_status(struct session *s, struct session_status *out);

/* The oldest event not yet seen. False: none. */
bool session_next_event(struct session *s, struct session_event *out);

/* The file with this number (EVENT_SEGMENT). False: there is none. Its path is
 * valid until session_destroy, or session_forget_file. */
bool session_find_file(struct session *s, unsigned number,
                       struct session_file *out);

/* That it was deleted (EVENT_DELETED) is told. */
void session_forget_file(struct session *s, unsigned number);

/* In place of session_finish: stop at once, join the threads, and remove the
 * file that session_start made: what was to be recorded never was. */
void session_discard(struct session *s);

/* Join the threads (waits for the end) and tell what the recording was. */
void session_finish(struct session *s, struct session_report *out);

/* Join the threads and free all. False: a source hangs in the system, and
 * nothing was freed; S is not to be used again, its wake is to stay, and the
 * process should end. */
bool session_destroy(struct session *s);

#endif
