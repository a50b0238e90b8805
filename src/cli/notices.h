/* notices: what a person reads of the things that happen while it records: a
 * device that goes, losses, warnings. Main thread. */
#ifndef LOOPREC_CLI_NOTICES_H
#define LOOPREC_CLI_NOTICES_H

#include <stdint.h>

#include "cli/status.h"
#include "core/duration.h"
#include "session/session.h"

struct notices {
    struct status *status; /* which makes room for each line */
    uint32_t rate;         /* of the file */
    /* losses not yet told */
    uint64_t loss_frames;
    unsigned loss_places;
    int64_t loss_due_ns;
};

void notices_init(struct notices *n, struct status *status, uint32_t rate);

/* Never hidden: the line on what is recorded, and where to, for LENGTH (NULL:
 * without an end). UNTIL is appended. */
void notices_start(const struct session_facts *facts,
                   const struct duration *length, const char *until);

/* Write a line on EVENT, where it is worth one. */
void notices_event(struct notices *n, const struct session_event *event);

#endif
