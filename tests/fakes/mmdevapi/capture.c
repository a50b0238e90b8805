/* capture: IAudioCaptureClient. */
#include "fakes/mmdevapi/interfaces.h"
#include "fakes/mmdevapi/simtime.h"

struct capture {
    struct object object;
    struct face face;
    struct client *client;
};

/* What GetBuffer shows of P. */
static void show(struct client *c, const struct packet *p)
{
    if (p->flags & AUDCLNT_BUFFERFLAGS_SILENT)
        signal_garbage(c->buffer,
                       (size_t)p->frames * wave_frame_bytes(&c->stream.wave));
    else
        signal_render(&c->stream.wave, p->mix, p->frame, p->frames, c->buffer);
    c->held = c->stream.holding = true;
    c->held_frames = p->frames;
    c->holder = GetCurrentThreadId();
}

static HRESULT STDMETHODCALLTYPE get_buffer(IAudioCaptureClient *this,
                                            BYTE **data, UINT32 *frames,
                                            DWORD *flags, UINT64 *position,
                                            UINT64 *stamp)
{
    struct client *c = OBJECT_OF(capture, this)->client;
    HRESULT hr =
        call_begin(CALL_GetBuffer, ((struct face *)this)->object, c->endpoint);
    const struct packet *p;

    if (hr == S_OK)
        hr = c->stream.dead;
    if (hr == S_OK && c->held) {
        violation("buffer", "GetBuffer again without ReleaseBuffer");
        hr = AUDCLNT_E_OUT_OF_ORDER;
    }
    if (hr == S_OK && (!data || !frames || !flags))
        hr = E_POINTER;
    if (hr != S_OK)
        return call_end(hr);
    stream_advance(&c->stream, simtime_now());
    p = stream_peek(&c->stream);
    if (!p)
        return call_end(AUDCLNT_S_BUFFER_EMPTY);
    show(c, p);
    *data = c->buffer;
    *frames = p->frames;
    *flags = p->flags;
    if (position)
        *position = p->position;
    if (stamp)
        *stamp = (UINT64)p->stamp;
    return call_end(S_OK);
}

static HRESULT STDMETHODCALLTYPE release_buffer(IAudioCaptureClient *this,
                                                UINT32 frames)
{
    struct client *c = OBJECT_OF(capture, this)->client;
    HRESULT hr = call_begin(CALL_ReleaseBuffer, ((struct face *)this)->object,
                            c->endpoint);

    /* What was ordered to fail is nobody's neglect. */
    if (hr != S_OK)
        c->held = c->stream.holding = false;
    if (hr != S_OK || (!c->held && !frames))
        return call_end(hr);
    if (!c->held) {
        violation("buffer", "ReleaseBuffer without GetBuffer");
        return call_end(AUDCLNT_E_OUT_OF_ORDER);
    }
    if (c->holder != GetCurrentThreadId())
        violation("thread", "GetBuffer and ReleaseBuffer on two threads");
    if (frames && frames != c->held_frames) {
        violation("buffer", "ReleaseBuffer of %u frames, the packet has %u",
                  frames, c->held_frames);
        return call_end(AUDCLNT_E_INVALID_SIZE);
    }
    c->held = c->stream.holding = false;
    if (frames && stream_peek(&c->stream))
        stream_take(&c->stream);
    return call_end(c->stream.dead);
}

static HRESULT STDMETHODCALLTYPE next_size(IAudioCaptureClient *this,
                                           UINT32 *frames)
{
    struct client *c = OBJECT_OF(capture, this)->client;
    HRESULT hr = call_begin(CALL_GetNextPacketSize,
                            ((struct face *)this)->object, c->endpoint);
    const struct packet *p;

    if (hr == S_OK)
        hr = c->stream.dead;
    if (hr == S_OK) {
        stream_advance(&c->stream, simtime_now());
        p = stream_peek(&c->stream);
        *frames = p ? p->frames : 0;
    }
    return call_end(hr);
}

static const IAudioCaptureClientVtbl methods = {
    FACE_METHODS,
    .GetBuffer = get_buffer,
    .ReleaseBuffer = release_buffer,
    .GetNextPacketSize = next_size,
};

static void destroy(struct object *o)
{
    object_unref(&((struct capture *)(void *)o)->client->object);
}

static const struct face_of faces[] = {
    {&fake_iid_capture, offsetof(struct capture, face), &methods},
};

static const struct kind capture_kind = {.name = "IAudioCaptureClient",
                                         .faces = faces,
                                         .count = 1,
                                         .destroy = destroy};

HRESULT capture_new(struct client *c, REFIID iid, void **out)
{
    struct capture *o = object_new(sizeof(*o), &capture_kind);

    o->client = c;
    object_ref(&c->object);
    return give(o, iid, out);
}
