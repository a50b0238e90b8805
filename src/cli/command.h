/* command: the program that is recorded, where the command line has one: held
 * until the recording runs, watched, told to end. Main thread. */
#ifndef LOOPREC_CLI_COMMAND_H
#define LOOPREC_CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "core/error.h"
#include "sys/child.h"
#include "sys/wake.h"

struct command {
    char *const *argv;   /* NULL: there is no command */
    struct child *child; /* NULL before command_hold and without a command */
    bool kill;           /* it ends with the recording */
    unsigned streams;    /* see command_hold */
    bool lent;           /* the console is as the command expects it */
    bool ended;          /* while it was recorded */
    int64_t status;      /* once it has: its exit status */
    /* requests to end */
    bool asked;
    unsigned stops_seen;
    int64_t asked_ns; /* clock_now_ns */
};

/* Make the command of O ready, held, before stop_install, with ENVIRONMENT
 * ("NAME=VALUE"; NULL: none) in its own. WAKE is set when
 * there is something for command_look to see. STREAMS is what
 * console_setup_streams returned: a command finds the console as we found it.
 * True where O has no command. False: F as of child_start. */
bool command_hold(struct command *c, const struct options *o,
                  const char *const *environment, unsigned streams,
                  struct wake *wake, struct fault *f);

/* Its process id; 0: no command. */
int64_t command_id(const struct command *c);

/* The recording runs: let the command go. False: F as of child_release. */
bool command_go(struct command *c, struct fault *f);

/* What has become of it, and what requests to end mean: */
enum command_news {
    COMMAND_RUNS,
    COMMAND_ASKED, /* it has just been asked to end: its last sounds are
                    * recorded until it does */
    COMMAND_ENDED, /* and all that it started: the recording is over */
    COMMAND_LEFT,  /* asked again, or nobody is left to ask again: the recording
                    * is over */
};

/* While the recording runs. Hands a request to end on where the command did
 * not get it by itself. */
enum command_news command_look(struct command *c);

/* The recording is over: note how the command ended, if it did; end what still
 * runs where --kill-on-stop says so. */
void command_settle(struct command *c);

/* A line for people on how it ended, where that is worth one. */
void command_tell(const struct command *c);

/* Forget it; one that never ran ends without having run. */
void command_free(struct command *c);

#endif
