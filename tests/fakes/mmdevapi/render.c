/* render: IAudioRenderClient, for those who keep a device awake, and
 * IAudioClock with IAudioClock2. */
#include <string.h>

#include "fakes/mmdevapi/interfaces.h"
#include "fakes/mmdevapi/simtime.h"

struct service {
    struct object object;
    struct face face, face2;
    struct client *client;
};

static void destroy(struct object *o)
{
    object_unref(&((struct service *)(void *)o)->client->object);
}

/* The way in; the client that this serves in *C. */
static HRESULT begin(void *this, enum method method, struct client **c)
{
    struct service *o = OBJECT_OF(service, this);
    HRESULT hr = call_begin(method, &o->object, o->client->endpoint);

    *c = o->client;
    return hr == S_OK ? (*c)->stream.dead : hr;
}

/* --- render --- */

static HRESULT STDMETHODCALLTYPE get_buffer(IAudioRenderClient *this,
                                            UINT32 frames, BYTE **data)
{
    struct client *c;
    HRESULT hr = begin(this, CALL_RenderGetBuffer, &c);
    uint32_t padding = stream_padding(&c->stream, simtime_now());

    if (hr == S_OK && c->held) {
        violation("buffer", "render's GetBuffer again without ReleaseBuffer");
        hr = AUDCLNT_E_OUT_OF_ORDER;
    }
    if (hr == S_OK && frames > c->stream.buffer_frames - padding)
        hr = AUDCLNT_E_BUFFER_TOO_LARGE;
    if (hr != S_OK)
        return call_end(hr);
    signal_garbage(c->buffer,
                   (size_t)frames * wave_frame_bytes(&c->stream.wave));
    c->held = frames > 0;
    c->held_frames = frames;
    c->holder = GetCurrentThreadId();
    *data = c->buffer;
    return call_end(S_OK);
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static HRESULT STDMETHODCALLTYPE release_buffer(IAudioRenderClient *this,
                                                UINT32 frames, DWORD flags)
{
    struct client *c;
    HRESULT hr = begin(this, CALL_RenderReleaseBuffer, &c);
    int64_t now = simtime_now();
    int64_t played;

    if (hr != S_OK || (!c->held && !frames))
        return call_end(hr);
    if (!c->held || frames > c->held_frames) {
        violation("buffer", "render's ReleaseBuffer of %u frames", frames);
        return call_end(c->held ? AUDCLNT_E_INVALID_SIZE
                                : AUDCLNT_E_OUT_OF_ORDER);
    }
    if (c->holder != GetCurrentThreadId())
        violation("thread", "render's buffer on two threads");
    if (!(flags & AUDCLNT_BUFFERFLAGS_SILENT) &&
        !is_zero(c->buffer, (size_t)frames * wave_frame_bytes(&c->stream.wave)))
        violation("audible", "%u frames that are not silence", frames);
    c->held = false;
    /* what ran dry before does not count */
    played = c->stream.started ? (now - c->stream.played_since) *
                                     c->stream.wave.rate / UNITS_PER_S
                               : 0;
    if (c->stream.written < played)
        c->stream.written = played;
    c->stream.written += frames;
    return call_end(S_OK);
}

static const IAudioRenderClientVtbl render_methods = {
    FACE_METHODS, .GetBuffer = get_buffer, .ReleaseBuffer = release_buffer};

static const struct face_of render_faces[] = {
    {&fake_iid_render, offsetof(struct service, face), &render_methods},
};

static const struct kind render_kind = {.name = "IAudioRenderClient",
                                        .faces = render_faces,
                                        .count = 1,
                                        .destroy = destroy};

/* --- clock --- */

static HRESULT STDMETHODCALLTYPE get_frequency(IAudioClock *this,
                                               UINT64 *frequency)
{
    struct client *c;
    HRESULT hr = begin(this, CALL_GetFrequency, &c);

    /* bytes a second, as in shared mode on Windows */
    if (hr == S_OK)
        *frequency =
            (UINT64)c->stream.wave.rate * wave_frame_bytes(&c->stream.wave);
    return call_end(hr);
}

/* Frames since Start by the device's own count, and when that was. */
static double position(const struct client *c, int64_t now)
{
    const struct stream *s = &c->stream;
    double device = pace_device_time(&s->endpoint->pace, now) -
                    pace_device_time(&s->endpoint->pace, s->began);

    if (!s->started)
        return 0;
    return device * (1 + s->endpoint->faults.clock_wrong_ppm / 1e6) *
           s->wave.rate / UNITS_PER_S;
}

static HRESULT STDMETHODCALLTYPE get_position(IAudioClock *this, UINT64 *at,
                                              UINT64 *stamp)
{
    struct client *c;
    HRESULT hr = begin(this, CALL_GetPosition, &c);
    int64_t now = simtime_now();

    if (hr == S_OK)
        *at = (UINT64)position(c, now) * wave_frame_bytes(&c->stream.wave);
    if (hr == S_OK && stamp)
        *stamp = (UINT64)now;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE get_characteristics(IAudioClock *this,
                                                     DWORD *what)
{
    struct client *c;
    HRESULT hr = begin(this, CALL_GetCharacteristics, &c);

    if (hr == S_OK)
        *what = 1; /* AUDIOCLOCK_CHARACTERISTIC_FIXED_FREQ */
    return call_end(hr);
}

static const IAudioClockVtbl clock_methods = {
    FACE_METHODS,
    .GetFrequency = get_frequency,
    .GetPosition = get_position,
    .GetCharacteristics = get_characteristics,
};

static HRESULT STDMETHODCALLTYPE get_device_position(IAudioClock2 *this,
                                                     UINT64 *at, UINT64 *stamp)
{
    struct client *c;
    HRESULT hr = begin(this, CALL_GetDevicePosition, &c);
    int64_t now = simtime_now();

    if (hr == S_OK)
        *at = (UINT64)position(c, now);
    if (hr == S_OK && stamp)
        *stamp = (UINT64)now;
    return call_end(hr);
}

static const IAudioClock2Vtbl clock2_methods = {
    FACE_METHODS, .GetDevicePosition = get_device_position};

static const struct face_of clock_faces[] = {
    {&fake_iid_clock, offsetof(struct service, face), &clock_methods},
    {&fake_iid_clock2, offsetof(struct service, face2), &clock2_methods},
};

static const struct kind clock_kind = {.name = "IAudioClock",
                                       .faces = clock_faces,
                                       .count = 2,
                                       .destroy = destroy};

static HRESULT make(const struct kind *kind, struct client *c, REFIID iid,
                    void **out)
{
    struct service *o = object_new(sizeof(*o), kind);

    o->client = c;
    object_ref(&c->object);
    return give(o, iid, out);
}

HRESULT render_new(struct client *c, REFIID iid, void **out)
{
    return make(&render_kind, c, iid, out);
}

HRESULT clock_new(struct client *c, REFIID iid, void **out)
{
    return make(&clock_kind, c, iid, out);
}
