/* space: how long the free space lasts where the file lies; it is told before
 * it ends. Writer thread. Private to session/. */
#ifndef LOOPREC_SESSION_SPACE_H
#define LOOPREC_SESSION_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "session/internal.h"
#include "sink/sink.h"

/* It is told where it lasts less than SPACE_LOW_S, once; again only after it
 * lasted more than SPACE_FINE_S. */
enum { SPACE_LOW_S = 600, SPACE_FINE_S = 900, SPACE_LOOK_S = 10 };

struct space {
    /* constant after init */
    struct queue *queue;
    uint32_t rate;
    /* moving */
    uint64_t due_frame;     /* look again when so many frames are written */
    uint64_t frames, bytes; /* at the latest look */
    bool told;
};

void space_init(struct space *s, struct queue *queue, uint32_t rate);

/* FRAMES are written to SINK. Asks the system every ten seconds of audio; what
 * one second takes is what it took since the last time, or on average where
 * that is more. */
void space_look(struct space *s, const struct sink *sink, uint64_t frames);

#endif
