/* texts: what a file says of itself: the tags that were asked for, and those
 * that are there by default. Pure; any thread. */
#ifndef LOOPREC_SINK_TEXTS_H
#define LOOPREC_SINK_TEXTS_H

#include <stdbool.h>

#include "sink/sink.h"

struct texts {
    /* UTF-8 without control characters; empty: none. */
    char text[SINK_TAG_COUNT][SINK_TAG_BYTES + 1];
};

/* REQUEST's tags. DEFAULTS: where nothing was said of them also the date, the
 * device (as a comment) and the program. */
void texts_collect(struct texts *t, const struct sink_request *request,
                   bool defaults);

#endif
