/* own_sink: see own_sink.h. Main thread. */
#include "cli/own_sink.h"

#include <stdio.h>

#include "cli/message.h"

/* A player has drained its stream when the sink has taken it, and ends then;
 * it is played up to 50 ms later (null sinks of PulseAudio 16.1), or a quantum
 * or two of PipeWire's. */
#define TAIL_NS INT64_C(100000000)

bool own_sink_plan(struct own_sink *s, const struct options *o, struct fault *f)
{
    *s = (struct own_sink){.ops = source_system()->null_sinks};
    if (!o->null_sink) {
        return true;
    }
    if (s->ops == NULL) {
        return fault_set(f, ERR_USAGE, "options",
                         "--null-sink is for Linux; leave it out: here a "
                         "command is recorded by itself",
                         NULL);
    }
    s->sink = s->ops->plan("looprec", f);
    return s->sink != NULL;
}

const char *const *own_sink_environment(const struct own_sink *s)
{
    return s->sink != NULL ? s->ops->environment(s->sink) : NULL;
}

bool own_sink_open(struct own_sink *s, struct fault *f)
{
    return s->sink == NULL || s->ops->open(s->sink, f);
}

int64_t own_sink_tail_ns(const struct own_sink *s)
{
    return s->sink != NULL ? TAIL_NS : 0;
}

void own_sink_tell(const struct own_sink *s)
{
    char text[512];
    size_t length = 0;
    if (s->sink == NULL) {
        return;
    }
    const char *const *variable = s->ops->environment(s->sink);
    text[0] = '\0';
    for (; *variable != NULL && length < sizeof text; variable++) {
        int n = snprintf(text + length, sizeof text - length, " %s", *variable);
        length += n > 0 ? (size_t)n : 0;
    }
    message_note("  a program plays there with%s", text);
}

void own_sink_close(struct own_sink *s)
{
    if (s->sink != NULL) {
        s->ops->close(s->sink);
        s->sink = NULL;
    }
}
