/* run: the loop that keeps a set of recording streams going: packets, silence,
 * the end. Capture thread only. */
#ifndef LOOPREC_SOURCE_PULSE_RUN_H
#define LOOPREC_SOURCE_PULSE_RUN_H

#include "source/pulse/stream.h"

enum run_state {
    RUN_GOES_ON,
    RUN_HURRIES, /* the same, but do not let messages gather: something is
                  * waited for */
    RUN_IS_OVER,
};

struct run {
    struct link *link;
    /* Those of STREAM_CLOSED are left out. */
    struct stream *const *streams;
    unsigned count;
    void *owner;
    /* After each turn of the link: advance what is opening, look at the news.
     * RUN_IS_OVER: *END and, but for ENDED, F say how. */
    enum run_state (*turned)(void *owner, enum source_end *end,
                             struct fault *f);
};

/* Until it is over, or the link is interrupted and what was played until then
 * is handed over. */
enum source_end run_streams(const struct run *r, struct fault *f);

#endif
