/* outbox: see outbox.h. */
#include "source/pulse/outbox.h"

void outbox_init(struct outbox *o)
{
    atomic_init(&o->put, 0);
    atomic_init(&o->taken, 0);
}

bool outbox_put(struct outbox *o, const struct roster_news *news)
{
    /* relaxed: this thread's own */
    unsigned put = atomic_load_explicit(&o->put, memory_order_relaxed);
    /* acquire: pairs with outbox_take; the place has been read */
    unsigned taken = atomic_load_explicit(&o->taken, memory_order_acquire);
    if (put - taken == OUTBOX_ROOM) {
        return false;
    }
    o->items[put % OUTBOX_ROOM] = *news;
    /* release: pairs with outbox_take; the place is written */
    atomic_store_explicit(&o->put, put + 1, memory_order_release);
    return true;
}

bool outbox_take(struct outbox *o, struct roster_news *out)
{
    /* relaxed: this thread's own */
    unsigned taken = atomic_load_explicit(&o->taken, memory_order_relaxed);
    /* acquire: pairs with outbox_put; the place is written */
    unsigned put = atomic_load_explicit(&o->put, memory_order_acquire);
    if (put == taken) {
        return false;
    }
    *out = o->items[taken % OUTBOX_ROOM];
    /* release: pairs with outbox_put; the place has been read */
    atomic_store_explicit(&o->taken, taken + 1, memory_order_release);
    return true;
}
