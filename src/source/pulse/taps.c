/* taps: see taps.h. */
#include "source/pulse/taps_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "sys/clock.h"

/* A stream's stamps may lie so much before the moment that the server told of
 * it. */
#define EARLIER_NS INT64_C(100000000)
/* An answer that does not come is waited for so long. */
#define LEAVE_NS INT64_C(500000000)
#define OPEN_NS  INT64_C(3000000000)
/* A tap that failed, while its stream is there, is asked for again after this,
 * twice as long each time. */
#define RETRY_NS      INT64_C(20000000)
#define RETRY_MOST_NS INT64_C(2000000000)
/* What is asked for again so soon is not to wait for anything else. */
#define RETRY_SOON_NS INT64_C(100000000)
/* One that has been there for so long did not fail at once. */
#define STEADY_NS INT64_C(1000000000)

/* --- what to ask for --- */

/* In the file's format; what has another on its way is mixed and resampled by
 * the server, in float. */
static void describe(const struct taps *t, const struct roster_stream *who,
                     struct output *o)
{
    *o = *t->base;
    o->index = who->sink;
    o->monitor_index = who->monitor;
    (void)snprintf(o->monitor_name, sizeof o->monitor_name, "%u",
                   (unsigned)who->monitor);
    devices_copy(o->name, sizeof o->name, who->name);
    if (!keepers_same(t->keepers, who->sink)) {
        o->spec.format = PA_SAMPLE_FLOAT32NE;
        o->type = SAMPLE_F32;
    }
}

/* --- a tap's beginning and end --- */

static void set_free(struct taps *t, struct tap *tap)
{
    taps_forget_others(tap);
    stream_close(&tap->stream);
    tap->state = TAP_FREE;
    tap->intake.lane = NULL;
    t->changed = true;
}

static void retry(struct tap *tap, int64_t now_ns)
{
    int64_t pause_ns =
        tap->tries == 0
            ? 0
            : RETRY_NS * (INT64_C(1) << (tap->tries < 8 ? tap->tries : 8));
    stream_close(&tap->stream);
    taps_forget_others(tap);
    tap->state = TAP_WANTED;
    tap->retry_ns =
        now_ns + (pause_ns < RETRY_MOST_NS ? pause_ns : RETRY_MOST_NS);
    tap->tries++;
}

static void begin_intake(struct tap *tap, int64_t resumes_ns)
{
    intake_begin(&tap->intake, tap->begin_ns);
    tap->intake.corked = tap->who.corked;
    tap->intake.resumes_ns = resumes_ns;
}

static void ask(struct taps *t, struct tap *tap, int64_t now_ns)
{
    struct output output;
    pa_context *context = t->link->context;
    if (t->keepers->pipewire) {
        context = branches_get(&t->branches, (unsigned)(tap - t->items));
    }
    if (context == NULL) {
        return; /* in the next turn */
    }
    describe(t, &tap->who, &output);
    const struct stream_wish wish = {
        .output = &output,
        .context = context,
        .input = tap->who.input,
        .latency_ns = t->latency_ns,
    };
    if (tap->tries > 0) {
        tap->begin_ns = now_ns - EARLIER_NS;
        begin_intake(tap, tap->intake.end_ns);
    }
    tap->asked_ns = now_ns;
    if (!stream_connect(&tap->stream, t->link, &wish, NULL)) {
        retry(tap, now_ns);
        return;
    }
    tap->state = TAP_UP;
    tap->stream.keeps = true;
    tap->stream.out = t->lanes != NULL ? &tap->intake.outlet : NULL;
    if (tap->joins) {
        tap->others_op = pa_context_get_sink_input_info_list(
            t->link->context, taps_on_others, tap);
    }
}

/* The lane of tap number I, once for each stream. */
static void begin_lane(struct taps *t, unsigned i)
{
    struct tap *tap = &t->items[i];
    if (t->lanes == NULL || tap->intake.lane != NULL) {
        return;
    }
    const struct outlet *lane = &t->lanes[i];
    if (lane->begin(lane->context, tap->begin_ns)) {
        tap->intake.lane = lane;
        tap->lane_begun = true;
    }
}

/* The lowest that is free, where what came last on the lane does not reach into
 * what comes now; or just the lowest. NULL: all are in use. */
static struct tap *find_free(struct taps *t, int64_t begin_ns)
{
    struct tap *lowest = NULL;
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        struct tap *tap = &t->items[i];
        if (tap->state == TAP_FREE) {
            if (tap->intake.end_ns <= begin_ns) {
                return tap;
            }
            lowest = lowest == NULL ? tap : lowest;
        }
    }
    return lowest;
}

/* The same stream's last tap, before it moved. NULL: it is new. */
static const struct tap *find_last(const struct taps *t, uint32_t input)
{
    const struct tap *last = NULL;
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        const struct tap *tap = &t->items[i];
        if (tap->who.input == input && tap->intake.end_ns != STREAM_NEVER &&
            (last == NULL || tap->intake.end_ns > last->intake.end_ns)) {
            last = tap;
        }
    }
    return input == STREAM_WHOLE ? NULL : last;
}

static bool take_up(struct taps *t, const struct roster_stream *who)
{
    int64_t begin_ns = who->seen_ns - EARLIER_NS;
    int64_t now_ns = clock_now_ns();
    struct tap *tap = find_free(t, begin_ns);
    if (tap == NULL) {
        return false;
    }
    const struct tap *last = find_last(t, who->input);
    int64_t resumes_ns = last != NULL && !last->who.corked && !who->corked
                             ? last->intake.end_ns
                             : STREAM_NEVER;
    tap->who = *who;
    tap->begin_ns = begin_ns;
    tap->leaving = tap->gone = tap->heard = false;
    tap->tries = 0;
    tap->retry_ns = now_ns;
    tap->state = TAP_WANTED;
    tap->joins = who->input != STREAM_WHOLE &&
                 (who->fresh || resumes_ns != STREAM_NEVER);
    begin_intake(tap, resumes_ns);
    t->changed = true;
    t->attached++;
    ask(t, tap, now_ns);
    return true;
}

static struct tap *find_used(struct taps *t, uint32_t input, uint32_t sink)
{
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        struct tap *tap = &t->items[i];
        if (tap->state != TAP_FREE && tap->who.input == input &&
            (input != STREAM_WHOLE || tap->who.sink == sink)) {
            return tap;
        }
    }
    return NULL;
}

void taps_attach(struct taps *t, const struct roster_stream *who)
{
    struct tap *tap = find_used(t, who->input, who->sink);
    if (tap != NULL && stream_advance(&tap->stream) == STREAM_OPEN) {
        /* It has moved, and on PipeWire the tap with it. Where it will turn out
         * not to have, it is asked for again. */
        tap->who = *who;
        tap->leaving = tap->intake.ended = false;
        tap->tries = 0; /* here it has not been refused yet */
        t->changed = true;
    } else if (!take_up(t, who)) {
        if (t->waiting_count < TAPS_WAITING_MAX) {
            t->waiting[t->waiting_count++] = *who;
        } else {
            t->forgotten++;
        }
    }
}

static void leave(struct taps *t, struct tap *tap)
{
    if (tap->state == TAP_WANTED && tap->intake.first.frames == 0) {
        set_free(t, tap);
    } else {
        tap->leaving = tap->intake.ended = true;
        tap->leave_ns = clock_now_ns();
    }
}

void taps_detach(struct taps *t, uint32_t input, uint32_t sink)
{
    struct tap *tap = find_used(t, input, sink);
    if (tap != NULL) {
        leave(t, tap);
        return;
    }
    for (unsigned i = 0; i < t->waiting_count; i++) {
        const struct roster_stream *who = &t->waiting[i];
        if (who->input == input &&
            (input != STREAM_WHOLE || who->sink == sink)) {
            t->waiting_count--;
            memmove(&t->waiting[i], &t->waiting[i + 1],
                    (t->waiting_count - i) * sizeof t->waiting[0]);
            return;
        }
    }
}

void taps_change(struct taps *t, const struct roster_stream *who)
{
    struct tap *tap = find_used(t, who->input, who->sink);
    if (tap != NULL) {
        tap->who.corked = tap->intake.corked = who->corked;
    }
}

void taps_detach_all(struct taps *t)
{
    t->waiting_count = 0;
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        struct tap *tap = &t->items[i];
        if (tap->state != TAP_FREE && !tap->leaving) {
            leave(t, tap);
        }
    }
}

/* --- its turn --- */

/* Has everything come that the server had sent when TAP was to leave? */
static bool has_left(struct tap *tap, int64_t now_ns)
{
    struct stream *s = &tap->stream;
    if (now_ns - tap->leave_ns > LEAVE_NS || s->phase != STREAM_OPEN) {
        return true;
    }
    if (tap->gone) {
        return false;
    }
    if (!s->asking && s->asked_ns >= tap->leave_ns) {
        return true;
    }
    flow_ask(s, now_ns, false);
    return false;
}

/* Its stream has ended, or is not wanted any more, and nothing is kept. */
static void end(struct taps *t, struct tap *tap, int64_t now_ns)
{
    tap->intake.first.frames = 0;
    intake_lose(&tap->intake,
                tap->stream.waiting_bytes / tap->stream.frame_bytes);
    if (tap->leaving) {
        set_free(t, tap);
    } else {
        retry(tap, now_ns);
    }
}

static void turn_up(struct taps *t, struct tap *tap, int64_t now_ns)
{
    struct stream *s = &tap->stream;
    struct intake *in = &tap->intake;
    int64_t asked_ns = now_ns - tap->asked_ns;
    enum stream_phase phase = stream_advance(s);
    bool over = phase == STREAM_DEAD ||
                (phase == STREAM_CONNECTING && asked_ns > OPEN_NS) ||
                (tap->leaving && has_left(tap, now_ns));
    if (over) {
        flow_finish(s, now_ns);
    } else if (phase == STREAM_OPEN && asked_ns > STEADY_NS) {
        tap->tries = 0;
    }
    taps_settle(t, tap, over, now_ns);
    if (over && (in->first.frames == 0 || now_ns - in->since_ns > LEAVE_NS)) {
        end(t, tap, now_ns);
    }
}

/* --- turns --- */

static void take_waiting(struct taps *t)
{
    while (t->waiting_count > 0 && take_up(t, &t->waiting[0])) {
        t->waiting_count--;
        memmove(&t->waiting[0], &t->waiting[1],
                t->waiting_count * sizeof t->waiting[0]);
    }
}

/* The lane of a tap that gives nothing now. */
static void tell_idle(struct taps *t, unsigned i, int64_t floor_ns)
{
    struct tap *tap = &t->items[i];
    struct intake *in = &tap->intake;
    if (t->lanes == NULL || !tap->lane_begun) {
        return;
    }
    if (tap->state != TAP_UP && in->first.frames == 0 &&
        floor_ns > in->told_ns) {
        in->told_ns = floor_ns;
    }
    if (tap->state != TAP_UP || tap->stream.phase == STREAM_CONNECTING) {
        t->lanes[i].idle(t->lanes[i].context, in->told_ns);
    }
}

static void tell_steady(struct taps *t, struct tap *tap, int64_t now_ns)
{
    bool steady = tap->state == TAP_UP && tap->stream.phase == STREAM_OPEN &&
                  !tap->leaving && !tap->gone && !tap->who.corked &&
                  now_ns - tap->asked_ns > STEADY_NS;
    t->changed = t->changed || tap->steady != steady;
    tap->steady = steady;
}

/* Something is to come of TAP that should not wait for messages to gather. */
static bool is_busy(const struct tap *tap, int64_t now_ns)
{
    switch (tap->state) {
    case TAP_FREE: break;
    case TAP_WANTED: return tap->retry_ns - now_ns < RETRY_SOON_NS;
    case TAP_UP:
        return tap->leaving || tap->intake.first.frames > 0 ||
               tap->stream.phase == STREAM_CONNECTING;
    }
    return false;
}

bool taps_turned(struct taps *t, int64_t now_ns, int64_t floor_ns)
{
    bool busy = false;
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        struct tap *tap = &t->items[i];
        if (tap->state == TAP_UP) {
            begin_lane(t, i);
            turn_up(t, tap, now_ns);
        }
        /* at once, where that has just ended its last try */
        if (tap->state == TAP_WANTED && now_ns >= tap->retry_ns) {
            ask(t, tap, now_ns);
        }
        busy = busy || is_busy(tap, now_ns);
        tell_steady(t, tap, now_ns);
        tell_idle(t, i, floor_ns);
    }
    take_waiting(t);
    return busy;
}

void taps_run(struct taps *t, const struct outlet *lanes)
{
    for (unsigned i = 0; i < TAPS_MAX && lanes == NULL; i++) {
        struct tap *tap = &t->items[i];
        if (tap->intake.lane != NULL) {
            intake_pass(&tap->intake, NULL, 0, 0);
        }
    }
    t->lanes = lanes;
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        struct tap *tap = &t->items[i];
        tap->lane_begun = false;
        tap->intake.lane = NULL;
        tap->stream.out = lanes != NULL ? &tap->intake.outlet : NULL;
        if (lanes != NULL && tap->state == TAP_UP) {
            begin_lane(t, i);
            /* Bytes may have come before there was anywhere to put them. */
            if (stream_advance(&tap->stream) != STREAM_DEAD &&
                tap->stream.phase != STREAM_CONNECTING) {
                flow_read(&tap->stream);
            }
        }
    }
}

/* --- the pool --- */

bool taps_open(struct taps *t, struct link *l, const struct output *base,
               int64_t latency_ns, struct keepers *keepers, struct fault *f)
{
    size_t room = (size_t)frames_from_ns(INTAKE_NS, base->format.rate) *
                      base->format.channels * sizeof(float) +
                  INTAKE_PIECE_BYTES;
    *t = (struct taps){
        .link = l,
        .base = base,
        .latency_ns = latency_ns,
        .keepers = keepers,
        .removed_ns = STREAM_NEVER,
        .bytes = calloc(TAPS_MAX, room),
    };
    if (t->bytes == NULL) {
        return fault_set(f, ERR_NO_MEMORY, "record applications", NULL, NULL);
    }
    if (keepers->pipewire) {
        branches_open(&t->branches, l);
    }
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        struct tap *tap = &t->items[i];
        intake_init(&tap->intake, &tap->stream, t->bytes + i * room, room);
        tap->who.input = STREAM_WHOLE;
    }
    return true;
}

void taps_close(struct taps *t)
{
    if (t->bytes == NULL) {
        return;
    }
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        set_free(t, &t->items[i]);
    }
    branches_close(&t->branches);
    log_line(
        "pulse: %u streams, of %u the missing beginning was found, %u were "
        "too many",
        t->attached, t->joined, t->forgotten);
    free(t->bytes);
    t->bytes = NULL;
}
