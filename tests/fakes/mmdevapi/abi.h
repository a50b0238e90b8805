/* abi: WASAPI as Microsoft documents it, for the double: the headers, the
 * identifiers, and what mingw-w64 lacks. Stated apart from the program's own,
 * so that an error in one of them shows. No code. */
#ifndef LOOPREC_FAKE_ABI_H
#define LOOPREC_FAKE_ABI_H

#define COBJMACROS
#ifndef CONST_VTABLE
#define CONST_VTABLE
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include <objbase.h>
#include <propidl.h>
#include <propsys.h>

#include <audioclient.h>
#include <audiopolicy.h>
#include <mmdeviceapi.h>

/* {11223344-5566-7788-99AA-BBCCDDEEFF00} as written in the documentation. */
#define FAKE_ID(name, l, w1, w2, tail)                           \
    static const GUID name = {                                   \
        (l),                                                     \
        (w1),                                                    \
        (w2),                                                    \
        {(BYTE)((tail) >> 56), (BYTE)((tail) >> 48 & 255),       \
         (BYTE)((tail) >> 40 & 255), (BYTE)((tail) >> 32 & 255), \
         (BYTE)((tail) >> 24 & 255), (BYTE)((tail) >> 16 & 255), \
         (BYTE)((tail) >> 8 & 255), (BYTE)((tail)&255)}}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-const-variable"
FAKE_ID(fake_clsid_enumerator, 0xBCDE0395, 0xE52F, 0x467C,
        0x8E3DC4579291692Eull);
FAKE_ID(fake_iid_unknown, 0x00000000, 0x0000, 0x0000, 0xC000000000000046ull);
FAKE_ID(fake_iid_factory, 0x00000001, 0x0000, 0x0000, 0xC000000000000046ull);
FAKE_ID(fake_iid_malloc_spy, 0x0000001D, 0x0000, 0x0000, 0xC000000000000046ull);
FAKE_ID(fake_iid_agile, 0x94EA2B94, 0xE9CC, 0x49E0, 0xC0FFEE64CA8F5B90ull);
FAKE_ID(fake_iid_enumerator, 0xA95664D2, 0x9614, 0x4F35, 0xA746DE8DB63617E6ull);
FAKE_ID(fake_iid_collection, 0x0BD7A1BE, 0x7A1A, 0x44DB, 0x8397CC5392387B5Eull);
FAKE_ID(fake_iid_device, 0xD666063F, 0x1587, 0x4E43, 0x81F1B948E807363Full);
FAKE_ID(fake_iid_endpoint, 0x1BE09788, 0x6894, 0x4089, 0x85869A2A6C265AC5ull);
FAKE_ID(fake_iid_properties, 0x886D8EEB, 0x8CF2, 0x4446, 0x8D02CDBA1DBDCF99ull);
FAKE_ID(fake_iid_client, 0x1CB9AD4C, 0xDBFA, 0x4C32, 0xB178C2F568A703B2ull);
FAKE_ID(fake_iid_capture, 0xC8ADBD64, 0xE71E, 0x48A0, 0xA4DE185C395CD317ull);
FAKE_ID(fake_iid_render, 0xF294ACFC, 0x3146, 0x4483, 0xA7BFADDCA7C260E2ull);
FAKE_ID(fake_iid_clock, 0xCD63314F, 0x3FBA, 0x4A1B, 0x812CEF96358728E7ull);
FAKE_ID(fake_iid_clock2, 0x6F49FF73, 0x6727, 0x49AC, 0xA008D98CF5E70048ull);
FAKE_ID(fake_iid_session, 0xF4B1A599, 0x7266, 0x4319, 0xA8CAE70ACB11E8CDull);
FAKE_ID(fake_iid_session2, 0xBFB7FF88, 0x7239, 0x4FC9, 0x8FA207C950BE9C6Dull);
FAKE_ID(fake_iid_session_events, 0x24918ACC, 0x64B3, 0x37C1,
        0x8CA974A66E9957A8ull);
FAKE_ID(fake_iid_manager, 0xBFA971F1, 0x4D5E, 0x40BB, 0x935E967039BFBEE4ull);
FAKE_ID(fake_iid_manager2, 0x77AA99A0, 0x1BD6, 0x484F, 0x8BC72C654C9A9B6Full);
FAKE_ID(fake_iid_sessions, 0xE2F5BB11, 0x0570, 0x40CA, 0xACDD3AA01277DEE8ull);
FAKE_ID(fake_iid_volume, 0x87CE5498, 0x68D6, 0x44E5, 0x92156DA47EF883D8ull);
FAKE_ID(fake_iid_meter, 0xC02216F6, 0x8C67, 0x4B5B, 0x9D00D008E73E0064ull);
FAKE_ID(fake_iid_operation, 0x72A22D78, 0xCDE4, 0x431D, 0xB8CC843A71199B6Dull);
FAKE_ID(fake_iid_handler, 0x41D949AB, 0x9862, 0x444A, 0x80F6C261334DA5EBull);
/* KSDATAFORMAT_SUBTYPE_PCM and _IEEE_FLOAT differ in their first word. */
FAKE_ID(fake_subtype_pcm, 0x00000001, 0x0000, 0x0010, 0x800000AA00389B71ull);
FAKE_ID(fake_subtype_float, 0x00000003, 0x0000, 0x0010, 0x800000AA00389B71ull);
/* The sets of PKEY_Device_*, PKEY_DeviceInterface_* and PKEY_AudioEngine_*. */
FAKE_ID(fake_set_device, 0xA45C254E, 0xDF1C, 0x4EFD, 0x802067D146A850E0ull);
FAKE_ID(fake_set_interface, 0x026E516E, 0xB814, 0x414B, 0x83CD856D6FEF4822ull);
FAKE_ID(fake_set_engine, 0xF19F064D, 0x082C, 0x4E27, 0xBC736882A1BB8E4Cull);
#pragma GCC diagnostic pop

/* IAudioMeterInformation (endpointvolume.h). */
struct fake_meter_vtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(void *, REFIID, void **);
    ULONG(STDMETHODCALLTYPE *AddRef)(void *);
    ULONG(STDMETHODCALLTYPE *Release)(void *);
    HRESULT(STDMETHODCALLTYPE *GetPeakValue)(void *, float *);
    HRESULT(STDMETHODCALLTYPE *GetMeteringChannelCount)(void *, UINT *);
    HRESULT(STDMETHODCALLTYPE *GetChannelsPeakValues)(void *, UINT32, float *);
    HRESULT(STDMETHODCALLTYPE *QueryHardwareSupport)(void *, DWORD *);
};

/* AUDIOCLIENT_ACTIVATION_PARAMS (audioclientactivationparams.h). */
struct fake_activation {
    INT32 type; /* 1: process loopback */
    DWORD pid;
    INT32 mode; /* 0: include the tree, 1: exclude it */
};

#define FAKE_S_NO_SINGLE_PROCESS ((HRESULT)0x0889000D)
#define FAKE_E_NOTFOUND          ((HRESULT)0x80070490)
#define FAKE_E_FILE_NOT_FOUND    ((HRESULT)0x80070002)

#endif
