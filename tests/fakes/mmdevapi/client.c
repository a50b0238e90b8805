/* client: IAudioClient on an endpoint and of process loopback. The answers are
 * those of its reference page, of "Loopback Recording" and, for process
 * loopback, of what programs met (no clock, no padding, no sensible buffer). */
#include <stdlib.h>
#include <string.h>

#include "fakes/mmdevapi/callbacks.h"
#include "fakes/mmdevapi/interfaces.h"
#include "fakes/mmdevapi/session.h"
#include "fakes/mmdevapi/simtime.h"

#define FLAGS_KNOWN                                                            \
    ((DWORD)(AUDCLNT_STREAMFLAGS_CROSSPROCESS | AUDCLNT_STREAMFLAGS_LOOPBACK | \
             AUDCLNT_STREAMFLAGS_EVENTCALLBACK |                               \
             AUDCLNT_STREAMFLAGS_NOPERSIST | AUDCLNT_STREAMFLAGS_RATEADJUST |  \
             AUDCLNT_STREAMFLAGS_SRC_DEFAULT_QUALITY |                         \
             AUDCLNT_STREAMFLAGS_AUTOCONVERTPCM | 0x70000000u))

static struct client *self(IAudioClient *this)
{
    return OBJECT_OF(client, this);
}

/* The way in for what needs Initialize. */
static HRESULT begin_initialized(struct client *c, enum method method)
{
    HRESULT hr = call_begin(method, &c->object, c->endpoint);

    if (hr == S_OK && !c->initialized) {
        violation("order", "%s on a client that is not initialized",
                  method_name(method));
        hr = AUDCLNT_E_NOT_INITIALIZED;
    }
    return hr == S_OK ? c->stream.dead : hr;
}

static HRESULT check_device(const struct client *c)
{
    if (c->stream.process)
        return S_OK;
    if (c->endpoint->state != DEVICE_STATE_ACTIVE)
        return AUDCLNT_E_DEVICE_INVALIDATED;
    return c->endpoint->exclusive ? AUDCLNT_E_DEVICE_IN_USE : S_OK;
}

static HRESULT check_flags(const struct client *c, AUDCLNT_SHAREMODE mode,
                           DWORD flags, REFERENCE_TIME periodicity)
{
    bool loopback = flags & AUDCLNT_STREAMFLAGS_LOOPBACK;

    if (flags & ~FLAGS_KNOWN)
        return E_INVALIDARG;
    if (mode == AUDCLNT_SHAREMODE_EXCLUSIVE)
        return loopback ? E_INVALIDARG : AUDCLNT_E_EXCLUSIVE_MODE_NOT_ALLOWED;
    if (mode != AUDCLNT_SHAREMODE_SHARED)
        return E_INVALIDARG;
    if (c->stream.process)
        return loopback ? S_OK : AUDCLNT_E_INVALID_STREAM_FLAG;
    if (loopback && c->endpoint->capture)
        return AUDCLNT_E_WRONG_ENDPOINT_TYPE;
    return periodicity ? E_INVALIDARG : S_OK;
}

static HRESULT check_format(const struct client *c, DWORD flags,
                            const WAVEFORMATEX *format, struct wave *wave)
{
    const DWORD convert = AUDCLNT_STREAMFLAGS_AUTOCONVERTPCM;

    if (!format)
        return E_POINTER;
    if (!wave_understand(format, wave))
        return AUDCLNT_E_UNSUPPORTED_FORMAT;
    if (flags & convert && c->endpoint->faults.autoconvert_refused)
        return E_INVALIDARG;
    if (flags & convert || c->stream.process)
        return S_OK;
    return wave_same(wave, &c->endpoint->wave) ? S_OK
                                               : AUDCLNT_E_UNSUPPORTED_FORMAT;
}

static void set_up(struct client *c, DWORD flags, REFERENCE_TIME duration)
{
    struct stream *s = &c->stream;
    int64_t period = world()->period;

    s->endpoint = c->endpoint;
    s->capture = c->endpoint->capture || flags & AUDCLNT_STREAMFLAGS_LOOPBACK;
    s->evented = flags & AUDCLNT_STREAMFLAGS_EVENTCALLBACK;
    if (duration < 2 * period)
        duration = 2 * period;
    if (duration > 2 * UNITS_PER_S)
        duration = 2 * UNITS_PER_S;
    s->packet_frames = (uint32_t)(period * s->wave.rate / UNITS_PER_S);
    s->buffer_frames =
        (uint32_t)((duration * s->wave.rate + UNITS_PER_S - 1) / UNITS_PER_S);
    if (s->buffer_frames < 2 * s->packet_frames)
        s->buffer_frames = 2 * s->packet_frames;
    c->buffer =
        calloc(s->buffer_frames + s->packet_frames, wave_frame_bytes(&s->wave));
    if (!c->buffer)
        abort();
    c->initialized = true;
    stream_add(s);
}

static HRESULT STDMETHODCALLTYPE initialize(IAudioClient *this,
                                            AUDCLNT_SHAREMODE mode, DWORD flags,
                                            REFERENCE_TIME duration,
                                            REFERENCE_TIME periodicity,
                                            const WAVEFORMATEX *format,
                                            LPCGUID session)
{
    struct client *c = self(this);
    HRESULT hr = call_begin(CALL_Initialize, &c->object, c->endpoint);

    (void)session;
    if (c->tried) {
        violation("order", c->initialized ? "Initialize twice"
                                          : "Initialize after it failed");
        return call_end(AUDCLNT_E_ALREADY_INITIALIZED);
    }
    c->tried = true;
    if (hr == S_OK)
        hr = check_device(c);
    if (hr == S_OK)
        hr = check_flags(c, mode, flags, periodicity);
    if (hr == S_OK)
        hr = check_format(c, flags, format, &c->stream.wave);
    if (hr == S_OK)
        set_up(c, flags, duration);
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE get_buffer_size(IAudioClient *this,
                                                 UINT32 *frames)
{
    struct client *c = self(this);
    HRESULT hr = begin_initialized(c, CALL_GetBufferSize);

    if (hr == S_OK)
        *frames = c->stream.process ? 3131961357u : c->stream.buffer_frames;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE get_latency(IAudioClient *this,
                                             REFERENCE_TIME *latency)
{
    struct client *c = self(this);
    HRESULT hr = begin_initialized(c, CALL_GetStreamLatency);

    if (hr == S_OK)
        *latency = c->stream.capture ? 0 : world()->period;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE get_padding(IAudioClient *this, UINT32 *frames)
{
    struct client *c = self(this);
    HRESULT hr = begin_initialized(c, CALL_GetCurrentPadding);
    int64_t now = simtime_now();

    if (hr == S_OK && c->stream.process)
        hr = E_NOTIMPL;
    if (hr == S_OK && c->stream.capture) {
        stream_advance(&c->stream, now);
        *frames = c->stream.queued_frames;
    } else if (hr == S_OK) {
        *frames = stream_padding(&c->stream, now);
    }
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE is_supported(IAudioClient *this,
                                              AUDCLNT_SHAREMODE mode,
                                              const WAVEFORMATEX *format,
                                              WAVEFORMATEX **closest)
{
    struct client *c = self(this);
    HRESULT hr = call_begin(CALL_IsFormatSupported, &c->object, c->endpoint);
    WAVEFORMATEXTENSIBLE mix = wave_describe(&c->endpoint->wave);
    struct wave asked;

    if (closest)
        *closest = NULL;
    if (hr == S_OK && c->stream.process)
        hr = E_NOTIMPL;
    if (hr == S_OK &&
        (!format || (mode == AUDCLNT_SHAREMODE_SHARED && !closest)))
        hr = E_POINTER;
    if (hr != S_OK)
        return call_end(hr);
    if (mode != AUDCLNT_SHAREMODE_SHARED || !wave_understand(format, &asked))
        return call_end(AUDCLNT_E_UNSUPPORTED_FORMAT);
    if (wave_same(&asked, &c->endpoint->wave))
        return call_end(S_OK);
    *closest = memory_give(&mix, sizeof(mix), "IsFormatSupported");
    return call_end(S_FALSE);
}

static HRESULT STDMETHODCALLTYPE get_mix_format(IAudioClient *this,
                                                WAVEFORMATEX **out)
{
    struct client *c = self(this);
    HRESULT hr = call_begin(CALL_GetMixFormat, &c->object, c->endpoint);
    WAVEFORMATEXTENSIBLE mix = wave_describe(&c->endpoint->wave);

    *out = NULL;
    if (hr == S_OK && c->stream.process)
        hr = E_NOTIMPL;
    if (hr == S_OK && c->endpoint->state != DEVICE_STATE_ACTIVE)
        hr = AUDCLNT_E_DEVICE_INVALIDATED;
    if (hr == S_OK)
        *out = memory_give(&mix, sizeof(mix), "GetMixFormat");
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE get_period(IAudioClient *this,
                                            REFERENCE_TIME *usual,
                                            REFERENCE_TIME *least)
{
    struct client *c = self(this);
    HRESULT hr = call_begin(CALL_GetDevicePeriod, &c->object, c->endpoint);

    if (hr == S_OK && c->stream.process)
        hr = E_NOTIMPL;
    if (hr == S_OK && usual)
        *usual = world()->period;
    if (hr == S_OK && least)
        *least = world()->period;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE start(IAudioClient *this)
{
    struct client *c = self(this);
    HRESULT hr = begin_initialized(c, CALL_Start);
    int64_t now = simtime_now();

    if (hr == S_OK && c->stream.evented && !c->stream.event) {
        violation("order", "Start without SetEventHandle");
        hr = AUDCLNT_E_EVENTHANDLE_NOT_SET;
    }
    if (hr == S_OK && c->stream.started)
        hr = AUDCLNT_E_NOT_STOPPED;
    if (hr != S_OK)
        return call_end(hr);
    stream_start(&c->stream, now);
    if (c->stream.capture)
        world_event(CALL_Start, true, now);
    return call_end(c->stream.dead);
}

static HRESULT STDMETHODCALLTYPE stop(IAudioClient *this)
{
    struct client *c = self(this);
    HRESULT hr = begin_initialized(c, CALL_Stop);

    if (hr == S_OK && !c->stream.started)
        hr = S_FALSE;
    stream_stop(&c->stream, simtime_now());
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE reset(IAudioClient *this)
{
    struct client *c = self(this);
    HRESULT hr = begin_initialized(c, CALL_Reset);

    if (hr == S_OK && c->stream.started)
        hr = AUDCLNT_E_NOT_STOPPED;
    if (hr == S_OK && c->held)
        hr = AUDCLNT_E_BUFFER_OPERATION_PENDING;
    if (hr != S_OK)
        return call_end(hr);
    stream_reset(&c->stream);
    c->stream.mute = c->stream.process; /* capture never resumes */
    c->stream.mix = NULL;
    return call_end(S_OK);
}

static HRESULT STDMETHODCALLTYPE set_event(IAudioClient *this, HANDLE event)
{
    struct client *c = self(this);
    HRESULT hr = begin_initialized(c, CALL_SetEventHandle);

    if (hr == S_OK && !c->stream.evented)
        hr = AUDCLNT_E_EVENTHANDLE_NOT_EXPECTED;
    if (hr == S_OK && !event)
        hr = E_INVALIDARG;
    if (hr == S_OK)
        c->stream.event = event;
    return call_end(hr);
}

static HRESULT serve(struct client *c, REFIID iid, void **out)
{
    bool loopback = c->stream.capture;

    if (IsEqualGUID(iid, &fake_iid_capture))
        return loopback ? capture_new(c, iid, out)
                        : AUDCLNT_E_WRONG_ENDPOINT_TYPE;
    if (c->stream.process)
        return E_NOINTERFACE;
    if (IsEqualGUID(iid, &fake_iid_render))
        return loopback ? AUDCLNT_E_WRONG_ENDPOINT_TYPE
                        : render_new(c, iid, out);
    if (IsEqualGUID(iid, &fake_iid_clock))
        return clock_new(c, iid, out);
    if (IsEqualGUID(iid, &fake_iid_session) ||
        IsEqualGUID(iid, &fake_iid_volume))
        return session_control_of_stream(&c->stream, &c->object, iid, out);
    return E_NOINTERFACE;
}

static HRESULT STDMETHODCALLTYPE get_service(IAudioClient *this, REFIID iid,
                                             void **out)
{
    struct client *c = self(this);
    HRESULT hr = begin_initialized(c, CALL_GetService);

    *out = NULL;
    if (hr == S_OK)
        hr = serve(c, iid, out);
    return call_end(hr);
}

static const IAudioClientVtbl methods = {
    FACE_METHODS,
    .Initialize = initialize,
    .GetBufferSize = get_buffer_size,
    .GetStreamLatency = get_latency,
    .GetCurrentPadding = get_padding,
    .IsFormatSupported = is_supported,
    .GetMixFormat = get_mix_format,
    .GetDevicePeriod = get_period,
    .Start = start,
    .Stop = stop,
    .Reset = reset,
    .SetEventHandle = set_event,
    .GetService = get_service,
};

static void destroy(struct object *o)
{
    struct client *c = (void *)o;

    callbacks_forget(&c->stream);
    world_lock();
    if (c->held)
        violation("buffer", "the client is released, a buffer is not");
    stream_stop(&c->stream, simtime_now());
    stream_remove(&c->stream);
    free(c->buffer);
    c->buffer = NULL;
    world_unlock();
}

static const struct face_of faces[] = {
    {&fake_iid_client, offsetof(struct client, face), &methods},
};

static const struct kind client_kind = {
    .name = "IAudioClient", .faces = faces, .count = 1, .destroy = destroy};

struct client *client_new(struct endpoint *e)
{
    struct client *c = object_new(sizeof(*c), &client_kind);

    c->endpoint = c->stream.endpoint = e;
    return c;
}
