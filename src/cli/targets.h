/* targets: from options to what a session is asked for: its sources, and how
 * its file is to be. Main thread. */
#ifndef LOOPREC_CLI_TARGETS_H
#define LOOPREC_CLI_TARGETS_H

#include <stdint.h>

#include "cli/options.h"
#include "session/session.h"
#include "sys/child.h"

/* What a session takes as it was typed. R points into O. */
void targets_copy(struct session_request *r, const struct options *o);

/* Fill in R's sources. COMMAND: O's, where it has one, outlives the sources; a
 * made-up source is recorded in its place, or what plays into SINK (NULL: none
 * of our own). LATENCY_NS as in a source's request. R points into O. */
void targets_fill(struct session_request *r, const struct options *o,
                  const struct child *command, struct null_sink *sink,
                  int64_t latency_ns);

#endif
