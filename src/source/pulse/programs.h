/* programs: the streams of applications, or all outputs, recorded together: the
 * roster says which, each gets a tap and a lane. Capture thread only. */
#ifndef LOOPREC_SOURCE_PULSE_PROGRAMS_H
#define LOOPREC_SOURCE_PULSE_PROGRAMS_H

#include "source/pulse/keepers.h"
#include "source/pulse/roster.h"
#include "source/pulse/taps.h"

struct programs {
    /* constant after open */
    const struct source_request *request;
    struct link *link;
    struct output base; /* where what is wanted plays, or would: the format */
    struct roster *roster;
    /* moving */
    bool over; /* what was to be recorded is; the tails are fetched */
    int64_t over_ns;
    int64_t played_ns; /* when a tap was in use last, or it was opened */
    struct keepers keepers;
    struct taps taps;
};

/* Record what REQUEST (APP, EXCLUDE, ALL) means; the link is connected. WHO is
 * the roster's memory. REQUEST and WHO outlive it. Where it plays already, its
 * sound is waited for, for AWAIT_NS at most; 0: it is not. On failure nothing
 * is left open. What roster_start tells, NO_DEVICE, UNSUPPORTED, SOURCE_FAILED,
 * NO_SERVER, NO_MEMORY. */
bool programs_open(struct programs *p, struct link *l,
                   const struct source_request *request, struct who *who,
                   int64_t await_ns, int64_t deadline_ns, struct fault *f);

/* OUT: 1 + TAPS_MAX. */
enum source_end programs_run(struct programs *p, const struct outlet *out,
                             struct fault *f);
void programs_close(struct programs *p);

#endif
