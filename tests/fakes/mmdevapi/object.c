/* object: reference counts and QueryInterface. See object.h. Any thread. */
#include <stdlib.h>

#include "fakes/mmdevapi/object.h"

#include "fakes/mmdevapi/check.h"

static struct {
    SRWLOCK lock;
    struct object *all; /* newest first */
    struct object *released[OBJECTS_KEPT];
    unsigned next; /* of them to be freed */
    int alive;
} objects;

static void add(struct object *o)
{
    AcquireSRWLockExclusive(&objects.lock);
    o->next = objects.all;
    o->at = &objects.all;
    if (o->next)
        o->next->at = &o->next;
    objects.all = o;
    objects.alive++;
    ReleaseSRWLockExclusive(&objects.lock);
}

/* O was released: the one that was released OBJECTS_KEPT before it goes. */
static void retire(struct object *o)
{
    struct object *old;

    AcquireSRWLockExclusive(&objects.lock);
    old = objects.released[objects.next];
    objects.released[objects.next] = o;
    objects.next = (objects.next + 1) % OBJECTS_KEPT;
    objects.alive--;
    if (old) {
        *old->at = old->next;
        if (old->next)
            old->next->at = old->at;
    }
    ReleaseSRWLockExclusive(&objects.lock);
    free(old);
}

void *object_new(size_t size, const struct kind *kind)
{
    struct object *o = calloc(1, size);

    if (!o)
        abort();
    o->kind = kind;
    o->references = 1;
    for (size_t i = 0; i < kind->count; i++) {
        struct face *f = (void *)((char *)o + kind->faces[i].offset);

        f->methods = kind->faces[i].methods;
        f->object = o;
    }
    add(o);
    return o;
}

void object_ref(struct object *o)
{
    InterlockedIncrement(&o->references);
}

void object_unref(struct object *o)
{
    LONG left = InterlockedDecrement(&o->references);

    if (left != 0)
        return;
    if (o->kind->destroy)
        o->kind->destroy(o);
    retire(o);
}

HRESULT object_answer(struct object *o, REFIID iid, void **out)
{
    const struct kind *k = o->kind;

    if (!out)
        return E_POINTER;
    *out = NULL;
    for (size_t i = 0; i < k->count; i++)
        if (IsEqualGUID(iid, k->faces[i].iid) ||
            (i == 0 && IsEqualGUID(iid, &fake_iid_unknown))) {
            object_ref(o);
            *out = (char *)o + k->faces[i].offset;
            return S_OK;
        }
    return E_NOINTERFACE;
}

void object_each_alive(void (*visit)(const struct object *, void *),
                       void *context)
{
    for (const struct object *o = objects.all; o; o = o->next)
        if (object_alive(o))
            visit(o, context);
}

int objects_alive(void)
{
    return objects.alive;
}

/* --- what the caller may call --- */

HRESULT STDMETHODCALLTYPE face_query(struct face *f, REFIID iid, void **out)
{
    if (!object_alive(f->object)) {
        violation("reference", "QueryInterface on a released %s",
                  f->object->kind->name);
        return E_UNEXPECTED;
    }
    return object_answer(f->object, iid, out);
}

ULONG STDMETHODCALLTYPE face_add_ref(struct face *f)
{
    if (!object_alive(f->object))
        violation("reference", "AddRef on a released %s",
                  f->object->kind->name);
    object_ref(f->object);
    return (ULONG)f->object->references;
}

ULONG STDMETHODCALLTYPE face_release(struct face *f)
{
    struct object *o = f->object;

    if (!object_alive(o)) {
        violation("reference", "Release of a released %s", o->kind->name);
        return 0;
    }
    check_release(o);
    object_unref(o);
    return (ULONG)o->references;
}
