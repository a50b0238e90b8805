/* branches: further connections to the same server, on the link's loop, for
 * taps that shall not wait for each other. Capture thread only.
 *
 * pipewire-pulse (0.3.65) gives a recording stream nothing while anything that
 * is meant for the same client waits in its queue, and what it has put there
 * for one stream is not sent before it has looked at all that had something in
 * the graph's cycle (pulse-server.c, do_process_done; client.c). On a machine
 * with much to do it looks at all at once: then the client's first stream gets
 * something, and the others nothing, cycle after cycle. Measured with 20
 * streams beside two busy loops: on one connection single ones came in bursts,
 * up to 4 s late; with four on each, some had not come at all after 8 s.
 *
 * So each has its own, as far as there may be: such a server has room for 64
 * clients (its max-clients), and not for us alone. */
#ifndef LOOPREC_SOURCE_PULSE_BRANCHES_H
#define LOOPREC_SOURCE_PULSE_BRANCHES_H

#include "source/pulse/link.h"

enum { BRANCHES_MAX = 24 };

struct branches {
    struct link *link;
    pa_context *contexts[BRANCHES_MAX]; /* NULL: not begun */
    int64_t begun_ns[BRANCHES_MAX];
};

/* The first connection is begun. */
void branches_open(struct branches *b, struct link *l);

/* The connection for stream number I; beyond BRANCHES_MAX some share one. NULL:
 * it is being made; to be asked for again in the next turn. The link's own,
 * where it cannot be. */
pa_context *branches_get(struct branches *b, unsigned i);

/* After their streams were closed. */
void branches_close(struct branches *b);

#endif
