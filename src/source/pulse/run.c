/* run: the loop of a recording stream: packets, silence, the end. See
 * stream.h. */
#include <string.h>

#include "source/pulse/stream.h"
#include "sys/clock.h"

/* The contract's: idle at least so often. */
#define TURN_NS INT64_C(100000000)
/* While the end is near. */
#define TURN_LAST_NS INT64_C(10000000)
/* The next answer about the time may put the next frame so much earlier. */
#define SLACK_NS INT64_C(30000000)
/* Silence is asked about so often. */
#define PROBE_NS INT64_C(500000000)
/* No answer about the time of held bytes after this: do without. */
#define HOLD_NS INT64_C(300000000)
/* A server that does not answer through so many turns hangs: what is older
 * than HUNG_NS is not waited for. Long, because PulseAudio, once it goes on,
 * delivers what it missed with the stamps of then (null sink, stopped for 5 s:
 * nothing was lost). */
#define HUNG_TURNS 100
#define HUNG_NS    INT64_C(10000000000)
/* At the stop: no bytes for so long, and nothing more comes; in any case. */
#define TAIL_QUIET_NS INT64_C(300000000)
#define TAIL_MOST_NS  INT64_C(2000000000)

static bool absent(const struct stream *s, int64_t now_ns)
{
    return now_ns - s->arrival_ns > s->absence_ns;
}

/* Nothing was handed over in a turn with EVENTS events. */
static void tell_idle(struct stream *s, int events, int64_t now_ns)
{
    int64_t idle_ns = s->end_ns;
    if (idle_ns != STREAM_NEVER) {
        idle_ns -= SLACK_NS;
    }
    if (absent(s, now_ns)) {
        /* With nothing to come the loop turns ten times a second; a question
         * each time would wake the server as often. */
        if (now_ns - s->asked_ns >= PROBE_NS) {
            flow_ask(s, now_ns, false);
        }
        /* Counted in turns, not by the clock: after this process itself was
         * stopped the server has not had its chance yet. */
        s->empty_turns = s->asking && events == 0 ? s->empty_turns + 1 : 0;
        if (s->empty_turns > HUNG_TURNS && now_ns - HUNG_NS > s->certain_ns) {
            s->certain_ns = now_ns - HUNG_NS;
        }
        if (s->certain_ns > idle_ns) {
            idle_ns = s->certain_ns;
        }
    }
    if (idle_ns > s->idle_ns) {
        s->idle_ns = idle_ns;
    } else if (events > 0) {
        return; /* some message; no news */
    }
    if (s->idle_ns != STREAM_NEVER) {
        s->out->idle(s->out->context, s->idle_ns);
    }
}

/* Everything up to STOP_NS, seen first at SEEN_NS, was handed over, or will
 * not come. */
static bool tail_fetched(struct stream *s, int64_t stop_ns, int64_t seen_ns,
                         int64_t now_ns)
{
    int64_t since_ns = seen_ns > stop_ns ? seen_ns : stop_ns;
    if (now_ns - since_ns > TAIL_MOST_NS) {
        return true;
    }
    if (s->holding) {
        return false;
    }
    if (s->end_ns >= stop_ns || s->certain_ns >= stop_ns) {
        return true;
    }
    if (now_ns < stop_ns) {
        return false;
    }
    if (absent(s, now_ns) && s->asked_ns - s->fragment_ns <= stop_ns) {
        if (now_ns - s->fragment_ns > stop_ns) {
            flow_ask(s, now_ns, false);
        }
        return false;
    }
    int64_t last_ns = s->arrival_ns > since_ns ? s->arrival_ns : since_ns;
    return now_ns - last_ns > TAIL_QUIET_NS;
}

static enum source_end loop(struct stream *s, struct fault *f)
{
    int64_t seen_ns = 0;
    for (;;) {
        int64_t stop_ns = link_stop(s->link);
        int64_t turn_ns = TURN_NS;
        /* Gather only when every answer that is wanted has come. */
        s->link->batch_ms = 0;
        if (stop_ns != LINK_RUNS) {
            int64_t now_ns = clock_now_ns();
            seen_ns = seen_ns == 0 ? now_ns : seen_ns;
            if (stop_ns == SOURCE_STOP_NOW ||
                tail_fetched(s, stop_ns, seen_ns, now_ns)) {
                return SOURCE_INTERRUPTED;
            }
            turn_ns = TURN_LAST_NS;
        }
        if (stop_ns == LINK_RUNS && !s->asking && !s->holding &&
            clock_now_ns() < s->ask_next_ns) {
            s->link->batch_ms = (int)(s->batch_ns / 1000000);
            turn_ns += s->batch_ns;
        }
        s->took = false;
        int events = link_turn(s->link, turn_ns, stop_ns);
        if (events < 0) {
            fault_set(f, ERR_DEVICE_LOST, "record",
                      "libpulse's main loop failed", NULL);
            return SOURCE_LOST;
        }
        if (!stream_alive(s, f)) {
            return SOURCE_LOST;
        }
        stream_check_default(s);
        if (s->default_moved) {
            fault_setf(f, ERR_DEVICE_LOST, "record", 0, NULL,
                       "the default output is %s now", s->default_name);
            return SOURCE_REROUTED;
        }
        if (s->took) {
            continue;
        }
        int64_t now_ns = clock_now_ns();
        if (s->holding && now_ns - s->held_ns > HOLD_NS) {
            flow_release(s, now_ns);
        } else {
            tell_idle(s, events, now_ns);
        }
    }
}

enum source_end stream_run(struct stream *s, const struct outlet *out,
                           struct fault *f)
{
    s->out = out;
    /* Bytes may have come before there was anywhere to put them. */
    if (pa_stream_get_state(s->pa) == PA_STREAM_READY &&
        pa_stream_readable_size(s->pa) > 0) {
        flow_read(s->pa, 0, s);
    }
    enum source_end end = loop(s, f);
    s->out = NULL;
    return end;
}
