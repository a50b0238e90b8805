/* stop: requests from outside to end: SIGINT, SIGTERM, SIGHUP; Ctrl-C,
 * Ctrl-Break, close, log-off, shutdown. They do one thing: set the flag (the
 * program's one other mutable file-scope variable) and a wake. */
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

/* The files are finished: a waiting console handler may return (Windows ends
 * the process then). No effect on POSIX. */
void stop_finalised(void);

/* Put the old handlers back. */
void stop_uninstall(void);

#endif
