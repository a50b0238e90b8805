/* synth: a source made by arithmetic, with faults to order, for tests and
 * demonstrations. Threads as source.h says; interrupt from any.
 *
 * --source=synth:ITEM,ITEM... A TIME is what -d takes (10ms, 1h30m, 480f); AT
 * is a TIME since the source was first opened. Nothing given: tone, in real
 * time.
 *
 * The signal (one of them). It is a function of the source's clock: after a
 * gap, a stall or a loss it is where it would have been.
 *   tone[=HZ]      440; the same in all channels; HZ up to 3 decimals. Frame n
 *                  is amp * sin(2 pi HZ n / rate), exact for any n
 *   chirp[=HZ1-HZ2[/TIME]]  20-20000/10s, linear, then again
 *   noise[=SEED]   white, the same for the same seed
 *   counter        sample c of frame n is the s16 (n * channels + c) mod 65536
 *   silence        zeros
 *   amp=DB         the peak; without it 0.5
 * Its shape
 *   rate=HZ        48000          channels=N     2
 *   bits=16|24|32f 32f; for counter 16
 * How it comes
 *   period=TIME    a packet's length: 10ms; when fast 4096 frames
 *   fast           in virtual time: as fast as it is taken
 *   length=TIME    then nothing more comes, as from an idle device
 *   stream=AT+TIME this is a stream of its own that plays then, and nothing
 *                  else is; as often as wished: they are mixed, as those of an
 *                  application are
 *   lanes-down     of two streams the later one has the lower lane
 * Faults in time; each as often as wished
 *   gap=AT+TIME    frames existed and are lost: position and stamps jump, the
 *                  next packet has the discontinuity flag
 *   silent=AT+TIME packets are flagged silent, with rubbish in them
 *   stall=AT+TIME  nothing comes, as when nothing plays: stamps jump, the
 *                  position does not
 *   burst=AT+TIME  what is due meanwhile comes at its end, with right stamps
 *   sleep-at=AT+TIME  the machine sleeps, and the clock goes on: stamps jump,
 *                  the position does not, nobody is told how time passes. Only
 *                  when fast
 *   lose-at=AT[+TIME]  run ends as lost; open fails for TIME (1s)
 *   reroute-at=AT  run ends as rerouted
 *   reformat-at=AT:RATE[:CHANNELS]  run ends as lost; then the new format. AT
 *                  without colons
 *   end-at=AT      run ends as what it records is over
 * Faults at all times
 *   drift=PPM      the device's crystal is so much faster than the clock
 *   jitter=TIME    stamps are late by up to so much, by a fixed pattern
 *   position=none|zero   no position; always 0
 *   time=none      no stamps
 *   flag-every-packet, flag-first   the discontinuity flag on every packet; on
 *                  the first after an open
 *   fail-open=N    the first N opens find no device */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "source/source.h"
#include "source/synth_plan.h"
#include "source/synth_signal.h"
#include "source/synth_spec.h"
#include "sys/clock.h"
#include "sys/wake.h"

#define MS INT64_C(1000000)

enum { FAST_PERIOD_FRAMES = 4096 };

struct synth {
    struct source base;

    /* constant after create */
    struct synth_spec spec;
    struct wake *wake;

    /* shared: when to stop; INT64_MAX: not asked. Stored by interrupt
     * (release), read on the capture thread (acquire). */
    _Atomic int64_t stop_ns;

    /* capture thread: the clock */
    bool started;
    int64_t origin_ns;  /* when it was opened first */
    int64_t virtual_ns; /* fast: the time now */
    uint32_t opens;

    /* capture thread: this opening */
    struct synth_plan plan;
    uint32_t period_frames;
    uint64_t frame; /* the next, as the plan counts */
    uint64_t position;
    int64_t reached_ns; /* nothing that is older is still to come */
    bool missed;        /* before the next packet */
    struct synth_signal *signal;
    unsigned lanes[SYNTH_EVENTS_MAX]; /* of each of spec's streams; 0: none */
    bool begun[SYNTH_EVENTS_MAX + 1]; /* each lane was */

    uint64_t packets; /* so far, for jitter's pattern */
};

static struct synth *self(struct source *source)
{
    return (struct synth *)source;
}

/* --- time --- */

static int64_t synth_now(struct source *source)
{
    struct synth *s = self(source);
    return s->spec.fast ? s->virtual_ns : clock_now_ns();
}

static int64_t stop_time(struct synth *s)
{
    return atomic_load_explicit(&s->stop_ns, memory_order_acquire);
}

static void synth_interrupt(struct source *source, int64_t stop_ns)
{
    struct synth *s = self(source);
    int64_t known = stop_time(s);
    while (stop_ns < known && !atomic_compare_exchange_weak_explicit(
                                  &s->stop_ns, &known, stop_ns,
                                  memory_order_acq_rel, memory_order_acquire)) {
    }
    wake_set(s->wake);
}

/* --- create, open --- */

static void synth_destroy(struct source *source)
{
    struct synth *s = self(source);
    if (s) {
        wake_destroy(s->wake);
        synth_signal_destroy(s->signal);
        free(s);
    }
}

static struct source *synth_create(const struct source_request *request,
                                   struct fault *f)
{
    struct synth *s = calloc(1, sizeof *s);
    if (!s) {
        fault_set(f, ERR_NO_MEMORY, "synth", NULL, NULL);
        return NULL;
    }
    s->base.ops = &synth_ops;
    atomic_init(&s->stop_ns, INT64_MAX);
    if (!synth_spec_parse(request->spec, &s->spec, f) ||
        !(s->wake = wake_create(f))) {
        free(s);
        return NULL;
    }
    return &s->base;
}

/* Begin an opening NS after the first one. */
static void begin(struct synth *s, int64_t ns)
{
    synth_plan_init(&s->plan, &s->spec, ns);
    int64_t period_ns = s->spec.period_ns ? s->spec.period_ns : 10 * MS;
    int64_t period = s->spec.fast && !s->spec.period_ns
                         ? FAST_PERIOD_FRAMES
                         : frames_from_ns(period_ns, s->plan.rate);
    s->period_frames = period > 0 ? (uint32_t)period : 1;
    s->frame = synth_plan_frame(&s->plan, ns);
    s->position = 0;
    s->missed = s->spec.flag_first;
    s->reached_ns = s->origin_ns + ns;
    memset(s->lanes, 0, sizeof s->lanes);
}

/* Frame N's stamp. */
static int64_t stamp(const struct synth *s, uint64_t n)
{
    return s->origin_ns + synth_plan_time(&s->plan, n);
}

static bool synth_open(struct source *source, struct source_info *info,
                       struct fault *f)
{
    struct synth *s = self(source);
    int64_t now = synth_now(source);
    if (!s->started) {
        s->started = true;
        s->origin_ns = now;
    }
    int64_t since = now - s->origin_ns;
    if (stop_time(s) <= now) {
        return fault_set(f, ERR_SOURCE_FAILED, "synth", "interrupted", NULL);
    }
    if (s->opens++ < s->spec.fail_opens ||
        synth_plan_back(&s->spec, since) > since) {
        return fault_set(f, ERR_NO_DEVICE, "synth", "away, as asked for", NULL);
    }
    begin(s, since);
    s->signal = synth_signal_create(&s->spec, s->plan.rate, s->plan.channels,
                                    s->period_frames);
    if (!s->signal) {
        return fault_set(f, ERR_NO_MEMORY, "synth", NULL, NULL);
    }
    *info = (struct source_info){
        .format = {.rate = s->plan.rate,
                   .channels = s->plan.channels,
                   .channel_mask = format_default_mask(s->plan.channels),
                   .native = s->spec.type},
        .virtual_time = s->spec.fast,
        .lanes = s->spec.stream_count,
    };
    text_copy(info->device_id, sizeof info->device_id, "synth");
    text_copy(info->device_name, sizeof info->device_name, "Synthetic source");
    return true;
}

static void synth_close(struct source *source)
{
    struct synth *s = self(source);
    synth_signal_destroy(s->signal);
    s->signal = NULL;
}

static void synth_wait(struct source *source, int64_t timeout_ns)
{
    struct synth *s = self(source);
    int64_t now = synth_now(source);
    int64_t due = now + timeout_ns;
    int64_t back = s->origin_ns + synth_plan_back(&s->spec, now - s->origin_ns);
    if (back > now && back < due) {
        due = back;
    }
    if (s->spec.fast) {
        /* not as fast as it goes: who waits may do so without an end */
        wake_wait(s->wake, MS);
        s->virtual_ns = stop_time(s) == INT64_MAX ? due : now;
        return;
    }
    while (stop_time(s) == INT64_MAX && (now = clock_now_ns()) < due) {
        wake_wait(s->wake, due - now);
    }
}

/* --- run --- */

/* Let the time DUE come. IDLE: nothing is playing meanwhile, so that time
 * itself counts as reached. False: there is a stop that KNOWN_STOP is not. */
/* Nothing that is older is still to come. */
static void tell_reached(const struct synth *s, const struct outlet *out)
{
    for (unsigned i = s->spec.stream_count + 1; i-- > 0;) {
        if (i == 0 || s->begun[i]) {
            out[i].idle(out[i].context, s->reached_ns);
        }
    }
}

static bool wait_real(struct synth *s, const struct outlet *out, int64_t due,
                      int64_t known_stop, bool idle)
{
    for (;;) {
        int64_t now = clock_now_ns();
        if (stop_time(s) != known_stop) {
            return false;
        } else if (now >= due) {
            return true;
        }
        if (idle && now > s->reached_ns) {
            s->reached_ns = now;
        }
        tell_reached(s, out);
        wake_wait(s->wake, due - now < 50 * MS ? due - now : 50 * MS);
    }
}

/* The same in virtual time, in steps of 100 ms while nothing plays. A stall
 * without an end goes on in ever larger steps, and slower than the rest of
 * the program, so that the clock does not run away from who reads it. */
static bool wait_fast(struct synth *s, const struct outlet *out, int64_t due,
                      int64_t known_stop, bool idle)
{
    int64_t step = 100 * MS;
    while (idle && s->virtual_ns < due) {
        if (stop_time(s) != known_stop) {
            return false;
        }
        int64_t left = due - s->virtual_ns;
        s->virtual_ns += left < step ? left : step;
        s->reached_ns = s->virtual_ns;
        tell_reached(s, out);
        if (due == INT64_MAX) {
            step = step < 10000 * MS ? step + step / 8 : step;
            wake_wait(s->wake, MS);
        }
    }
    if (due > s->virtual_ns) {
        s->virtual_ns = due;
    }
    return stop_time(s) == known_stop;
}

static bool wait_until(struct synth *s, const struct outlet *out, int64_t due,
                       int64_t known_stop, bool idle)
{
    return s->spec.fast ? wait_fast(s, out, due, known_stop, idle)
                        : wait_real(s, out, due, known_stop, idle);
}

static bool has_lane(const struct synth *s, unsigned lane)
{
    for (unsigned i = 0; i < s->spec.event_count; i++) {
        if (s->lanes[i] == lane) {
            return true;
        }
    }
    return false;
}

/* The lowest lane that is free, or the highest. 0: it is not ready. */
static unsigned find_lane(struct synth *s, const struct outlet *out,
                          int64_t time_ns)
{
    unsigned lane = s->spec.lanes_down ? s->spec.stream_count : 1;
    while (has_lane(s, lane)) {
        lane += s->spec.lanes_down ? -1U : 1U;
    }
    while (!out[lane].begin(out[lane].context, time_ns)) {
        if (stop_time(s) != INT64_MAX) {
            return 0;
        }
        clock_sleep_ns(MS);
    }
    s->begun[lane] = true;
    return lane;
}

/* PACKET on the lane of each stream that plays; packets end where one begins or
 * ends. */
static void emit_streams(struct synth *s, const struct outlet *out,
                         const struct packet *packet, const void *data)
{
    for (unsigned i = 0; i < s->spec.event_count; i++) {
        bool plays = s->spec.events[i].kind == SYNTH_STREAM &&
                     s->frame >= s->plan.spans[i].first &&
                     s->frame < s->plan.spans[i].last;
        if (!plays) {
            s->lanes[i] = 0;
        } else if (s->lanes[i] == 0) {
            s->lanes[i] = find_lane(s, out, stamp(s, s->frame));
        }
        const struct outlet *lane = &out[s->lanes[i]];
        if (s->lanes[i] > 0) {
            lane->packet(lane->context, packet, data, s->spec.type);
        }
    }
}

static void emit(struct synth *s, const struct outlet *out, uint32_t frames,
                 bool silent)
{
    struct packet packet = {
        .kind = PACKET_AUDIO,
        .frames = frames,
        .time_ns = PACKET_NO_TIME,
        .position = PACKET_NO_POSITION,
    };
    const void *data = silent ? synth_signal_rubbish(s->signal)
                              : synth_signal_at(s->signal, s->frame, frames);
    if (!s->spec.no_time) {
        packet.time_ns =
            stamp(s, s->frame) + synth_plan_lateness(&s->spec, s->packets);
    }
    if (s->spec.position != SYNTH_POSITION_NONE) {
        bool zero = s->spec.position == SYNTH_POSITION_ZERO;
        packet.position = zero ? 0 : s->position;
    }
    if (s->missed || s->spec.flag_every) {
        packet.flags |= PACKET_DISCONTINUITY;
    }
    if (silent) {
        packet.flags |= PACKET_SILENT;
    }
    if (s->spec.stream_count > 0) {
        emit_streams(s, out, &packet, data);
    } else {
        out->packet(out->context, &packet, data, s->spec.type);
    }
    s->missed = false;
    s->packets++;
    s->frame += frames;
    s->position += frames;
    s->reached_ns = stamp(s, s->frame);
}

/* One packet, when it is complete. False: room was interrupted. */
static bool run_packet(struct synth *s, const struct outlet *out,
                       const struct synth_step *step, int64_t stop)
{
    uint64_t left = step->until - s->frame;
    uint32_t frames =
        left < s->period_frames ? (uint32_t)left : s->period_frames;
    int64_t due = synth_plan_time(&s->plan, s->frame + frames);
    if (stop == INT64_MAX) {
        due = synth_plan_delivery(&s->plan, due);
    }
    if (s->spec.fast && !out->room(out->context, frames)) {
        return false;
    }
    if (wait_until(s, out, s->origin_ns + due, stop, false)) {
        emit(s, out, frames, step->silent);
        if (s->spec.fast) {
            tell_reached(s, out);
        }
    }
    return true;
}

/* The moment of STEP's event: why run ends. */
static enum source_end end_for(const struct synth_event *e, struct fault *f)
{
    if (e->kind == SYNTH_OVER) {
        return SOURCE_ENDED;
    }
    const char *why = e->kind == SYNTH_LOSE       ? "lost, as asked for"
                      : e->kind == SYNTH_REFORMAT ? "format changed"
                                                  : "the default moved";
    fault_set(f, ERR_DEVICE_LOST, "synth", why, NULL);
    return e->kind == SYNTH_REROUTE ? SOURCE_REROUTED : SOURCE_LOST;
}

static enum source_end synth_run(struct source *source,
                                 const struct outlet *out, struct fault *f)
{
    struct synth *s = self(source);
    for (;;) {
        int64_t stop = stop_time(s);
        if (stop == SOURCE_STOP_NOW) {
            return SOURCE_INTERRUPTED;
        }
        int64_t stop_ns = stop > s->origin_ns ? stop - s->origin_ns : 0;
        struct synth_step step = synth_plan_step(
            &s->plan, s->frame,
            stop == INT64_MAX ? UINT64_MAX
                              : synth_plan_frame(&s->plan, stop_ns));
        /* Where nothing follows that could end it: for ever. */
        int64_t until =
            step.until == UINT64_MAX ? INT64_MAX : stamp(s, step.until);
        switch (step.act) {
        case SYNTH_STOP: return SOURCE_INTERRUPTED;
        case SYNTH_PACKET:
            if (!run_packet(s, out, &step, stop)) {
                return SOURCE_INTERRUPTED;
            }
            break;
        case SYNTH_MISS:
            s->position += step.until - s->frame;
            s->frame = step.until;
            s->missed = true;
            break;
        case SYNTH_IDLE:
            if (wait_until(s, out, until, stop, true)) {
                s->frame = step.until;
                s->reached_ns = until;
            }
            break;
        case SYNTH_ASLEEP:
            if (out->slept) {
                int64_t now = stamp(s, s->frame);
                out->slept(out->context, now, until - now);
            }
            s->virtual_ns = until;
            s->frame = step.until;
            s->reached_ns = until;
            break;
        case SYNTH_END:
            if (wait_until(s, out, stamp(s, s->frame), stop, false)) {
                return end_for(step.event, f);
            }
            break;
        }
    }
}

const struct source_ops synth_ops = {
    .name = "synth",
    .create = synth_create,
    .open = synth_open,
    .run = synth_run,
    .close = synth_close,
    .interrupt = synth_interrupt,
    .wait = synth_wait,
    .now = synth_now,
    .destroy = synth_destroy,
};
