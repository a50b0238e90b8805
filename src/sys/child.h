/* child: a program that this one starts, and all that it starts in turn: its
 * tree. It is held at a gate first, with its number known and nothing of it
 * run, until child_release. One at a time; other children that this process has
 * by then are none of its tree, and are left alone. Main thread.
 *
 * It inherits standard streams, terminal or console, environment, folder and
 * process group, so Ctrl-C reaches it by itself. What the system does with
 * signals and console events is what held at child_start, so call that before
 * stop_install; but an ignored SIGINT is not, as it is not for us. */
#ifndef LOOPREC_SYS_CHILD_H
#define LOOPREC_SYS_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "sys/stop.h"
#include "sys/wake.h"

struct child;

struct child_setup {
    /* UTF-8, ends with NULL, at least one. The first is searched for as the
     * system does: execvp (PATH), CreateProcess (the folders of this program,
     * the current one, the system's, PATH; .exe is added). */
    char *const *argv;
    /* The tree is to end when this process does, killed or not. On Linux the
     * program itself only (PR_SET_PDEATHSIG); child_kill reaches all. */
    bool kill_with_us;
    /* Its standard output is our standard error: ours carries audio. */
    bool output_to_stderr;
    /* "NAME=VALUE", UTF-8, ends with NULL: in its environment in the place of
     * what has those names in ours. NULL: none. */
    const char *const *environment;
    struct wake *wake; /* set when the program ends, and when its tree has */
};

/* Make it, held. NULL: ERR_NO_COMMAND (exit code 127) where there is no such
 * program, ERR_BAD_COMMAND (126) where it cannot be run, NO_MEMORY, IO. The
 * setup's strings are needed until child_release. If this process dies before
 * that, the child ends without having run. */
struct child *child_start(const struct child_setup *setup, struct fault *f);

/* Its process id. No other process gets it before child_destroy. */
int64_t child_id(const struct child *c);

/* Let it run. False: ERR_BAD_COMMAND in F, and nothing of it ran: what could
 * not be seen before, such as a script whose interpreter is missing. */
bool child_release(struct child *c, struct fault *f);

/* Did the program end? *STATUS (may be NULL) is its exit status then: up to
 * 255, or 128+N for a signal; on Windows all 32 bits, unsigned. */
bool child_ended(const struct child *c, int64_t *status);

/* Did the program and everything that it started end? A process that left the
 * tree for good does not count: on Windows one that was started with
 * CREATE_BREAKAWAY_FROM_JOB, which needs kill_with_us unset. */
bool child_tree_ended(const struct child *c);

/* Is that process one of its tree, whatever has become of those between? Asks
 * the system, and takes memory. Any thread, from child_start to child_destroy.
 * Windows only: the lists of processes do not tell it there, since nobody takes
 * the place of a parent that has ended. */
bool child_holds(const struct child *c, int64_t process_id);

/* A request to end that was meant for this process alone, handed on to the
 * program, or, once that has ended, to what is left of its tree. On Windows
 * the console itself tells everybody: nothing is done. */
void child_pass_on(const struct child *c, enum stop_cause cause);

/* End the tree: SIGTERM, and SIGKILL where that did not help within 2 s; on
 * Windows at once. Waits for it, 4 s at the most. */
void child_kill(struct child *c);

/* Forget it. One that was not released ends without having run; else what
 * still runs is left alone. NULL is fine. */
void child_destroy(struct child *c);

#endif
