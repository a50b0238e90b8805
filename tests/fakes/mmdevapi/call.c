/* call: the way into each method. See check.h. Any thread. */
#include <stdlib.h>
#include <string.h>

#include "fakes/mmdevapi/check.h"
#include "fakes/mmdevapi/simtime.h"

/* What a thread of the double calls at the moment. */
static __thread struct {
    const char *what;
    int64_t since;
} callback;

/* Threads whose COM was looked at: a look costs much more than a packet. */
static __thread bool com_seen;

/* A callback must not block; what it may take on a busy machine. */
#define CALLBACK_MOST (100 * INT64_C(10000))

static const char *const names[CALLS] = {
#define METHOD(name) #name,
#include "fakes/mmdevapi/methods.def"
#undef METHOD
};

const char *method_name(enum method method)
{
    return names[method];
}

enum method method_find(const char *name)
{
    int i = 0;

    while (i < CALLS && _stricmp(names[i], name) != 0)
        i++;
    return (enum method)i;
}

void callback_enter(const char *what)
{
    callback.what = what;
    callback.since = simtime_now();
}

void callback_leave(void)
{
    int64_t took = simtime_now() - callback.since;

    if (took > CALLBACK_MOST)
        violation("callback", "%s took %d ms", callback.what,
                  (int)(took / 10000));
    callback.what = NULL;
}

const char *callback_now(void)
{
    return callback.what;
}

static void check_com(enum method method)
{
    APTTYPE type;
    APTTYPEQUALIFIER qualifier;

    if (com_seen)
        return;
    com_seen = true;
    if (FAILED(CoGetApartmentType(&type, &qualifier)) ||
        qualifier == APTTYPEQUALIFIER_IMPLICIT_MTA)
        violation("com", "%s on a thread that did not initialise COM",
                  names[method]);
}

/* What an activation's handler is there for. */
static bool allowed_in_callback(enum method method)
{
    return method == CALL_GetActivateResult;
}

/* What needs the audio service. */
static bool needs_service(enum method method)
{
    switch (method) {
    case CALL_ActivateAudioInterfaceAsync:
    case CALL_Activate:
    case CALL_Initialize:
    case CALL_GetMixFormat:
    case CALL_Start:
    case CALL_GetBuffer:
    case CALL_RenderGetBuffer:
    case CALL_GetNextPacketSize:
    case CALL_GetCurrentPadding:
    case CALL_GetSessionEnumerator: return true;
    default: return false;
    }
}

HRESULT call_begin(enum method method, struct object *o,
                   const struct endpoint *e)
{
    struct world *w = world();
    int64_t now, stall;
    HRESULT hr;

    if (o && !object_alive(o))
        violation("reference", "%s on a released %s", names[method],
                  o->kind->name);
    if (callback.what && !allowed_in_callback(method))
        violation("callback", "%s within %s", names[method], callback.what);
    check_com(method);
    world_lock();
    now = simtime_now();
    world_advance(now);
    world_event(method, false, now);
    stall = world_stall(method, e);
    if (stall) {
        world_unlock();
        simtime_wait(NULL, now + stall);
        world_lock();
        world_advance(simtime_now());
    }
    hr = world_failure(method, e);
    if (hr == S_OK && w->service_down && needs_service(method))
        hr = AUDCLNT_E_SERVICE_NOT_RUNNING;
    return hr;
}

HRESULT call_end(HRESULT hr)
{
    world_unlock();
    return hr;
}

void check_release(const struct object *o)
{
    if (callback.what && o->references == 1)
        violation("callback", "the last Release of a %s within %s",
                  o->kind->name, callback.what);
}
