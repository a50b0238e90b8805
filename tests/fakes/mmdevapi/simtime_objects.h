/* simtime_objects: what is known about the things behind handles. Under the
 * scheduler's lock. */
#ifndef LOOPREC_FAKE_SIMTIME_OBJECTS_H
#define LOOPREC_FAKE_SIMTIME_OBJECTS_H

#include <stdbool.h>

#include <windows.h>

struct member;

enum waitable_kind {
    WAITABLE_EVENT,
    WAITABLE_THREAD,
    WAITABLE_OTHER, /* only the system knows when it is signalled */
};

struct waitable {
    enum waitable_kind kind;
    unsigned references;   /* handles and waits */
    bool manual;           /* event: it stays set */
    bool signalled;        /* event: it may be set; false: it is not */
    struct member *thread; /* NULL: no member; only the system knows */
    DWORD thread_id;
};

/* Sixteen times as many handles as any program under test has. */
enum { OBJECTS_BUCKETS = 256 };

struct waitable_handle;

struct objects {
    struct waitable_handle *buckets[OBJECTS_BUCKETS];
};

/* What HANDLE stands for, asked from the system where it is new. One reference
 * more. */
struct waitable *objects_get(struct objects *all, HANDLE handle);
void waitable_release(struct waitable *o);

/* HANDLE is, or TO is another handle for what FROM is. */
void objects_put(struct objects *all, HANDLE handle, struct waitable *o);

/* HANDLE is closed, or stands for something else now. */
void objects_forget(struct objects *all, HANDLE handle);

/* Is there a handle of M? */
bool objects_know(const struct objects *all, const struct member *m);

/* M is no member any longer: only the system knows when its thread ends. */
void objects_orphan(struct objects *all, const struct member *m);

/* Is this event set for real? */
bool objects_event_is_set(HANDLE event);

struct waitable *waitable_new(enum waitable_kind kind);

/* There is no memory: ends the process. */
void *objects_allocate(size_t size);

#endif
