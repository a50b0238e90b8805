/* probe: a program that uses WASAPI, and misuses it to order, so that the
 * double of mmdevapi.dll can be seen to notice.
 *
 *   probe sessions        each session: pid, volume, mute, peak, system, name
 *   probe process PID include|exclude SECONDS
 *                         how many packets of process loopback, how loud
 *   probe clock SECONDS   what IAudioClock says, beside a silent player
 *   probe MISUSE          one of those at the end of misuse.c */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/probe/probe.h"

void check(HRESULT hr, const char *what)
{
    if (FAILED(hr)) {
        printf("%s: 0x%08lx\n", what, (unsigned long)hr);
        exit(1);
    }
}

IMMDeviceEnumerator *enumerator(void)
{
    void *e = NULL;

    check(CoInitializeEx(NULL, COINIT_MULTITHREADED), "CoInitializeEx");
    check(CoCreateInstance(&fake_clsid_enumerator, NULL, CLSCTX_ALL,
                           &fake_iid_enumerator, &e),
          "CoCreateInstance");
    return e;
}

IMMDevice *device(void)
{
    IMMDeviceEnumerator *e = enumerator();
    IMMDevice *d = NULL;

    check(IMMDeviceEnumerator_GetDefaultAudioEndpoint(e, eRender, eConsole, &d),
          "GetDefaultAudioEndpoint");
    IMMDeviceEnumerator_Release(e);
    return d;
}

void *activate(REFIID iid)
{
    IMMDevice *d = device();
    void *out = NULL;

    check(IMMDevice_Activate(d, iid, CLSCTX_ALL, NULL, &out), "Activate");
    IMMDevice_Release(d);
    return out;
}

/* An initialized client of the default output: FLAGS 0 is a player. */
IAudioClient *client(DWORD flags)
{
    IAudioClient *c = activate(&fake_iid_client);
    WAVEFORMATEX *mix = NULL;

    check(IAudioClient_GetMixFormat(c, &mix), "GetMixFormat");
    check(IAudioClient_Initialize(c, AUDCLNT_SHAREMODE_SHARED, flags, 2000000,
                                  0, mix, NULL),
          "Initialize");
    CoTaskMemFree(mix);
    return c;
}

void *service(IAudioClient *c, REFIID iid)
{
    void *out = NULL;

    check(IAudioClient_GetService(c, iid, &out), "GetService");
    return out;
}

/* A started capture with a packet in it. */
IAudioCaptureClient *capture(IAudioClient **c)
{
    IAudioCaptureClient *out;

    *c = client(AUDCLNT_STREAMFLAGS_LOOPBACK);
    out = service(*c, &fake_iid_capture);
    check(IAudioClient_Start(*c), "Start");
    Sleep(100);
    return out;
}

/* --- an object to be called --- */

HANDLE called;
bool is_agile = true, keeps_parameters = true;

HRESULT STDMETHODCALLTYPE called_query(IUnknown *this, REFIID iid, void **out)
{
    *out = NULL;
    if (IsEqualGUID(iid, &fake_iid_agile) && !is_agile)
        return E_NOINTERFACE;
    *out = this;
    return S_OK;
}

ULONG STDMETHODCALLTYPE called_count(IUnknown *this)
{
    (void)this;
    return 2;
}

static HRESULT STDMETHODCALLTYPE
completed(IActivateAudioInterfaceCompletionHandler *this,
          IActivateAudioInterfaceAsyncOperation *operation)
{
    (void)this, (void)operation;
    SetEvent(called);
    return S_OK;
}

static IActivateAudioInterfaceCompletionHandlerVtbl handler_methods = {
    .QueryInterface = (void *)called_query,
    .AddRef = (void *)called_count,
    .Release = (void *)called_count,
    .ActivateCompleted = completed,
};
static IActivateAudioInterfaceCompletionHandler handler = {&handler_methods};

/* --- use --- */

typedef HRESULT(WINAPI *activate_fn)(LPCWSTR, REFIID, PROPVARIANT *,
                                     IActivateAudioInterfaceCompletionHandler *,
                                     IActivateAudioInterfaceAsyncOperation **);

IAudioClient *process_client(DWORD pid, INT32 mode)
{
    struct fake_activation p = {1, pid, mode};
    PROPVARIANT v = {.vt = VT_BLOB};
    IActivateAudioInterfaceAsyncOperation *operation = NULL;
    IUnknown *out = NULL;
    HRESULT inner = E_FAIL;
    HMODULE dll;
    activate_fn fn;

    v.blob.cbSize = sizeof(p);
    v.blob.pBlobData = (BYTE *)&p;
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    dll = LoadLibraryW(L"mmdevapi.dll");
    fn =
        (activate_fn)(void *)GetProcAddress(dll, "ActivateAudioInterfaceAsync");
    check(fn(L"VAD\\Process_Loopback", &fake_iid_client, &v, &handler,
             &operation),
          "ActivateAudioInterfaceAsync");
    if (!keeps_parameters)
        p.pid = 0;
    if (WaitForSingleObject(called, 4000) != WAIT_OBJECT_0)
        printf("never completed\n");
    check(operation->lpVtbl->GetActivateResult(operation, &inner, &out),
          "GetActivateResult");
    operation->lpVtbl->Release(operation);
    check(inner, "activation");
    return (IAudioClient *)out;
}

static void do_process(char **argv)
{
    WAVEFORMATEX format = {3, 2, 48000, 384000, 8, 32, 0};
    IAudioClient *c =
        process_client((DWORD)atoi(argv[2]), strcmp(argv[3], "exclude") == 0);
    IAudioCaptureClient *in;
    int packets = 0, silent = 0;
    double peak = 0;
    UINT32 frames = 0;
    WAVEFORMATEX *mix = NULL;

    printf("mix=0x%08lx\n", (unsigned long)IAudioClient_GetMixFormat(c, &mix));
    check(IAudioClient_Initialize(c, AUDCLNT_SHAREMODE_SHARED,
                                  AUDCLNT_STREAMFLAGS_LOOPBACK, 2000000, 0,
                                  &format, NULL),
          "Initialize");
    printf("padding=0x%08lx\n",
           (unsigned long)IAudioClient_GetCurrentPadding(c, &frames));
    in = service(c, &fake_iid_capture);
    check(IAudioClient_Start(c), "Start");
    Sleep((DWORD)(atof(argv[4]) * 1000));
    for (;;) {
        BYTE *data;
        DWORD flags;
        UINT64 position = 1;
        HRESULT hr = IAudioCaptureClient_GetBuffer(in, &data, &frames, &flags,
                                                   &position, NULL);

        if (hr != S_OK)
            break;
        packets++;
        silent += position != 0;
        for (UINT32 i = 0; i < frames; i++)
            peak = fmax(peak, fabs(((float *)(void *)data)[2 * i]));
        IAudioCaptureClient_ReleaseBuffer(in, frames);
    }
    IAudioClient_Stop(c);
    printf("packets=%d\npositions=%d\npeak=%.3f\n", packets, silent, peak);
    IAudioCaptureClient_Release(in);
    IAudioClient_Release(c);
}

static void print_session(IAudioSessionControl *base)
{
    IAudioSessionControl2 *c = NULL;
    ISimpleAudioVolume *v = NULL;
    struct {
        const struct fake_meter_vtbl *methods;
    } *m = NULL;
    DWORD pid = 0;
    float volume = 0, peak = 0;
    WINBOOL mute = FALSE;
    wchar_t *name = NULL;

    IUnknown_QueryInterface((IUnknown *)base, &fake_iid_session2, (void **)&c);
    IUnknown_QueryInterface((IUnknown *)base, &fake_iid_volume, (void **)&v);
    IUnknown_QueryInterface((IUnknown *)base, &fake_iid_meter, (void **)&m);
    IAudioSessionControl2_GetProcessId(c, &pid);
    IAudioSessionControl2_GetDisplayName(c, &name);
    ISimpleAudioVolume_GetMasterVolume(v, &volume);
    ISimpleAudioVolume_GetMute(v, &mute);
    m->methods->GetPeakValue(m, &peak);
    printf("%lu %.2f %d %.2f %d %ls\n", pid, volume, mute, peak,
           IAudioSessionControl2_IsSystemSoundsSession(c) == S_OK, name);
    CoTaskMemFree(name);
    m->methods->Release(m);
    ISimpleAudioVolume_Release(v);
    IAudioSessionControl2_Release(c);
}

static void do_sessions(char **argv)
{
    IAudioSessionManager2 *m = activate(&fake_iid_manager2);
    IAudioSessionEnumerator *all = NULL;
    int n = 0;

    (void)argv;
    check(IAudioSessionManager2_GetSessionEnumerator(m, &all), "enumerate");
    IAudioSessionEnumerator_GetCount(all, &n);
    for (int i = 0; i < n; i++) {
        IAudioSessionControl *c = NULL;

        IAudioSessionEnumerator_GetSession(all, i, &c);
        print_session(c);
        IAudioSessionControl_Release(c);
    }
    IAudioSessionEnumerator_Release(all);
    IAudioSessionManager2_Release(m);
}

static void do_clock(char **argv)
{
    IAudioClient *player = client(0), *c;
    IAudioRenderClient *out = service(player, &fake_iid_render);
    IAudioCaptureClient *in;
    IAudioClock *clock;
    UINT64 frequency = 0, position = 0, stamp = 0;
    UINT32 size = 0, padding = 0, ready = 0;
    BYTE *data = NULL;

    IAudioClient_GetBufferSize(player, &size);
    check(IAudioRenderClient_GetBuffer(out, size, &data), "render");
    check(
        IAudioRenderClient_ReleaseBuffer(out, size, AUDCLNT_BUFFERFLAGS_SILENT),
        "render");
    IAudioClient_Start(player);
    in = capture(&c);
    clock = service(c, &fake_iid_clock);
    Sleep((DWORD)(atof(argv[2]) * 1000));
    IAudioClient_GetCurrentPadding(player, &padding);
    IAudioCaptureClient_GetNextPacketSize(in, &ready);
    IAudioClock_GetFrequency(clock, &frequency);
    IAudioClock_GetPosition(clock, &position, &stamp);
    printf("size=%u\npadding=%u\nready=%u\nseconds=%.4f\n", size, padding,
           ready, (double)position / (double)frequency);
    IAudioClock_Release(clock);
    IAudioClient_Stop(c);
    IAudioCaptureClient_Release(in);
    IAudioClient_Release(c);
    IAudioClient_Stop(player);
    IAudioRenderClient_Release(out);
    IAudioClient_Release(player);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int arguments;
        void (*run)(char **argv);
    } all[] = {{"sessions", 0, do_sessions},
               {"process", 3, do_process},
               {"clock", 1, do_clock}};

    called = CreateEventW(NULL, FALSE, FALSE, NULL);
    for (size_t i = 0; argc > 1 && i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(all[i].name, argv[1]) == 0 && argc == all[i].arguments + 2) {
            all[i].run(argv);
            return 0;
        }
    if (argc > 1 && misuse(argv[1]))
        return 0;
    printf("probe: how? see its source\n");
    return 2;
}
