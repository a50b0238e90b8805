/* clock: the two clocks. Any thread. */
#ifndef LOOPREC_SYS_CLOCK_H
#define LOOPREC_SYS_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Monotonic nanoseconds: CLOCK_MONOTONIC; QueryPerformanceCounter, scaled
 * exactly (so that WASAPI's 100 ns stamps times 100 are on the same clock). */
int64_t clock_now_ns(void);

/* The wall clock, nanoseconds since 1970 UTC. */
int64_t clock_wall_ns(void);

/* WALL as RFC 3339 with milliseconds and the local offset:
 * "2026-11-20T16:05:25.123+01:00". SIZE at least 32. */
void clock_format_rfc3339(char *buffer, size_t size, int64_t wall_ns);

/* WALL as local broken-down time. */
void clock_local(int64_t wall_ns, struct tm *out);

/* Sleep at least NS (cut short by nothing). Not on the capture path. */
void clock_sleep_ns(int64_t ns);

#endif
