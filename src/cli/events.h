/* events: what --json writes: one JSON object a line, each written whole and
 * flushed. When nobody reads any longer, or no more can be written, the lines
 * end and the recording goes on. Section 5 of the design and the man page's
 * JSON tell the members. Main thread. */
#ifndef LOOPREC_CLI_EVENTS_H
#define LOOPREC_CLI_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/error.h"
#include "core/format.h"
#include "session/session.h"

/* The least time between two progress events. */
#define EVENTS_PROGRESS_NS INT64_C(250000000)

struct events {
    FILE *out;      /* NULL: nothing is written */
    int failed;     /* errno of what failed; 0: nothing. `out` is NULL then */
    int64_t due_ns; /* of the next progress event, clock_now_ns */
    uint32_t rate;
    float peak[FORMAT_CHANNELS_MAX]; /* linear, since the last progress */
    char line[65536]; /* a path of 4096 bytes may need six times as many, and
                       * the words of a command too */
};

/* The program that is recorded, for `started`. */
struct events_command {
    char *const *argv; /* NULL: none */
    int64_t process_id;
    /* "NAME=VALUE", ends with NULL: what makes a program play into what is
     * recorded; NULL: nothing does */
    const char *const *environment;
};

/* How a recording ended, for the last event. */
struct events_end {
    const char *path;                    /* NULL: there is no file */
    const struct session_facts *facts;   /* NULL: it never started */
    const struct session_report *report; /* NULL: it never started */
    const char *stop; /* "duration", "key", "interrupt" ... */
    int64_t exit;
    const int64_t *command_status; /* NULL: no command, or it has not ended */
    const struct fault *fault;     /* NULL: none */
    int64_t wall_ns;               /* clock_wall_ns */
};

/* OUT NULL: every function does nothing. */
void events_init(struct events *e, FILE *out);

/* Has writing failed, other than because the reader went away? The words for
 * it; NULL: no. */
const char *events_failure(const struct events *e);

/* COMMAND's words are told up to 4096 bytes of them. */
void events_started(struct events *e, const struct session_facts *facts,
                    const struct events_command *command);

/* Take a look's levels over, and write `progress` when it is time. */
void events_progress(struct events *e, const struct session_status *look,
                     int64_t now_ns, int64_t wall_ns);

/* gap, device, suspend or warning. */
void events_session(struct events *e, const struct session_event *event);

void events_segment(struct events *e, const struct session_file *file,
                    int64_t wall_ns);

/* The same for a file that was deleted. */
void events_deleted(struct events *e, const struct session_file *file,
                    int64_t wall_ns);

void events_warning(struct events *e, const char *text, int64_t wall_ns);

void events_finished(struct events *e, const struct events_end *end);

#endif
