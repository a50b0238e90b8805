/* taps_settle: what a tap keeps, handed over, with the stream's beginning
 * before it where that is found. See taps.h. */
#include "source/pulse/taps_parts.h"

/* A stream's first sound is not older than this before the moment that the
 * server told of it. */
#define SINCE_NS INT64_C(50000000)
/* A stream of others that ended so long before may still be in the monitor. */
#define REMOVED_NS INT64_C(100000000)
/* The beginning is looked for so long. */
#define JOIN_NS INT64_C(200000000)

/* Hand over what TAP keeps, with its beginning, once that is found. False: it
 * may still be. */
static bool join(struct taps *t, struct tap *tap, int64_t now_ns)
{
    const struct past *past = keepers_past(t->keepers, tap->who.sink);
    struct onset o = {.since_ns = tap->who.seen_ns - SINCE_NS,
                      .shift_ns = t->keepers->shift_ns};
    uint64_t first = 0, count = 0;
    int64_t shift_ns = 0;
    enum onset_found found = ONSET_NONE;
    bool late = now_ns - tap->intake.since_ns > JOIN_NS;

    if (tap->others == OTHERS_UNKNOWN && !late) {
        return false;
    }
    if (past != NULL && tap->others == OTHERS_NONE &&
        t->removed_ns < tap->who.seen_ns - REMOVED_NS) {
        intake_describe(&tap->intake, &o);
        found = onset_find(past, &o, &first, &count, &shift_ns);
    }
    if (found == ONSET_LATER && !late) {
        return false;
    }
    if (found == ONSET_FOUND) {
        t->keepers->shift_ns = shift_ns;
        t->joined++;
        tap->heard = true;
    }
    intake_pass(&tap->intake, past, first, found == ONSET_FOUND ? count : 0);
    tap->joins = false;
    return true;
}

void taps_settle(struct taps *t, struct tap *tap, bool dead, int64_t now_ns)
{
    struct intake *in = &tap->intake;
    if (in->lane == NULL || in->first.frames == 0 ||
        (!dead && !intake_is_ready(in))) {
        return;
    }
    if (!tap->joins || in->given) {
        intake_pass(in, NULL, 0, 0);
    } else if (!join(t, tap, now_ns)) {
        return;
    }
    if (!dead) {
        flow_resume(&tap->stream);
    }
}
