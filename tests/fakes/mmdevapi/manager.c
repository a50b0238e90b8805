/* manager: IAudioSessionManager2 with its enumerator, and
 * IAudioMeterInformation of endpoints and sessions. */
#include <string.h>

#include "fakes/mmdevapi/callbacks.h"
#include "fakes/mmdevapi/interfaces.h"
#include "fakes/mmdevapi/session.h"

/* --- IAudioSessionEnumerator --- */

struct sessions {
    struct object object;
    struct face face;
    int count;
    const struct session *sessions[SESSIONS_MAX];
};

static HRESULT STDMETHODCALLTYPE get_count(IAudioSessionEnumerator *this,
                                           int *count)
{
    struct sessions *o = OBJECT_OF(sessions, this);
    HRESULT hr = call_begin(CALL_GetSessionCount, &o->object, NULL);

    if (hr == S_OK)
        *count = o->count;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE get_session(IAudioSessionEnumerator *this,
                                             int i, IAudioSessionControl **out)
{
    struct sessions *o = OBJECT_OF(sessions, this);
    HRESULT hr = call_begin(CALL_GetSession, &o->object, NULL);

    *out = NULL;
    if (hr == S_OK && (i < 0 || i >= o->count))
        hr = E_INVALIDARG;
    if (hr == S_OK)
        *out = session_control_of(o->sessions[i]);
    return call_end(hr);
}

static const IAudioSessionEnumeratorVtbl sessions_methods = {
    FACE_METHODS, .GetCount = get_count, .GetSession = get_session};

static const struct face_of sessions_faces[] = {
    {&fake_iid_sessions, offsetof(struct sessions, face), &sessions_methods},
};

static const struct kind sessions_kind = {
    .name = "IAudioSessionEnumerator", .faces = sessions_faces, .count = 1};

/* --- IAudioSessionManager2 --- */

struct manager {
    struct object object;
    struct face face;
    const struct endpoint *endpoint;
};

static HRESULT STDMETHODCALLTYPE get_control(IAudioSessionManager2 *this,
                                             LPCGUID session, DWORD flags,
                                             IAudioSessionControl **out)
{
    (void)this, (void)session, (void)flags;
    *out = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE get_volume(IAudioSessionManager2 *this,
                                            LPCGUID session, DWORD flags,
                                            ISimpleAudioVolume **out)
{
    (void)this, (void)session, (void)flags;
    *out = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE enumerate(IAudioSessionManager2 *this,
                                           IAudioSessionEnumerator **out)
{
    struct manager *m = OBJECT_OF(manager, this);
    HRESULT hr = call_begin(CALL_GetSessionEnumerator, &m->object, m->endpoint);
    const struct world *w = world();
    struct sessions *o;

    *out = NULL;
    if (hr == S_OK && m->endpoint->state != DEVICE_STATE_ACTIVE)
        hr = AUDCLNT_E_DEVICE_INVALIDATED;
    if (hr != S_OK)
        return call_end(hr);
    o = object_new(sizeof(*o), &sessions_kind);
    for (int i = 0; i < w->session_count; i++)
        if (!w->sessions[i].absent &&
            &w->endpoints[w->sessions[i].endpoint] == m->endpoint)
            o->sessions[o->count++] = &w->sessions[i];
    return call_end(give(o, &fake_iid_sessions, (void **)out));
}

static HRESULT STDMETHODCALLTYPE subscribe(IAudioSessionManager2 *this,
                                           IAudioSessionNotification *client)
{
    struct manager *m = OBJECT_OF(manager, this);
    HRESULT hr = call_end(
        call_begin(CALL_RegisterSessionNotification, &m->object, m->endpoint));

    return hr == S_OK ? callbacks_register(FOR_SESSIONS, client, m->endpoint)
                      : hr;
}

static HRESULT STDMETHODCALLTYPE unsubscribe(IAudioSessionManager2 *this,
                                             IAudioSessionNotification *client)
{
    struct manager *m = OBJECT_OF(manager, this);
    HRESULT hr = call_end(call_begin(CALL_UnregisterSessionNotification,
                                     &m->object, m->endpoint));

    return hr == S_OK ? callbacks_unregister(FOR_SESSIONS, client, m->endpoint)
                      : hr;
}

static HRESULT STDMETHODCALLTYPE duck(IAudioSessionManager2 *this, LPCWSTR id,
                                      IAudioVolumeDuckNotification *client)
{
    (void)this, (void)id, (void)client;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE unduck(IAudioSessionManager2 *this,
                                        IAudioVolumeDuckNotification *client)
{
    (void)this, (void)client;
    return E_NOTIMPL;
}

static const IAudioSessionManager2Vtbl manager_methods = {
    FACE_METHODS,
    .GetAudioSessionControl = get_control,
    .GetSimpleAudioVolume = get_volume,
    .GetSessionEnumerator = enumerate,
    .RegisterSessionNotification = subscribe,
    .UnregisterSessionNotification = unsubscribe,
    .RegisterDuckNotification = duck,
    .UnregisterDuckNotification = unduck,
};

static const struct face_of manager_faces[] = {
    {&fake_iid_manager2, offsetof(struct manager, face), &manager_methods},
    {&fake_iid_manager, offsetof(struct manager, face), &manager_methods},
};

static const struct kind manager_kind = {
    .name = "IAudioSessionManager2", .faces = manager_faces, .count = 2};

HRESULT session_manager_new(struct endpoint *e, REFIID iid, void **out)
{
    struct manager *m = object_new(sizeof(*m), &manager_kind);

    m->endpoint = e;
    return give(m, iid, out);
}

/* --- IAudioMeterInformation --- */

static double signal_peak(const struct signal *s)
{
    return s->kind == PLAY_TONE ? s->amplitude : s->kind == PLAY_COUNTER;
}

static double session_peak(const struct session *s)
{
    if (s->absent || s->state == AudioSessionStateExpired)
        return 0;
    return s->peak >= 0 ? s->peak : signal_peak(&s->signal);
}

static double peak_of(const struct metered *m)
{
    const struct world *w = world();
    double peak;

    if (m->session)
        return session_peak(m->session);
    if (m->endpoint->meter >= 0)
        return m->endpoint->meter;
    peak = signal_peak(&m->endpoint->signal);
    for (int i = 0; i < w->session_count; i++)
        if (&w->endpoints[w->sessions[i].endpoint] == m->endpoint &&
            !w->sessions[i].mute)
            peak += session_peak(&w->sessions[i]) * w->sessions[i].volume;
    return peak < 1 ? peak : 1;
}

static HRESULT STDMETHODCALLTYPE get_peak(void *this, float *peak)
{
    struct metered *m = OBJECT_OF(metered, this);
    HRESULT hr = call_begin(CALL_GetPeakValue, &m->object, m->endpoint);

    if (hr == S_OK && m->endpoint->state != DEVICE_STATE_ACTIVE)
        hr = AUDCLNT_E_DEVICE_INVALIDATED;
    if (hr == S_OK)
        *peak = (float)peak_of(m);
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE get_channels(void *this, UINT *count)
{
    *count = OBJECT_OF(metered, this)->endpoint->wave.channels;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE get_peaks(void *this, UINT32 count,
                                           float *peaks)
{
    struct metered *m = OBJECT_OF(metered, this);

    for (UINT32 i = 0; i < count; i++)
        peaks[i] = (float)peak_of(m);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE query_hardware(void *this, DWORD *mask)
{
    (void)this;
    *mask = 0;
    return S_OK;
}

const struct fake_meter_vtbl meter_methods = {
    FACE_METHODS,
    .GetPeakValue = get_peak,
    .GetMeteringChannelCount = get_channels,
    .GetChannelsPeakValues = get_peaks,
    .QueryHardwareSupport = query_hardware,
};

struct meter {
    struct metered metered;
    struct face face;
};

static const struct face_of meter_faces[] = {
    {&fake_iid_meter, offsetof(struct meter, face), &meter_methods},
};

static const struct kind meter_kind = {
    .name = "IAudioMeterInformation", .faces = meter_faces, .count = 1};

HRESULT session_meter_new(struct endpoint *e, REFIID iid, void **out)
{
    struct meter *m = object_new(sizeof(*m), &meter_kind);

    m->metered.endpoint = e;
    return give(m, iid, out);
}
