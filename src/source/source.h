/* source: the contract between the session and what reads a system's audio.
 *
 * Order of calls, for one source object:
 *     create  (open (run)? close)*  destroy
 * create and destroy: main thread. open, run, close, wait, wait_end: the
 * capture thread, lent by the session. interrupt: any thread, any time between
 * create and destroy.
 *
 * While run is inside it hands over every packet with outlet->packet and makes
 * no other call out of itself than the wait for the system: no lock, heap,
 * file or print. */
#ifndef LOOPREC_SOURCE_SOURCE_H
#define LOOPREC_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/format.h"
#include "core/packet.h"

struct source; /* each source embeds this as its first member */

/* A sink of our own, that nobody hears: what plays into it is recorded. See
 * struct null_sink_ops. */
struct null_sink;

struct child; /* sys/child.h */

/* What of all that plays is to be heard. */
enum source_scope {
    SCOPE_OUTPUT,  /* one output: device, or the default */
    SCOPE_APP,     /* one application's process tree, and nothing else */
    SCOPE_EXCLUDE, /* everything but the process trees of apps */
    SCOPE_ALL,     /* every output */
};

/* Where a source tells what is no packet. Any thread of the source, never on
 * the capture path; texts are copied before the call returns. */
struct source_listener {
    void *context;
    /* Something that the user should know; raw text. */
    void (*warn)(void *context, const char *text);
    /* The same where the recording is likely to be worth nothing: sound plays
     * and none arrives. With --strict it is a failure. */
    void (*broken)(void *context, const char *text);
    /* The device's clock against clock_now_ns(), measured so far. */
    void (*drift)(void *context, double ppm);
};

/* What the user asked for; strings live as long as the source. */
struct source_request {
    enum source_scope scope;
    const char *device; /* -D; NULL: the default output */
    /* SCOPE_OUTPUT: this one, in the place of an output that is there. open
     * makes it, also after a loss. Outlives the source. */
    struct null_sink *null_sink;
    /* SCOPE_APP: one, SCOPE_EXCLUDE: at least one; as typed: a process id, or
     * a name: of the executable with or without ".exe", or of the application,
     * without case. */
    const char *const *apps;
    size_t app_count;
    /* SCOPE_APP: this very process instead, which the caller has started and
     * keeps from being reaped; 0: none. Its end is not the source's: its
     * children may play on, and the caller knows when they have ended. */
    int64_t process_id;
    /* With PROCESS_ID, which is its: outlives the source. NULL: none. */
    const struct child *child;
    /* What is not there when the recording begins is waited for. Windows: an
     * application that ended, too, unless UNTIL_EXIT. */
    bool wait;
    /* SCOPE_APP: the end of an application that was given by its name is the
     * source's, SOURCE_ENDED, as it always is of one given by its number. Else
     * the next one of that name is recorded: on Linux always, on Windows with
     * WAIT. */
    bool until_exit;
    bool keep_awake; /* keep the device's stream running by playing silence */
    const struct source_listener *listener; /* NULL: nobody listens; outlives
                                             * the source */
    const char *spec;        /* what follows "synth:"; NULL for real sources */
    bool follow;             /* follow the default when it moves */
    int64_t latency_ns;      /* how old a packet may be when it is handed over:
                              * small for a pipe, larger for a file */
    const char *client_name; /* how the system shows us: "looprec" */
};

/* What open found out. Strings are the source's, raw (not yet printable). */
struct source_info {
    struct audio_format format;
    char device_id[256];   /* stable id or name, for -D */
    char device_name[256]; /* for people */
    bool virtual_time;     /* stamps are not on clock_now_ns()'s clock, the
                            * source waits for room (it calls outlet->room):
                            * the session must not time anything by a clock */
    /* How many streams, that come and go within this source and are mixed, it
     * may hand over at the same time: each on a lane with an outlet of its own.
     * All have FORMAT. 0: it is one stream by itself. The same at each opening,
     * at most SOURCE_LANES_MAX. */
    unsigned lanes;
    /* Of what was played since then, on clock_now_ns()'s clock, run hands over
     * all: a recording may begin there. 0: only of what is played after open
     * has returned. At the first opening only. */
    int64_t since_ns;
};

enum { SOURCE_LANES_MAX = 64 };

/* Where a running source puts what it has. All on the capture thread.
 *
 * A source with lanes has 1 + lanes of them. The first is the source's own: it
 * gets no packets, its idle says how far time has come, so that what begins on
 * a lane within half a second of that still finds its place. On a lane each
 * stream starts with begin; idle is due for a lane from its first begin on,
 * whether a stream is on it or not. */
struct outlet {
    void *context;
    /* For lanes only. A stream begins: what follows has stamps and positions of
     * its own, and nothing of it is older than TIME_NS. False: the lane is not
     * ready yet; to be asked again in the next turn, until then the system
     * keeps what comes. */
    bool (*begin)(void *context, int64_t time_ns);
    /* One packet (PACKET_AUDIO) and its samples of TYPE, interleaved, any
     * alignment; DATA may be NULL with PACKET_SILENT. The samples are copied
     * (converted to float32) before it returns. Never blocks: what does not
     * fit is counted as lost. Any number of frames (large ones are split);
     * with none it tells only what was lost before it. */
    void (*packet)(void *context, const struct packet *packet, const void *data,
                   enum sample_type type);
    /* Everything that came up to TIME_NS was handed over. To be called at
     * least every 100 ms, only after the system had nothing more to give;
     * TIME_NS is the stamp that the next frame cannot be older than. */
    void (*idle)(void *context, int64_t time_ns);
    /* For sources with virtual time only: wait until a packet of FRAMES fits.
     * False: interrupted. */
    bool (*room)(void *context, uint32_t frames);
    /* For sources with virtual time only: their machine slept after TIME_NS for
     * LENGTH_NS, which their clock counts. (In real time the session asks the
     * system itself.) May wait. NULL: nobody wants to know. */
    void (*slept)(void *context, int64_t time_ns, int64_t length_ns);
};

enum source_end {
    SOURCE_INTERRUPTED, /* interrupt was called and the tail is fetched */
    SOURCE_LOST,        /* device or server gone, reason in the fault */
    SOURCE_REROUTED,    /* the default moved: open again for the new one */
    SOURCE_ENDED,       /* what was recorded is over: the application ended */
};

/* interrupt's argument: stop now, there is no tail to fetch. */
#define SOURCE_STOP_NOW INT64_MIN

/* One source. Optional members may be NULL. */
struct source_ops {
    const char *name; /* "pulse", "wasapi", "synth" */

    /* Check the request, allocate; no audio system is touched. NULL: ERR_USAGE
     * or NO_MEMORY in F. */
    struct source *(*create)(const struct source_request *request,
                             struct fault *f);

    /* Connect, find the device, start the stream: when it returns true audio
     * is flowing (or would flow, if anything played). May block up to 5 s;
     * returns early with ERR_SOURCE_FAILED when interrupted. On failure
     * nothing is left to close. After a loss NO_APP means that what was
     * recorded has ended, SERVER_ENDED that it never comes back.
     * ERR_NO_SERVER, SERVER_ENDED, NO_DEVICE, DEVICE_AMBIGUOUS, NO_APP,
     * APP_AMBIGUOUS, DEVICE_BUSY, UNSUPPORTED, NO_APP_CAPTURE,
     * SOURCE_FAILED. */
    bool (*open)(struct source *s, struct source_info *info, struct fault *f);

    /* Capture until interrupted, lost or rerouted. OUT: one, or 1 + lanes of
     * them. After interrupt(stop_ns)
     * it goes on until it has handed over what was played up to stop_ns, or
     * nothing more comes within a bound (at most 2 s, usually 100 ms). On LOST
     * and REROUTED F says why (err, detail). */
    enum source_end (*run)(struct source *s, const struct outlet *out,
                           struct fault *f);

    /* Release what open took. */
    void (*close)(struct source *s);

    /* End run (and open, and wait) soon. STOP_NS as in run, or
     * SOURCE_STOP_NOW. A second call with an earlier time wins. Lock-free. */
    void (*interrupt)(struct source *s, int64_t stop_ns);

    /* Between close and the next open, after a loss: return when it makes
     * sense to try again: the system says that a device or server came, or
     * TIMEOUT_NS passed, or interrupt was called. Calls nothing of the outlet.
     * Optional: the session then just waits TIMEOUT_NS. */
    void (*wait)(struct source *s, int64_t timeout_ns);

    /* After the last of these calls, before run or the capture thread's end:
     * let go of what wait has kept from one call to the next. Optional. */
    void (*wait_end)(struct source *s);

    /* The source's clock. Optional: clock_now_ns(). Required with virtual
     * time. Capture thread. */
    int64_t (*now)(struct source *s);

    void (*destroy)(struct source *s);
};

struct source {
    const struct source_ops *ops;
};

/* One output device, for -l. Raw strings. */
struct device {
    char id[256];   /* what -D takes for certain */
    char name[256]; /* the description, for people */
    uint32_t index; /* the server's number; UINT32_MAX: none */
    struct audio_format format;
    bool is_default;
    const char *state; /* "running", "idle", "suspended", "active" ... */
};

struct device_list {
    struct device *items; /* malloc; device_list_free */
    size_t count;
};

/* One stream or session of an application, for -L. Raw strings. */
struct app {
    int64_t process_id;   /* 0: unknown, or several */
    char name[256];       /* what the application calls itself */
    char executable[256]; /* the file's name, no folder */
    char device_id[256];  /* the output it plays on */
    char device_name[256];
    const char *state; /* "active", "inactive", "corked", ... */
    double volume;     /* linear, 1 is unchanged; below 0: unknown */
    bool muted;
    bool is_system;             /* the system's own sounds */
    struct audio_format format; /* of its stream; rate 0: unknown */
    double peak;                /* linear, now; below 0: unknown */
};

struct app_list {
    struct app *items; /* malloc; app_list_free */
    size_t count;
};

/* How a sink of our own comes and goes: plan, (open)?, close. Main thread. */
struct null_sink_ops {
    /* Decide where it is to be, and what it is called: on the running server,
     * or on one of its own, where none answers and where a sink of ours would
     * become the default output. Nothing is made, so a signal that ends the
     * process before open leaves nothing behind; what runs that were killed
     * have left is removed. May block up to 5 s. NULL: ERR_NO_SERVER,
     * NO_MEMORY, INTERNAL in F. */
    struct null_sink *(*plan)(const char *client_name, struct fault *f);
    /* "NAME=VALUE", ends with NULL: a program that has these in its environment
     * plays into it. The sink's. */
    const char *const *(*environment)(const struct null_sink *n);
    /* Start the server of its own, where there is to be one, before any thread
     * but this one may end (see helper.h). The sink itself is made by the
     * source that has it in its request. May block up to 5 s. False:
     * ERR_NO_SERVER and what making a file can say in F; ERR_OK: a stop was
     * requested meanwhile. */
    bool (*open)(struct null_sink *n, struct fault *f);
    /* Remove it, and end the server. What still plays into it is ended: moved
     * elsewhere it would be heard. After its source. NULL is fine. */
    void (*close)(struct null_sink *n);
};

/* A sound to be played, the same in all channels. */
struct sound {
    const float *samples;
    size_t frames;
    uint32_t rate; /* that of the output */
};

/* Before it silence is played until this much of that has gone, for what an
 * output does at a player's beginning is not of the sound; and so long at most
 * it is waited for: a null sink of PulseAudio's that nobody used has mixed 2 s
 * ahead (16.1), and takes nothing for that time. */
#define SOUND_LEAD_NS      INT64_C(300000000)
#define SOUND_LEAD_MOST_NS INT64_C(2500000000)

/* What became of it. */
struct sound_played {
    bool begun;          /* the system took its first frame */
    int64_t written_ns;  /* clock_now_ns() as that was handed over */
    int64_t queued_ns;   /* what was still to be played before it then, in the
                          * stream's own buffer */
    bool ran_dry;        /* we wrote too late: there are holes in it */
    char device_id[256]; /* where it was played indeed; empty: not known */
    bool muted;          /* the system plays our stream muted */
    double volume;       /* of our stream; linear, below 0: unknown */
};

/* When SOUND, which was to be played from START_NS on, should be over and 0.7 s
 * more have passed, by what is known in PLAYED. (clock_now_ns()) Any thread. */
int64_t sound_over_ns(const struct sound *sound,
                      const struct sound_played *played, int64_t start_ns);

/* What keeps an output from being recorded, or its sound from being as it was.
 * Raw texts. */
struct trouble {
    const char *code; /* "output-muted" ... */
    char text[320];
    char remedy[320]; /* empty: none is known */
};

enum { CHECKUP_TROUBLES_MAX = 12 };

/* An output as it is now, and the system that it belongs to. Raw texts. */
struct checkup {
    char server[160];     /* "pulseaudio 16.1", "Windows 10.0.19045" */
    char library[64];     /* through which we speak to it; empty: none */
    char default_id[256]; /* the output that is the default; empty: none */
    char default_name[256];
    const char *state; /* as in struct device */
    bool muted;
    double volume; /* linear, 1 is unchanged; below 0: unknown */
    struct trouble troubles[CHECKUP_TROUBLES_MAX];
    unsigned trouble_count;
};

/* How it is found out whether what an output plays is recorded. Nothing of the
 * system is changed. Main thread. */
struct checkup_ops {
    /* Play SOUND on the output with this id, in a stream of our own, and return
     * when most of it was played, or 0.7 s after it should have been; at once
     * when a stop is requested (sys/stop.h). False: it could not be
     * played, told in F. */
    bool (*play)(const char *client_name, const char *device_id,
                 const struct sound *sound, struct sound_played *out,
                 struct fault *f);
    /* Look at that output. False: told in F; what is known is in OUT. */
    bool (*look)(const char *client_name, const char *device_id,
                 struct checkup *out, struct fault *f);
};

/* One system that has devices. */
struct source_system {
    const struct source_ops *ops;
    /* Every output. False: ERR_NO_SERVER ... in F. An empty list is no error.
     * Main thread. */
    bool (*list)(const char *client_name, struct device_list *out,
                 struct fault *f);
    /* Everything that plays or could. False: ERR_NO_SERVER ... in F. An empty
     * list is no error. Main thread. */
    bool (*list_apps)(const char *client_name, struct app_list *out,
                      struct fault *f);
    /* NULL: the system knows no sinks of one's own. */
    const struct null_sink_ops *null_sinks;
    const struct checkup_ops *checkup;
};

/* What there is: source/pulse, source/wasapi (each only on its system) and
 * synth.c. Only registry.c and tests name them. */
extern const struct source_system pulse_system;
extern const struct source_system wasapi_system;
extern const struct source_ops synth_ops;

/* --- registry.c --- */

/* The computer's own audio system: pulse on Linux, wasapi on Windows. */
const struct source_system *source_system(void);

/* Make the source that REQUEST asks for: synth when spec is set, else the
 * system's. */
struct source *source_create(const struct source_request *request,
                             struct fault *f);

/* Append a device, zeroed but for its index (none); NULL: out of memory. */
struct device *device_list_add(struct device_list *list);
void device_list_free(struct device_list *list);

/* Append an application, zeroed but for what is unknown; NULL: out of memory.
 */
struct app *app_list_add(struct app_list *list);
void app_list_free(struct app_list *list);

/* Append a trouble; beyond CHECKUP_TROUBLES_MAX it is forgotten. TEXT and
 * REMEDY (NULL: none) are copied; CODE is kept. */
void checkup_add(struct checkup *c, const char *code, const char *text,
                 const char *remedy);

/* How -D chooses, the same on every system: by index ("3", or "#3") where the
 * system has one, by exact id, by exact name, by a unique part of either
 * (ASCII letters without case). *FOUND is the place in the list. False:
 * ERR_NO_DEVICE (the hint says to look at -l) or ERR_DEVICE_AMBIGUOUS (detail
 * lists candidates). */
bool device_list_find(const struct device_list *list, const char *wanted,
                      size_t *found, struct fault *f);

#endif
