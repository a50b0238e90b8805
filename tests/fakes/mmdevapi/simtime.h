/* simtime: the time that the program under test sees, in units of 100 ns on
 * QueryPerformanceCounter's scale, as WASAPI's stamps are. Everything that the
 * double does in time goes through here. Any thread, but where said. */
#ifndef LOOPREC_FAKE_SIMTIME_H
#define LOOPREC_FAKE_SIMTIME_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

/* Once, before any other call. SIMULATED false: the computer's own clock,
 * nothing is changed in the program. False: it cannot be done. */
bool simtime_begin(bool simulated);

int64_t simtime_now(void);

/* Wait for OBJECT (NULL: for none) or for the moment UNTIL (INT64_MAX: none).
 * True: OBJECT was signalled. */
bool simtime_wait(HANDLE object, int64_t until);

/* SetEvent. */
void simtime_signal(HANDLE event);

/* A thread of the double's own takes part in time between these two. */
void simtime_thread_enter(void);
void simtime_thread_leave(void);

/* A thread that takes part from its creation to its end; it calls neither of
 * the two above. NULL: it could not be made. The caller closes the handle. */
HANDLE simtime_thread_start(unsigned(__stdcall *fn)(void *), void *argument);

/* The machine sleeps: the counter, the ticks and the wall clock jump by
 * LENGTH; unbiased interrupt time does not. Real clock: nothing happens. */
void simtime_suspend(int64_t length);

#endif
