/* awake: see awake.h. After "Rendering a Stream", learn.microsoft.com: a stream
 * in shared mode whose buffers are all released as silent. */
#include "source/wasapi/awake.h"

#include "core/format.h"
#include "source/wasapi/abi_session.h"
#include "source/wasapi/endpoint.h"
#include "source/wasapi/hresult.h"
#include "source/wasapi/wave.h"

/* In 100 ns. Long: it needs to be filled seldom. */
#define BUFFER_100NS ((REFERENCE_TIME)20000000)

/* What is asked for: a long buffer, or what the driver likes. Each on a fresh
 * client, as in endpoint.c. */
static bool initialize(struct awake *a, IMMDevice *device,
                       REFERENCE_TIME buffer, struct audio_format *format,
                       HRESULT *hr)
{
    WAVEFORMATEX *mix = NULL;
    const char *why;
    void *client = NULL;

    *hr = IMMDevice_Activate(device, &iid_audio_client, CLSCTX_ALL, NULL,
                             &client);
    if (FAILED(*hr) || !client)
        return false;
    a->client = client;
    *hr = IAudioClient_GetMixFormat(a->client, &mix);
    if (SUCCEEDED(*hr) &&
        (!mix || !wave_parse(mix, wave_claimed_bytes(mix), format, &why)))
        *hr = AUDCLNT_E_UNSUPPORTED_FORMAT;
    if (SUCCEEDED(*hr))
        *hr = IAudioClient_Initialize(a->client, AUDCLNT_SHAREMODE_SHARED, 0,
                                      buffer, 0, mix, NULL);
    CoTaskMemFree(mix);
    if (SUCCEEDED(*hr))
        return true;
    awake_close(a);
    return false;
}

bool awake_open(struct awake *a, IMMDevice *device, const char *client_name,
                struct fault *f)
{
    struct audio_format format = {0};
    void *render = NULL;
    HRESULT hr;

    *a = (struct awake){0};
    if (!initialize(a, device, BUFFER_100NS, &format, &hr) &&
        (hresult_is_final(hr) || !initialize(a, device, 0, &format, &hr)))
        return hresult_fault(f, "keep the output awake",
                             FAILED(hr) ? hr : E_NOINTERFACE, NULL);
    endpoint_name_session(a->client, client_name);
    hr = IAudioClient_GetBufferSize(a->client, &a->frames);
    if (SUCCEEDED(hr) && !a->frames)
        hr = AUDCLNT_E_BUFFER_SIZE_ERROR; /* nothing could be fed into it */
    if (SUCCEEDED(hr)) {
        a->buffer_ns = frames_to_ns(a->frames, format.rate);
        hr = IAudioClient_GetService(a->client, &iid_render_client, &render);
        a->render = render;
    }
    /* Filled before it starts, or it begins with a glitch. */
    if (SUCCEEDED(hr) && awake_feed(a)) {
        hr = IAudioClient_Start(a->client);
        if (SUCCEEDED(hr))
            return true;
    }
    awake_close(a);
    return hresult_fault(f, "keep the output awake",
                         FAILED(hr) ? hr : E_NOINTERFACE, NULL);
}

bool awake_feed(struct awake *a)
{
    UINT32 padding = 0, free_frames;
    BYTE *ignored = NULL;

    if (!a->client || !a->render ||
        FAILED(IAudioClient_GetCurrentPadding(a->client, &padding)) ||
        padding > a->frames)
        return false;
    free_frames = a->frames - padding;
    if (!free_frames)
        return true;
    if (FAILED(IAudioRenderClient_GetBuffer(a->render, free_frames, &ignored)))
        return false;
    return SUCCEEDED(IAudioRenderClient_ReleaseBuffer(
        a->render, free_frames, AUDCLNT_BUFFERFLAGS_SILENT));
}

void awake_close(struct awake *a)
{
    if (a->client && a->render)
        IAudioClient_Stop(a->client);
    if (a->render)
        IAudioRenderClient_Release(a->render);
    if (a->client)
        IAudioClient_Release(a->client);
    *a = (struct awake){0};
}
