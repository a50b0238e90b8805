/* child: runs a part of a test in a process of its own, for what changes or
 * ends a process (signals, standard streams, limits). POSIX only; include after
 * cmocka.h. In the child use CHECK, not cmocka's asserts. */
#ifndef LOOPREC_TESTS_CHILD_H
#define LOOPREC_TESTS_CHILD_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child_fn: tell what was not so and end with 1. */
#define CHECK(condition)                                                      \
    do {                                                                      \
        if (!(condition)) {                                                   \
            dprintf(STDERR_FILENO, "%s:%d: not so: %s\n", __FILE__, __LINE__, \
                    #condition);                                              \
            _exit(1);                                                         \
        }                                                                     \
    } while (0)

typedef int child_fn(void *argument);

/* Start FN(ARGUMENT); its result is the exit status. A test that hangs is
 * ended by SIGALRM. */
static inline pid_t child_start(child_fn *fn, void *argument)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(60);
        _exit(fn(argument));
    }
    return pid;
}

/* Its exit status, or 128 and the number of the signal that ended it. */
static inline int child_wait(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int child_run(child_fn *fn, void *argument)
{
    return child_wait(child_start(fn, argument));
}

#endif
