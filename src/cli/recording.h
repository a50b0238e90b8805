/* recording: what the parts of the command that records share. Private to
 * record.c and outcome.c. Main thread. */
#ifndef LOOPREC_CLI_RECORDING_H
#define LOOPREC_CLI_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/events.h"
#include "cli/notices.h"
#include "cli/options.h"
#include "cli/own_sink.h"
#include "cli/report.h"
#include "cli/status.h"
#include "session/session.h"
#include "sys/console.h"
#include "sys/stop.h"
#include "sys/wake.h"

struct recording {
    const struct options *o;
    char name[64]; /* the file's, when none was given */
    const char *path;
    bool talk;     /* lines for people go to standard error */
    bool terminal; /* which is a terminal that can be drawn to */
    struct wake *wake;
    struct console *console; /* NULL: no keys are read */
    struct own_sink sink;
    struct command command;
    struct session *session;
    const struct session_facts *facts; /* NULL until it started */
    const char *stop;                  /* why it ends; NULL: not yet asked */
    unsigned stops_seen;
    struct status status;
    int64_t draw_due_ns;
    struct notices notices;
    struct session_report report;
    struct events events; /* the last one: large, and seldom used */
};

/* --- outcome.c: how a recording ended --- */

/* What asked for the end, as the JSON calls it; of none a key. */
const char *outcome_stop_name(enum stop_cause cause);

/* What ran has ended: tell it. The exit code. */
int outcome_finish(struct recording *r);

/* Nothing ran: tell why; F's err is ERR_OK where it was stopped. The exit
 * code. */
int outcome_give_up(struct recording *r, const struct fault *f);

#endif
