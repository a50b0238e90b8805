/* dll: the ways into the double. */
#include "fakes/mmdevapi/interfaces.h"

HRESULT give(void *object, REFIID iid, void **out)
{
    struct object *o = object;
    HRESULT hr = object_answer(o, iid, out);

    object_unref(o);
    return hr;
}

/* --- the class factory: one, for ever --- */

static HRESULT STDMETHODCALLTYPE query(IClassFactory *this, REFIID iid,
                                       void **out)
{
    if (!IsEqualGUID(iid, &fake_iid_unknown) &&
        !IsEqualGUID(iid, &fake_iid_factory)) {
        *out = NULL;
        return E_NOINTERFACE;
    }
    *out = this;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE count(IClassFactory *this)
{
    (void)this;
    return 2;
}

static HRESULT STDMETHODCALLTYPE create(IClassFactory *this, IUnknown *outer,
                                        REFIID iid, void **out)
{
    (void)this;
    if (outer)
        return CLASS_E_NOAGGREGATION;
    return enumerator_new(iid, out);
}

static HRESULT STDMETHODCALLTYPE lock_server(IClassFactory *this, WINBOOL lock)
{
    (void)this, (void)lock;
    return S_OK;
}

static const IClassFactoryVtbl factory_methods = {
    .QueryInterface = query,
    .AddRef = count,
    .Release = count,
    .CreateInstance = create,
    .LockServer = lock_server,
};

HRESULT WINAPI DllGetClassObject(REFCLSID class, REFIID iid, void **out)
{
    static IClassFactory factory = {(void *)&factory_methods};

    if (!IsEqualGUID(class, &fake_clsid_enumerator))
        return CLASS_E_CLASSNOTAVAILABLE;
    world();
    return query(&factory, iid, out);
}

HRESULT WINAPI DllCanUnloadNow(void)
{
    return S_FALSE;
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH)
        DisableThreadLibraryCalls(module);
    else if (reason == DLL_PROCESS_DETACH)
        log_summary();
    return TRUE;
}
