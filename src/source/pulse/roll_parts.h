/* roll_parts: what the files of roll share: roll.c decides and says, roll_ask.c
 * asks the server. Private to them. */
#ifndef LOOPREC_SOURCE_PULSE_ROLL_PARTS_H
#define LOOPREC_SOURCE_PULSE_ROLL_PARTS_H

#include "source/pulse/roll.h"

enum roll_kind {
    ROLL_INPUT,  /* a sink input */
    ROLL_CLIENT, /* who plays nothing, perhaps */
    ROLL_SINK,   /* all of a sink */
};

struct roll_entry {
    struct who_stream who; /* the first member, for its next */
    struct roll *roll;
    enum roll_kind kind;
    uint32_t index; /* the server's, among its kind */
    /* a sink input */
    uint32_t sink;
    struct relay_input relay;
    bool corked;
    int64_t held_ns;   /* it may be a relay, and is not wanted until then */
    int64_t silent_ns; /* since when it is muted; 0: it is not */
    /* what is known of it */
    bool asking;    /* the server was asked */
    bool again;     /* and is to be asked again after that */
    bool answered;  /* it has answered, once */
    bool rechecked; /* its client was asked for, to be sure */
    bool moved;     /* it is to be placed among the processes */
    bool gone;
    int64_t event_ns; /* the first event that it was not asked about */
    int64_t asked_ns; /* that one's that it was asked about */
    int64_t seen_ns;
    /* what was said */
    bool said;
    struct roster_stream told;
};

/* --- roll.c --- */

struct roll_entry *roll_next(const struct roll_entry *e);
/* One that is not gone; NULL: none. */
struct roll_entry *roll_find(const struct roll *r, enum roll_kind kind,
                             uint32_t index);
/* NULL: out of memory, it is missing then. */
struct roll_entry *roll_add(struct roll *r, enum roll_kind kind,
                            uint32_t index);

/* --- roll_ask.c --- */

void roll_take_player(struct roll_entry *e, const struct player *p);
/* Subscribe, ask for all that there is, wait for the answers. */
bool roll_ask(struct roll *r, int64_t deadline_ns, struct fault *f);

#endif
