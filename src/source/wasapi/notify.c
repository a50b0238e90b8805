/* notify: an IMMNotificationClient. See notify.h. The methods: threads of
 * Windows; the functions of notify.h: the capture thread. */
#include "source/wasapi/notify.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct notify {
    IMMNotificationClient base; /* first: the object is its interface */
    /* constant after create */
    IMMDeviceEnumerator *enumerator; /* ours only until notify_destroy */
    HANDLE wake; /* our own duplicate: outlives the source if need be */
    wchar_t *id; /* the endpoint in use; NULL: none */
    /* shared, atomic: stored by the callbacks, read by the capture thread.
     * Relaxed where SetEvent and the wait order what matters. */
    atomic_uint references;
    atomic_int moved;  /* enum notify_news about the default */
    atomic_int device; /* enum notify_news about the endpoint in use */
    atomic_bool arrived;
};

static struct notify *self(IMMNotificationClient *base)
{
    return (struct notify *)base;
}

static HRESULT STDMETHODCALLTYPE query_interface(IMMNotificationClient *base,
                                                 REFIID iid, void **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!IsEqualGUID(iid, &iid_unknown) &&
        !IsEqualGUID(iid, &iid_notification_client))
        return E_NOINTERFACE;
    *out = base;
    IMMNotificationClient_AddRef(base);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE add_ref(IMMNotificationClient *base)
{
    return atomic_fetch_add_explicit(&self(base)->references, 1,
                                     memory_order_relaxed) +
           1;
}

static ULONG STDMETHODCALLTYPE release(IMMNotificationClient *base)
{
    struct notify *n = self(base);
    /* acq_rel: the last one sees what the others did before they let go. */
    ULONG left =
        atomic_fetch_sub_explicit(&n->references, 1, memory_order_acq_rel) - 1;

    if (!left) {
        CloseHandle(n->wake);
        free(n->id);
        free(n);
    }
    return left;
}

static bool is_ours(const struct notify *n, const wchar_t *id)
{
    return n->id && id && wcscmp(n->id, id) == 0;
}

static HRESULT STDMETHODCALLTYPE state_changed(IMMNotificationClient *base,
                                               LPCWSTR id, DWORD state)
{
    struct notify *n = self(base);
    enum notify_news news = NOTIFY_REMOVED;

    if (state == DEVICE_STATE_ACTIVE)
        news = NOTIFY_NOTHING;
    else if (state == DEVICE_STATE_UNPLUGGED)
        news = NOTIFY_UNPLUGGED;
    else if (state == DEVICE_STATE_DISABLED)
        news = NOTIFY_DISABLED;

    if (news == NOTIFY_NOTHING)
        atomic_store_explicit(&n->arrived, true, memory_order_relaxed);
    /* An endpoint that came back lost its stream all the same: the first bad
     * news stays, until the next opening watches with a new object. */
    else if (is_ours(n, id))
        atomic_store_explicit(&n->device, news, memory_order_relaxed);
    SetEvent(n->wake);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE added(IMMNotificationClient *base, LPCWSTR id)
{
    (void)id;
    atomic_store_explicit(&self(base)->arrived, true, memory_order_relaxed);
    SetEvent(self(base)->wake);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE removed(IMMNotificationClient *base,
                                         LPCWSTR id)
{
    struct notify *n = self(base);

    if (is_ours(n, id))
        atomic_store_explicit(&n->device, NOTIFY_REMOVED, memory_order_relaxed);
    SetEvent(n->wake);
    return S_OK;
}

/* Called once for each role, with a NULL id when no device is left
 * (IMMNotificationClient::OnDefaultDeviceChanged, remarks). */
static HRESULT STDMETHODCALLTYPE default_changed(IMMNotificationClient *base,
                                                 EDataFlow flow, ERole role,
                                                 LPCWSTR id)
{
    struct notify *n = self(base);
    enum notify_news news = NOTIFY_MOVED;

    if (flow != eRender || role != eConsole)
        return S_OK;
    if (!id || !*id)
        news = NOTIFY_NO_DEFAULT;
    else if (is_ours(n, id))
        news = NOTIFY_NOTHING; /* it moved away and came back */
    atomic_store_explicit(&n->moved, news, memory_order_relaxed);
    if (news != NOTIFY_NO_DEFAULT)
        atomic_store_explicit(&n->arrived, true, memory_order_relaxed);
    SetEvent(n->wake);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE property_changed(IMMNotificationClient *base,
                                                  LPCWSTR id,
                                                  const PROPERTYKEY key)
{
    (void)base;
    (void)id;
    (void)key;
    return S_OK;
}

static const IMMNotificationClientVtbl methods = {
    .QueryInterface = query_interface,
    .AddRef = add_ref,
    .Release = release,
    .OnDeviceStateChanged = state_changed,
    .OnDeviceAdded = added,
    .OnDeviceRemoved = removed,
    .OnDefaultDeviceChanged = default_changed,
    .OnPropertyValueChanged = property_changed,
};

/* What moved between the choice of the device and the registration has been
 * told to nobody: look for it once. */
static void look_once(struct notify *n)
{
    IMMDevice *device = NULL;
    wchar_t *id = NULL;

    if (!n->id || FAILED(IMMDeviceEnumerator_GetDefaultAudioEndpoint(
                      n->enumerator, eRender, eConsole, &device)))
        return;
    if (SUCCEEDED(IMMDevice_GetId(device, &id)) && !is_ours(n, id))
        atomic_store_explicit(&n->moved, NOTIFY_MOVED, memory_order_relaxed);
    CoTaskMemFree(id);
    IMMDevice_Release(device);
}

struct notify *notify_create(IMMDeviceEnumerator *enumerator, const wchar_t *id,
                             HANDLE wake, HRESULT *hr)
{
    struct notify *n = calloc(1, sizeof *n);

    *hr = E_OUTOFMEMORY;
    if (!n)
        return NULL;
    n->base.lpVtbl = &methods;
    atomic_init(&n->references, 1);
    if (id && !(n->id = _wcsdup(id)))
        goto failed;
    if (!DuplicateHandle(GetCurrentProcess(), wake, GetCurrentProcess(),
                         &n->wake, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        *hr = HRESULT_FROM_WIN32(GetLastError());
        goto failed;
    }
    *hr = IMMDeviceEnumerator_RegisterEndpointNotificationCallback(enumerator,
                                                                   &n->base);
    if (FAILED(*hr)) {
        IMMNotificationClient_Release(&n->base);
        return NULL;
    }
    n->enumerator = enumerator;
    IMMDeviceEnumerator_AddRef(enumerator);
    look_once(n);
    return n;
failed:
    free(n->id);
    free(n);
    return NULL;
}

void notify_destroy(struct notify *n)
{
    IMMDeviceEnumerator *enumerator;

    if (!n)
        return;
    /* Unregister before anything is let go. */
    enumerator = n->enumerator;
    IMMDeviceEnumerator_UnregisterEndpointNotificationCallback(enumerator,
                                                               &n->base);
    IMMNotificationClient_Release(&n->base);
    IMMDeviceEnumerator_Release(enumerator);
}

enum notify_news notify_news(const struct notify *n, bool follow)
{
    int news;

    if (!n)
        return NOTIFY_NOTHING;
    news = atomic_load_explicit(&n->device, memory_order_relaxed);
    if (news == NOTIFY_NOTHING && follow)
        news = atomic_load_explicit(&n->moved, memory_order_relaxed);
    return (enum notify_news)news;
}

bool notify_arrived(struct notify *n)
{
    return n &&
           atomic_exchange_explicit(&n->arrived, false, memory_order_relaxed);
}
