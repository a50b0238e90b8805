/* activate: ActivateAudioInterfaceAsync for process loopback. After its
 * reference page and AUDIOCLIENT_ACTIVATION_PARAMS, learn.microsoft.com. */
#include <string.h>
#include <wchar.h>

#include "fakes/mmdevapi/callbacks.h"
#include "fakes/mmdevapi/interfaces.h"
#include "fakes/mmdevapi/simtime.h"

struct operation {
    struct object object;
    struct face face;
    struct object *client; /* NULL: it failed, or was handed over */
    HRESULT inner;
    const void *given; /* the caller's parameters, and what they said */
    struct fake_activation asked;
};

/* One of a number of failures in RESULT, or S_OK. */
static HRESULT take(HRESULT result, unsigned *left)
{
    if (!*left)
        return S_OK;
    if (*left != UINT_MAX)
        --*left;
    return result;
}

static HRESULT STDMETHODCALLTYPE get_result(
    IActivateAudioInterfaceAsyncOperation *this, HRESULT *inner, IUnknown **out)
{
    struct operation *o = OBJECT_OF(operation, this);
    HRESULT hr = call_begin(CALL_GetActivateResult, &o->object, NULL);
    struct activation *a = &world()->activation;
    struct object *client = o->client;

    *out = NULL;
    if (hr == S_OK)
        hr = take(a->result, &a->result_left);
    if (hr != S_OK)
        return call_end(hr);
    *inner = o->inner;
    if (client && o->inner == S_OK)
        object_answer(client, &fake_iid_unknown, (void **)out);
    return call_end(S_OK);
}

static const IActivateAudioInterfaceAsyncOperationVtbl methods = {
    FACE_METHODS, .GetActivateResult = (void *)get_result};

static void destroy(struct object *object)
{
    struct operation *o = (void *)object;

    if (o->client)
        object_unref(o->client);
}

static const struct face_of faces[] = {
    {&fake_iid_operation, offsetof(struct operation, face), &methods},
};

static const struct kind operation_kind = {
    .name = "IActivateAudioInterfaceAsyncOperation",
    .faces = faces,
    .count = 1,
    .destroy = destroy};

/* What is asked for must be process loopback, said as documented. */
static HRESULT read_parameters(const wchar_t *path, REFIID iid,
                               const PROPVARIANT *v,
                               struct fake_activation *out)
{
    if (_wcsicmp(path, L"VAD\\Process_Loopback") != 0)
        return FAKE_E_FILE_NOT_FOUND;
    if (!IsEqualGUID(iid, &fake_iid_client))
        return E_NOINTERFACE;
    if (!v || v->vt != VT_BLOB || v->blob.cbSize != sizeof(*out) ||
        !v->blob.pBlobData)
        return E_INVALIDARG;
    *out = *(const struct fake_activation *)(const void *)v->blob.pBlobData;
    if (out->type != 1 || out->mode < 0 || out->mode > 1)
        return E_INVALIDARG;
    return S_OK;
}

/* Its completion comes from another apartment: Windows refuses a handler that
 * is not agile with E_ILLEGAL_METHOD_CALL. */
static HRESULT check_handler(IActivateAudioInterfaceCompletionHandler *handler)
{
    static const IID *const wanted[] = {&fake_iid_handler, &fake_iid_unknown,
                                        &fake_iid_agile};

    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        IUnknown *face = NULL;

        if (FAILED(IActivateAudioInterfaceCompletionHandler_QueryInterface(
                handler, wanted[i], (void **)&face)) ||
            !face) {
            violation("agile", i == 2 ? "the handler is not agile"
                                      : "the handler does not answer its own "
                                        "interface");
            return (HRESULT)0x8000000E;
        }
        IUnknown_Release(face);
    }
    return S_OK;
}

void activate_check(struct object *operation)
{
    const struct operation *o = (const void *)operation;

    if (memcmp(o->given, &o->asked, sizeof(o->asked)) != 0)
        violation("parameters", "they were gone before completion");
}

static void set_off(const struct fake_activation *p, const void *given,
                    IActivateAudioInterfaceCompletionHandler *handler,
                    IActivateAudioInterfaceAsyncOperation **out)
{
    struct activation *a = &world()->activation;
    struct operation *o = object_new(sizeof(*o), &operation_kind);
    int64_t due = INT64_MAX;
    struct client *c;

    o->given = given;
    o->asked = *p;
    o->inner = take(a->inner, &a->inner_left);
    if (o->inner == S_OK) {
        c = client_new(&world()->endpoints[0]);
        c->stream.process = true;
        c->stream.pid = p->pid;
        c->stream.excludes = p->mode == 1;
        o->client = &c->object;
    }
    if (a->delay != INT64_MAX)
        due = simtime_now() + a->delay;
    IActivateAudioInterfaceCompletionHandler_AddRef(handler);
    callbacks_activated(handler, &o->object, due);
    give(o, &fake_iid_operation, (void **)out);
}

/* The export. */
HRESULT WINAPI
ActivateAudioInterfaceAsync(LPCWSTR path, REFIID iid, PROPVARIANT *parameters,
                            IActivateAudioInterfaceCompletionHandler *handler,
                            IActivateAudioInterfaceAsyncOperation **out)
{
    struct fake_activation p;
    HRESULT hr;

    if (!path || !handler || !out)
        return E_POINTER;
    *out = NULL;
    hr = call_end(call_begin(CALL_ActivateAudioInterfaceAsync, NULL, NULL));
    if (hr == S_OK)
        hr = read_parameters(path, iid, parameters, &p);
    if (hr == S_OK && world()->activation.unavailable)
        hr = FAKE_E_FILE_NOT_FOUND;
    if (hr == S_OK)
        hr = check_handler(handler);
    if (hr != S_OK)
        return hr;
    world_lock();
    set_off(&p, parameters->blob.pBlobData, handler, out);
    return call_end(S_OK);
}
