/* run: see run.h. */
#include "source/pulse/run.h"

#include "sys/clock.h"

/* The contract's: idle at least so often. */
#define TURN_NS INT64_C(100000000)
/* While the end is near. */
#define TURN_LAST_NS INT64_C(10000000)
/* The next answer about the time may put the next frame so much earlier. */
#define SLACK_NS INT64_C(30000000)
/* Silence is asked about so often. */
#define PROBE_NS INT64_C(500000000)
/* No answer of use about the time of held bytes after this: do without. One
 * that is still to come lies behind the bytes, and on a machine with too much
 * to do those of a second can come at once. */
#define HOLD_NS       INT64_C(300000000)
#define HOLD_ASKED_NS INT64_C(1000000000)
/* A server that does not answer through so many turns hangs: what is older
 * than HUNG_NS is not waited for. Long, because PulseAudio, once it goes on,
 * delivers what it missed with the stamps of then (null sink, stopped for 5 s:
 * nothing was lost). */
#define HUNG_TURNS 100
#define HUNG_NS    INT64_C(10000000000)
/* At the stop: no bytes for so long, though every question was answered, and
 * nothing more comes; what has not come after the second is missed. */
#define TAIL_QUIET_NS INT64_C(300000000)
#define TAIL_MOST_NS  INT64_C(2000000000)
/* Whether there is more is asked so often. */
#define TAIL_PROBE_NS INT64_C(50000000)

/* Streams that ask for the time less than this apart do so together: in
 * between, messages may gather. */
#define TOGETHER_NS INT64_C(500000000)

/* It delivers, or would if anything played. */
static bool flows(const struct stream *s)
{
    return s->out != NULL &&
           (s->phase == STREAM_CHECKING || s->phase == STREAM_OPEN);
}

/* Nothing was handed over in a turn with EVENTS events. */
static void tell_idle(struct stream *s, int events, int64_t now_ns)
{
    int64_t idle_ns = s->end_ns;
    if (idle_ns != STREAM_NEVER) {
        idle_ns -= SLACK_NS;
    }
    if (flow_absent(s, now_ns)) {
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

/* Everything up to STOP_NS, seen first at SEEN_NS, was handed over, or there is
 * nothing more. */
static bool tail_fetched(struct stream *s, int64_t stop_ns, int64_t seen_ns,
                         int64_t now_ns)
{
    if (s->holding) {
        return false;
    }
    if (s->end_ns >= stop_ns || s->certain_ns >= stop_ns) {
        return true;
    }
    if (s->asking || now_ns < stop_ns) {
        return false;
    }
    bool unknown = s->asked_ns - s->fragment_ns <= stop_ns ||
                   s->asked_ns <= s->arrival_ns || s->behind_bytes > 0;
    if (flow_absent(s, now_ns) && unknown) {
        if (now_ns - s->fragment_ns > stop_ns &&
            now_ns - s->asked_ns > TAIL_PROBE_NS) {
            flow_ask(s, now_ns, false);
        }
        return false;
    }
    int64_t last_ns = s->arrival_ns > stop_ns ? s->arrival_ns : stop_ns;
    last_ns = last_ns > seen_ns ? last_ns : seen_ns;
    return now_ns - last_ns > TAIL_QUIET_NS;
}

/* The same of all. What does not come within TAIL_MOST_NS is missed. */
static bool all_fetched(const struct run *r, int64_t stop_ns, int64_t seen_ns,
                        int64_t now_ns)
{
    int64_t since_ns = seen_ns > stop_ns ? seen_ns : stop_ns;
    bool late = now_ns - since_ns > TAIL_MOST_NS;
    bool all = true;
    for (unsigned i = 0; i < r->count; i++) {
        struct stream *s = r->streams[i];
        if (!flows(s) || s->background ||
            tail_fetched(s, stop_ns, seen_ns, now_ns)) {
            continue;
        }
        all = false;
        if (late) {
            flow_miss(s, stop_ns, now_ns);
        }
    }
    return all || late;
}

/* For how long messages may gather: where bytes come, and every answer that is
 * wanted for them has come. */
static int64_t gather_ns(const struct run *r, int64_t now_ns)
{
    int64_t batch_ns = INT64_MAX;
    bool due = false;
    for (unsigned i = 0; i < r->count; i++) {
        const struct stream *s = r->streams[i];
        if (!flows(s) || flow_absent(s, now_ns)) {
            continue;
        }
        if (s->asking || s->holding) {
            return 0;
        }
        batch_ns = s->batch_ns < batch_ns ? s->batch_ns : batch_ns;
        due = due || now_ns >= s->ask_next_ns;
    }
    for (unsigned i = 0; due && i < r->count; i++) {
        struct stream *s = r->streams[i];
        if (flows(s) && s->ask_next_ns - now_ns < TOGETHER_NS) {
            s->ask_next_ns = now_ns;
        }
    }
    return due || batch_ns == INT64_MAX ? 0 : batch_ns;
}

/* What a turn without bytes means for S. */
static void pass_turn(struct stream *s, int events, int64_t now_ns)
{
    if (!flows(s) || s->took) {
        return;
    }
    int64_t hold_ns = s->asking ? HOLD_ASKED_NS : HOLD_NS;
    if (s->holding && now_ns - s->held_ns > hold_ns) {
        flow_release(s, now_ns);
    } else {
        tell_idle(s, events, now_ns);
    }
}

static int turn(const struct run *r, bool hurry, int64_t stop_ns)
{
    int64_t turn_ns = stop_ns == LINK_RUNS ? TURN_NS : TURN_LAST_NS;
    int64_t batch_ns = 0;
    if (stop_ns == LINK_RUNS && !hurry) {
        batch_ns = gather_ns(r, clock_now_ns());
        turn_ns += batch_ns;
    }
    r->link->batch_ms = (int)(batch_ns / 1000000);
    for (unsigned i = 0; i < r->count; i++) {
        r->streams[i]->took = false;
    }
    return link_turn(r->link, turn_ns, stop_ns);
}

enum source_end run_streams(const struct run *r, struct fault *f)
{
    int64_t seen_ns = 0;
    enum run_state state = RUN_HURRIES;
    for (;;) {
        int64_t stop_ns = link_stop(r->link);
        if (stop_ns != LINK_RUNS) {
            int64_t now_ns = clock_now_ns();
            seen_ns = seen_ns == 0 ? now_ns : seen_ns;
            if (stop_ns == SOURCE_STOP_NOW ||
                all_fetched(r, stop_ns, seen_ns, now_ns)) {
                return SOURCE_INTERRUPTED;
            }
        }
        int events = turn(r, state == RUN_HURRIES, stop_ns);
        if (events < 0) {
            fault_set(f, ERR_DEVICE_LOST, "record",
                      "libpulse's main loop failed", NULL);
            return SOURCE_LOST;
        }
        enum source_end end;
        state = r->turned(r->owner, &end, f);
        if (state == RUN_IS_OVER) {
            return end;
        }
        int64_t now_ns = clock_now_ns();
        for (unsigned i = 0; i < r->count; i++) {
            pass_turn(r->streams[i], events, now_ns);
        }
    }
}
