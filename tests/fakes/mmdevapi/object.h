/* object: reference counts and QueryInterface for all interfaces of the
 * double. An object has faces, one for each method table; a face's address is
 * the interface pointer. A call on a released object is seen: the last
 * OBJECTS_KEPT of them are not freed. Any thread. */
#ifndef LOOPREC_FAKE_OBJECT_H
#define LOOPREC_FAKE_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "fakes/mmdevapi/abi.h"

enum { OBJECTS_KEPT = 512 };

struct object;

struct face {
    const void *methods;
    struct object *object;
};

/* Which face answers to which identifier. */
struct face_of {
    const IID *iid;
    size_t offset; /* of the struct face in the object */
    const void *methods;
};

struct kind {
    const char *name; /* what a leak is reported as */
    const struct face_of *faces;
    size_t count;
    /* Let go of what it holds; may be NULL. Not under the world's lock. */
    void (*destroy)(struct object *o);
};

struct object {
    const struct kind *kind;
    volatile LONG references;
    struct object *next, **at; /* of all that are not freed */
};

/* A zeroed object of SIZE bytes that begins with its struct object, with one
 * reference; never NULL. */
void *object_new(size_t size, const struct kind *kind);
void object_ref(struct object *o);
void object_unref(struct object *o);
/* QueryInterface on the object itself: *OUT is a new reference. */
HRESULT object_answer(struct object *o, REFIID iid, void **out);
static inline bool object_alive(const struct object *o)
{
    return o->references > 0;
}

/* Visit all that are still referenced. */
void object_each_alive(void (*visit)(const struct object *, void *),
                       void *context);
int objects_alive(void);

HRESULT STDMETHODCALLTYPE face_query(struct face *f, REFIID iid, void **out);
ULONG STDMETHODCALLTYPE face_add_ref(struct face *f);
ULONG STDMETHODCALLTYPE face_release(struct face *f);

/* The first three of every method table. */
#define FACE_METHODS                                                      \
    .QueryInterface = (void *)face_query, .AddRef = (void *)face_add_ref, \
    .Release = (void *)face_release

/* The object of TYPE behind an interface pointer. */
#define OBJECT_OF(type, interface) \
    ((struct type *)(void *)((struct face *)(void *)(interface))->object)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
