/* memory: what the double gave by CoTaskMemAlloc, watched by an IMallocSpy
 * until the caller frees it. See check.h. Any thread. */
#include <string.h>
#include <wchar.h>

#include "fakes/mmdevapi/check.h"

enum { GIVEN_MAX = 1024 };

static struct {
    SRWLOCK lock;
    struct {
        void *bytes;
        const char *what;
    } given[GIVEN_MAX];
    int most; /* slots that were ever used */
} memory;

static void forget(const void *bytes)
{
    AcquireSRWLockExclusive(&memory.lock);
    for (int i = 0; bytes && i < memory.most; i++)
        if (memory.given[i].bytes == bytes)
            memory.given[i].bytes = NULL;
    ReleaseSRWLockExclusive(&memory.lock);
}

static HRESULT STDMETHODCALLTYPE query(IMallocSpy *this, REFIID iid, void **out)
{
    if (!IsEqualGUID(iid, &fake_iid_malloc_spy) &&
        !IsEqualGUID(iid, &fake_iid_unknown)) {
        *out = NULL;
        return E_NOINTERFACE;
    }
    *out = this;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE count(IMallocSpy *this)
{
    (void)this;
    return 2;
}

static SIZE_T STDMETHODCALLTYPE pre_alloc(IMallocSpy *this, SIZE_T bytes)
{
    (void)this;
    return bytes;
}

static void *STDMETHODCALLTYPE post_alloc(IMallocSpy *this, void *bytes)
{
    (void)this;
    return bytes;
}

static void *STDMETHODCALLTYPE pre_free(IMallocSpy *this, void *bytes,
                                        WINBOOL spied)
{
    (void)this, (void)spied;
    forget(bytes);
    return bytes;
}

static void STDMETHODCALLTYPE post_free(IMallocSpy *this, WINBOOL spied)
{
    (void)this, (void)spied;
}

static SIZE_T STDMETHODCALLTYPE pre_realloc(IMallocSpy *this, void *bytes,
                                            SIZE_T size, void **next,
                                            WINBOOL spied)
{
    (void)this, (void)spied;
    forget(bytes);
    *next = bytes;
    return size;
}

static void *STDMETHODCALLTYPE post_realloc(IMallocSpy *this, void *bytes,
                                            WINBOOL spied)
{
    (void)this, (void)spied;
    return bytes;
}

static void *STDMETHODCALLTYPE pre_look(IMallocSpy *this, void *bytes,
                                        WINBOOL spied)
{
    (void)this, (void)spied;
    return bytes;
}

static SIZE_T STDMETHODCALLTYPE post_size(IMallocSpy *this, SIZE_T size,
                                          WINBOOL spied)
{
    (void)this, (void)spied;
    return size;
}

static int STDMETHODCALLTYPE post_did(IMallocSpy *this, void *bytes,
                                      WINBOOL spied, int actual)
{
    (void)this, (void)bytes, (void)spied;
    return actual;
}

static void STDMETHODCALLTYPE heap(IMallocSpy *this)
{
    (void)this;
}

static const IMallocSpyVtbl methods = {
    .QueryInterface = query,
    .AddRef = count,
    .Release = count,
    .PreAlloc = pre_alloc,
    .PostAlloc = post_alloc,
    .PreFree = pre_free,
    .PostFree = post_free,
    .PreRealloc = pre_realloc,
    .PostRealloc = post_realloc,
    .PreGetSize = pre_look,
    .PostGetSize = post_size,
    .PreDidAlloc = pre_look,
    .PostDidAlloc = post_did,
    .PreHeapMinimize = heap,
    .PostHeapMinimize = heap,
};

void memory_watch(void)
{
    static IMallocSpy spy = {(void *)&methods};

    CoRegisterMallocSpy(&spy);
}

void *memory_give(const void *bytes, size_t size, const char *what)
{
    void *copy = CoTaskMemAlloc(size);
    int i = 0;

    if (!copy)
        return NULL;
    memcpy(copy, bytes, size);
    AcquireSRWLockExclusive(&memory.lock);
    while (i < GIVEN_MAX - 1 && memory.given[i].bytes)
        i++;
    memory.given[i].bytes = copy;
    memory.given[i].what = what;
    if (i >= memory.most)
        memory.most = i + 1;
    ReleaseSRWLockExclusive(&memory.lock);
    return copy;
}

wchar_t *memory_give_text(const wchar_t *text, const char *what)
{
    return memory_give(text, (wcslen(text) + 1) * sizeof(*text), what);
}

void memory_each(void (*visit)(const char *what, void *context), void *context)
{
    /* as the process ends: whoever held the lock is gone */
    for (int i = 0; i < memory.most; i++)
        if (memory.given[i].bytes)
            visit(memory.given[i].what, context);
}
