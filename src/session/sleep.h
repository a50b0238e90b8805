/* sleep: what a session does when the machine sleeps: it notices, lets the
 * lanes' timelines know, tells it once and cuts the file where that is asked
 * for. Writer thread. Private to session/.
 *
 * It looks at the system's count of the time asleep, at each of the writer's
 * polls. Windows has notifications too
 * (PowerRegisterSuspendResumeNotification), but they would add nothing: where
 * the clock counts the sleep, stamps alone tell which packets lie before it,
 * and the length is known exactly; and a callback that comes before the machine
 * goes to sleep would still have to wait for the packets that are on their way.
 */
#ifndef LOOPREC_SESSION_SLEEP_H
#define LOOPREC_SESSION_SLEEP_H

#include <stdint.h>

#include "session/internal.h"

struct sleep {
    /* constant after init */
    enum session_suspend policy;
    struct queue *queue;
    struct sink *segments; /* what is cut; NULL: nothing */
    bool virtual_time;     /* the source tells of sleeps, not the system */
    /* moving */
    int64_t looked_ns; /* when the system was last asked, clock_now_ns */
    int64_t count_ns;  /* and what it said */
    int64_t told_ns;   /* of sleep, in all */
};

/* SINK is a segments_open's where POLICY is to split. */
void sleep_init(struct sleep *s, enum session_suspend policy,
                struct queue *queue, struct sink *sink, bool virtual_time);

/* Did the machine sleep since the last look? Then all COUNT LANES expect it.
 * STOP_NS: when somebody asked for the end, or STOP_NEVER. */
void sleep_look(struct sleep *s, struct lane *const *lanes, unsigned count,
                int64_t stop_ns);

/* L's source told of a sleep of LENGTH, after TIME by its own clock, which went
 * on meanwhile. */
void sleep_tell(const struct sleep *s, struct lane *l, int64_t time_ns,
                int64_t length_ns);

/* L passed a sleep before FRAME of the file. The first lane to do so tells it
 * and cuts the file. */
void sleep_passed(struct sleep *s, const struct lane *l, uint64_t frame);

#endif
