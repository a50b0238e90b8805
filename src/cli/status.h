/* status: the one line that a terminal shows while recording: time, size, a
 * meter for each channel, losses. Made anew for the terminal's present width
 * each time. Main thread. */
#ifndef LOOPREC_CLI_STATUS_H
#define LOOPREC_CLI_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/format.h"
#include "session/session.h"

/* How long a meter's highest mark stays. */
#define STATUS_HOLD_NS INT64_C(1500000000)

enum { STATUS_LINE_MAX = 1024 };

struct status {
    bool enabled;  /* there is a terminal, and it may be drawn to */
    bool drawn;    /* the line stands there right now */
    uint32_t rate; /* of the file */
    uint32_t channels;
    uint64_t frames; /* of the latest look that had something new */
    /* linear */
    float level[FORMAT_CHANNELS_MAX];
    float hold[FORMAT_CHANNELS_MAX];
    int64_t hold_until_ns[FORMAT_CHANNELS_MAX];
    bool clipped[FORMAT_CHANNELS_MAX]; /* full scale was reached, ever */
};

void status_init(struct status *s, bool enabled, uint32_t rate,
                 uint32_t channels);

/* Take over a look's levels; NOW_NS (clock_now_ns) times the hold. A look that
 * comes before the writer has written more changes nothing. */
void status_update(struct status *s, const struct session_status *look,
                   int64_t now_ns);

/* The line for a terminal of COLUMNS, no longer than COLUMNS - 1 characters
 * (the last column makes some terminals wrap); plain ASCII. SIZE at most
 * STATUS_LINE_MAX is used. Returns its length. */
size_t status_format(const struct status *s, const struct session_status *look,
                     unsigned columns, char *buffer, size_t size);

/* Draw the line over what stood there; nothing when not enabled. */
void status_draw(struct status *s, const struct session_status *look);

/* Take the line away, so that another can be written in its place. */
void status_clear(struct status *s);

#endif
