/* destination: where a recording goes: which files, how they are called, the
 * sink that makes them. Main thread; the sink itself is for the writer. Private
 * to session/. */
#ifndef LOOPREC_SESSION_DESTINATION_H
#define LOOPREC_SESSION_DESTINATION_H

#include <stdbool.h>

#include "session/files.h"
#include "session/session.h"

struct destination;

/* Is the recording to go into several files, or may it come to that? */
bool destination_splits(const struct session_request *request);

/* Check what can be checked without making anything. REQUEST, FILES and QUEUE
 * must outlive it. NULL: told in F. */
struct destination *destination_create(const struct session_request *request,
                                       struct files *files, struct queue *queue,
                                       struct fault *f);

/* Make the first file, of the format that FACTS tells, and set FACTS' path,
 * which is the destination's. False: told in F. */
bool destination_open(struct destination *d, struct session_facts *facts,
                      struct fault *f);

/* The sink, which the destination closes unless it was handed over. */
struct sink *destination_sink(const struct destination *d);
void destination_hand_over(struct destination *d);

/* NULL is fine. */
void destination_destroy(struct destination *d);

#endif
