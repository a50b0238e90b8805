/* simtime_real: what the program calls instead of the system, and how that
 * comes to be: its import table is rewritten in memory. The hooks: any thread;
 * the rest: from simtime_begin. */
#include "fakes/mmdevapi/simtime_real.h"

#include <stdio.h>
#include <string.h>

#include "fakes/mmdevapi/simtime_sched.h"

struct real real;

/* What the other clocks showed when the counter showed 0, in units of 100 ns.
 * Constant after real_replace. */
static struct {
    int64_t frequency, wall, ticks, interrupt;
} zero;

/* --- clocks --- */

static BOOL WINAPI hook_QueryPerformanceCounter(LARGE_INTEGER *out)
{
    int64_t now = sched_now();

    out->QuadPart =
        now / SCHED_UNITS_PER_S * zero.frequency +
        now % SCHED_UNITS_PER_S * zero.frequency / SCHED_UNITS_PER_S;
    return TRUE;
}

static void WINAPI hook_GetSystemTimeAsFileTime(FILETIME *out)
{
    uint64_t now = (uint64_t)(zero.wall + sched_now());

    out->dwLowDateTime = (DWORD)now;
    out->dwHighDateTime = (DWORD)(now >> 32);
}

static void WINAPI hook_GetSystemTimePreciseAsFileTime(FILETIME *out)
{
    hook_GetSystemTimeAsFileTime(out);
}

/* 1601 to 1970, in FILETIME's units. */
static const int64_t unix_epoch = 116444736000000000;

static __time64_t __cdecl hook__time64(__time64_t *out)
{
    __time64_t now = (zero.wall + sched_now() - unix_epoch) / SCHED_UNITS_PER_S;

    if (out)
        *out = now;
    return now;
}

static ULONGLONG WINAPI hook_GetTickCount64(void)
{
    return (ULONGLONG)(zero.ticks + sched_now()) / SCHED_UNITS_PER_MS;
}

static DWORD WINAPI hook_GetTickCount(void)
{
    return (DWORD)hook_GetTickCount64();
}

static void WINAPI hook_QueryInterruptTime(PULONGLONG out)
{
    *out = (ULONGLONG)(zero.interrupt + sched_now());
}

static void WINAPI hook_QueryInterruptTimePrecise(PULONGLONG out)
{
    hook_QueryInterruptTime(out);
}

static BOOL WINAPI hook_QueryUnbiasedInterruptTime(PULONGLONG out)
{
    *out = (ULONGLONG)(zero.interrupt + sched_now() - sched_slept());
    return TRUE;
}

static void WINAPI hook_QueryUnbiasedInterruptTimePrecise(PULONGLONG out)
{
    hook_QueryUnbiasedInterruptTime(out);
}

/* --- waits --- */

static int64_t after(DWORD ms)
{
    return ms == INFINITE ? SCHED_NEVER
                          : sched_now() + (int64_t)ms * SCHED_UNITS_PER_MS;
}

static DWORD WINAPI hook_WaitForMultipleObjects(DWORD count, const HANDLE *h,
                                                BOOL all, DWORD ms)
{
    if (count == 0)
        return real.WaitForMultipleObjects(count, h, all, ms); /* its error */
    return sched_wait(h, count, all, after(ms), true);
}

static DWORD WINAPI hook_WaitForMultipleObjectsEx(DWORD count, const HANDLE *h,
                                                  BOOL all, DWORD ms,
                                                  BOOL alertable)
{
    (void)alertable;
    return hook_WaitForMultipleObjects(count, h, all, ms);
}

static DWORD WINAPI hook_WaitForSingleObject(HANDLE h, DWORD ms)
{
    return sched_wait(&h, 1, false, after(ms), true);
}

static DWORD WINAPI hook_WaitForSingleObjectEx(HANDLE h, DWORD ms,
                                               BOOL alertable)
{
    (void)alertable;
    return hook_WaitForSingleObject(h, ms);
}

static void WINAPI hook_Sleep(DWORD ms)
{
    sched_wait(NULL, 0, false, after(ms), true);
}

static DWORD WINAPI hook_SleepEx(DWORD ms, BOOL alertable)
{
    (void)alertable;
    hook_Sleep(ms);
    return 0;
}

/* --- what ends waits --- */

static BOOL WINAPI hook_SetEvent(HANDLE event)
{
    return sched_set(event);
}

static BOOL WINAPI hook_ResetEvent(HANDLE event)
{
    return sched_reset(event);
}

static BOOL WINAPI hook_ReleaseSemaphore(HANDLE h, LONG count, LONG *before)
{
    BOOL done = real.ReleaseSemaphore(h, count, before);

    sched_changed(h);
    return done;
}

static BOOL WINAPI hook_TerminateProcess(HANDLE process, UINT status)
{
    BOOL done = real.TerminateProcess(process, status);

    /* Its end takes a moment, which is none in simulated time. */
    if (done && real.WaitForSingleObject(process, 5000) == WAIT_OBJECT_0)
        sched_look_at_unsure();
    return done;
}

/* --- what is not simulated: the caller is away meanwhile --- */

static BOOL WINAPI hook_GetQueuedCompletionStatus(HANDLE port, DWORD *bytes,
                                                  ULONG_PTR *key,
                                                  OVERLAPPED **id, DWORD ms)
{
    bool member = sched_step_out();
    BOOL got = real.GetQueuedCompletionStatus(port, bytes, key, id, ms);
    DWORD code = GetLastError();

    if (member)
        sched_step_in();
    SetLastError(code);
    return got;
}

static BOOL WINAPI hook_GetMessageW(MSG *message, HWND window, UINT first,
                                    UINT last)
{
    bool member = sched_step_out();
    BOOL got = real.GetMessageW(message, window, first, last);

    if (member)
        sched_step_in();
    return got;
}

static BOOL WINAPI hook_PostThreadMessageW(DWORD id, UINT message, WPARAM w,
                                           LPARAM l)
{
    BOOL done = real.PostThreadMessageW(id, message, w, l);

    if (done && id != GetCurrentThreadId())
        sched_expect(id);
    return done;
}

/* --- threads and handles --- */

static uintptr_t __cdecl hook__beginthreadex(void *security, unsigned stack,
                                             sched_fn *fn, void *argument,
                                             unsigned flags, unsigned *id)
{
    return sched_thread(security, stack, fn, argument, flags, id);
}

static HANDLE WINAPI hook_CreateThread(SECURITY_ATTRIBUTES *security,
                                       SIZE_T stack, LPTHREAD_START_ROUTINE fn,
                                       void *argument, DWORD flags, DWORD *id)
{
    unsigned number = 0;
    HANDLE h =
        (HANDLE)sched_thread(security, (unsigned)stack, (sched_fn *)(void *)fn,
                             argument, flags, &number);

    if (id)
        *id = number;
    return h;
}

static BOOL WINAPI hook_DuplicateHandle(HANDLE from_process, HANDLE from,
                                        HANDLE to_process, HANDLE *to,
                                        DWORD access, BOOL inherit,
                                        DWORD options)
{
    HANDLE us = GetCurrentProcess();
    BOOL done = real.DuplicateHandle(from_process, from, to_process, to, access,
                                     inherit, options);

    if (!done || !to || from_process != us || to_process != us)
        return done;
    if (options & DUPLICATE_CLOSE_SOURCE)
        sched_closing(from);
    else
        sched_duplicated(from, *to);
    return done;
}

static BOOL WINAPI hook_CloseHandle(HANDLE h)
{
    sched_closing(h);
    return real.CloseHandle(h);
}

static FARPROC WINAPI hook_GetProcAddress(HMODULE module, LPCSTR name);

/* --- the tables --- */

struct entry {
    const char *name;
    void *hook;
    void **real;
};

static const struct entry clocks[] = {
#define X(name) {#name, (void *)hook_##name, (void **)&real.name},
    REAL_CLOCKS(X)
#undef X
};

static const struct entry others[] = {
#define X(name) {#name, (void *)hook_##name, (void **)&real.name},
    REAL_OTHERS(X)
#undef X
};

enum {
    CLOCKS = sizeof clocks / sizeof clocks[0],
    OTHERS = sizeof others / sizeof others[0],
};

static const char *const not_simulated[] = {
    "CreateTimerQueueTimer",
    "GetMessageA",
    "MsgWaitForMultipleObjects",
    "MsgWaitForMultipleObjectsEx",
    "RegisterWaitForSingleObject",
    "SetThreadpoolTimer",
    "SetThreadpoolWait",
    "SetTimer",
    "SetWaitableTimer",
    "SetWaitableTimerEx",
    "SignalObjectAndWait",
    "SleepConditionVariableCS",
    "SleepConditionVariableSRW",
    "WaitOnAddress",
    "timeGetTime",
    "timeSetEvent",
};

static const struct entry *look_up(const char *name, bool with_clocks)
{
    for (int i = 0; with_clocks && i < CLOCKS; i++)
        if (strcmp(clocks[i].name, name) == 0)
            return &clocks[i];
    for (int i = 0; i < OTHERS; i++)
        if (strcmp(others[i].name, name) == 0)
            return &others[i];
    return NULL;
}

static FARPROC WINAPI hook_GetProcAddress(HMODULE module, LPCSTR name)
{
    FARPROC found = real.GetProcAddress(module, name);
    bool named = (uintptr_t)name > 0xffff; /* else a number */
    const struct entry *e = found && named ? look_up(name, true) : NULL;

    return e ? (FARPROC)e->hook : found;
}

/* --- finding and replacing --- */

typedef void visit_fn(void *context, const char *name, void **slot);

/* A module in memory begins with its file's headers: Microsoft's "PE Format",
 * .idata section. */
void real_visit_imports(HMODULE module, visit_fn *visit, void *context)
{
    uint8_t *base = (uint8_t *)module;
    const IMAGE_DOS_HEADER *dos = (const void *)base;
    const IMAGE_NT_HEADERS *nt = (const void *)(base + dos->e_lfanew);
    DWORD at = nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT]
                   .VirtualAddress;
    const IMAGE_IMPORT_DESCRIPTOR *d = (const void *)(base + at);

    for (; at && d->FirstThunk; d++) {
        IMAGE_THUNK_DATA *slot = (void *)(base + d->FirstThunk);
        const IMAGE_THUNK_DATA *name =
            (const void *)(base + d->OriginalFirstThunk);

        for (; d->OriginalFirstThunk && name->u1.AddressOfData; name++, slot++)
            if (!IMAGE_SNAP_BY_ORDINAL(name->u1.Ordinal))
                visit(context,
                      (const char *)((const IMAGE_IMPORT_BY_NAME
                                          *)(base + name->u1.AddressOfData))
                          ->Name,
                      (void **)&slot->u1.Function);
    }
}

static void check(void *context, const char *name, void **slot)
{
    (void)slot;
    for (size_t i = 0; i < sizeof not_simulated / sizeof not_simulated[0]; i++)
        if (strcmp(not_simulated[i], name) == 0) {
            fprintf(stderr,
                    "simtime: the program imports %s, which is not simulated\n",
                    name);
            *(bool *)context = false;
        }
}

static void replace(void *context, const char *name, void **slot)
{
    const struct entry *e = look_up(name, *(const bool *)context);
    DWORD before;

    if (!e || !VirtualProtect(slot, sizeof *slot, PAGE_READWRITE, &before))
        return;
    *slot = e->hook;
    VirtualProtect(slot, sizeof *slot, before, &before);
}

static void *find(const char *name)
{
    static const wchar_t *const modules[] = {L"kernel32.dll", L"kernelbase.dll",
                                             L"user32.dll", L"msvcrt.dll"};
    FARPROC found = NULL;

    for (int i = 0; !found && i < 4; i++) {
        HMODULE module = GetModuleHandleW(modules[i]);

        found = module ? GetProcAddress(module, name) : NULL;
    }
    return (void *)found;
}

bool real_find(void)
{
    bool good = true;

    for (int i = 0; i < CLOCKS; i++)
        *clocks[i].real = find(clocks[i].name);
    for (int i = 0; i < OTHERS; i++)
        *others[i].real = find(others[i].name);
    /* Where user32 is not there, nobody calls what it holds. */
    real_visit_imports(GetModuleHandleW(NULL), check, &good);
    return good && real.QueryPerformanceCounter && real._beginthreadex;
}

void real_replace(void)
{
    HMODULE program = GetModuleHandleW(NULL), own = NULL;
    LARGE_INTEGER frequency;
    FILETIME wall;
    ULONGLONG interrupt = 0;
    int64_t now = sched_now();
    bool with_clocks = true;

    real.GetSystemTimePreciseAsFileTime(&wall);
    real.QueryInterruptTimePrecise(&interrupt);
    QueryPerformanceFrequency(&frequency);
    zero.frequency = frequency.QuadPart;
    zero.wall =
        (int64_t)((uint64_t)wall.dwHighDateTime << 32 | wall.dwLowDateTime) -
        now;
    zero.ticks = (int64_t)real.GetTickCount64() * SCHED_UNITS_PER_MS - now;
    zero.interrupt = (int64_t)interrupt - now;
    /* Pinned: from now on the program calls into this module. */
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                           GET_MODULE_HANDLE_EX_FLAG_PIN,
                       (const wchar_t *)(void *)&real, &own);
    real_visit_imports(program, replace, &with_clocks);
    with_clocks = false;
    if (own && own != program)
        real_visit_imports(own, replace, &with_clocks);
}
