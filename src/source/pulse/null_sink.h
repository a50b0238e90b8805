/* null_sink: the sink of our own that --null-sink is about; see source.h for
 * how it comes and goes. Main thread, where nothing else is said. */
#ifndef LOOPREC_SOURCE_PULSE_NULL_SINK_H
#define LOOPREC_SOURCE_PULSE_NULL_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "source/pulse/link.h"
#include "source/source.h"

extern const struct null_sink_ops null_sink_ops;

/* Where its server is; NULL: as libpulse finds it. N's. */
const char *null_sink_server(const struct null_sink *n);

const char *null_sink_name(const struct null_sink *n);

/* Make it over L, if it is not there. False: NO_DEVICE (the server has no
 * output that would stay the default; can come), UNSUPPORTED (refused),
 * NO_SERVER, SOURCE_FAILED. Capture thread. */
bool null_sink_ensure(struct null_sink *n, struct link *l, int64_t deadline_ns,
                      struct fault *f);

/* Its private server has ended, so it is never there again: SERVER_ENDED in F.
 * Any thread. */
bool null_sink_is_over(const struct null_sink *n, struct fault *f);

#endif
