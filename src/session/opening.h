/* opening: a track's source is opened: for the first time, perhaps once it is
 * there; and again, after a loss. Capture thread. Private to session/. */
#ifndef LOOPREC_SESSION_OPENING_H
#define LOOPREC_SESSION_OPENING_H

#include <stdbool.h>
#include <stdint.h>

#include "session/internal.h"

enum opening { OPENED, REFUSED, STOPPED };

/* Open T's source, into its info; where it is to be waited for and may come,
 * once it is there, or never before the time is over. REFUSED: T's fault
 * says. */
enum opening opening_first(struct track *t);

/* The device is away: wait for it with growing pauses, open it into T's
 * info_now. Where it was not LOST (the default has moved) it is tried at once,
 * and is lost, which is told, when that fails twice. False: stopped meanwhile,
 * or what is recorded has ended: then T's ended_ns says when. */
bool opening_again(struct track *t, bool *lost);

/* The source's clock. */
int64_t opening_now(struct track *t);

/* The track was interrupted. */
bool opening_stopped(const struct track *t);

/* The recording has begun, there are lanes. */
bool opening_begun(const struct track *t);

void opening_set_phase(struct track *t, enum track_phase phase);

#endif
