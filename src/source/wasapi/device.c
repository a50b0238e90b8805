/* device: render endpoints: which there are, what they are called, which one
 * is meant. See device.h. Main thread (list) or capture thread (open). */
#include "source/wasapi/device.h"

#include <stdio.h>
#include <string.h>

#include "source/wasapi/hresult.h"
#include "source/wasapi/wave.h"
#include "sys/win/utf.h"

static const char hint_list[] = "`looprec -l` lists the outputs";
static const char hint_none[] =
    "no output is active: plug one in or enable it in the sound settings";

bool device_com_begin(bool *owned, struct fault *f)
{
    HRESULT hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);

    /* S_FALSE (was initialised) counts too and must be undone as well. A
     * thread of the other kind can be used as it is, without undoing. */
    *owned = SUCCEEDED(hr);
    if (FAILED(hr) && hr != RPC_E_CHANGED_MODE)
        return hresult_fault(f, "CoInitializeEx", hr, NULL);
    return true;
}

void device_com_end(bool *owned)
{
    if (*owned)
        CoUninitialize();
    *owned = false;
}

IMMDeviceEnumerator *device_enumerator(struct fault *f)
{
    void *e = NULL;
    HRESULT hr = CoCreateInstance(&clsid_enumerator, NULL, CLSCTX_ALL,
                                  &iid_enumerator, &e);

    if (FAILED(hr) || !e) {
        hresult_fault(f, "IMMDeviceEnumerator", FAILED(hr) ? hr : E_NOINTERFACE,
                      NULL);
        return NULL;
    }
    return e;
}

wchar_t *device_wide_id(IMMDevice *d)
{
    wchar_t *id = NULL;

    return SUCCEEDED(IMMDevice_GetId(d, &id)) ? id : NULL;
}

static IPropertyStore *open_properties(IMMDevice *d)
{
    IPropertyStore *store = NULL;

    return SUCCEEDED(IMMDevice_OpenPropertyStore(d, STGM_READ, &store)) ? store
                                                                        : NULL;
}

void device_describe(IMMDevice *d, char id[DEVICE_TEXT_BYTES],
                     char name[DEVICE_TEXT_BYTES])
{
    wchar_t *wide = device_wide_id(d);
    IPropertyStore *store = open_properties(d);
    PROPVARIANT value;

    name[0] = '\0';
    utf8_copy_wide(id, DEVICE_TEXT_BYTES, wide);
    CoTaskMemFree(wide);
    PropVariantInit(&value);
    if (store &&
        SUCCEEDED(IPropertyStore_GetValue(store, &key_friendly_name, &value)) &&
        value.vt == VT_LPWSTR && value.pwszVal)
        utf8_copy_wide(name, DEVICE_TEXT_BYTES, value.pwszVal);
    PropVariantClear(&value);
    if (store)
        IPropertyStore_Release(store);
    if (!name[0])
        memcpy(name, id, DEVICE_TEXT_BYTES);
}

static bool is_active_output(IMMDevice *d)
{
    void *endpoint = NULL;
    EDataFlow flow = eCapture;
    DWORD state = 0;

    if (FAILED(IMMDevice_GetState(d, &state)) || state != DEVICE_STATE_ACTIVE)
        return false;
    if (FAILED(IMMDevice_QueryInterface(d, &iid_endpoint, &endpoint)))
        return false;
    if (FAILED(IMMEndpoint_GetDataFlow((IMMEndpoint *)endpoint, &flow)))
        flow = eCapture;
    IMMEndpoint_Release((IMMEndpoint *)endpoint);
    return flow == eRender;
}

IMMDevice *device_default(IMMDeviceEnumerator *e, struct fault *f)
{
    IMMDevice *d = NULL;
    HRESULT hr =
        IMMDeviceEnumerator_GetDefaultAudioEndpoint(e, eRender, eConsole, &d);

    if (SUCCEEDED(hr) && d)
        return d;
    if (hr == HR_NOT_FOUND || SUCCEEDED(hr))
        fault_setf(f, ERR_NO_DEVICE, "GetDefaultAudioEndpoint", hr, hint_none,
                   "this computer has no output that could be heard");
    else
        hresult_fault(f, "GetDefaultAudioEndpoint", hr, NULL);
    return NULL;
}

/* The endpoint with ID if it is an active output, else NULL. *KNOWN (may be
 * NULL): there is one, if only unplugged or disabled. */
static IMMDevice *by_id(IMMDeviceEnumerator *e, const char *id, bool *known)
{
    wchar_t wide[DEVICE_TEXT_BYTES];
    IMMDevice *d = NULL;
    DWORD state = 0;

    if (known)
        *known = false;
    if (!MultiByteToWideChar(CP_UTF8, 0, id, -1, wide, DEVICE_TEXT_BYTES))
        return NULL;
    if (FAILED(IMMDeviceEnumerator_GetDevice(e, wide, &d)) || !d)
        return NULL;
    if (is_active_output(d))
        return d;
    if (known)
        *known = SUCCEEDED(IMMDevice_GetState(d, &state)) &&
                 (state & (DEVICE_STATE_UNPLUGGED | DEVICE_STATE_DISABLED));
    IMMDevice_Release(d);
    return NULL;
}

static IMMDevice *gone(struct fault *f, const char *name)
{
    fault_set(f, ERR_NO_DEVICE, "find the output", name, hint_list);
    return NULL;
}

IMMDevice *device_find(IMMDeviceEnumerator *e, const char *wanted,
                       struct fault *f)
{
    struct device_list list = {0};
    IMMDevice *d = NULL;
    size_t i;

    if (device_enumerate(e, &list, f) &&
        device_list_find(&list, wanted, &i, f)) {
        d = by_id(e, list.items[i].id, NULL);
        if (!d)
            gone(f, list.items[i].name);
    }
    device_list_free(&list);
    return d;
}

IMMDevice *device_again(IMMDeviceEnumerator *e, const char *id,
                        const char *name, struct fault *f)
{
    struct device_list list = {0};
    size_t matches = 0, match = 0;
    bool known;
    IMMDevice *d = by_id(e, id, &known);

    if (d)
        return d;
    if (known)
        return gone(f, name[0] ? name : id);
    if (!device_enumerate(e, &list, f))
        return NULL;
    for (size_t i = 0; name[0] && i < list.count; i++)
        if (strcmp(list.items[i].name, name) == 0) {
            match = i;
            matches++;
        }
    if (matches == 1)
        d = by_id(e, list.items[match].id, NULL);
    device_list_free(&list);
    return d ? d : gone(f, name[0] ? name : id);
}

void device_read_format(IMMDevice *d, struct audio_format *out)
{
    const char *why;
    void *client = NULL;
    WAVEFORMATEX *mix = NULL;
    IPropertyStore *store;
    PROPVARIANT value;

    if (SUCCEEDED(IMMDevice_Activate(d, &iid_audio_client, CLSCTX_ALL, NULL,
                                     &client)) &&
        SUCCEEDED(IAudioClient_GetMixFormat((IAudioClient *)client, &mix)) &&
        mix)
        wave_parse(mix, wave_claimed_bytes(mix), out, &why);
    CoTaskMemFree(mix);
    if (client)
        IAudioClient_Release((IAudioClient *)client);
    if (out->channels || !(store = open_properties(d)))
        return;
    PropVariantInit(&value);
    if (SUCCEEDED(IPropertyStore_GetValue(store, &key_device_format, &value)) &&
        value.vt == VT_BLOB)
        wave_parse(value.blob.pBlobData, value.blob.cbSize, out, &why);
    PropVariantClear(&value);
    IPropertyStore_Release(store);
}

bool device_each(IMMDeviceEnumerator *e,
                 bool (*visit)(void *context, IMMDevice *d), void *context,
                 struct fault *f)
{
    IMMDeviceCollection *all = NULL;
    bool go_on = true;
    UINT count = 0;
    HRESULT hr = IMMDeviceEnumerator_EnumAudioEndpoints(
        e, eRender, DEVICE_STATE_ACTIVE, &all);

    if (SUCCEEDED(hr))
        hr = all ? IMMDeviceCollection_GetCount(all, &count) : E_NOINTERFACE;
    for (UINT i = 0; SUCCEEDED(hr) && go_on && i < count; i++) {
        IMMDevice *d = NULL;

        if (FAILED(IMMDeviceCollection_Item(all, i, &d)) || !d)
            continue; /* it went away meanwhile */
        go_on = visit(context, d);
        IMMDevice_Release(d);
    }
    if (all)
        IMMDeviceCollection_Release(all);
    return SUCCEEDED(hr) || hresult_fault(f, "EnumAudioEndpoints", hr, NULL);
}

struct enumeration {
    struct device_list *out;
    char default_id[DEVICE_TEXT_BYTES];
    bool no_memory;
};

static bool add(void *context, IMMDevice *d)
{
    struct enumeration *all = context;
    struct device *entry = device_list_add(all->out);

    if (!entry) {
        all->no_memory = true;
        return false;
    }
    device_describe(d, entry->id, entry->name);
    device_read_format(d, &entry->format);
    entry->is_default = entry->id[0] && strcmp(entry->id, all->default_id) == 0;
    entry->state = "active";
    return true;
}

bool device_enumerate(IMMDeviceEnumerator *e, struct device_list *out,
                      struct fault *f)
{
    struct enumeration all = {.out = out};
    char name[DEVICE_TEXT_BYTES];
    IMMDevice *def = device_default(e, NULL); /* none is no error here */

    if (def) {
        device_describe(def, all.default_id, name);
        IMMDevice_Release(def);
    }
    if (!device_each(e, add, &all, f))
        return false;
    return !all.no_memory ||
           fault_set(f, ERR_NO_MEMORY, "list the outputs", NULL, NULL);
}
