/* clock: the two clocks. Any thread. */
#ifndef LOOPREC_SYS_CLOCK_H
#define LOOPREC_SYS_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Monotonic nanoseconds: CLOCK_MONOTONIC; QueryPerformanceCounter, scaled
 * exactly (so that WASAPI's 100 ns stamps times 100 are on the same clock). */
int64_t clock_now_ns(void);

/* How long the machine has slept in all (standby, hibernation) since it was
 * started, as far as the system tells; exact to a clock tick (16 ms), and a
 * slow drift is possible: only a jump between two looks means something.
 *
 * Linux: CLOCK_BOOTTIME less CLOCK_MONOTONIC, of which the first counts the
 * time suspended (clock_gettime(2)). Windows: interrupt time less unbiased
 * interrupt time, of which the second counts only the working state
 * (learn.microsoft.com/windows/win32/sysinfo/interrupt-time). */
int64_t clock_asleep_ns(void);

/* Does clock_now_ns() go on while the machine sleeps? Windows: yes, the
 * performance counter has the ticks since the start "including the time when
 * the machine was in a sleep state such as standby, hibernate, or connected
 * standby" (learn.microsoft.com/windows/win32/sysinfo/
 * acquiring-high-resolution-time-stamps). Linux: no (clock_gettime(2)). */
bool clock_counts_sleep(void);

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
