/* endpoint: opens a render endpoint for loopback. See endpoint.h. Capture
 * thread. After "Loopback Recording", learn.microsoft.com: a capture stream in
 * shared mode on a render endpoint. */
#include "source/wasapi/endpoint.h"

#include "source/wasapi/hresult.h"
#include "source/wasapi/wave.h"

/* In 100 ns. A longer buffer adds no delay, packets come every 10 ms anyway;
 * it is how long this process may be kept from running. */
#define BUFFER_100NS ((REFERENCE_TIME)5000000)

/* What is asked for, in order; each on a fresh client, since one whose
 * Initialize failed may answer ALREADY_INITIALIZED ever after. Before Windows
 * 10 1703 loopback came without events ("Loopback Recording"); drivers that
 * refuse any length take what they like (0). */
static const struct attempt {
    DWORD flags;
    REFERENCE_TIME buffer;
} attempts[] = {
    {AUDCLNT_STREAMFLAGS_LOOPBACK | AUDCLNT_STREAMFLAGS_EVENTCALLBACK,
     BUFFER_100NS},
    {AUDCLNT_STREAMFLAGS_LOOPBACK, BUFFER_100NS},
    {AUDCLNT_STREAMFLAGS_LOOPBACK, 0},
};

/* The mix format is recorded as it is: nothing is converted by the system. */
static bool read_mix_format(struct endpoint *e, WAVEFORMATEX **mix,
                            const char *name, struct fault *f)
{
    const char *why = "it has none";
    HRESULT hr = IAudioClient_GetMixFormat(e->client, mix);

    if (FAILED(hr))
        return hresult_fault(f, "GetMixFormat", hr, name);
    if (!*mix || !wave_parse(*mix, wave_claimed_bytes(*mix), &e->format, &why))
        return fault_setf(
            f, ERR_UNSUPPORTED, "GetMixFormat", 0,
            "choose another format in the device's advanced properties",
            "%s: the mix format cannot be used: %s", name, why);
    return true;
}

/* One attempt; on failure the client is released. *HR tells whether the device
 * was the cause or the way of asking. */
static bool initialize(struct endpoint *e, IMMDevice *device,
                       const struct attempt *a, const char *name, HRESULT *hr,
                       struct fault *f)
{
    WAVEFORMATEX *mix = NULL;
    void *client = NULL;
    bool ok = false;

    *hr = IMMDevice_Activate(device, &iid_audio_client, CLSCTX_ALL, NULL,
                             &client);
    if (FAILED(*hr) || !client) {
        hresult_fault(f, "IAudioClient", FAILED(*hr) ? *hr : E_NOINTERFACE,
                      name);
        return false;
    }
    e->client = client;
    *hr = E_FAIL;
    if (!read_mix_format(e, &mix, name, f))
        goto out;
    *hr = IAudioClient_Initialize(e->client, AUDCLNT_SHAREMODE_SHARED, a->flags,
                                  a->buffer, 0, mix, NULL);
    ok = SUCCEEDED(*hr);
    if (!ok)
        hresult_fault(f, "IAudioClient::Initialize", *hr, name);
out:
    CoTaskMemFree(mix);
    if (!ok) {
        IAudioClient_Release(e->client);
        e->client = NULL;
    }
    return ok;
}

static bool initialize_somehow(struct endpoint *e, IMMDevice *device,
                               const char *name, DWORD *flags, struct fault *f)
{
    struct fault first = {0}, other;
    HRESULT hr;

    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        *flags = attempts[i].flags;
        /* What the first attempt met tells the most. */
        if (initialize(e, device, &attempts[i], name, &hr, i ? &other : &first))
            return true;
        if (hresult_is_final(hr))
            break;
    }
    if (f)
        *f = first;
    return false;
}

/* Not having a name is no reason not to record. */
void endpoint_name_session(IAudioClient *client, const char *client_name)
{
    void *control = NULL;
    wchar_t wide[64];

    if (!client_name || !MultiByteToWideChar(CP_UTF8, 0, client_name, -1, wide,
                                             sizeof wide / sizeof *wide))
        return;
    if (FAILED(
            IAudioClient_GetService(client, &iid_session_control, &control)) ||
        !control)
        return;
    IAudioSessionControl_SetDisplayName((IAudioSessionControl *)control, wide,
                                        NULL);
    IAudioSessionControl_Release((IAudioSessionControl *)control);
}

static void read_buffer_length(struct endpoint *e)
{
    UINT32 frames = 0;
    int64_t asked_ns = BUFFER_100NS * 100;

    e->buffer_ns = asked_ns;
    /* Some kinds of stream answer garbage (process loopback does). */
    if (SUCCEEDED(IAudioClient_GetBufferSize(e->client, &frames)) && frames &&
        frames / e->format.rate < 4)
        e->buffer_ns = frames_to_ns(frames, e->format.rate);
}

bool endpoint_start(struct endpoint *e, bool events, const char *name,
                    struct fault *f)
{
    const char *op = "CreateEvent";
    void *capture = NULL;
    bool of_processes = e->of_processes;
    HRESULT hr = S_OK;

    if (events) {
        e->event = CreateEventW(NULL, FALSE, FALSE, NULL);
        if (!e->event)
            hr = HRESULT_FROM_WIN32(GetLastError());
        else {
            op = "IAudioClient::SetEventHandle";
            hr = IAudioClient_SetEventHandle(e->client, e->event);
        }
    }
    if (SUCCEEDED(hr)) {
        op = "IAudioCaptureClient";
        hr = IAudioClient_GetService(e->client, &iid_capture_client, &capture);
        e->capture = capture;
    }
    if (SUCCEEDED(hr)) {
        op = "IAudioClient::Start";
        hr = IAudioClient_Start(e->client);
    }
    if (SUCCEEDED(hr) && e->capture)
        return true;
    if (SUCCEEDED(hr))
        hr = E_NOINTERFACE;
    endpoint_close(e);
    return of_processes ? hresult_process_fault(f, op, hr, name)
                        : hresult_fault(f, op, hr, name);
}

bool endpoint_open(struct endpoint *e, IMMDevice *device, const char *name,
                   const char *client_name, HANDLE wake, struct fault *f)
{
    DWORD flags = 0;

    *e = (struct endpoint){0};
    if (!initialize_somehow(e, device, name, &flags, f))
        return false;
    read_buffer_length(e);
    endpoint_name_session(e->client, client_name);
    e->reason = reason_create(e->client, wake);
    return endpoint_start(e, flags & AUDCLNT_STREAMFLAGS_EVENTCALLBACK, name,
                          f);
}

void endpoint_close(struct endpoint *e)
{
    reason_destroy(e->reason);
    if (e->client && e->capture)
        IAudioClient_Stop(e->client);
    if (e->capture)
        IAudioCaptureClient_Release(e->capture);
    if (e->client)
        IAudioClient_Release(e->client);
    /* After the client, which may set it up to the end. */
    if (e->event)
        CloseHandle(e->event);
    *e = (struct endpoint){0};
}
