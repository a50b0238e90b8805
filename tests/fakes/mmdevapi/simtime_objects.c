/* simtime_objects: see simtime_objects.h. Any thread, under the scheduler's
 * lock. */
#include "fakes/mmdevapi/simtime_objects.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fakes/mmdevapi/simtime_real.h"

struct waitable_handle {
    struct waitable_handle *next;
    HANDLE handle;
    struct waitable *object;
};

void *objects_allocate(size_t size)
{
    void *p = calloc(1, size);

    if (!p) {
        fputs("simtime: no memory\n", stderr);
        real.TerminateProcess(GetCurrentProcess(), 70);
    }
    return p;
}

static struct waitable_handle **find(struct objects *all, HANDLE handle)
{
    struct waitable_handle **at =
        &all->buckets[((uintptr_t)handle >> 2) % OBJECTS_BUCKETS];

    while (*at && (*at)->handle != handle)
        at = &(*at)->next;
    return at;
}

struct waitable *waitable_new(enum waitable_kind kind)
{
    struct waitable *o = objects_allocate(sizeof *o);

    o->kind = kind;
    o->references = 1;
    return o;
}

void waitable_release(struct waitable *o)
{
    if (--o->references == 0)
        free(o);
}

/* ntdll's NtQueryEvent, EventBasicInformation: winternl.h does not have it. */
struct event_state {
    LONG kind; /* 0: manual reset (notification), 1: auto reset */
    LONG set;
};

static bool query_event(HANDLE handle, struct event_state *out)
{
    typedef LONG NTAPI query_fn(HANDLE, int, void *, ULONG, ULONG *);
    query_fn *query = (query_fn *)(void *)real.GetProcAddress(
        GetModuleHandleW(L"ntdll.dll"), "NtQueryEvent");

    return query && query(handle, 0, out, sizeof *out, NULL) >= 0;
}

bool objects_event_is_set(HANDLE event)
{
    struct event_state state;

    return query_event(event, &state) && state.set;
}

/* An event known by another handle that was duplicated before we watched. */
static struct waitable *find_same(struct objects *all, HANDLE handle)
{
    typedef BOOL WINAPI compare_fn(HANDLE, HANDLE);
    compare_fn *compare = (compare_fn *)(void *)real.GetProcAddress(
        GetModuleHandleW(L"kernelbase.dll"), "CompareObjectHandles");

    for (size_t i = 0; compare && i < OBJECTS_BUCKETS; i++)
        for (struct waitable_handle *h = all->buckets[i]; h; h = h->next)
            if (h->object->kind == WAITABLE_EVENT &&
                compare(h->handle, handle)) {
                h->object->references++;
                return h->object;
            }
    return NULL;
}

static struct waitable *discover(struct objects *all, HANDLE handle)
{
    struct event_state state;
    struct waitable *o;
    DWORD id;

    if (query_event(handle, &state)) {
        o = find_same(all, handle);
        if (!o) {
            o = waitable_new(WAITABLE_EVENT);
            o->manual = state.kind == 0;
            o->signalled = state.set != 0;
        }
        return o;
    }
    id = GetThreadId(handle);
    o = waitable_new(id ? WAITABLE_THREAD : WAITABLE_OTHER);
    o->thread_id = id;
    return o;
}

struct waitable *objects_get(struct objects *all, HANDLE handle)
{
    struct waitable_handle *h = *find(all, handle);
    struct waitable *o = h ? h->object : discover(all, handle);

    if (!h)
        objects_put(all, handle, o);
    o->references++;
    return o;
}

void objects_put(struct objects *all, HANDLE handle, struct waitable *o)
{
    struct waitable_handle **at;

    objects_forget(all, handle);
    at = find(all, handle);
    *at = objects_allocate(sizeof **at);
    (*at)->handle = handle;
    (*at)->object = o;
}

void objects_forget(struct objects *all, HANDLE handle)
{
    struct waitable_handle **at = find(all, handle), *h = *at;

    if (h) {
        *at = h->next;
        waitable_release(h->object);
        free(h);
    }
}

bool objects_know(const struct objects *all, const struct member *m)
{
    for (size_t i = 0; i < OBJECTS_BUCKETS; i++)
        for (const struct waitable_handle *h = all->buckets[i]; h; h = h->next)
            if (h->object->thread == m)
                return true;
    return false;
}

void objects_orphan(struct objects *all, const struct member *m)
{
    for (size_t i = 0; i < OBJECTS_BUCKETS; i++)
        for (struct waitable_handle *h = all->buckets[i]; h; h = h->next)
            if (h->object->thread == m)
                h->object->thread = NULL;
}
