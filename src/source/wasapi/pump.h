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

/* As source_ops.run. NOTIFY may be NULL. FOLLOW: a new default ends it. NAME
 * is the device's, for messages. */
enum source_end pump_run(const struct endpoint *e, const struct interrupt *i,
                         const struct notify *notify, bool follow,
                         const char *name, const struct outlet *out,
                         struct fault *f);

#endif
