/* session: IAudioSessionControl2 with ISimpleAudioVolume. */
#include "fakes/mmdevapi/session.h"

#include <stdio.h>
#include <string.h>

#include "fakes/mmdevapi/callbacks.h"
#include "fakes/mmdevapi/interfaces.h"
#include "fakes/mmdevapi/simtime.h"

struct control {
    struct metered metered; /* session NULL: the caller's own stream's */
    struct face face, volume_face, meter_face;
    struct stream *stream;
    struct object *holds;
};

static const void *about(const struct control *c)
{
    return c->metered.session ? (const void *)c->metered.session : c->stream;
}

bool session_is_on(const void *what, const struct endpoint *e)
{
    const struct world *w = world();

    if (!e)
        return true;
    for (int i = 0; i < w->session_count; i++)
        if (what == &w->sessions[i])
            return &w->endpoints[w->sessions[i].endpoint] == e;
    return ((const struct stream *)what)->endpoint == e;
}

static struct control *control_of(void *this)
{
    return OBJECT_OF(control, this);
}

static HRESULT begin(struct control *c, enum method method)
{
    HRESULT hr = call_begin(method, &c->metered.object, c->metered.endpoint);

    /* a device that is gone takes its sessions along */
    if (hr == S_OK && c->metered.endpoint->state != DEVICE_STATE_ACTIVE)
        hr = AUDCLNT_E_DEVICE_INVALIDATED;
    return hr;
}

/* --- IAudioSessionControl2 --- */

static HRESULT STDMETHODCALLTYPE get_state(IAudioSessionControl2 *this,
                                           AudioSessionState *state)
{
    struct control *c = control_of(this);
    HRESULT hr = begin(c, CALL_SessionGetState);

    if (hr == S_OK)
        *state = c->metered.session   ? c->metered.session->state
                 : c->stream->started ? AudioSessionStateActive
                                      : AudioSessionStateInactive;
    return call_end(hr);
}

static HRESULT give_text(struct control *c, enum method method,
                         const char *text, LPWSTR *out)
{
    HRESULT hr = begin(c, method);
    wchar_t wide[2 * TEXT_MAX];

    *out = NULL;
    if (hr != S_OK)
        return call_end(hr);
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, 2 * TEXT_MAX);
    *out = memory_give_text(wide, method_name(method));
    return call_end(S_OK);
}

static HRESULT STDMETHODCALLTYPE get_name(IAudioSessionControl2 *this,
                                          LPWSTR *name)
{
    struct control *c = control_of(this);

    return give_text(c, CALL_GetDisplayName,
                     c->metered.session ? c->metered.session->name : "", name);
}

static HRESULT STDMETHODCALLTYPE set_name(IAudioSessionControl2 *this,
                                          LPCWSTR name, LPCGUID context)
{
    struct control *c = control_of(this);
    HRESULT hr = begin(c, CALL_SetDisplayName);
    char text[TEXT_MAX] = "", escaped[2 * TEXT_MAX];

    (void)context;
    if (hr != S_OK)
        return call_end(hr);
    WideCharToMultiByte(CP_UTF8, 0, name, -1, text, TEXT_MAX, NULL, NULL);
    log_escape(escaped, sizeof(escaped), text);
    log_json("\"displayname\":\"%s\"", escaped);
    return call_end(S_OK);
}

static HRESULT STDMETHODCALLTYPE get_icon(IAudioSessionControl2 *this,
                                          LPWSTR *path)
{
    return give_text(control_of(this), CALL_GetDisplayName, "", path);
}

static HRESULT STDMETHODCALLTYPE set_icon(IAudioSessionControl2 *this,
                                          LPCWSTR path, LPCGUID context)
{
    (void)this, (void)path, (void)context;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE get_grouping(IAudioSessionControl2 *this,
                                              GUID *grouping)
{
    (void)this;
    memset(grouping, 0, sizeof(*grouping));
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE set_grouping(IAudioSessionControl2 *this,
                                              LPCGUID grouping, LPCGUID context)
{
    (void)this, (void)grouping, (void)context;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE subscribe(IAudioSessionControl2 *this,
                                           IAudioSessionEvents *events)
{
    struct control *c = control_of(this);
    HRESULT hr = call_end(call_begin(CALL_RegisterAudioSessionNotification,
                                     &c->metered.object, c->metered.endpoint));

    return hr == S_OK ? callbacks_register(FOR_EVENTS, events, about(c)) : hr;
}

static HRESULT STDMETHODCALLTYPE unsubscribe(IAudioSessionControl2 *this,
                                             IAudioSessionEvents *events)
{
    struct control *c = control_of(this);
    HRESULT hr = call_end(call_begin(CALL_UnregisterAudioSessionNotification,
                                     &c->metered.object, c->metered.endpoint));

    return hr == S_OK ? callbacks_unregister(FOR_EVENTS, events, about(c)) : hr;
}

static HRESULT STDMETHODCALLTYPE get_identifier(IAudioSessionControl2 *this,
                                                LPWSTR *id)
{
    struct control *c = control_of(this);

    return give_text(c, CALL_GetSessionIdentifier,
                     c->metered.session ? c->metered.session->key : "own", id);
}

static HRESULT STDMETHODCALLTYPE get_instance(IAudioSessionControl2 *this,
                                              LPWSTR *id)
{
    struct control *c = control_of(this);
    char text[TEXT_MAX + 32];

    snprintf(text, sizeof(text), "%s|1",
             c->metered.session ? c->metered.session->key : "own");
    return give_text(c, CALL_GetSessionInstanceIdentifier, text, id);
}

static HRESULT STDMETHODCALLTYPE get_pid(IAudioSessionControl2 *this,
                                         DWORD *pid)
{
    struct control *c = control_of(this);
    HRESULT hr = begin(c, CALL_GetProcessId);

    if (hr == S_OK)
        *pid = c->metered.session ? session_pid(c->metered.session)
                                  : GetCurrentProcessId();
    /* the one of the system's sounds spans several */
    if (hr == S_OK && c->metered.session && c->metered.session->system)
        hr = FAKE_S_NO_SINGLE_PROCESS;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE is_system(IAudioSessionControl2 *this)
{
    struct control *c = control_of(this);
    HRESULT hr = begin(c, CALL_IsSystemSoundsSession);

    if (hr == S_OK && !(c->metered.session && c->metered.session->system))
        hr = S_FALSE;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE set_ducking(IAudioSessionControl2 *this,
                                             WINBOOL off)
{
    (void)this, (void)off;
    return S_OK;
}

static const IAudioSessionControl2Vtbl control_methods = {
    FACE_METHODS,
    .GetState = get_state,
    .GetDisplayName = get_name,
    .SetDisplayName = set_name,
    .GetIconPath = get_icon,
    .SetIconPath = set_icon,
    .GetGroupingParam = get_grouping,
    .SetGroupingParam = set_grouping,
    .RegisterAudioSessionNotification = subscribe,
    .UnregisterAudioSessionNotification = unsubscribe,
    .GetSessionIdentifier = get_identifier,
    .GetSessionInstanceIdentifier = get_instance,
    .GetProcessId = get_pid,
    .IsSystemSoundsSession = is_system,
    .SetDuckingPreference = set_ducking,
};

/* --- ISimpleAudioVolume --- */

static HRESULT STDMETHODCALLTYPE get_volume(ISimpleAudioVolume *this,
                                            float *volume)
{
    struct control *c = control_of(this);
    HRESULT hr = begin(c, CALL_GetMasterVolume);

    if (hr == S_OK)
        *volume = c->metered.session ? c->metered.session->volume : 1;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE get_mute(ISimpleAudioVolume *this,
                                          WINBOOL *mute)
{
    struct control *c = control_of(this);
    HRESULT hr = begin(c, CALL_GetMute);

    if (hr == S_OK)
        *mute = c->metered.session && c->metered.session->mute;
    return call_end(hr);
}

/* A recorder has no business there. */
static HRESULT STDMETHODCALLTYPE set_volume(ISimpleAudioVolume *this, float v,
                                            LPCGUID context)
{
    (void)this, (void)v, (void)context;
    violation("audible", "SetMasterVolume");
    return E_ACCESSDENIED;
}

static HRESULT STDMETHODCALLTYPE set_mute(ISimpleAudioVolume *this,
                                          WINBOOL mute, LPCGUID context)
{
    (void)this, (void)mute, (void)context;
    violation("audible", "SetMute");
    return E_ACCESSDENIED;
}

static const ISimpleAudioVolumeVtbl volume_methods = {
    FACE_METHODS,
    .SetMasterVolume = set_volume,
    .GetMasterVolume = get_volume,
    .SetMute = set_mute,
    .GetMute = get_mute,
};

/* --- the objects --- */

static void destroy(struct object *o)
{
    struct object *holds = ((struct control *)(void *)o)->holds;

    if (holds)
        object_unref(holds);
}

static const struct face_of control_faces[] = {
    {&fake_iid_session2, offsetof(struct control, face), &control_methods},
    {&fake_iid_session, offsetof(struct control, face), &control_methods},
    {&fake_iid_volume, offsetof(struct control, volume_face), &volume_methods},
    {&fake_iid_meter, offsetof(struct control, meter_face), &meter_methods},
};

static const struct kind control_kind = {.name = "IAudioSessionControl",
                                         .faces = control_faces,
                                         .count = COUNT_OF(control_faces),
                                         .destroy = destroy};

IAudioSessionControl *session_control_of(const struct session *s)
{
    struct control *c = object_new(sizeof(*c), &control_kind);
    void *out = NULL;

    c->metered.session = s;
    c->metered.endpoint = &world()->endpoints[s->endpoint];
    give(c, &fake_iid_session, &out);
    return out;
}

HRESULT session_control_of_stream(struct stream *s, struct object *holds,
                                  REFIID iid, void **out)
{
    struct control *c = object_new(sizeof(*c), &control_kind);

    c->stream = s;
    c->metered.endpoint = s->endpoint;
    c->holds = holds;
    object_ref(holds);
    return give(c, iid, out);
}
