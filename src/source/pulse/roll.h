/* roll: the streams of a server as they are now, which of them are wanted, and
 * what was said of each. It keeps itself up to date by the server's events, and
 * asks for no more than has changed. The roster's thread. */
#ifndef LOOPREC_SOURCE_PULSE_ROLL_H
#define LOOPREC_SOURCE_PULSE_ROLL_H

#include <stdbool.h>
#include <stdint.h>

#include "source/pulse/census.h"
#include "source/pulse/outbox.h"
#include "source/pulse/relay.h"
#include "source/pulse/who.h"

struct roll_entry;

struct roll {
    /* constant after roll_init */
    const struct source_request *request;
    struct link *link;
    struct who *who; /* not for SCOPE_ALL */
    bool relays;     /* what passes on is looked for */
    /* as it is now */
    struct census census;
    struct roll_entry *first;
    struct process_births births;
    unsigned census_seen; /* the census's news that were dealt with */
    bool dirty;           /* something is to be decided again */
    bool begun;           /* the first look is over */
    bool ended;           /* what was to be recorded has */
    bool ended_said;
};

/* For a connection that stands. */
void roll_init(struct roll *r, const struct source_request *request,
               struct who *who, struct link *link);
void roll_free(struct roll *r);

/* Subscribe, ask for everything, decide. False: ERR_NO_SERVER, SOURCE_FAILED,
 * NO_MEMORY, and what who_begin tells. */
bool roll_begin(struct roll *r, int64_t deadline_ns, struct fault *f);

/* After a turn of the loop: decide again where something has changed. */
void roll_settle(struct roll *r);

/* When (clock_now_ns) roll_settle is due though nothing comes; INT64_MAX: not.
 */
int64_t roll_due_ns(const struct roll *r);

/* Look at the processes: which have come into what is chosen, and whether it
 * has ended; decide again if so. */
void roll_look(struct roll *r);

/* Say what is new to OUT. *SAID: something was. False: it is full, and not all
 * is said. */
bool roll_say(struct roll *r, struct outbox *out, bool *said);

#endif
