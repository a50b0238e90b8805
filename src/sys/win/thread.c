/* thread: Windows threads, MMCSS, a slim lock. Any thread. */
#include "sys/thread.h"

#include <process.h>
#include <stdlib.h>

#include <windows.h>

#include "sys/win/dll.h"
#include "sys/win/oserror.h"
#include "sys/win/utf.h"

enum { STACK_BYTES = 512 * 1024 };

struct thread {
    HANDLE handle;
    thread_fn *fn;
    void *argument;
};

struct mutex {
    SRWLOCK lock;
};

static unsigned __stdcall run(void *argument)
{
    struct thread *t = argument;
    t->fn(t->argument);
    return 0;
}

/* SetThreadDescription is there from Windows 10 1607 on; older Wine and Server
 * editions lack it, and a name is not worth failing to start for. */
static void set_name(HANDLE thread, const char *name)
{
    typedef HRESULT WINAPI describe_fn(HANDLE, PCWSTR);
    describe_fn *describe =
        (describe_fn *)dll_function(L"kernelbase.dll", "SetThreadDescription");
    wchar_t *wide = utf8_to_wide(name);
    if (describe && wide) {
        describe(thread, wide);
    }
    free(wide);
}

struct thread *thread_start(const char *name, thread_fn *fn, void *argument,
                            struct fault *f)
{
    struct thread *t = calloc(1, sizeof(*t));
    if (!t) {
        fault_set(f, ERR_NO_MEMORY, "start thread", name, NULL);
        return NULL;
    }
    t->fn = fn;
    t->argument = argument;
    /* Not CreateThread: the C library keeps things for each thread. */
    t->handle = (HANDLE)_beginthreadex(NULL, STACK_BYTES, run, t,
                                       STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (!t->handle) {
        oserror_fault(f, "start thread", (long)GetLastError(), name, NULL);
        free(t);
        return NULL;
    }
    set_name(t->handle, name);
    return t;
}

void thread_join(struct thread *t)
{
    if (!t) {
        return;
    }
    WaitForSingleObject(t->handle, INFINITE);
    CloseHandle(t->handle);
    free(t);
}

bool thread_boost(void)
{
    typedef HANDLE WINAPI join_fn(LPCWSTR, LPDWORD);
    join_fn *join =
        (join_fn *)dll_function(L"avrt.dll", "AvSetMmThreadCharacteristicsW");
    DWORD task = 0;
    if (join && join(L"Capture", &task)) {
        return true;
    }
    /* The multimedia service can be off: what is left is the priority. */
    return SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_HIGHEST) != 0;
}

struct mutex *mutex_create(void)
{
    struct mutex *m = malloc(sizeof(*m));
    if (m) {
        InitializeSRWLock(&m->lock);
    }
    return m;
}

void mutex_destroy(struct mutex *m)
{
    free(m);
}

void mutex_lock(struct mutex *m)
{
    AcquireSRWLockExclusive(&m->lock);
}

void mutex_unlock(struct mutex *m)
{
    ReleaseSRWLockExclusive(&m->lock);
}
