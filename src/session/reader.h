/* reader: from a track's ring to the output: where the timeline says, in the
 * file's format. Writer thread. Private to session/. */
#ifndef LOOPREC_SESSION_READER_H
#define LOOPREC_SESSION_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "session/internal.h"
#include "session/output.h"

struct reader {
    /* constant after init */
    struct output *output;
    struct queue *queue;
    bool virtual_time;
    bool hold; /* leave packets in the ring until no stop can lie before them */
    /* moving */
    bool stopping;      /* the moment of the stop is known */
    struct fault fault; /* the first failure, of the sink or the converter */
};

/* Write everything that lies in T's ring and may be written. *DONE: the ring
 * has ended and is empty. False: the fault says. */
bool reader_drain(struct reader *r, struct track *t, bool *done);

/* Nothing follows: fill up to STOP_NS, or PACKET_NO_TIME. */
bool reader_finish(struct reader *r, struct track *t, int64_t stop_ns);

#endif
