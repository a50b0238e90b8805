/* enumerator: IMMDeviceEnumerator and IMMDeviceCollection. */
#include <wchar.h>

#include "fakes/mmdevapi/callbacks.h"
#include "fakes/mmdevapi/interfaces.h"

/* --- the collection --- */

struct collection {
    struct object object;
    struct face face;
    UINT count;
    struct endpoint *endpoints[ENDPOINTS_MAX];
};

static HRESULT STDMETHODCALLTYPE get_count(IMMDeviceCollection *this,
                                           UINT *count)
{
    struct collection *c = OBJECT_OF(collection, this);
    HRESULT hr = call_begin(CALL_GetCount, &c->object, NULL);

    if (hr == S_OK)
        *count = c->count;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE item(IMMDeviceCollection *this, UINT i,
                                      IMMDevice **out)
{
    struct collection *c = OBJECT_OF(collection, this);
    HRESULT hr = call_begin(CALL_Item, &c->object, NULL);

    *out = NULL;
    if (hr == S_OK)
        hr = i < c->count
                 ? device_new(c->endpoints[i], &fake_iid_device, (void **)out)
                 : E_INVALIDARG;
    return call_end(hr);
}

static const IMMDeviceCollectionVtbl collection_methods = {
    FACE_METHODS, .GetCount = get_count, .Item = item};

static const struct face_of collection_faces[] = {
    {&fake_iid_collection, offsetof(struct collection, face),
     &collection_methods},
};

static const struct kind collection_kind = {
    .name = "IMMDeviceCollection", .faces = collection_faces, .count = 1};

/* --- the enumerator --- */

struct enumerator {
    struct object object;
    struct face face;
};

static HRESULT STDMETHODCALLTYPE enumerate(IMMDeviceEnumerator *this,
                                           EDataFlow flow, DWORD mask,
                                           IMMDeviceCollection **out)
{
    struct enumerator *e = OBJECT_OF(enumerator, this);
    HRESULT hr = call_begin(CALL_EnumAudioEndpoints, &e->object, NULL);
    struct world *w = world();
    struct collection *c;

    *out = NULL;
    if (hr != S_OK)
        return call_end(hr);
    if (flow > eAll || !mask || mask & ~(DWORD)DEVICE_STATEMASK_ALL)
        return call_end(E_INVALIDARG);
    c = object_new(sizeof(*c), &collection_kind);
    for (int i = 1; i < w->endpoint_count; i++) {
        struct endpoint *p = &w->endpoints[i];

        if ((flow == eAll || p->capture == (flow == eCapture)) &&
            p->state & mask && !p->removed)
            c->endpoints[c->count++] = p;
    }
    return call_end(give(c, &fake_iid_collection, (void **)out));
}

static HRESULT STDMETHODCALLTYPE get_default(IMMDeviceEnumerator *this,
                                             EDataFlow flow, ERole role,
                                             IMMDevice **out)
{
    struct enumerator *e = OBJECT_OF(enumerator, this);
    HRESULT hr = call_begin(CALL_GetDefaultAudioEndpoint, &e->object, NULL);
    struct world *w = world();
    int i = flow == eCapture ? w->default_capture : w->default_render;

    *out = NULL;
    if (hr == S_OK && (flow > eCapture || role > eCommunications))
        hr = E_INVALIDARG;
    if (hr == S_OK)
        hr = i < 0
                 ? FAKE_E_NOTFOUND
                 : device_new(&w->endpoints[i], &fake_iid_device, (void **)out);
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE get_device(IMMDeviceEnumerator *this,
                                            LPCWSTR id, IMMDevice **out)
{
    struct enumerator *e = OBJECT_OF(enumerator, this);
    HRESULT hr = call_begin(CALL_GetDevice, &e->object, NULL);
    struct world *w = world();

    *out = NULL;
    if (hr != S_OK)
        return call_end(hr);
    hr = id ? FAKE_E_NOTFOUND : E_POINTER;
    for (int i = 1; id && i < w->endpoint_count; i++)
        if (wcscmp(w->endpoints[i].wide_id, id) == 0 &&
            !w->endpoints[i].removed)
            hr = device_new(&w->endpoints[i], &fake_iid_device, (void **)out);
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE subscribe(IMMDeviceEnumerator *this,
                                           IMMNotificationClient *client)
{
    struct enumerator *e = OBJECT_OF(enumerator, this);
    HRESULT hr = call_end(call_begin(CALL_RegisterEndpointNotificationCallback,
                                     &e->object, NULL));

    return hr == S_OK ? callbacks_register(FOR_DEVICES, client, NULL) : hr;
}

static HRESULT STDMETHODCALLTYPE unsubscribe(IMMDeviceEnumerator *this,
                                             IMMNotificationClient *client)
{
    struct enumerator *e = OBJECT_OF(enumerator, this);
    HRESULT hr = call_end(call_begin(
        CALL_UnregisterEndpointNotificationCallback, &e->object, NULL));

    return hr == S_OK ? callbacks_unregister(FOR_DEVICES, client, NULL) : hr;
}

static const IMMDeviceEnumeratorVtbl enumerator_methods = {
    FACE_METHODS,
    .EnumAudioEndpoints = enumerate,
    .GetDefaultAudioEndpoint = get_default,
    .GetDevice = get_device,
    .RegisterEndpointNotificationCallback = subscribe,
    .UnregisterEndpointNotificationCallback = unsubscribe,
};

static const struct face_of enumerator_faces[] = {
    {&fake_iid_enumerator, offsetof(struct enumerator, face),
     &enumerator_methods},
};

static const struct kind enumerator_kind = {
    .name = "IMMDeviceEnumerator", .faces = enumerator_faces, .count = 1};

HRESULT enumerator_new(REFIID iid, void **out)
{
    return give(object_new(sizeof(struct enumerator), &enumerator_kind), iid,
                out);
}
