/* watch: a thread beside a running stream that looks about twice a second at
 * what it offers beside packets: the device's clock, and the meter that tells
 * whether what plays arrives. It also keeps the output awake where that was
 * asked for. Functions: capture thread, between open and close, not while
 * packets are taken. */
#ifndef LOOPREC_SOURCE_WASAPI_WATCH_H
#define LOOPREC_SOURCE_WASAPI_WATCH_H

#include <stdbool.h>

#include "source/source.h"
#include "source/target.h"
#include "source/wasapi/abi.h"
#include "source/wasapi/drift.h"
#include "source/wasapi/heard.h"

struct watch;

/* All pointers but DEVICE and CLIENT must outlive the watch. */
struct watch_setup {
    /* The output that is heard, and its stream; both NULL: processes are
     * heard, and there is neither a clock nor an output's meter (process
     * loopback's client offers none). */
    IMMDevice *device;
    IAudioClient *client;
    enum source_scope scope;     /* where processes are heard: */
    const struct target *target; /* SCOPE_APP: whose tree, SCOPE_EXCLUDE: but
                                  * for whose tree */
    const struct child *child;   /* SCOPE_APP: whose tree TARGET is; or NULL */
    const struct heard *heard;   /* what the capture path publishes */
    struct drift *drift;         /* the watch's until watch_stop */
    const struct source_listener *listener;
    bool keep_awake; /* with DEVICE */
    const char *client_name;
};

/* NULL: memory is short, or nobody listens and nothing is to be kept awake:
 * a recording goes on without. */
struct watch *watch_start(const struct watch_setup *setup);

/* End it and wait for that. NULL is fine. */
void watch_stop(struct watch *w);

#endif
