/* simtime_sched: threads and handles in simulated time, and its beginning. See
 * simtime_sched.h. Any thread. */
#include "fakes/mmdevapi/simtime_sched.h"

#include <stdlib.h>

#include <tlhelp32.h>

#include "fakes/mmdevapi/simtime_member.h"
#include "fakes/mmdevapi/simtime_real.h"

/* How long time stands still at most for the threads that are there at the
 * beginning (looprec's main thread looks up every 50 ms). Real time. */
#define GRACE_BEGIN INT64_C(2500000)
/* What a thread's local storage may hold instead of a member. */
static const char ended_mark, expected_mark;

bool sched_is_over(void)
{
    return sched.is_over && sched.is_over();
}

int64_t sched_now(void)
{
    /* relaxed: see advance */
    return atomic_load_explicit(&sched.now, memory_order_relaxed);
}

int64_t sched_slept(void)
{
    return atomic_load_explicit(&sched.slept, memory_order_relaxed);
}

/* --- threads --- */

/* A thread ends: the system calls it for what FlsSetValue left there. */
static void WINAPI thread_ends(void *value)
{
    if (sched_is_over())
        return;
    sched_lock();
    if (value == &expected_mark) {
        outsider_remove(GetCurrentThreadId());
        member_dispatch(NULL);
    } else {
        TlsSetValue(sched.tls, (void *)&ended_mark);
        member_end(value);
    }
    sched_unlock();
}

static void bind_self(struct member *m)
{
    m->id = GetCurrentThreadId();
    TlsSetValue(sched.tls, m);
    FlsSetValue(sched.fls, m);
}

struct member *member_enter(void)
{
    struct member *m = member_self();

    if (sched_is_over() || (const void *)m == &ended_mark)
        return NULL;
    if (m)
        return m;
    sched_lock();
    m = member_new();
    bind_self(m);
    outsider_remove(m->id);
    outsider_remove(0);
    member_pause(m);
    return m;
}

void member_watch_outsider(void)
{
    if (!member_self() && outsider_known(GetCurrentThreadId()))
        FlsSetValue(sched.fls, (void *)&expected_mark);
}

void sched_enter(void)
{
    member_enter();
}

void sched_leave(void)
{
    struct member *m = member_self();

    if (sched_is_over() || !m || (const void *)m == &ended_mark)
        return;
    TlsSetValue(sched.tls, NULL);
    FlsSetValue(sched.fls, NULL);
    sched_lock();
    member_free(m);
    sched_unlock();
}

bool sched_step_out(void)
{
    struct member *m = member_self();

    if (sched_is_over() || !m || (const void *)m == &ended_mark)
        return false;
    sched_lock();
    member_yield(m, MEMBER_OUT);
    member_dispatch(NULL);
    sched_unlock();
    return true;
}

void sched_step_in(void)
{
    struct member *m = member_self();

    sched_lock();
    outsider_remove(m->id);
    member_yield(m, MEMBER_READY);
    member_pause(m);
}

void sched_expect(DWORD id)
{
    struct member *m;

    sched_lock();
    m = member_by_id(id);
    if ((!m || m->state == MEMBER_OUT) && !outsider_known(id))
        outsider_add(id, GRACE_WOKEN);
    sched_unlock();
}

struct start {
    sched_fn *fn;
    void *argument;
    struct member *member;
};

static unsigned __stdcall run(void *argument)
{
    struct start s = *(struct start *)argument;

    free(argument);
    sched_lock();
    bind_self(s.member);
    member_pause(s.member);
    return s.fn(s.argument);
}

uintptr_t sched_thread(void *security, unsigned stack, sched_fn *fn,
                       void *argument, unsigned flags, unsigned *id)
{
    struct start *s = objects_allocate(sizeof *s);
    struct member *m;
    struct waitable *o;
    unsigned number = 0;
    uintptr_t handle;

    sched_lock();
    m = member_new();
    sched_unlock();
    *s = (struct start){fn, argument, m};
    handle = real._beginthreadex(security, stack, run, s, flags, &number);
    if (id)
        *id = number;
    sched_lock();
    if (handle) {
        m->id = number;
        o = waitable_new(WAITABLE_THREAD);
        o->thread = m;
        objects_put(&sched.objects, (HANDLE)handle, o);
        member_dispatch(NULL);
    } else {
        member_free(m);
        free(s);
    }
    sched_unlock();
    return handle;
}

/* --- handles --- */

void sched_duplicated(HANDLE from, HANDLE to)
{
    if ((intptr_t)from < 0)
        return; /* "this thread": another one for each caller */
    sched_lock();
    objects_put(&sched.objects, to, objects_get(&sched.objects, from));
    sched_unlock();
}

void sched_closing(HANDLE handle)
{
    sched_lock();
    objects_forget(&sched.objects, handle);
    members_clear();
    sched_unlock();
}

void sched_suspend(int64_t length)
{
    sched_lock();
    /* relaxed: see advance */
    atomic_fetch_add_explicit(&sched.now, length, memory_order_relaxed);
    atomic_fetch_add_explicit(&sched.slept, length, memory_order_relaxed);
    for (struct member *m = sched.members; m; m = m->next)
        if (m->state == MEMBER_WAITING && m->awake && m->until != SCHED_NEVER)
            m->until += length;
    sched_unlock();
}

/* --- the beginning --- */

static void expect_all_others(void)
{
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof entry};

    if (list == INVALID_HANDLE_VALUE)
        return;
    for (BOOL more = Thread32First(list, &entry); more;
         more = Thread32Next(list, &entry))
        if (entry.th32OwnerProcessID == GetCurrentProcessId() &&
            entry.th32ThreadID != GetCurrentThreadId())
            outsider_add(entry.th32ThreadID, GRACE_BEGIN);
    real.CloseHandle(list);
}

static void *find(const wchar_t *module, const char *name)
{
    return (void *)real.GetProcAddress(GetModuleHandleW(module), name);
}

bool sched_begin(void)
{
    LARGE_INTEGER frequency;
    struct member *m;

    *(void **)&sched.wait_on_address = find(L"kernelbase.dll", "WaitOnAddress");
    *(void **)&sched.wake_by_address =
        find(L"kernelbase.dll", "WakeByAddressSingle");
    *(void **)&sched.is_over = find(L"ntdll.dll", "RtlDllShutdownInProgress");
    sched.tls = TlsAlloc();
    sched.fls = FlsAlloc(thread_ends);
    if (!sched.wait_on_address || !sched.wake_by_address || !sched.is_over ||
        sched.tls == TLS_OUT_OF_INDEXES || sched.fls == FLS_OUT_OF_INDEXES)
        return false;
    QueryPerformanceFrequency(&frequency);
    sched.frequency = frequency.QuadPart;
    sched.idle_ms = 1;
    InitializeSRWLock(&sched.lock);
    atomic_init(&sched.now, sched_real_now());
    sched_lock();
    m = member_new();
    m->state = MEMBER_RUNNING;
    sched.running = m;
    bind_self(m);
    expect_all_others();
    sched_unlock();
    return true;
}
