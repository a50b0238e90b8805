/* thread: pthreads. Any thread. */
#include "sys/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sys/posix/oserror.h"

enum {
    STACK_BYTES = 512 * 1024,
    NICE_VALUE = -10,
};

struct thread {
    pthread_t id;
    thread_fn *fn;
    void *argument;
    char name[16];
};

struct mutex {
    pthread_mutex_t m;
};

static void *run(void *argument)
{
    struct thread *t = argument;
    /* By itself: the parent may have joined and freed T by the time that it
     * could do it. The name only serves debuggers: failure is no matter. */
    pthread_setname_np(pthread_self(), t->name);
    t->fn(t->argument);
    return NULL;
}

static int create(struct thread *t)
{
    pthread_attr_t attr;
    int code = pthread_attr_init(&attr);
    if (code != 0) {
        return code;
    }
    code = pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (code == 0) {
        code = pthread_create(&t->id, &attr, run, t);
    }
    pthread_attr_destroy(&attr);
    /* glibc takes static thread-local storage off the stack and answers EINVAL
     * when little remains: sanitizers' runtimes have much of it. */
    if (code != 0) {
        code = pthread_create(&t->id, NULL, run, t);
    }
    return code;
}

struct thread *thread_start(const char *name, thread_fn *fn, void *argument,
                            struct fault *f)
{
    struct thread *t = calloc(1, sizeof(*t));
    if (!t) {
        fault_set(f, ERR_NO_MEMORY, "start thread", name, NULL);
        return NULL;
    }
    t->fn = fn;
    t->argument = argument;
    snprintf(t->name, sizeof(t->name), "%s", name);

    /* A thread inherits the mask of the one that starts it. The signals of a
     * crash stay open: blocked ones kill without a sanitizer's report. */
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = create(t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0) {
        oserror_fault(f, "start thread", code, name, NULL);
        free(t);
        return NULL;
    }
    return t;
}

void thread_join(struct thread *t)
{
    if (!t) {
        return;
    }
    pthread_join(t->id, NULL);
    free(t);
}

bool thread_boost(void)
{
    /* No SCHED_RR: the sound server keeps minutes for us, so being late costs
     * nothing, while a thread that preempts the server between two halves of
     * a message is woken twice for each (measured: 24 wake-ups a second
     * instead of 15). On Linux niceness belongs to the thread, not to the
     * process: setpriority(2), "C library/kernel differences". RLIMIT_NICE
     * permits it. */
    return setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_VALUE) == 0;
}

struct mutex *mutex_create(void)
{
    struct mutex *m = malloc(sizeof(*m));
    if (m && pthread_mutex_init(&m->m, NULL) != 0) {
        free(m);
        m = NULL;
    }
    return m;
}

void mutex_destroy(struct mutex *m)
{
    if (m) {
        pthread_mutex_destroy(&m->m);
        free(m);
    }
}

void mutex_lock(struct mutex *m)
{
    pthread_mutex_lock(&m->m);
}

void mutex_unlock(struct mutex *m)
{
    pthread_mutex_unlock(&m->m);
}
