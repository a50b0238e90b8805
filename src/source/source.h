/* source: the contract between the session and what reads a system's audio.
 *
 * Order of calls, for one source object:
 *     create  (open (run)? close)*  destroy
 * create and destroy: main thread. open, run, close, wait: the capture thread,
 * lent by the session. interrupt: any thread, any time between create and
 * destroy.
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

/* What the user asked for; strings live as long as the source. */
struct source_request {
    const char *device;      /* -D; NULL: the default output */
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
};

/* Where a running source puts what it has. All on the capture thread. */
struct outlet {
    void *context;
    /* One packet (PACKET_AUDIO) and its samples of TYPE, interleaved, any
     * alignment; DATA may be NULL with PACKET_SILENT. The samples are copied
     * (converted to float32) before it returns. Never blocks: what does not
     * fit is counted as lost. Any number of frames (large ones are split). */
    void (*packet)(void *context, const struct packet *packet, const void *data,
                   enum sample_type type);
    /* Everything that came up to TIME_NS was handed over. To be called at
     * least every 100 ms, only after the system had nothing more to give;
     * TIME_NS is the stamp that the next frame cannot be older than. */
    void (*idle)(void *context, int64_t time_ns);
    /* For sources with virtual time only: wait until a packet of FRAMES fits.
     * False: interrupted. */
    bool (*room)(void *context, uint32_t frames);
};

enum source_end {
    SOURCE_INTERRUPTED, /* interrupt was called and the tail is fetched */
    SOURCE_LOST,        /* device or server gone, reason in the fault */
    SOURCE_REROUTED,    /* the default moved: open again for the new one */
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
     * nothing is left to close. ERR_NO_SERVER, NO_DEVICE, DEVICE_AMBIGUOUS,
     * DEVICE_BUSY, UNSUPPORTED, SOURCE_FAILED. */
    bool (*open)(struct source *s, struct source_info *info, struct fault *f);

    /* Capture until interrupted, lost or rerouted. After interrupt(stop_ns)
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

/* One system that has devices. */
struct source_system {
    const struct source_ops *ops;
    /* Every output. False: ERR_NO_SERVER ... in F. An empty list is no error.
     * Main thread. */
    bool (*list)(const char *client_name, struct device_list *out,
                 struct fault *f);
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

/* How -D chooses, the same on every system: by index ("3", or "#3") where the
 * system has one, by exact id, by exact name, by a unique part of either
 * (ASCII letters without case). *FOUND is the place in the list. False:
 * ERR_NO_DEVICE (the hint says to look at -l) or ERR_DEVICE_AMBIGUOUS (detail
 * lists candidates). */
bool device_list_find(const struct device_list *list, const char *wanted,
                      size_t *found, struct fault *f);

#endif
