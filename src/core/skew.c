/* skew: see skew.h. Pure arithmetic; writer thread. */
#include "core/skew.h"

#include "core/packet.h"

#define WINDOW_NS INT64_C(1000000000)
/* A slope over less than this tells nothing. */
#define DRIFT_SPAN_NS INT64_C(20000000000)

void skew_end_stretch(struct skew *s)
{
    s->drift_first_ns = PACKET_NO_TIME;
    s->window_start_ns = PACKET_NO_TIME;
}

static void learn_drift(struct skew *s, int64_t now_ns, int64_t error_ns)
{
    if (s->drift_first_ns == PACKET_NO_TIME) {
        s->drift_first_ns = now_ns;
        s->drift_first_error_ns = error_ns;
        return;
    }
    int64_t span = now_ns - s->drift_first_ns;
    if (span >= DRIFT_SPAN_NS && span >= s->drift_span_ns) {
        s->drift_span_ns = span;
        s->drift_ppm =
            -(double)(error_ns - s->drift_first_error_ns) * 1e6 / (double)span;
    }
}

void skew_learn(struct skew *s, int64_t now_ns, int64_t error_ns)
{
    if (s->window_start_ns == PACKET_NO_TIME) {
        s->window_start_ns = now_ns;
        s->window_min_ns = error_ns;
    }
    if (error_ns < s->window_min_ns) {
        s->window_min_ns = error_ns;
    }
    int64_t length = now_ns - s->window_start_ns;
    if (length < WINDOW_NS) {
        return;
    }
    int64_t rise = s->window_min_ns - s->ns;
    int64_t most = length / 1000000 * SKEW_PER_MILLION;
    s->ns += rise > most ? most : rise;
    learn_drift(s, now_ns, s->window_min_ns);
    s->window_start_ns = PACKET_NO_TIME;
}

void skew_shift(struct skew *s, int64_t ns)
{
    s->ns -= ns;
    s->window_min_ns -= ns;
    s->drift_first_error_ns -= ns;
}
