/* scope: what a source hears that is no single output: one application, all but
 * one, or every output. It finds the processes, opens process loopback on them
 * and keeps them watched. Capture thread, but for scope_check.
 *
 * It never widens. An application that ended and came back under a new number
 * is found by its name, where it was given by name, and never by its number.
 * Where one is left out, what follows from that: while it does not run, there
 * is nothing to leave out, and all is recorded; when it returns, the stream is
 * opened again without it, within half a second. */
#ifndef LOOPREC_SOURCE_WASAPI_SCOPE_H
#define LOOPREC_SOURCE_WASAPI_SCOPE_H

#include <stdbool.h>

#include "source/source.h"
#include "source/target.h"
#include "source/wasapi/endpoint.h"
#include "source/wasapi/pump.h"
#include "source/wasapi/process_watch.h"

struct scope {
    /* constant after scope_check */
    const struct source_request *request;
    /* from open to open */
    struct target target;            /* the last that was found */
    bool known;                      /* one was */
    bool opened;                     /* and was recorded */
    char called[PROCESS_NAME_BYTES]; /* its executable, where what was typed is
                                      * the name of its audio session */
    bool warned;                     /* that the name became ambiguous */
    int64_t looked_ns;               /* when scope_came last looked */
    /* from open to close */
    struct process_watch *watch;
    char id[256];   /* "process:1234" */
    char name[256]; /* "firefox.exe (pid 1234)" */
};

/* Take REQUEST, whose scope is not SCOPE_OUTPUT; it outlives S. False:
 * ERR_USAGE. */
bool scope_check(struct scope *s, const struct source_request *request,
                 struct fault *f);

/* Find and open. COM must be initialised on this thread. False: nothing is left
 * to close; ERR_NO_APP, APP_AMBIGUOUS, USAGE, and what process_open tells. */
bool scope_open(struct scope *s, struct endpoint *e, const struct interrupt *i,
                struct fault *f);

/* Let go of what open took, the endpoint excepted. Fine on a closed one. */
void scope_close(struct scope *s);

/* Is an application that ended waited for? */
bool scope_returns(const struct scope *s);

/* Between close and open: does what was missing run? Looks four times a second
 * at most, however often it is called. */
bool scope_came(struct scope *s);

#endif
