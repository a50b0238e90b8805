/* simtime: see simtime.h: over the computer's own clock, or simulated. Any
 * thread. */
#include "fakes/mmdevapi/simtime.h"

#include <process.h>

#include "fakes/mmdevapi/simtime_real.h"
#include "fakes/mmdevapi/simtime_sched.h"

enum { PART_MS = 1000000 };

/* Constant after simtime_begin. */
static bool is_simulated;

bool simtime_begin(bool simulated)
{
    if (!simulated)
        return true;
    if (!real_find() || !sched_begin())
        return false;
    is_simulated = true;
    real_replace();
    return true;
}

static int64_t real_now(void)
{
    LARGE_INTEGER count, rate;

    QueryPerformanceFrequency(&rate);
    QueryPerformanceCounter(&count);
    return count.QuadPart / rate.QuadPart * SCHED_UNITS_PER_S +
           count.QuadPart % rate.QuadPart * SCHED_UNITS_PER_S / rate.QuadPart;
}

int64_t simtime_now(void)
{
    return is_simulated ? sched_now() : real_now();
}

static bool real_wait(HANDLE object, int64_t until)
{
    for (;;) {
        bool limited = until != INT64_MAX;
        int64_t left = limited ? until - real_now() : 0;
        int64_t ms =
            left > 0 ? (left + SCHED_UNITS_PER_MS - 1) / SCHED_UNITS_PER_MS : 0;
        DWORD part = !limited ? INFINITE : ms < PART_MS ? (DWORD)ms : PART_MS;

        if (!object)
            Sleep(part);
        else if (WaitForSingleObject(object, part) == WAIT_OBJECT_0)
            return true;
        if (limited && real_now() >= until)
            return false;
    }
}

bool simtime_wait(HANDLE object, int64_t until)
{
    return is_simulated ? sched_wait(&object, object != NULL, false, until,
                                     false) == WAIT_OBJECT_0
                        : real_wait(object, until);
}

void simtime_signal(HANDLE event)
{
    if (is_simulated)
        sched_set(event);
    else
        SetEvent(event);
}

void simtime_thread_enter(void)
{
    if (is_simulated)
        sched_enter();
}

void simtime_thread_leave(void)
{
    if (is_simulated)
        sched_leave();
}

HANDLE simtime_thread_start(unsigned(__stdcall *fn)(void *), void *argument)
{
    return (HANDLE)(is_simulated
                        ? sched_thread(NULL, 0, fn, argument, 0, NULL)
                        : _beginthreadex(NULL, 0, fn, argument, 0, NULL));
}

void simtime_suspend(int64_t length)
{
    if (is_simulated)
        sched_suspend(length);
}
