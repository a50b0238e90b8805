/* checkup: see checkup.h. After "Rendering a Stream" and "EndpointVolume API",
 * learn.microsoft.com. */
#include "source/wasapi/checkup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/convert.h"
#include "source/wasapi/abi_session.h"
#include "source/wasapi/device.h"
#include "source/wasapi/endpoint.h"
#include "source/wasapi/hresult.h"
#include "source/wasapi/wave.h"
#include "sys/clock.h"
#include "sys/stop.h"
#include "sys/win/dll.h"

/* In 100 ns: so far ahead the sound is written. With 60 ms it runs dry on a
 * busy machine under Wine. */
#define BUFFER_100NS ((REFERENCE_TIME)2000000)
#define TURN_NS      INT64_C(5000000)

/* Below this nothing is left of the sound in 16 bits. */
static const double volume_least = 0.001;

/* --- playing --- */

struct play {
    const struct sound *sound;
    struct sound_played *out;
    const char *name; /* of the output, for messages */
    IAudioClient *client;
    IAudioRenderClient *render;
    struct audio_format format;
    UINT32 frames; /* of the buffer */
    size_t lead;   /* frames of silence that were written */
    size_t at;     /* frames of the sound that were written */
};

static void end(struct play *p)
{
    if (p->client && p->render)
        IAudioClient_Stop(p->client);
    if (p->render)
        IAudioRenderClient_Release(p->render);
    if (p->client)
        IAudioClient_Release(p->client);
}

/* Everything is told in F. False. */
static bool refuse(const struct play *p, HRESULT hr, struct fault *f)
{
    hresult_fault(f, "play a sound", FAILED(hr) ? hr : E_NOINTERFACE, p->name);
    return false;
}

static bool initialize(struct play *p, IMMDevice *device, struct fault *f)
{
    WAVEFORMATEX *mix = NULL;
    const char *why = "it has none";
    void *client = NULL;
    HRESULT hr = IMMDevice_Activate(device, &iid_audio_client, CLSCTX_ALL, NULL,
                                    &client);

    if (FAILED(hr) || !client)
        return refuse(p, hr, f);
    p->client = client;
    hr = IAudioClient_GetMixFormat(p->client, &mix);
    if (SUCCEEDED(hr) &&
        (!mix || !wave_parse(mix, wave_claimed_bytes(mix), &p->format, &why))) {
        CoTaskMemFree(mix);
        return fault_setf(f, ERR_UNSUPPORTED, "play a sound", 0, NULL,
                          "%s: the mix format cannot be used: %s", p->name,
                          why);
    }
    if (SUCCEEDED(hr))
        hr = IAudioClient_Initialize(p->client, AUDCLNT_SHAREMODE_SHARED, 0,
                                     BUFFER_100NS, 0, mix, NULL);
    CoTaskMemFree(mix);
    return SUCCEEDED(hr) || refuse(p, hr, f);
}

static bool begin(struct play *p, IMMDevice *device, const char *client_name,
                  struct fault *f)
{
    void *render = NULL;
    HRESULT hr;

    if (!initialize(p, device, f))
        return false;
    endpoint_name_session(p->client, client_name);
    hr = IAudioClient_GetBufferSize(p->client, &p->frames);
    if (SUCCEEDED(hr) && !p->frames)
        hr = AUDCLNT_E_BUFFER_SIZE_ERROR;
    if (SUCCEEDED(hr))
        hr = IAudioClient_GetService(p->client, &iid_render_client, &render);
    p->render = render;
    return (SUCCEEDED(hr) && render) || refuse(p, hr, f);
}

/* One sample to DST, as it lies in the system's buffer. */
static void put_sample(BYTE *dst, float sample, enum sample_type type)
{
    int32_t left;

    switch (type) {
    case SAMPLE_F64: memcpy(dst, &(double){(double)sample}, 8); break;
    case SAMPLE_U8: *dst = (BYTE)(128.0f + sample * 127.0f); break;
    case SAMPLE_S24: /* its upper three bytes, little-endian */
        convert_from_float(&left, &sample, SAMPLE_S24, 1);
        memcpy(dst, (const BYTE *)&left + 1, 3);
        break;
    default: convert_from_float(dst, &sample, type, 1); break;
    }
}

/* FRAMES of the sound, or of the silence before it, to DATA. */
static void put_frames(struct play *p, BYTE *data, size_t frames)
{
    size_t bytes = sample_bytes(p->format.native);
    uint32_t channels = p->format.channels;

    for (size_t i = 0; i < frames * channels; i++)
        put_sample(data + i * bytes,
                   p->out->begun ? p->sound->samples[p->at + i / channels]
                                 : 0.0f,
                   p->format.native);
}

/* Has enough of the silence been played? PADDING is still to be. Then the sound
 * is written from now on. */
static void begin_sound(struct play *p, UINT32 padding)
{
    if (p->lead <
        padding + (uint64_t)frames_from_ns(SOUND_LEAD_NS, p->sound->rate))
        return;
    p->out->begun = true;
    p->out->written_ns = clock_now_ns();
    p->out->queued_ns = frames_to_ns(padding, p->sound->rate);
}

/* Write what there is room for. */
static HRESULT feed(struct play *p)
{
    UINT32 padding = 0;
    HRESULT hr = IAudioClient_GetCurrentPadding(p->client, &padding);

    if (SUCCEEDED(hr) && p->at > 0 && padding == 0)
        p->out->ran_dry = true;
    while (SUCCEEDED(hr) && padding < p->frames && p->at < p->sound->frames) {
        size_t frames = p->frames - padding;
        BYTE *data = NULL;

        if (!p->out->begun)
            begin_sound(p, padding);
        if (p->out->begun && frames > p->sound->frames - p->at)
            frames = p->sound->frames - p->at;
        hr = IAudioRenderClient_GetBuffer(p->render, (UINT32)frames, &data);
        if (FAILED(hr) || !data)
            break;
        put_frames(p, data, frames);
        hr = IAudioRenderClient_ReleaseBuffer(p->render, (UINT32)frames, 0);
        if (p->out->begun)
            p->at += frames;
        else
            p->lead += frames;
        padding += (UINT32)frames;
    }
    return hr;
}

/* As the mixer has our session. */
static void look_at_session(struct play *p)
{
    void *found = NULL;
    ISimpleAudioVolume *volume;
    float level = -1.0f;
    BOOL mute = FALSE;

    if (FAILED(
            IAudioClient_GetService(p->client, &iid_simple_volume, &found)) ||
        !found)
        return;
    volume = found;
    if (SUCCEEDED(ISimpleAudioVolume_GetMasterVolume(volume, &level)) &&
        level >= 0.0f)
        p->out->volume = (double)level;
    if (SUCCEEDED(ISimpleAudioVolume_GetMute(volume, &mute)))
        p->out->muted = mute != FALSE;
    ISimpleAudioVolume_Release(volume);
}

static bool run(struct play *p, struct fault *f)
{
    int64_t start_ns = clock_now_ns();
    HRESULT hr = feed(p); /* before it starts, or it begins with a glitch */

    if (SUCCEEDED(hr))
        hr = IAudioClient_Start(p->client);
    while (SUCCEEDED(hr) && p->at < p->sound->frames &&
           stop_requested(NULL) == STOP_NONE &&
           clock_now_ns() < sound_over_ns(p->sound, p->out, start_ns)) {
        clock_sleep_ns(TURN_NS);
        hr = feed(p);
    }
    look_at_session(p);
    return SUCCEEDED(hr) || refuse(p, hr, f);
}

static bool play_on(IMMDevice *device, const char *client_name,
                    const struct sound *sound, struct sound_played *out,
                    struct fault *f)
{
    char name[DEVICE_TEXT_BYTES];
    struct play p = {.sound = sound, .out = out, .name = name};
    bool ok;

    device_describe(device, out->device_id, name);
    ok = begin(&p, device, client_name, f);
    if (ok && p.format.rate != sound->rate)
        ok = fault_setf(f, ERR_UNSUPPORTED, "play a sound", 0, "try again",
                        "%s: its rate has just changed", name);
    ok = ok && run(&p, f);
    end(&p);
    return ok;
}

/* Call DO with the output of this id. */
static bool with_device(const char *id,
                        bool (*visit)(void *context, IMMDeviceEnumerator *e,
                                      IMMDevice *device, struct fault *f),
                        void *context, struct fault *f)
{
    IMMDeviceEnumerator *e;
    IMMDevice *device = NULL;
    bool com, ok = false;

    if (!device_com_begin(&com, f))
        return false;
    e = device_enumerator(f);
    if (e)
        device = device_find(e, id, f);
    if (device) {
        ok = visit(context, e, device, f);
        IMMDevice_Release(device);
    }
    if (e)
        IMMDeviceEnumerator_Release(e);
    device_com_end(&com);
    return ok;
}

struct player {
    const char *client_name;
    const struct sound *sound;
    struct sound_played *out;
};

static bool visit_player(void *context, IMMDeviceEnumerator *e,
                         IMMDevice *device, struct fault *f)
{
    struct player *p = context;

    (void)e;
    return play_on(device, p->client_name, p->sound, p->out, f);
}

static bool checkup_play(const char *client_name, const char *device_id,
                         const struct sound *sound, struct sound_played *out,
                         struct fault *f)
{
    struct player p = {client_name, sound, out};

    *out = (struct sound_played){.volume = -1.0};
    return with_device(device_id, visit_player, &p, f);
}

/* --- looking --- */

/* GetVersionEx says what the manifest knows of; RtlGetVersion the truth. Wine
 * has one more function (its ntdll.spec). */
static void look_at_system(struct checkup *out)
{
    typedef LONG WINAPI version_fn(OSVERSIONINFOW *);
    typedef const char *CDECL wine_fn(void);
    version_fn *version =
        (version_fn *)dll_function(L"ntdll.dll", "RtlGetVersion");
    wine_fn *wine = (wine_fn *)dll_function(L"ntdll.dll", "wine_get_version");
    OSVERSIONINFOW v = {.dwOSVersionInfoSize = sizeof v};

    if (!version || version(&v) != 0)
        v = (OSVERSIONINFOW){0};
    snprintf(out->server, sizeof out->server, "%s%s%sWindows %lu.%lu.%lu",
             wine ? "Wine " : "", wine ? wine() : "", wine ? " as " : "",
             v.dwMajorVersion, v.dwMinorVersion, v.dwBuildNumber);
}

/* Loopback is tapped before the output's volume, but for some drivers (NAudio
 * #979, #1045): what is found here need not be in the way. */
static void look_at_volume(IMMDevice *device, struct checkup *out)
{
    void *found = NULL;
    IAudioEndpointVolume *volume;
    float level = -1.0f, db = 0.0f;
    BOOL mute = FALSE;
    char text[120];

    if (FAILED(IMMDevice_Activate(device, &iid_endpoint_volume, CLSCTX_ALL,
                                  NULL, &found)) ||
        !found)
        return;
    volume = found;
    if (SUCCEEDED(IAudioEndpointVolume_GetMute(volume, &mute)) && mute) {
        out->muted = true;
        checkup_add(out, "output-muted", "the output is muted",
                    "unmute it in the sound settings of Windows");
    }
    if (SUCCEEDED(
            IAudioEndpointVolume_GetMasterVolumeLevelScalar(volume, &level)) &&
        level >= 0.0f &&
        SUCCEEDED(IAudioEndpointVolume_GetMasterVolumeLevel(volume, &db))) {
        out->volume = level > 0.0f ? pow(10.0, (double)db / 20.0) : 0.0;
        if (out->volume < volume_least) {
            snprintf(text, sizeof text, "the output has the volume %.0f %%",
                     100.0 * (double)level);
            checkup_add(out, "output-silent", text,
                        "raise it in the sound settings of Windows");
        }
    }
    IAudioEndpointVolume_Release(volume);
}

static bool look_at(void *context, IMMDeviceEnumerator *e, IMMDevice *device,
                    struct fault *f)
{
    struct checkup *out = context;
    IMMDevice *def = device_default(e, NULL);
    DWORD state = 0;

    (void)f;
    if (def) {
        device_describe(def, out->default_id, out->default_name);
        IMMDevice_Release(def);
    }
    if (SUCCEEDED(IMMDevice_GetState(device, &state)) &&
        state == DEVICE_STATE_ACTIVE)
        out->state = "active";
    look_at_volume(device, out);
    return true;
}

static bool checkup_look(const char *client_name, const char *device_id,
                         struct checkup *out, struct fault *f)
{
    (void)client_name; /* nobody is shown who asks */
    *out = (struct checkup){.volume = -1.0};
    look_at_system(out);
    return with_device(device_id, look_at, out, f);
}

const struct checkup_ops checkup_ops = {
    .play = checkup_play,
    .look = checkup_look,
};
