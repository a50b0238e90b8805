/* wake: an event with memory for one waiter. eventfd or pipe; CreateEvent. */
#ifndef LOOPREC_SYS_WAKE_H
#define LOOPREC_SYS_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

struct wake;

/* NULL: told in F. */
struct wake *wake_create(struct fault *f);
void wake_destroy(struct wake *w);

/* Any thread; async-signal-safe; several sets before a wait are one. */
void wake_set(struct wake *w);

/* Wait until set (true; the event is then clear again) or until TIMEOUT_NS
 * passed (false). 0: just look. Negative: no limit. One thread at a time. */
bool wake_wait(struct wake *w, int64_t timeout_ns);

/* The thing to wait on beside others: a descriptor that polls readable, or a
 * HANDLE. Call wake_wait(w, 0) afterwards to clear it. */
intptr_t wake_handle(const struct wake *w);

#endif
