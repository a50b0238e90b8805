/* reason: an IAudioSessionEvents. See reason.h. */
#include "source/wasapi/reason.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "source/wasapi/abi_session.h"

enum { REASON_NONE = -1 };

struct reason {
    IAudioSessionEvents base; /* first: the object is its interface */
    /* constant after create */
    IAudioSessionControl *control; /* ours only until reason_destroy */
    HANDLE wake; /* our own duplicate: outlives the source if need be */
    HANDLE told; /* manual-reset: set once there is a reason */
    /* shared, atomic */
    atomic_uint references;
    atomic_int value; /* AudioSessionDisconnectReason, or REASON_NONE */
};

static struct reason *self(IAudioSessionEvents *base)
{
    return (struct reason *)base;
}

static HRESULT STDMETHODCALLTYPE query_interface(IAudioSessionEvents *base,
                                                 REFIID iid, void **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!IsEqualGUID(iid, &iid_unknown) &&
        !IsEqualGUID(iid, &iid_session_events))
        return E_NOINTERFACE;
    *out = base;
    IAudioSessionEvents_AddRef(base);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE add_ref(IAudioSessionEvents *base)
{
    return atomic_fetch_add_explicit(&self(base)->references, 1,
                                     memory_order_relaxed) +
           1;
}

static void destroy(struct reason *r)
{
    if (r->wake)
        CloseHandle(r->wake);
    if (r->told)
        CloseHandle(r->told);
    free(r);
}

static ULONG STDMETHODCALLTYPE release(IAudioSessionEvents *base)
{
    struct reason *r = self(base);
    /* acq_rel: the last one sees what the others did before they let go. */
    ULONG left =
        atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) - 1;

    if (!left)
        destroy(r);
    return left;
}

static HRESULT STDMETHODCALLTYPE
disconnected(IAudioSessionEvents *base, AudioSessionDisconnectReason value)
{
    struct reason *r = self(base);
    int none = REASON_NONE;

    /* The first word counts. Relaxed: a number on its own, and the events
     * order what matters. */
    atomic_compare_exchange_strong_explicit(&r->value, &none, (int)value,
                                            memory_order_relaxed,
                                            memory_order_relaxed);
    SetEvent(r->told);
    SetEvent(r->wake);
    return S_OK;
}

/* What else a session tells is of no interest here. */

static HRESULT STDMETHODCALLTYPE text_changed(IAudioSessionEvents *base,
                                              LPCWSTR text, LPCGUID context)
{
    (void)base;
    (void)text;
    (void)context;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE volume_changed(IAudioSessionEvents *base,
                                                float volume, WINBOOL mute,
                                                LPCGUID context)
{
    (void)base;
    (void)volume;
    (void)mute;
    (void)context;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE channels_changed(IAudioSessionEvents *base,
                                                  DWORD count, float *volumes,
                                                  DWORD channel,
                                                  LPCGUID context)
{
    (void)base;
    (void)count;
    (void)volumes;
    (void)channel;
    (void)context;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE grouping_changed(IAudioSessionEvents *base,
                                                  LPCGUID group,
                                                  LPCGUID context)
{
    (void)base;
    (void)group;
    (void)context;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE state_changed(IAudioSessionEvents *base,
                                               AudioSessionState state)
{
    (void)base;
    (void)state;
    return S_OK;
}

static const IAudioSessionEventsVtbl methods = {
    .QueryInterface = query_interface,
    .AddRef = add_ref,
    .Release = release,
    .OnDisplayNameChanged = text_changed,
    .OnIconPathChanged = text_changed,
    .OnSimpleVolumeChanged = volume_changed,
    .OnChannelVolumeChanged = channels_changed,
    .OnGroupingParamChanged = grouping_changed,
    .OnStateChanged = state_changed,
    .OnSessionDisconnected = disconnected,
};

struct reason *reason_create(IAudioClient *client, HANDLE wake)
{
    struct reason *r = calloc(1, sizeof *r);
    HANDLE here = GetCurrentProcess();
    void *control = NULL;

    if (!r)
        return NULL;
    r->base.lpVtbl = &methods;
    atomic_init(&r->references, 1);
    atomic_init(&r->value, REASON_NONE);
    r->told = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!r->told || !DuplicateHandle(here, wake, here, &r->wake, 0, FALSE,
                                     DUPLICATE_SAME_ACCESS))
        goto failed;
    if (FAILED(
            IAudioClient_GetService(client, &iid_session_control, &control)) ||
        !control)
        goto failed;
    r->control = control;
    if (SUCCEEDED(IAudioSessionControl_RegisterAudioSessionNotification(
            r->control, &r->base)))
        return r;
    IAudioSessionControl_Release(r->control);
failed:
    destroy(r);
    return NULL;
}

void reason_destroy(struct reason *r)
{
    IAudioSessionControl *control;

    if (!r)
        return;
    /* Unregister before anything is let go ("UnregisterAudioSession-
     * Notification", remarks). */
    control = r->control;
    IAudioSessionControl_UnregisterAudioSessionNotification(control, &r->base);
    IAudioSessionEvents_Release(&r->base);
    IAudioSessionControl_Release(control);
}

bool reason_known(const struct reason *r)
{
    return r &&
           atomic_load_explicit(&r->value, memory_order_relaxed) != REASON_NONE;
}

/* After AudioSessionDisconnectReason (audiopolicy.h). */
static const char *words(int value)
{
    switch (value) {
    case DisconnectReasonDeviceRemoval: return "the device was removed";
    case DisconnectReasonServerShutdown:
        return "the Windows audio service was shut down";
    case DisconnectReasonFormatChanged: return "the device's format changed";
    case DisconnectReasonSessionLogoff: return "the user logged off";
    case DisconnectReasonSessionDisconnected:
        return "the remote desktop session was disconnected";
    case DisconnectReasonExclusiveModeOverride:
        return "another program took the device in exclusive mode";
    default: return "Windows disconnected the stream";
    }
}

const char *reason_wait(const struct reason *r, DWORD timeout_ms, bool *removal)
{
    int value;

    *removal = false;
    if (!r)
        return NULL;
    if (!reason_known(r) &&
        WaitForSingleObject(r->told, timeout_ms) != WAIT_OBJECT_0)
        return NULL;
    value = atomic_load_explicit(&r->value, memory_order_relaxed);
    *removal = value == DisconnectReasonDeviceRemoval;
    return words(value);
}
