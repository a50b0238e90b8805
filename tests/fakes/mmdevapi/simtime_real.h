/* simtime_real: the functions whose place in the program simtime takes, and
 * the system's own behind them. */
#ifndef LOOPREC_FAKE_SIMTIME_REAL_H
#define LOOPREC_FAKE_SIMTIME_REAL_H

#include <process.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <windows.h>

#include <realtimeapiset.h>

/* What reads a clock; only the program's are replaced, not the double's. */
#define REAL_CLOCKS(X)                   \
    X(GetSystemTimeAsFileTime)           \
    X(GetSystemTimePreciseAsFileTime)    \
    X(GetTickCount)                      \
    X(GetTickCount64)                    \
    X(QueryInterruptTime)                \
    X(QueryInterruptTimePrecise)         \
    X(QueryPerformanceCounter)           \
    X(QueryUnbiasedInterruptTime)        \
    X(QueryUnbiasedInterruptTimePrecise) \
    X(_time64)

#define REAL_OTHERS(X)           \
    X(CloseHandle)               \
    X(CreateThread)              \
    X(DuplicateHandle)           \
    X(GetMessageW)               \
    X(GetProcAddress)            \
    X(GetQueuedCompletionStatus) \
    X(PostThreadMessageW)        \
    X(ReleaseSemaphore)          \
    X(ResetEvent)                \
    X(SetEvent)                  \
    X(Sleep)                     \
    X(SleepEx)                   \
    X(TerminateProcess)          \
    X(WaitForMultipleObjects)    \
    X(WaitForMultipleObjectsEx)  \
    X(WaitForSingleObject)       \
    X(WaitForSingleObjectEx)     \
    X(_beginthreadex)

struct real {
#define X(name) __typeof__(name) *name;
    REAL_CLOCKS(X)
    REAL_OTHERS(X)
#undef X
};

/* Filled by real_find, constant afterwards. */
extern struct real real;

/* Call VISIT for each function that MODULE imports by name; what its SLOT
 * points to is called. */
void real_visit_imports(HMODULE module,
                        void (*visit)(void *context, const char *name,
                                      void **slot),
                        void *context);

/* Find them. False: the program imports something that waits and cannot be
 * simulated, told on standard error. */
bool real_find(void);

/* After sched_begin: replace them in the program and, but for the clocks, in
 * the module that holds this code. */
void real_replace(void);

#endif
