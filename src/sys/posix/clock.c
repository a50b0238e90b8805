/* clock: CLOCK_MONOTONIC and the wall clock. Any thread. */
#include "sys/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };
enum { READ_TRIES = 100, READ_MOST_NS = 2 * NS_PER_MS };

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* The two are read one after the other; what passes in between would look
 * like sleep. */
int64_t clock_asleep_ns(void)
{
    int64_t before, asleep;
    int tries = READ_TRIES;
    do {
        before = read_clock(CLOCK_MONOTONIC);
        asleep = read_clock(CLOCK_BOOTTIME) - before;
    } while (clock_now_ns() - before > READ_MOST_NS && --tries > 0);
    return asleep;
}

bool clock_counts_sleep(void)
{
    return false;
}

int64_t clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

/* Whole seconds, rounded down before 1970 too. */
static time_t floor_seconds(int64_t ns)
{
    int64_t s = ns / NS_PER_S;
    return (time_t)(ns % NS_PER_S < 0 ? s - 1 : s);
}

void clock_local(int64_t wall_ns, struct tm *out)
{
    time_t t = floor_seconds(wall_ns);
    if (!localtime_r(&t, out)) {
        memset(out, 0, sizeof(*out)); /* a year beyond what int holds */
    }
}

void clock_format_rfc3339(char *buffer, size_t size, int64_t wall_ns)
{
    struct tm tm;
    clock_local(wall_ns, &tm);
    int64_t rest_ns = wall_ns - (int64_t)floor_seconds(wall_ns) * NS_PER_S;
    long offset_min = tm.tm_gmtoff / 60;
    snprintf(buffer, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02ld:%02ld",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec, (int)(rest_ns / NS_PER_MS),
             offset_min < 0 ? '-' : '+', labs(offset_min) / 60,
             labs(offset_min) % 60);
}

void clock_sleep_ns(int64_t ns)
{
    if (ns <= 0) {
        return;
    }
    /* An absolute deadline: signals then cost no drift. */
    int64_t until = clock_now_ns() + ns;
    struct timespec t = {
        .tv_sec = (time_t)(until / NS_PER_S),
        .tv_nsec = (long)(until % NS_PER_S),
    };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}
