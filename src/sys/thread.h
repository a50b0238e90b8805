/* thread: threads and a mutex, and the scheduling a capture thread asks for.
 * One implementation in posix/, one in win/. */
#ifndef LOOPREC_SYS_THREAD_H
#define LOOPREC_SYS_THREAD_H

#include <stdbool.h>

#include "core/error.h"

struct thread; /* heap; freed by thread_join */
struct mutex;

typedef void thread_fn(void *argument);

/* Start FN(ARGUMENT) on a new thread, NAME (up to 15 bytes) shown by
 * debuggers. On POSIX all signals but those of a crash are blocked in it.
 * NULL: told in F. */
struct thread *thread_start(const char *name, thread_fn *fn, void *argument,
                            struct fault *f);

/* Wait for the thread's end and free it; NULL is fine. */
void thread_join(struct thread *t);

/* Ask for capture scheduling on the calling thread (MMCSS "Capture"; on Linux
 * a raised niceness where permitted). Failure is no error: returns
 * false. The effect ends with the thread. */
bool thread_boost(void);

struct mutex *mutex_create(void);
void mutex_destroy(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

#endif
