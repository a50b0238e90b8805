/* orders: what a user asks of a recording while it runs: to pause, to go on, to
 * mark a moment.
 * They come with the moment that was meant, in order, and are carried out by
 * the writer. Private to session/. */
#ifndef LOOPREC_SESSION_ORDERS_H
#define LOOPREC_SESSION_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "session/mixer.h"
#include "session/output.h"
#include "sys/thread.h"

enum { ORDERS_WAITING = 64 }; /* between two looks of the writer */

struct order {
    enum order_kind { ORDER_IS_PAUSE, ORDER_IS_MARK } kind;
    int64_t at_ns;
};

struct orders {
    /* constant after init */
    struct mutex *mutex; /* not owned */
    uint64_t length;     /* frames that the file is to have; UINT64_MAX */
    bool virtual_time;
    /* under the mutex */
    struct order asked[ORDERS_WAITING];
    unsigned count;
    bool paused; /* once all of them are carried out */
    /* writer thread only */
    uint64_t limit; /* where that file ends in the recording; UINT64_MAX: it is
                     * paused, or has no end */
    unsigned marks; /* so far */
};

void orders_init(struct orders *o, struct mutex *mutex, uint64_t length,
                 bool virtual_time);

/* Pause at AT_NS, or go on; or mark that moment. False: too many at once;
 * nothing is done. Any thread. */
bool orders_give(struct orders *o, enum order_kind kind, int64_t at_ns);

bool orders_paused(struct orders *o);

/* Carry out what was asked. Sleeps of the machine up to now are known. Writer
 * thread. */
void orders_look(struct orders *o, struct mixer *m, struct output *out);

#endif
