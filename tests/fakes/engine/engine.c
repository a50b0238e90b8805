/* engine: a DLL that keeps simulated time for the program that loads it, as the
 * double of mmdevapi.dll does, with a device that does nothing but tick. For
 * tests/unit/test_win_simtime.c. */
#include <stdlib.h>

#include "fakes/mmdevapi/simtime.h"

#define EXPORT __declspec(dllexport)

enum { UNITS_PER_S = 10000000 };

struct ticks {
    HANDLE event;
    int64_t from, period;
    unsigned count;
};

static unsigned __stdcall tick(void *argument)
{
    struct ticks t = *(struct ticks *)argument;

    free(argument);
    for (unsigned i = 1; i <= t.count; i++) {
        simtime_wait(NULL, t.from + i * t.period);
        simtime_signal(t.event);
    }
    return t.count;
}

EXPORT BOOL engine_begin(void);
EXPORT BOOL engine_begin(void)
{
    return simtime_begin(true);
}

/* Set EVENT COUNT times, every PERIOD from now. The thread's handle. */
EXPORT HANDLE engine_start(HANDLE event, int64_t period, unsigned count);
EXPORT HANDLE engine_start(HANDLE event, int64_t period, unsigned count)
{
    struct ticks *t = malloc(sizeof *t);

    if (!t)
        return NULL;
    *t = (struct ticks){event, simtime_now(), period, count};
    return simtime_thread_start(tick, t);
}

EXPORT void engine_suspend(int64_t length);
EXPORT void engine_suspend(int64_t length)
{
    simtime_suspend(length);
}

/* The computer's own clock: this module's is not replaced. */
EXPORT double engine_real_seconds(void);
EXPORT double engine_real_seconds(void)
{
    LARGE_INTEGER count, rate;

    QueryPerformanceFrequency(&rate);
    QueryPerformanceCounter(&count);
    return (double)count.QuadPart / (double)rate.QuadPart;
}
