/* pump: takes the packets out of an open endpoint until something ends it.
 * Capture thread, but for interrupt_post. */
#ifndef LOOPREC_SOURCE_WASAPI_PUMP_H
#define LOOPREC_SOURCE_WASAPI_PUMP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "source/source.h"
#include "source/wasapi/abi.h"
#include "source/wasapi/endpoint.h"
#include "source/wasapi/notify.h"
#include "source/wasapi/process_watch.h"

/* How another thread ends what the capture thread does. */
struct interrupt {
    HANDLE wake; /* constant; auto-reset; also set by notify */
    /* shared: release store in interrupt_post, acquire load in interrupt_stop;
     * INT64_MAX: nobody asked */
    _Atomic int64_t stop_ns;
};

/* Any thread, lock-free: the earliest STOP_NS wins. */
void interrupt_post(struct interrupt *i, int64_t stop_ns);

/* What was asked for; INT64_MAX: nothing. */
int64_t interrupt_stop(const struct interrupt *i);

/* Wait until a stream that has begun to tick gives its first packet. At once
 * where nothing plays. Bounded. */
void pump_settle(const struct endpoint *e, const struct interrupt *i);

/* What ends a run beside an interrupt and the stream's own end. */
struct pump_terms {
    const char *name;            /* for messages */
    const struct notify *notify; /* may be NULL */
    bool follow;                 /* a new default ends it */
    const struct process_watch
        *watch; /* may be NULL: the process's end ends it */
    bool again; /* a process that ended is waited for: LOST and not ENDED */
};

/* As source_ops.run. */
enum source_end pump_run(const struct endpoint *e, const struct interrupt *i,
                         const struct pump_terms *terms,
                         const struct outlet *out, struct fault *f);

#endif
