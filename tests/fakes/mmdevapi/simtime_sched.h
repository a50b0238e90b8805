/* simtime_sched: a program's threads in simulated time.
 *
 * Threads that take part ("members") run one at a time: one has the turn and
 * keeps it until it waits. Then the next that can go on has it, in the order in
 * which they became able to; when none can, time moves to the earliest moment
 * that one waits for. So two runs do the same, however the machine is loaded,
 * and what takes processor time takes no simulated time.
 *
 * A thread becomes a member when it is created or with its first wait after
 * sched_begin. "Outsiders" are threads that run although they are no members
 * (yet): time stands still for them too, for a bounded while.
 *
 * Events keep their real state beside a copy of it here, so that threads which
 * wait for real (they began before us, or inside of the system) and the system
 * go on working; but where a member waits for an event, a set goes straight to
 * it and the system is not asked. Things that only the system knows (processes,
 * console input, semaphores) are looked at every few real milliseconds.
 *
 * What is not seen: a set by the system of an event for which members wait,
 * as long as time can move on; a member that blocks in the system without
 * waiting (a pipe) holds all others up. */
#ifndef LOOPREC_FAKE_SIMTIME_SCHED_H
#define LOOPREC_FAKE_SIMTIME_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

enum { SCHED_UNITS_PER_MS = 10000, SCHED_UNITS_PER_S = 10000000 };
#define SCHED_NEVER INT64_MAX

typedef unsigned __stdcall sched_fn(void *argument);

/* Once. The calling thread is the first member and has the turn; every other
 * thread of the process is an outsider. False: the system lacks what it needs.
 */
bool sched_begin(void);

/* Any thread, in units of 100 ns: simulated time on QueryPerformanceCounter's
 * scale, and how much of it the machine slept. */
int64_t sched_now(void);
int64_t sched_slept(void);

/* As WaitForMultipleObjects, until a moment; COUNT 0: only for the moment.
 * AWAKE: the moment is put off while the machine sleeps, as the system's own
 * time-outs are (WaitForMultipleObjects, dwMilliseconds). */
DWORD sched_wait(const HANDLE *handles, DWORD count, bool all, int64_t until,
                 bool awake);

BOOL sched_set(HANDLE event);
BOOL sched_reset(HANDLE event);
/* HANDLE's state may have changed: whoever waits for it looks. */
void sched_changed(HANDLE handle);
/* Something that only the system knows has changed. */
void sched_look_at_unsure(void);

/* Handles as they come and go. */
void sched_duplicated(HANDLE from, HANDLE to);
void sched_closing(HANDLE handle);

/* The calling thread becomes a member and gets the turn, or is one no longer.
 */
void sched_enter(void);
void sched_leave(void);

/* A member that does something else than wait: it loses the turn before, and
 * gets it again after. False: the thread is no member. */
bool sched_step_out(void);
void sched_step_in(void);

/* The thread ID will wake up from something that is not simulated. */
void sched_expect(DWORD id);

/* _beginthreadex; the new thread is a member from the beginning. */
uintptr_t sched_thread(void *security, unsigned stack, sched_fn *fn,
                       void *argument, unsigned flags, unsigned *id);

/* The machine sleeps: time jumps. */
void sched_suspend(int64_t length);

/* The process is ending and all other threads are gone: nothing is simulated
 * any longer. */
bool sched_is_over(void);

#endif
