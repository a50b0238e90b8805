/* clock: the performance counter and the wall clock. Any thread. */
#include "sys/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };
/* An unbiased time that comes in ticks moves by one at times. */
enum { READ_TRIES = 100, READ_MOST_100NS = 200000 };

/* 1601 to 1970, in FILETIME's units of 100 ns. */
static const int64_t unix_epoch_100ns = 116444736000000000;

int64_t clock_now_ns(void)
{
    LARGE_INTEGER count, rate;
    QueryPerformanceFrequency(&rate); /* a read of shared memory, no call */
    QueryPerformanceCounter(&count);
    /* Whole seconds and the rest apart: exact, and no overflow (the rest is
     * below the rate, and rates are below 2^33). */
    int64_t whole = count.QuadPart / rate.QuadPart;
    int64_t rest = count.QuadPart % rate.QuadPart;
    return whole * NS_PER_S + rest * NS_PER_S / rate.QuadPart;
}

typedef void WINAPI interrupt_time_fn(PULONGLONG);

/* A function of Windows 10 and later that no import library of ours has and
 * that must not keep the program from starting on an older system. */
static interrupt_time_fn *interrupt_time(const char *name)
{
    HMODULE kernel = GetModuleHandleW(L"kernelbase.dll");
    return kernel ? (interrupt_time_fn *)(void *)GetProcAddress(kernel, name)
                  : NULL;
}

/* Units of 100 ns. The fallback for Windows 8.1 is as exact as a tick. */
static int64_t biased_100ns(interrupt_time_fn *precise)
{
    ULONGLONG units;
    if (!precise) {
        return (int64_t)GetTickCount64() * (NS_PER_MS / 100);
    }
    precise(&units);
    return (int64_t)units;
}

static int64_t unbiased_100ns(interrupt_time_fn *precise)
{
    ULONGLONG units = 0;
    if (precise) {
        precise(&units);
    } else {
        QueryUnbiasedInterruptTime(&units);
    }
    return (int64_t)units;
}

/* The two are read one after the other; what passes in between would look
 * like sleep. */
int64_t clock_asleep_ns(void)
{
    interrupt_time_fn *biased = interrupt_time("QueryInterruptTimePrecise");
    interrupt_time_fn *unbiased =
        interrupt_time("QueryUnbiasedInterruptTimePrecise");
    int64_t before, asleep;
    int tries = READ_TRIES;
    if (!biased || !unbiased) {
        biased = unbiased = NULL; /* both of one kind */
    }
    do {
        before = unbiased_100ns(unbiased);
        asleep = biased_100ns(biased) - before;
    } while (unbiased_100ns(unbiased) - before > READ_MOST_100NS &&
             --tries > 0);
    return asleep * 100;
}

bool clock_counts_sleep(void)
{
    return true;
}

int64_t clock_wall_ns(void)
{
    FILETIME t;
    GetSystemTimePreciseAsFileTime(&t);
    uint64_t units = (uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime;
    return ((int64_t)units - unix_epoch_100ns) * 100;
}

/* Whole seconds, rounded down before 1970 too. */
static __time64_t floor_seconds(int64_t ns)
{
    int64_t s = ns / NS_PER_S;
    return ns % NS_PER_S < 0 ? s - 1 : s;
}

void clock_local(int64_t wall_ns, struct tm *out)
{
    __time64_t t = floor_seconds(wall_ns);
    if (_localtime64_s(out, &t) != 0) {
        memset(out, 0, sizeof(*out)); /* before 1970: not in this library */
    }
}

void clock_format_rfc3339(char *buffer, size_t size, int64_t wall_ns)
{
    struct tm tm;
    clock_local(wall_ns, &tm);
    int64_t seconds = floor_seconds(wall_ns);
    /* The library's struct tm has no offset: read the local time as if it
     * were UTC and see how far that is off. */
    struct tm copy = tm;
    int64_t offset_min = (_mkgmtime64(&copy) - seconds) / 60;
    int64_t rest_ns = wall_ns - seconds * NS_PER_S;
    snprintf(buffer, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec, (int)(rest_ns / NS_PER_MS),
             offset_min < 0 ? '-' : '+', (int)(llabs(offset_min) / 60 % 100),
             (int)(llabs(offset_min) % 60));
}

void clock_sleep_ns(int64_t ns)
{
    /* Sleep counts in ticks and may end up to one early. */
    int64_t until = clock_now_ns() + ns;
    for (int64_t left = ns; left > 0; left = until - clock_now_ns()) {
        int64_t ms = (left + NS_PER_MS - 1) / NS_PER_MS;
        Sleep(ms < 1000000 ? (DWORD)ms : 1000000);
    }
}
