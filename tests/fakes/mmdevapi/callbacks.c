/* callbacks: the thread on which the caller is called. See callbacks.h. */
#include "fakes/mmdevapi/callbacks.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "fakes/mmdevapi/check.h"
#include "fakes/mmdevapi/interfaces.h"
#include "fakes/mmdevapi/session.h"
#include "fakes/mmdevapi/simtime.h"

enum { NEWS_MAX = 256, REGISTERED_MAX = 128, ROLES = 3 };

enum news_kind {
    NEWS_STATE,
    NEWS_ADDED,
    NEWS_REMOVED,
    NEWS_FORMAT,
    NEWS_DEFAULT,
    NEWS_DISCONNECTED,
    NEWS_SESSION_STATE,
    NEWS_SESSION_VOLUME,
    NEWS_SESSION_NEW,
    NEWS_ACTIVATED,
};

struct news {
    enum news_kind kind;
    int64_t due;
    wchar_t id[TEXT_MAX]; /* empty: NULL */
    DWORD number;         /* state, flow, reason */
    int role;
    float volume;
    bool mute;
    const void *about; /* endpoint, session */
    void *handler;     /* NEWS_ACTIVATED */
    struct object *operation;
};

static struct {
    /* under the world's lock */
    struct news news[NEWS_MAX]; /* by due */
    int count;
    HANDLE wake;
    /* under its own: nobody is called who was taken away */
    CRITICAL_SECTION lock;
    struct {
        enum registered what;
        IUnknown *called;
        const void *about;
    } registered[REGISTERED_MAX];
    int registered_count;
} callbacks;

/* --- registration --- */

HRESULT callbacks_register(enum registered what, void *called,
                           const void *about)
{
    HRESULT hr = E_OUTOFMEMORY;

    if (!called)
        return E_POINTER;
    EnterCriticalSection(&callbacks.lock);
    if (callbacks.registered_count < REGISTERED_MAX) {
        int i = callbacks.registered_count++;

        callbacks.registered[i].what = what;
        callbacks.registered[i].called = called;
        callbacks.registered[i].about = about;
        IUnknown_AddRef((IUnknown *)called);
        hr = S_OK;
    }
    LeaveCriticalSection(&callbacks.lock);
    return hr;
}

static void forget_at(int i)
{
    IUnknown *called = callbacks.registered[i].called;

    callbacks.registered[i] =
        callbacks.registered[--callbacks.registered_count];
    IUnknown_Release(called);
}

HRESULT callbacks_unregister(enum registered what, void *called,
                             const void *about)
{
    HRESULT hr = FAKE_E_NOTFOUND;

    if (!called)
        return E_POINTER;
    EnterCriticalSection(&callbacks.lock);
    for (int i = 0; i < callbacks.registered_count; i++)
        if (callbacks.registered[i].what == what &&
            callbacks.registered[i].called == called &&
            callbacks.registered[i].about == about) {
            forget_at(i);
            hr = S_OK;
            break;
        }
    LeaveCriticalSection(&callbacks.lock);
    return hr;
}

void callbacks_forget(const void *about)
{
    EnterCriticalSection(&callbacks.lock);
    for (int i = callbacks.registered_count; i-- > 0;)
        if (callbacks.registered[i].about == about) {
            violation("registration", "the events' source is released, they "
                                      "are registered still");
            forget_at(i);
        }
    LeaveCriticalSection(&callbacks.lock);
}

void callbacks_check_end(void)
{
    static const char *const names[] = {"IMMNotificationClient",
                                        "IAudioSessionNotification",
                                        "IAudioSessionEvents"};

    for (int i = 0; i < callbacks.registered_count; i++)
        violation("registration", "%s was not unregistered",
                  names[callbacks.registered[i].what]);
    /* What nobody was told of is not the caller's to release. */
    for (int i = 0; i < callbacks.count; i++)
        if (callbacks.news[i].kind == NEWS_ACTIVATED)
            object_unref(callbacks.news[i].operation);
    callbacks.count = 0;
}

/* --- to be told; under the world's lock --- */

static void post(const struct news *n)
{
    int i = callbacks.count;

    if (i == NEWS_MAX)
        abort();
    for (; i > 0 && callbacks.news[i - 1].due > n->due; i--)
        callbacks.news[i] = callbacks.news[i - 1];
    callbacks.news[i] = *n;
    callbacks.count++;
    simtime_signal(callbacks.wake);
}

static void post_about(enum news_kind kind, const struct endpoint *e)
{
    struct news n = {.kind = kind, .due = simtime_now(), .number = e->state};

    wcscpy(n.id, e->wide_id);
    post(&n);
}

void callbacks_state(const struct endpoint *e)
{
    post_about(NEWS_STATE, e);
}

void callbacks_added(const struct endpoint *e)
{
    post_about(NEWS_ADDED, e);
}

void callbacks_removed(const struct endpoint *e)
{
    post_about(NEWS_REMOVED, e);
}

void callbacks_format(const struct endpoint *e)
{
    post_about(NEWS_FORMAT, e);
}

void callbacks_default(bool capture, const struct endpoint *e)
{
    struct news n = {.kind = NEWS_DEFAULT,
                     .due = simtime_now(),
                     .number = capture ? eCapture : eRender};

    if (e)
        wcscpy(n.id, e->wide_id);
    for (n.role = 0; n.role < ROLES; n.role++)
        post(&n);
}

void callbacks_disconnected(const struct endpoint *e, int reason)
{
    struct news n = {.kind = NEWS_DISCONNECTED,
                     .due = simtime_now(),
                     .number = (DWORD)reason,
                     .about = e};

    post(&n);
}

void callbacks_session_changed(struct session *old, const struct session *new)
{
    struct news n = {.due = simtime_now(), .about = old};

    n.number = (DWORD) new->state;
    n.volume = new->volume;
    n.mute = new->mute;
    n.kind = NEWS_SESSION_STATE;
    if (old->state != new->state && !old->absent)
        post(&n);
    n.kind = NEWS_SESSION_VOLUME;
    if ((old->volume != new->volume || old->mute != new->mute) && !old->absent)
        post(&n);
    n.kind = NEWS_SESSION_NEW;
    if (old->absent && !new->absent)
        post(&n);
    *old = *new;
}

void callbacks_activated(IActivateAudioInterfaceCompletionHandler *handler,
                         struct object *operation, int64_t due)
{
    struct news n = {.kind = NEWS_ACTIVATED,
                     .due = due,
                     .handler = handler,
                     .operation = operation};

    object_ref(operation);
    post(&n);
}

/* --- telling; the thread --- */

static void tell_device(IMMNotificationClient *c, const struct news *n)
{
    const wchar_t *id = n->id[0] ? n->id : NULL;
    /* PKEY_AudioEngine_DeviceFormat */
    const PROPERTYKEY engine_format = {fake_set_engine, 0};

    switch (n->kind) {
    case NEWS_STATE:
        callback_enter("OnDeviceStateChanged");
        IMMNotificationClient_OnDeviceStateChanged(c, id, n->number);
        break;
    case NEWS_ADDED:
        callback_enter("OnDeviceAdded");
        IMMNotificationClient_OnDeviceAdded(c, id);
        break;
    case NEWS_REMOVED:
        callback_enter("OnDeviceRemoved");
        IMMNotificationClient_OnDeviceRemoved(c, id);
        break;
    case NEWS_FORMAT:
        callback_enter("OnPropertyValueChanged");
        IMMNotificationClient_OnPropertyValueChanged(c, id, engine_format);
        break;
    case NEWS_DEFAULT:
        callback_enter("OnDefaultDeviceChanged");
        IMMNotificationClient_OnDefaultDeviceChanged(c, (EDataFlow)n->number,
                                                     (ERole)n->role, id);
        break;
    default: return;
    }
    callback_leave();
}

/* Of those who listen to a stream or a session. */
static void tell_events(IAudioSessionEvents *c, const void *about,
                        const struct news *n)
{
    switch (n->kind) {
    case NEWS_DISCONNECTED:
        if (!session_is_on(about, n->about))
            return;
        callback_enter("OnSessionDisconnected");
        IAudioSessionEvents_OnSessionDisconnected(
            c, (AudioSessionDisconnectReason)n->number);
        break;
    case NEWS_SESSION_STATE:
        if (about != n->about)
            return;
        callback_enter("OnStateChanged");
        IAudioSessionEvents_OnStateChanged(c, (AudioSessionState)n->number);
        break;
    case NEWS_SESSION_VOLUME:
        if (about != n->about)
            return;
        callback_enter("OnSimpleVolumeChanged");
        IAudioSessionEvents_OnSimpleVolumeChanged(c, n->volume, n->mute, NULL);
        break;
    default: return;
    }
    callback_leave();
}

static void tell_manager(IAudioSessionNotification *c, const void *about,
                         const struct news *n)
{
    const struct session *s = n->about;
    IAudioSessionControl *control;

    if (n->kind != NEWS_SESSION_NEW ||
        &world()->endpoints[s->endpoint] != about)
        return;
    control = session_control_of(s);
    callback_enter("OnSessionCreated");
    IAudioSessionNotification_OnSessionCreated(c, control);
    callback_leave();
    IAudioSessionControl_Release(control);
}

static void tell_all(const struct news *n)
{
    EnterCriticalSection(&callbacks.lock);
    for (int i = 0; i < callbacks.registered_count; i++) {
        void *called = callbacks.registered[i].called;
        const void *about = callbacks.registered[i].about;

        switch (callbacks.registered[i].what) {
        case FOR_DEVICES: tell_device(called, n); break;
        case FOR_EVENTS: tell_events(called, about, n); break;
        case FOR_SESSIONS: tell_manager(called, about, n); break;
        }
    }
    LeaveCriticalSection(&callbacks.lock);
}

static void tell_activated(const struct news *n)
{
    IActivateAudioInterfaceCompletionHandler *handler = n->handler;
    void *operation = NULL;

    if (IActivateAudioInterfaceCompletionHandler_AddRef(handler) < 2)
        violation("handler", "the handler was gone before completion");
    activate_check(n->operation);
    IActivateAudioInterfaceCompletionHandler_Release(handler);
    object_answer(n->operation, &fake_iid_operation, &operation);
    callback_enter("ActivateCompleted");
    IActivateAudioInterfaceCompletionHandler_ActivateCompleted(handler,
                                                               operation);
    callback_leave();
    object_unref(n->operation);
    object_unref(n->operation);
    IActivateAudioInterfaceCompletionHandler_Release(handler);
}

static unsigned __stdcall teller(void *argument)
{
    (void)argument;
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    for (;;) {
        struct news n = {.due = INT64_MAX};
        bool is_due;

        world_lock();
        if (callbacks.count)
            n = callbacks.news[0];
        is_due = n.due <= simtime_now();
        if (is_due)
            memmove(callbacks.news, callbacks.news + 1,
                    sizeof(n) * (size_t)--callbacks.count);
        world_unlock();
        if (!is_due)
            simtime_wait(callbacks.wake, n.due);
        else if (n.kind == NEWS_ACTIVATED)
            tell_activated(&n);
        else
            tell_all(&n);
    }
    return 0;
}

void callbacks_begin(void)
{
    InitializeCriticalSection(&callbacks.lock);
    callbacks.wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    CloseHandle(simtime_thread_start(teller, NULL));
}
