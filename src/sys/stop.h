/* stop: requests from outside to end: SIGINT, SIGTERM, SIGHUP; Ctrl-C,
 * Ctrl-Break, close, log-off, shutdown. They do one thing: set the flag (the
 * program's one other mutable file-scope variable) and a wake. Orders, which
 * are other signals (POSIX only), come the same way. */
#ifndef LOOPREC_SYS_STOP_H
#define LOOPREC_SYS_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "sys/wake.h"

enum stop_cause {
    STOP_NONE,
    STOP_INTERRUPT, /* SIGINT, Ctrl-C */
    STOP_TERMINATE, /* SIGTERM, Ctrl-Break */
    STOP_HANGUP,    /* SIGHUP, the console's close button, log-off, shutdown */
};

/* Take the requests over; each sets WAKE. Also ignores SIGPIPE and SIGXFSZ (a
 * program started from here must have them back). Main thread. SIGHUP and
 * SIGTERM stay ignored where they were at the start (nohup); SIGINT does not:
 * a script's `looprec &` begins so, and is ended by kill -INT. */
bool stop_install(struct wake *wake, struct fault *f);

/* What came so far, and when (clock_now_ns). Any thread. */
enum stop_cause stop_requested(int64_t *when_ns);

/* A second request after the first: the user insists. The count. */
unsigned stop_count(void);

/* Did the first one come from a process, to this one alone as far as can be
 * known (kill), and not from the terminal to all that runs in front of it?
 * Never on Windows, where a console tells everybody. */
bool stop_from_process(void);

/* Did the terminal, the console or the user's session go away, be it after
 * another request? Nobody is left then who could ask again. */
bool stop_hangup(void);

/* What else a signal can ask for. */
enum stop_order {
    ORDER_NONE,
    ORDER_PAUSE, /* SIGUSR2: pause, or go on */
    ORDER_MARK,  /* SIGUSR1: mark this moment */
};

/* The oldest order that was not taken yet, and when it came (clock_now_ns);
 * ORDER_NONE: none. Some are kept, what is more at a time is not. One thread
 * only. Never any on Windows. */
enum stop_order stop_next_order(int64_t *when_ns);

/* The files are finished: a waiting console handler may return (Windows ends
 * the process then). No effect on POSIX. */
void stop_finalised(void);

/* Put the old handlers back. */
void stop_uninstall(void);

#endif
