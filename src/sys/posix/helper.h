/* helper: a program that serves this one and cannot outlive it: it is killed
 * when this process dies, in whatever way. Linux only (PR_SET_PDEATHSIG).
 * Main thread, which must be the thread that lives longest: the kernel counts
 * the end of the thread that started it (prctl(2)). */
#ifndef LOOPREC_SYS_POSIX_HELPER_H
#define LOOPREC_SYS_POSIX_HELPER_H

#include <stdbool.h>

#include "core/error.h"

struct helper;

struct helper_setup {
    const char *path;               /* of the program */
    const char *const *argv;        /* ends with NULL */
    const char *const *environment; /* all of it; ends with NULL */
    const char *log;                /* a file that is made for its output */
};

/* Start it, in a session of its own, so that a terminal's Ctrl-C is none of its
 * business; with no other open files than /dev/null and LOG. The setup is not
 * needed afterwards. NULL: what the system says in F; a program that cannot be
 * run ends at once. It is no part of a command's tree if it was started before
 * child_release (see child.h). */
struct helper *helper_start(const struct helper_setup *setup, struct fault *f);

/* Has it ended? Any thread. */
bool helper_ended(const struct helper *h);

/* End it: SIGTERM, and SIGKILL where that did not help within 2 s. Waits for
 * it, frees. NULL is fine. */
void helper_end(struct helper *h);

#endif
