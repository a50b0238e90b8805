/* whole: all that one output plays, recorded from its monitor. Capture thread
 * only. */
#ifndef LOOPREC_SOURCE_PULSE_WHOLE_H
#define LOOPREC_SOURCE_PULSE_WHOLE_H

#include "source/pulse/stream.h"

struct whole {
    struct stream stream;
    /* constant after open */
    bool follows; /* end when the default output moves */
    /* news; the run ends on them */
    bool removed;     /* the output is no more */
    bool ask_default; /* the server has changed something */
    bool default_moved;
    char default_name[256];
};

/* Record OUTPUT; the link is connected. Bytes may be LATENCY_NS old when they
 * are handed over. On failure nothing is left open. ERR_SOURCE_FAILED,
 * NO_SERVER. */
bool whole_open(struct whole *w, struct link *l, const struct output *output,
                int64_t latency_ns, bool follows, int64_t deadline_ns,
                struct fault *f);

/* Wait until sound has come and is heard (a monitor gives up to a fragment
 * before that), an interrupt, a loss or, if none comes, UNTIL_NS. Returns since
 * when it was heard, without zeros that come first: from then on all of it is
 * kept for the run. 0: that is not known. */
int64_t whole_await_sound(struct whole *w, int64_t until_ns);

enum source_end whole_run(struct whole *w, const struct outlet *out,
                          struct fault *f);
void whole_close(struct whole *w);

#endif
