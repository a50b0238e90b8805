/* abi: the Windows headers that this folder needs, and what they leave to the
 * linker or do not have. No code. The identifiers are written out here so that
 * no import library decides whether they exist; values from the Windows SDK
 * (mmdeviceapi.h, audioclient.h, functiondiscoverykeys_devpkey.h). */
#ifndef LOOPREC_SOURCE_WASAPI_ABI_H
#define LOOPREC_SOURCE_WASAPI_ABI_H

#ifndef COBJMACROS
#define COBJMACROS
#endif
#ifndef CONST_VTABLE
#define CONST_VTABLE /* method tables of our own are const */
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include <objbase.h>
#include <propidl.h>

#include <audioclient.h>
#include <audiopolicy.h>
#include <mmdeviceapi.h>

static const CLSID clsid_enumerator = {
    0xbcde0395,
    0xe52f,
    0x467c,
    {0x8e, 0x3d, 0xc4, 0x57, 0x92, 0x91, 0x69, 0x2e}};
static const IID iid_unknown = {
    0x00000000,
    0x0000,
    0x0000,
    {0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46}};
static const IID iid_enumerator = {
    0xa95664d2,
    0x9614,
    0x4f35,
    {0xa7, 0x46, 0xde, 0x8d, 0xb6, 0x36, 0x17, 0xe6}};
static const IID iid_endpoint = {
    0x1be09788,
    0x6894,
    0x4089,
    {0x85, 0x86, 0x9a, 0x2a, 0x6c, 0x26, 0x5a, 0xc5}};
static const IID iid_notification_client = {
    0x7991eec9,
    0x7e89,
    0x4d85,
    {0x83, 0x90, 0x6c, 0x70, 0x3c, 0xec, 0x60, 0xc0}};
static const IID iid_audio_client = {
    0x1cb9ad4c,
    0xdbfa,
    0x4c32,
    {0xb1, 0x78, 0xc2, 0xf5, 0x68, 0xa7, 0x03, 0xb2}};
static const IID iid_capture_client = {
    0xc8adbd64,
    0xe71e,
    0x48a0,
    {0xa4, 0xde, 0x18, 0x5c, 0x39, 0x5c, 0xd3, 0x17}};
static const IID iid_session_control = {
    0xf4b1a599,
    0x7266,
    0x4319,
    {0xa8, 0xca, 0xe7, 0x0a, 0xcb, 0x11, 0xe8, 0xcd}};

static const IID iid_completion_handler = {
    0x41d949ab,
    0x9862,
    0x444a,
    {0x80, 0xf6, 0xc2, 0x61, 0x33, 0x4d, 0xa5, 0xeb}};
static const IID iid_agile_object = {
    0x94ea2b94,
    0xe9cc,
    0x49e0,
    {0xc0, 0xff, 0xee, 0x64, 0xca, 0x8f, 0x5b, 0x90}};

/* audioclientactivationparams.h, which mingw-w64 does not have: what
 * ActivateAudioInterfaceAsync takes for VIRTUAL_AUDIO_DEVICE_PROCESS_LOOPBACK,
 * as VT_BLOB. */
#define PROCESS_LOOPBACK_DEVICE L"VAD\\Process_Loopback"
enum { ACTIVATION_TYPE_PROCESS_LOOPBACK = 1 };
enum process_loopback_mode {
    PROCESS_LOOPBACK_INCLUDE_TREE = 0,
    PROCESS_LOOPBACK_EXCLUDE_TREE = 1,
};
struct activation_params {
    DWORD type;
    DWORD process_id;
    DWORD mode; /* enum process_loopback_mode */
};
_Static_assert(sizeof(struct activation_params) == 12, "as Windows has it");

/* The function, found at run time: a program that asked the loader for it
 * would not start on Windows 7, nor where mmdevapi.dll is missing. */
typedef HRESULT WINAPI
activate_async_fn(LPCWSTR path, REFIID iid, PROPVARIANT *params,
                  IActivateAudioInterfaceCompletionHandler *handler,
                  IActivateAudioInterfaceAsyncOperation **operation);

/* PKEY_Device_FriendlyName: "Speakers (Realtek Audio)". */
static const PROPERTYKEY key_friendly_name = {
    {0xa45c254e,
     0xdf1c,
     0x4efd,
     {0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0}},
    14};
/* PKEY_AudioEngine_DeviceFormat: a WAVEFORMATEX as VT_BLOB. */
static const PROPERTYKEY key_device_format = {
    {0xf19f064d,
     0x082c,
     0x4e27,
     {0xbc, 0x73, 0x68, 0x82, 0xa1, 0xbb, 0x8e, 0x4c}},
    0};

/* HRESULT_FROM_WIN32(ERROR_NOT_FOUND): what GetDefaultAudioEndpoint says where
 * there is no device. mingw-w64's winerror.h has E_NOTFOUND in no version. */
#define HR_NOT_FOUND ((HRESULT)0x80070490)

#endif
