/* process_watch: a thread that looks after the process which is recorded or
 * left out. It waits for its end, and where one is left out by its name it
 * looks whether another of that name has come. created and destroyed by the
 * capture thread outside the capture path; the capture thread reads what it
 * found. */
#ifndef LOOPREC_SOURCE_WASAPI_PROCESS_WATCH_H
#define LOOPREC_SOURCE_WASAPI_PROCESS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "source/source.h"
#include "source/target.h"
#include "source/wasapi/abi.h"

struct process_watch;

struct process_watch_setup {
    const struct target *target; /* copied; NULL: none runs now */
    HANDLE process;   /* as hold_take gave it; becomes the watch's, also
                       * where process_watch_create fails; NULL: looked for by
                       * number   and time */
    bool excluded;    /* it is left out; else it is what is recorded */
    const char *name; /* where it is left out by name: as typed, lives as long
                       * as the watch; NULL: no other one is looked for */
    const struct source_listener *listener; /* may be NULL */
    HANDLE wake;                            /* set with each piece of news */
};

/* NULL: told in F. */
struct process_watch *process_watch_create(
    const struct process_watch_setup *setup, struct fault *f);
void process_watch_destroy(struct process_watch *w);

/* When the recorded process ended (clock_now_ns); INT64_MAX: it runs, or none
 * is recorded. W may be NULL. */
int64_t process_watch_ended_ns(const struct process_watch *w);

/* Has another one come that ought to be left out, while none is? */
bool process_watch_returned(const struct process_watch *w);

#endif
