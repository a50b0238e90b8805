/* abi_session: identifiers of what an endpoint, a stream and a session offer
 * beside packets, and the meter, which no mingw-w64 header has. No code. Values
 * from the Windows SDK (audiopolicy.h, audioclient.h, endpointvolume.h). */
#ifndef LOOPREC_SOURCE_WASAPI_ABI_SESSION_H
#define LOOPREC_SOURCE_WASAPI_ABI_SESSION_H

#include "source/wasapi/abi.h"

#include <endpointvolume.h>

static const IID iid_session_manager2 = {
    0x77aa99a0,
    0x1bd6,
    0x484f,
    {0x8b, 0xc7, 0x2c, 0x65, 0x4c, 0x9a, 0x9b, 0x6f}};
static const IID iid_session_control2 = {
    0xbfb7ff88,
    0x7239,
    0x4fc9,
    {0x8f, 0xa2, 0x07, 0xc9, 0x50, 0xbe, 0x9c, 0x6d}};
static const IID iid_session_events = {
    0x24918acc,
    0x64b3,
    0x37c1,
    {0x8c, 0xa9, 0x74, 0xa6, 0x6e, 0x99, 0x57, 0xa8}};
static const IID iid_clock = {0xcd63314f,
                              0x3fba,
                              0x4a1b,
                              {0x81, 0x2c, 0xef, 0x96, 0x35, 0x87, 0x28, 0xe7}};
static const IID iid_render_client = {
    0xf294acfc,
    0x3146,
    0x4483,
    {0xa7, 0xbf, 0xad, 0xdc, 0xa7, 0xc2, 0x60, 0xe2}};
static const IID iid_simple_volume = {
    0x87ce5498,
    0x68d6,
    0x44e5,
    {0x92, 0x15, 0x6d, 0xa4, 0x7e, 0xf8, 0x83, 0xd8}};
static const IID iid_meter = {0xc02216f6,
                              0x8c67,
                              0x4b5b,
                              {0x9d, 0x00, 0xd0, 0x08, 0xe7, 0x3e, 0x00, 0x64}};

static const IID iid_endpoint_volume = {
    0x5cdf2c82,
    0x841e,
    0x4546,
    {0x97, 0x22, 0x0c, 0xf7, 0x40, 0x78, 0x22, 0x9a}};

/* IAudioMeterInformation. Its methods in the order of the table. */
struct meter {
    const struct meter_methods *methods;
};

struct meter_methods {
    HRESULT(STDMETHODCALLTYPE *query_interface)
    (struct meter *m, REFIID iid, void **out);
    ULONG(STDMETHODCALLTYPE *add_ref)(struct meter *m);
    ULONG(STDMETHODCALLTYPE *release)(struct meter *m);
    /* "The peak value for the channels in the audio stream", 0 to 1. */
    HRESULT(STDMETHODCALLTYPE *get_peak)(struct meter *m, float *peak);
    HRESULT(STDMETHODCALLTYPE *get_channel_count)(struct meter *m, UINT *count);
    HRESULT(STDMETHODCALLTYPE *get_channel_peaks)
    (struct meter *m, UINT32 count, float *peaks);
    HRESULT(STDMETHODCALLTYPE *query_hardware)(struct meter *m, DWORD *mask);
};

#endif
