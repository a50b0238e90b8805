/* devices: the outputs of a sound server. Capture thread; the main thread for
 * devices_list. */
#ifndef LOOPREC_SOURCE_PULSE_DEVICES_H
#define LOOPREC_SOURCE_PULSE_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "source/pulse/link.h"
#include "source/source.h"

/* One output and the monitor that hears it. */
struct output {
    uint32_t index;
    char id[256];   /* the sink's name */
    char name[256]; /* its description */
    char monitor_name[256];
    uint32_t monitor_index;
    bool running;        /* somebody played as we looked */
    pa_sample_spec spec; /* what to ask the server for: the monitor's own */
    pa_channel_map map;  /* the same places, in the order of WAVE's mask */
    struct audio_format format;
    enum sample_type type; /* of the samples that SPEC gives */
};

/* What the server says about itself. */
struct server {
    char default_sink[256]; /* empty: none */
};

bool devices_server(struct link *l, struct server *out, int64_t deadline_ns,
                    struct fault *f);

/* Every sink, the default one marked. */
bool devices_list(struct link *l, struct device_list *out, int64_t deadline_ns,
                  struct fault *f);

/* What -D means: WANTED among the sinks, never among the sources. A sink's
 * monitor may be named as well, and means the sink. */
bool devices_find(struct link *l, const char *wanted, char *name, size_t size,
                  int64_t deadline_ns, struct fault *f);

/* Look up the sink NAME and its monitor. ERR_NO_DEVICE: not there.
 * ERR_UNSUPPORTED: what claims to be its monitor is not, or its format is
 * beyond ours. */
bool devices_output(struct link *l, const char *name, struct output *out,
                    int64_t deadline_ns, struct fault *f);

/* The same by the sink's index. */
bool devices_output_at(struct link *l, uint32_t index, struct output *out,
                       int64_t deadline_ns, struct fault *f);

/* The one that is the server's default now, as by devices_output, in one turn
 * of questions and answers. ERR_NO_DEVICE: there is none. */
bool devices_default(struct link *l, struct output *out, int64_t deadline_ns,
                     struct fault *f);

/* Our format for the server's, and how to ask for it. False: beyond ours. */
bool devices_format(const pa_sample_spec *spec, const pa_channel_map *map,
                    struct output *out);

/* "running" ... */
const char *devices_state_name(pa_sink_state_t state);

/* A bounded copy; NULL is the empty string. */
void devices_copy(char *dst, size_t size, const char *src);

#endif
