/* device: IMMDevice, IMMEndpoint and the property store of a device. */
#include <string.h>

#include "fakes/mmdevapi/interfaces.h"
#include "fakes/mmdevapi/session.h"

struct device {
    struct object object;
    struct face face, endpoint_face;
    struct endpoint *endpoint;
};

struct properties {
    struct object object;
    struct face face;
    struct endpoint *endpoint;
};

/* --- properties --- */

enum { PROPERTIES = 4 };

static PROPERTYKEY key_at(DWORD i)
{
    const PROPERTYKEY keys[PROPERTIES] = {
        {fake_set_device, 14},   /* PKEY_Device_FriendlyName */
        {fake_set_device, 2},    /* PKEY_Device_DeviceDesc */
        {fake_set_interface, 2}, /* PKEY_DeviceInterface_FriendlyName */
        {fake_set_engine, 0},    /* PKEY_AudioEngine_DeviceFormat */
    };

    return keys[i];
}

static HRESULT STDMETHODCALLTYPE property_count(IPropertyStore *this,
                                                DWORD *count)
{
    (void)this;
    *count = PROPERTIES;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE property_at(IPropertyStore *this, DWORD i,
                                             PROPERTYKEY *key)
{
    (void)this;
    if (i >= PROPERTIES)
        return E_INVALIDARG;
    *key = key_at(i);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE property_get(IPropertyStore *this,
                                              REFPROPERTYKEY key,
                                              PROPVARIANT *value)
{
    struct properties *p = OBJECT_OF(properties, this);
    HRESULT hr = call_begin(CALL_GetValue, &p->object, p->endpoint);
    WAVEFORMATEXTENSIBLE format = wave_describe(&p->endpoint->wave);
    int i = 0;

    PropVariantInit(value);
    if (hr != S_OK)
        return call_end(hr);
    for (; i < PROPERTIES; i++) {
        PROPERTYKEY known = key_at((DWORD)i);

        if (IsEqualGUID(&known.fmtid, &key->fmtid) && known.pid == key->pid)
            break;
    }
    if (i < 3) {
        value->vt = VT_LPWSTR;
        value->pwszVal =
            memory_give_text(p->endpoint->wide_name, "IPropertyStore");
    } else if (i == 3) {
        value->vt = VT_BLOB;
        value->blob.cbSize = sizeof(format);
        value->blob.pBlobData =
            memory_give(&format, sizeof(format), "IPropertyStore");
    }
    return call_end(S_OK); /* what is not there is VT_EMPTY */
}

static HRESULT STDMETHODCALLTYPE property_set(IPropertyStore *this,
                                              REFPROPERTYKEY key,
                                              REFPROPVARIANT value)
{
    (void)this, (void)key, (void)value;
    return STG_E_ACCESSDENIED;
}

static HRESULT STDMETHODCALLTYPE property_commit(IPropertyStore *this)
{
    (void)this;
    return STG_E_ACCESSDENIED;
}

static const IPropertyStoreVtbl property_methods = {
    FACE_METHODS,
    .GetCount = property_count,
    .GetAt = property_at,
    .GetValue = property_get,
    .SetValue = property_set,
    .Commit = property_commit,
};

static const struct face_of property_faces[] = {
    {&fake_iid_properties, offsetof(struct properties, face),
     &property_methods},
};

static const struct kind property_kind = {
    .name = "IPropertyStore", .faces = property_faces, .count = 1};

/* --- the device --- */

/* What a client of this endpoint is. */
static HRESULT make(struct device *d, REFIID iid, void **out)
{
    if (IsEqualGUID(iid, &fake_iid_client))
        return give(client_new(d->endpoint), iid, out);
    if (IsEqualGUID(iid, &fake_iid_manager) ||
        IsEqualGUID(iid, &fake_iid_manager2))
        return session_manager_new(d->endpoint, iid, out);
    if (IsEqualGUID(iid, &fake_iid_meter))
        return session_meter_new(d->endpoint, iid, out);
    return E_NOINTERFACE;
}

static HRESULT STDMETHODCALLTYPE activate(IMMDevice *this, REFIID iid,
                                          DWORD context,
                                          PROPVARIANT *parameters, void **out)
{
    struct device *d = OBJECT_OF(device, this);
    HRESULT hr = call_begin(CALL_Activate, &d->object, d->endpoint);

    (void)context, (void)parameters;
    *out = NULL;
    if (hr == S_OK)
        hr = d->endpoint->state == DEVICE_STATE_ACTIVE
                 ? make(d, iid, out)
                 : AUDCLNT_E_DEVICE_INVALIDATED;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE open_properties(IMMDevice *this, DWORD access,
                                                 IPropertyStore **out)
{
    struct device *d = OBJECT_OF(device, this);
    HRESULT hr = call_begin(CALL_OpenPropertyStore, &d->object, d->endpoint);
    struct properties *p;

    *out = NULL;
    if (hr == S_OK && access != STGM_READ)
        hr = E_ACCESSDENIED;
    if (hr != S_OK)
        return call_end(hr);
    p = object_new(sizeof(*p), &property_kind);
    p->endpoint = d->endpoint;
    return call_end(give(p, &fake_iid_properties, (void **)out));
}

static HRESULT STDMETHODCALLTYPE get_id(IMMDevice *this, LPWSTR *id)
{
    struct device *d = OBJECT_OF(device, this);
    HRESULT hr = call_begin(CALL_GetId, &d->object, d->endpoint);

    *id = hr == S_OK
              ? memory_give_text(d->endpoint->wide_id, "IMMDevice::GetId")
              : NULL;
    return call_end(hr);
}

static HRESULT STDMETHODCALLTYPE get_state(IMMDevice *this, DWORD *state)
{
    struct device *d = OBJECT_OF(device, this);
    HRESULT hr = call_begin(CALL_GetState, &d->object, d->endpoint);

    if (hr == S_OK)
        *state = d->endpoint->state;
    return call_end(hr);
}

static const IMMDeviceVtbl device_methods = {
    FACE_METHODS,
    .Activate = activate,
    .OpenPropertyStore = open_properties,
    .GetId = get_id,
    .GetState = get_state,
};

static HRESULT STDMETHODCALLTYPE get_flow(IMMEndpoint *this, EDataFlow *flow)
{
    struct device *d = OBJECT_OF(device, this);
    HRESULT hr = call_begin(CALL_GetDataFlow, &d->object, d->endpoint);

    if (hr == S_OK)
        *flow = d->endpoint->capture ? eCapture : eRender;
    return call_end(hr);
}

static const IMMEndpointVtbl endpoint_methods = {FACE_METHODS,
                                                 .GetDataFlow = get_flow};

static const struct face_of device_faces[] = {
    {&fake_iid_device, offsetof(struct device, face), &device_methods},
    {&fake_iid_endpoint, offsetof(struct device, endpoint_face),
     &endpoint_methods},
};

static const struct kind device_kind = {
    .name = "IMMDevice", .faces = device_faces, .count = 2};

HRESULT device_new(struct endpoint *e, REFIID iid, void **out)
{
    struct device *d = object_new(sizeof(*d), &device_kind);

    d->endpoint = e;
    return give(d, iid, out);
}
