/* reader: from a lane's ring to where the frames go: where the timeline says,
 * in the file's format. That is the output where the lane is the only one,
 * else the bus, whose room may be less than a packet needs: what was planned is
 * then written later. Writer thread. Private to session/. */
#ifndef LOOPREC_SESSION_READER_H
#define LOOPREC_SESSION_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bus.h"
#include "session/internal.h"
#include "session/output.h"
#include "session/sleep.h"

struct reader {
    /* constant after init */
    struct output *output;
    struct bus *bus; /* NULL: one lane */
    struct queue *queue;
    struct sleep *sleep;
    bool virtual_time;
    bool hold; /* leave packets in the ring until no stop can lie before them */
    /* moving */
    int64_t stop_ns;    /* the moment of the stop, NO_TIME: now; STOP_NEVER */
    int64_t overdue_ns; /* a lane that is behind this moment is waited for no
                         * longer; NO_TIME: none is */
    bool give_up; /* a source that has not ended is waited for no longer */
    struct fault fault; /* the first failure, of the sink or the converter */
};

/* L begins: the file has FORMAT, and frame 0 is START_NS; at most LIMIT frames;
 * LOOK_NS as in timeline_init. L's writer_format is known. */
bool reader_begin(struct reader *r, struct lane *l, int64_t start_ns,
                  uint64_t limit, int64_t look_ns);

/* L begins while the recording runs, at frame AT of the file: beside OTHER, a
 * lane of the same track, whose sense of time it shares. */
bool reader_join(struct reader *r, struct lane *l, const struct lane *other,
                 uint64_t at);

/* Write what lies in L's ring and may be written, as far as there is room.
 * When the ring has ended and is empty: reader_finish too, up to the moment
 * that the source ended or the recording stopped. False: the fault says. */
bool reader_drain(struct reader *r, struct lane *l);

/* Nothing of L follows: plan to fill up to STOP_NS (or PACKET_NO_TIME). L has
 * nothing planned. */
void reader_finish(struct lane *l, int64_t stop_ns);

/* L is finished, or has all that the recording wants of it. */
bool reader_is_done(const struct lane *l);

#endif
