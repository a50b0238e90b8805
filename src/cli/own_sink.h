/* own_sink: --null-sink: a sink of our own for what is to be recorded, from
 * before the command is made until it has ended. Main thread. */
#ifndef LOOPREC_CLI_OWN_SINK_H
#define LOOPREC_CLI_OWN_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "core/error.h"
#include "source/source.h"

/* Without --null-sink all of them do nothing. */
struct own_sink {
    const struct null_sink_ops *ops;
    struct null_sink *sink; /* NULL: there is none */
};

/* Before the command is made: where the sink is to be. False: ERR_USAGE where
 * the system knows none, else F as of null_sink_ops.plan. */
bool own_sink_plan(struct own_sink *s, const struct options *o,
                   struct fault *f);

/* For the command; NULL: nothing is to be changed. */
const char *const *own_sink_environment(const struct own_sink *s);

/* After stop_install, and before any thread of ours ends. As
 * null_sink_ops.open. */
bool own_sink_open(struct own_sink *s, struct fault *f);

/* How long what is played into it is on its way: the recording goes on for so
 * long after the command has ended. */
int64_t own_sink_tail_ns(const struct own_sink *s);

/* A line for people on how a program plays into it. */
void own_sink_tell(const struct own_sink *s);

/* After the session's last opening. A second time does nothing. */
void own_sink_close(struct own_sink *s);

#endif
