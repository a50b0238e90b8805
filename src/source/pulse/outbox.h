/* outbox: the roster's news on their way to the capture thread: a queue of
 * fixed size, lock-free, with one thread at each end. */
#ifndef LOOPREC_SOURCE_PULSE_OUTBOX_H
#define LOOPREC_SOURCE_PULSE_OUTBOX_H

#include <stdatomic.h>
#include <stdbool.h>

#include "source/pulse/roster.h"

enum { OUTBOX_ROOM = 128 }; /* a power of two */

struct outbox {
    _Atomic unsigned put;   /* counts on; the roster's thread */
    _Atomic unsigned taken; /* counts on; the capture thread */
    struct roster_news items[OUTBOX_ROOM];
};

void outbox_init(struct outbox *o);

/* The roster's thread. False: it is full. */
bool outbox_put(struct outbox *o, const struct roster_news *news);

/* The capture thread. False: it is empty. */
bool outbox_take(struct outbox *o, struct roster_news *out);

#endif
