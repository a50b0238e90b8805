/* process: opens process loopback. See process.h. Capture thread, but for the
 * completion handler's methods: threads of Windows. */
#include "source/wasapi/process.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "source/wasapi/hresult.h"
#include "sys/clock.h"
#include "sys/win/dll.h"

/* In 100 ns: how long this process may be kept from running. */
#define BUFFER_100NS ((REFERENCE_TIME)5000000)

/* GetMixFormat answers E_NOTIMPL here: the format is ours to choose, and what
 * the engine mixes in (float32, nearly always at 48 kHz) suits it best. */
enum { RATE = 48000, CHANNELS = 2, CHANNEL_MASK = 0x3, SAMPLE_BYTES = 4 };

/* What is asked for, in order, each on a client of its own: conversion of what
 * applications play at other rates is refused in places. */
static const DWORD attempts[] = {
    AUDCLNT_STREAMFLAGS_LOOPBACK | AUDCLNT_STREAMFLAGS_EVENTCALLBACK |
        AUDCLNT_STREAMFLAGS_AUTOCONVERTPCM |
        AUDCLNT_STREAMFLAGS_SRC_DEFAULT_QUALITY,
    AUDCLNT_STREAMFLAGS_LOOPBACK | AUDCLNT_STREAMFLAGS_EVENTCALLBACK,
};

/* --- the completion handler --- */

struct completion {
    IActivateAudioInterfaceCompletionHandler base; /* first: its interface */
    HANDLE done; /* constant; set when Windows has called */
    /* Constant: what Windows was given. Nothing says that it makes a copy
     * before it calls, and the opener may be gone by then. */
    struct activation_params params;
    PROPVARIANT blob; /* holds params' address */
    /* The opener's, Windows', and one that stands for the call which is still
     * to come: it may come after the opener gave up, whoever else holds it. */
    atomic_uint references;
};

static struct completion *self(IActivateAudioInterfaceCompletionHandler *base)
{
    /* clang-tidy follows no count of references.
     * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    return (struct completion *)base;
}

/* Agile: Windows calls on a thread of its own, and refuses a handler that does
 * not say so (ActivateAudioInterfaceAsync, E_ILLEGAL_METHOD_CALL). IAgileObject
 * has no methods but IUnknown's. */
static HRESULT STDMETHODCALLTYPE query_interface(
    IActivateAudioInterfaceCompletionHandler *base, REFIID iid, void **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!IsEqualGUID(iid, &iid_unknown) &&
        !IsEqualGUID(iid, &iid_completion_handler) &&
        !IsEqualGUID(iid, &iid_agile_object))
        return E_NOINTERFACE;
    *out = base;
    IActivateAudioInterfaceCompletionHandler_AddRef(base);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE
add_ref(IActivateAudioInterfaceCompletionHandler *base)
{
    return atomic_fetch_add_explicit(&self(base)->references, 1,
                                     memory_order_relaxed) +
           1;
}

static ULONG STDMETHODCALLTYPE
release(IActivateAudioInterfaceCompletionHandler *base)
{
    struct completion *c = self(base);
    /* acq_rel: the last one sees what the others did before they let go. */
    ULONG left =
        atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) - 1;

    if (!left) {
        CloseHandle(c->done);
        free(c);
    }
    return left;
}

static HRESULT STDMETHODCALLTYPE
completed(IActivateAudioInterfaceCompletionHandler *base,
          IActivateAudioInterfaceAsyncOperation *operation)
{
    (void)operation; /* the opener has it too */
    SetEvent(self(base)->done);
    release(base);
    return S_OK;
}

static const IActivateAudioInterfaceCompletionHandlerVtbl methods = {
    .QueryInterface = query_interface,
    .AddRef = add_ref,
    .Release = release,
    .ActivateCompleted = completed,
};

static struct completion *completion_create(
    const struct activation_params *params)
{
    struct completion *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->base.lpVtbl = &methods;
    c->done = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!c->done) {
        free(c);
        return NULL;
    }
    atomic_init(&c->references, 1);
    c->params = *params;
    PropVariantInit(&c->blob);
    c->blob.vt = VT_BLOB;
    c->blob.blob.cbSize = sizeof c->params;
    c->blob.blob.pBlobData = (BYTE *)&c->params;
    return c;
}

/* --- activation --- */

/* False: told in F. */
static bool wait_for(HANDLE done, const struct interrupt *i, int64_t end_ns,
                     const char *name, struct fault *f)
{
    HANDLE handles[2] = {done, i->wake};

    for (;;) {
        int64_t left_ns = end_ns - clock_now_ns();
        DWORD ms = left_ns > 0 ? (DWORD)(left_ns / 1000000 + 1) : 0;

        if (WaitForMultipleObjects(2, handles, FALSE, ms) == WAIT_OBJECT_0)
            return true;
        if (interrupt_stop(i) != INT64_MAX)
            return fault_set(f, ERR_SOURCE_FAILED, "open the application",
                             "interrupted", NULL);
        if (!ms)
            return fault_setf(f, ERR_SOURCE_FAILED,
                              "ActivateAudioInterfaceAsync", 0,
                              "restart the service \"Windows Audio\"",
                              "%s: Windows gave no answer within 4 s", name);
    }
}

/* Both answers are read: whether the operation was carried out, and what came
 * of it. NULL: told in F. */
static IAudioClient *read_result(
    IActivateAudioInterfaceAsyncOperation *operation, const char *name,
    struct fault *f)
{
    IUnknown *unknown = NULL;
    HRESULT inner = E_FAIL;
    void *client = NULL;
    HRESULT hr = IActivateAudioInterfaceAsyncOperation_GetActivateResult(
        operation, &inner, &unknown);

    if (SUCCEEDED(hr))
        hr = inner;
    if (SUCCEEDED(hr))
        hr = unknown
                 ? IUnknown_QueryInterface(unknown, &iid_audio_client, &client)
                 : E_NOINTERFACE;
    if (unknown)
        IUnknown_Release(unknown);
    if (FAILED(hr))
        hresult_activation_fault(f, "ActivateAudioInterfaceAsync", hr, name);
    return FAILED(hr) ? NULL : client;
}

static IAudioClient *activate(activate_async_fn *function,
                              const struct activation_params *params,
                              const char *name, const struct interrupt *i,
                              int64_t end_ns, struct fault *f)
{
    struct completion *c = completion_create(params);
    IActivateAudioInterfaceAsyncOperation *operation = NULL;
    IAudioClient *client = NULL;
    HRESULT hr;

    if (!c) {
        fault_set(f, ERR_NO_MEMORY, "open the application", NULL, NULL);
        return NULL;
    }
    add_ref(&c->base); /* for the call */
    hr = function(PROCESS_LOOPBACK_DEVICE, &iid_audio_client, &c->blob,
                  &c->base, &operation);
    if (FAILED(hr) || !operation) {
        if (FAILED(hr))
            release(&c->base); /* no call will come */
        hresult_activation_fault(f, "ActivateAudioInterfaceAsync",
                                 FAILED(hr) ? hr : E_NOINTERFACE, name);
    } else if (wait_for(c->done, i, end_ns, name, f)) {
        client = read_result(operation, name, f);
    }
    if (operation)
        IActivateAudioInterfaceAsyncOperation_Release(operation);
    release(&c->base);
    return client;
}

/* --- the stream --- */

static HRESULT initialize(IAudioClient *client, DWORD flags)
{
    const WAVEFORMATEX wave = {
        .wFormatTag = WAVE_FORMAT_IEEE_FLOAT,
        .nChannels = CHANNELS,
        .nSamplesPerSec = RATE,
        .nAvgBytesPerSec = RATE * CHANNELS * SAMPLE_BYTES,
        .nBlockAlign = CHANNELS * SAMPLE_BYTES,
        .wBitsPerSample = SAMPLE_BYTES * 8,
    };

    return IAudioClient_Initialize(client, AUDCLNT_SHAREMODE_SHARED, flags,
                                   BUFFER_100NS, 0, &wave, NULL);
}

/* GetBufferSize answers garbage, GetService no session control to name, and
 * what else E_NOTIMPL answers is not asked. */
bool process_open(struct endpoint *e, uint32_t pid,
                  enum process_loopback_mode mode, const char *name,
                  const struct interrupt *i, int64_t end_ns, struct fault *f)
{
    const struct activation_params params = {
        .type = ACTIVATION_TYPE_PROCESS_LOOPBACK,
        .process_id = pid,
        .mode = mode,
    };
    activate_async_fn *function = (activate_async_fn *)dll_function(
        L"mmdevapi.dll", "ActivateAudioInterfaceAsync");

    *e = (struct endpoint){
        .format = {.rate = RATE,
                   .channels = CHANNELS,
                   .channel_mask = CHANNEL_MASK,
                   .native = SAMPLE_F32},
        .buffer_ns = BUFFER_100NS * 100,
        .of_processes = true,
    };
    if (!function)
        return hresult_no_process_loopback(f, "ActivateAudioInterfaceAsync",
                                           "it has no such function");
    for (size_t n = 0; n < sizeof attempts / sizeof *attempts; n++) {
        HRESULT hr;

        e->client = activate(function, &params, name, i, end_ns, f);
        if (!e->client)
            return false;
        hr = initialize(e->client, attempts[n]);
        if (SUCCEEDED(hr))
            return endpoint_start(e, true, name, f);
        IAudioClient_Release(e->client);
        e->client = NULL;
        hresult_process_fault(f, "IAudioClient::Initialize", hr, name);
        if (hresult_is_final(hr))
            return false;
    }
    return false;
}
