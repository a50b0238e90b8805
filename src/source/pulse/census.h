/* census: what a sound server tells of its clients, its sinks, and what listens
 * to its sources; kept by index, so that who plays a sink input is known.
 * Whoever turns the link's loop: the main thread for a list, the roster's for a
 * recording. */
#ifndef LOOPREC_SOURCE_PULSE_CENSUS_H
#define LOOPREC_SOURCE_PULSE_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/pulse/link.h"
#include "source/pulse/player.h"

struct census_client {
    uint32_t index;
    char name[256];
    pa_proplist *properties; /* NULL: out of memory */
};

struct census_sink {
    uint32_t index;
    uint32_t monitor; /* the source that hears it; PA_INVALID_INDEX: none */
    uint32_t module;  /* whose it is; PA_INVALID_INDEX: nobody's */
    char id[256];
    char name[256]; /* for people */
    char group[64]; /* PipeWire's node.link-group; empty: none */
    pa_channel_map map;
};

/* What listens to a source. */
struct census_output {
    uint32_t index;
    uint32_t source;
    uint32_t client; /* PA_INVALID_INDEX: it is a module's */
    uint32_t module;
    char group[64];
};

struct census {
    /* constant after census_begin */
    bool here;      /* the server is this machine's */
    char host[256]; /* as libpulse has clients declare it */
    uint32_t own;   /* our client's index */
    /* what was answered so far */
    bool pipewire;
    bool no_memory; /* something is missing */
    unsigned news;  /* counts what came new, changed or left */
    struct census_client *clients;
    size_t client_count;
    struct census_sink *sinks;
    size_t sink_count;
    struct census_output *outputs;
    size_t output_count;
};

/* An empty one, for a connection that stands. */
void census_begin(struct census *c, const struct link *l);
void census_end(struct census *c);

/* Ask for the server, all its clients and sinks, and (OUTPUTS) all that
 * listens; wait for the answers. WHAT names it in F. False: NO_SERVER,
 * SOURCE_FAILED, NO_MEMORY. */
bool census_take(struct census *c, struct link *l, bool outputs,
                 const char *what, int64_t deadline_ns, struct fault *f);

/* Callbacks for questions after one: the answer replaces what was known. DATA
 * is the census. */
void census_on_client(pa_context *context, const pa_client_info *info, int eol,
                      void *data);
void census_on_sink(pa_context *context, const pa_sink_info *info, int eol,
                    void *data);
void census_on_output(pa_context *context, const pa_source_output_info *info,
                      int eol, void *data);

/* They are gone. Fine where they were not known. */
void census_drop_client(struct census *c, uint32_t index);
void census_drop_sink(struct census *c, uint32_t index);
void census_drop_output(struct census *c, uint32_t index);

/* NULL: not known. Until the next answer. */
const struct census_client *census_client(const struct census *c,
                                          uint32_t index);
const struct census_sink *census_sink(const struct census *c, uint32_t index);

/* What the client calls itself; NULL: nothing. */
const char *census_application(const struct census_client *k);

/* Who the client is, whatever it plays. */
void census_describe_client(const struct census *c,
                            const struct census_client *k, struct player *out);

/* Who plays INFO, by its properties and its client's. */
void census_describe(const struct census *c, const pa_sink_input_info *info,
                     struct player *out);

#endif
