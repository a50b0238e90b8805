/* misuse: what a program must not do with WASAPI. See probe.c. */
#include <process.h>
#include <stdio.h>
#include <string.h>

#include "fakes/probe/probe.h"

static HRESULT get(IAudioCaptureClient *capture, UINT32 *frames)
{
    BYTE *data;
    DWORD flags;

    return IAudioCaptureClient_GetBuffer(capture, &data, frames, &flags, NULL,
                                         NULL);
}

/* --- a notification that does too much --- */

static enum { NOTHING, ASK, SLEEP } wish; /* what is done in the callback */
static IMMDeviceEnumerator *asked;

static HRESULT STDMETHODCALLTYPE default_changed(IMMNotificationClient *this,
                                                 EDataFlow flow, ERole role,
                                                 LPCWSTR id)
{
    IMMDevice *d = NULL;

    (void)this, (void)flow, (void)id;
    if (role == eConsole && wish == ASK &&
        SUCCEEDED(IMMDeviceEnumerator_GetDefaultAudioEndpoint(asked, eRender,
                                                              eConsole, &d)))
        IMMDevice_Release(d);
    if (role == eConsole && wish == SLEEP)
        Sleep(300);
    if (role == eCommunications)
        SetEvent(called);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE no_news(void)
{
    return S_OK;
}

static IMMNotificationClientVtbl notify_methods = {
    .QueryInterface = (void *)called_query,
    .AddRef = (void *)called_count,
    .Release = (void *)called_count,
    .OnDeviceStateChanged = (void *)no_news,
    .OnDeviceAdded = (void *)no_news,
    .OnDeviceRemoved = (void *)no_news,
    .OnDefaultDeviceChanged = default_changed,
    .OnPropertyValueChanged = (void *)no_news,
};
static IMMNotificationClient notify = {&notify_methods};

/* --- the rest --- */

static void do_leak(void)
{
    device();
}

static void do_reference(void)
{
    IMMDevice *d = device();

    IMMDevice_Release(d);
    IMMDevice_Release(d);
}

static void do_order(void)
{
    IAudioClient *c = activate(&fake_iid_client);
    UINT32 frames;

    IAudioClient_GetBufferSize(c, &frames);
    IAudioClient_Release(c);
}

static void do_memory(void)
{
    IMMDevice *d = device();
    wchar_t *id;

    IMMDevice_GetId(d, &id);
    IMMDevice_Release(d);
}

static void do_buffer(void)
{
    IAudioClient *c;
    IAudioCaptureClient *in = capture(&c);
    UINT32 frames = 0;

    get(in, &frames);
    get(in, &frames);                                  /* still held */
    IAudioCaptureClient_ReleaseBuffer(in, frames - 1); /* not its size */
    IAudioCaptureClient_ReleaseBuffer(in, frames);
    IAudioCaptureClient_ReleaseBuffer(in, frames); /* twice */
    get(in, &frames);
    IAudioCaptureClient_Release(in);
    IAudioClient_Release(c); /* held */
}

static IAudioCaptureClient *other_threads;

static unsigned __stdcall release_there(void *frames)
{
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    IAudioCaptureClient_ReleaseBuffer(other_threads, *(UINT32 *)frames);
    CoUninitialize();
    return 0;
}

static unsigned __stdcall look_there(void *unused)
{
    UINT32 frames;

    (void)unused;
    IAudioCaptureClient_GetNextPacketSize(other_threads, &frames);
    return 0;
}

static void on_thread(unsigned(__stdcall *fn)(void *), bool take)
{
    IAudioClient *c;
    UINT32 frames = 0;
    HANDLE thread;

    other_threads = capture(&c);
    if (take)
        get(other_threads, &frames);
    thread = (HANDLE)_beginthreadex(NULL, 0, fn, &frames, 0, NULL);
    WaitForSingleObject(thread, INFINITE);
    IAudioCaptureClient_Release(other_threads);
    IAudioClient_Release(c);
}

static void do_thread(void)
{
    on_thread(release_there, true);
}

static void do_com(void)
{
    on_thread(look_there, false);
}

static void do_event(void)
{
    IAudioClient *c = client(AUDCLNT_STREAMFLAGS_LOOPBACK |
                             AUDCLNT_STREAMFLAGS_EVENTCALLBACK);
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);

    IAudioClient_SetEventHandle(c, event);
    IAudioClient_Start(c);
    WaitForSingleObject(event, 1000);
    CloseHandle(event);
    Sleep(300);
    IAudioClient_Release(c);
}

static void do_audible(void)
{
    IAudioClient *c = client(0);
    IAudioRenderClient *out = service(c, &fake_iid_render);
    BYTE *data;

    IAudioRenderClient_GetBuffer(out, 480, &data);
    data[0] = 1;
    IAudioRenderClient_ReleaseBuffer(out, 480, 0);
    IAudioRenderClient_Release(out);
    IAudioClient_Release(c);
}

static void do_agile(void)
{
    is_agile = false;
    process_client(4, 1);
}

static void do_parameters(void)
{
    keeps_parameters = false;
    process_client(4, 1);
}

static void do_registration(void)
{
    asked = enumerator();
    IMMDeviceEnumerator_RegisterEndpointNotificationCallback(asked, &notify);
    IMMDeviceEnumerator_Release(asked);
}

static void call_back(void)
{
    asked = enumerator();
    IMMDeviceEnumerator_RegisterEndpointNotificationCallback(asked, &notify);
    if (WaitForSingleObject(called, 5000) != WAIT_OBJECT_0)
        printf("never called\n");
    IMMDeviceEnumerator_UnregisterEndpointNotificationCallback(asked, &notify);
    IMMDeviceEnumerator_Release(asked);
}

static void do_asking(void)
{
    wish = ASK;
    call_back();
}

static void do_sleeping(void)
{
    wish = SLEEP;
    call_back();
}

bool misuse(const char *name)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } all[] = {
        {"leak", do_leak},
        {"reference", do_reference},
        {"order", do_order},
        {"memory", do_memory},
        {"buffer", do_buffer},
        {"thread", do_thread},
        {"com", do_com},
        {"event", do_event},
        {"audible", do_audible},
        {"agile", do_agile},
        {"parameters", do_parameters},
        {"asking", do_asking},
        {"sleeping", do_sleeping},
        {"registration", do_registration},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(all[i].name, name) == 0) {
            all[i].run();
            return true;
        }
    return false;
}
