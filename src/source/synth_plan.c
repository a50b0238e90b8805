/* synth_plan: see synth_plan.h. Capture thread. */
#include "source/synth_plan.h"

__extension__ typedef unsigned __int128 wide;

#define PARTS UINT64_C(1000000000000000000) /* ns and ppb in a second */

/* Frames in PARTS seconds of the clock: the drift is in it. */
static uint64_t true_rate(const struct synth_plan *p)
{
    return p->rate * (uint64_t)(INT64_C(1000000000) + p->spec->drift_ppb);
}

uint64_t synth_plan_frame(const struct synth_plan *p, int64_t ns)
{
    if (ns <= 0) {
        return 0;
    }
    wide product = (wide)(uint64_t)ns * true_rate(p);
    return (uint64_t)((product + PARTS - 1) / PARTS);
}

int64_t synth_plan_time(const struct synth_plan *p, uint64_t n)
{
    return (int64_t)((wide)n * PARTS / true_rate(p));
}

void synth_plan_init(struct synth_plan *p, const struct synth_spec *spec,
                     int64_t opened_ns)
{
    int64_t latest = -1;
    p->spec = spec;
    p->opened_ns = opened_ns;
    p->rate = spec->rate;
    p->channels = spec->channels;
    for (unsigned i = 0; i < spec->event_count; i++) {
        const struct synth_event *e = &spec->events[i];
        if (e->kind == SYNTH_REFORMAT && e->at_ns <= opened_ns &&
            e->at_ns >= latest) {
            latest = e->at_ns;
            p->rate = e->rate;
            p->channels = e->channels ? e->channels : spec->channels;
        }
    }
    for (unsigned i = 0; i < spec->event_count; i++) {
        const struct synth_event *e = &spec->events[i];
        p->spans[i].first = synth_plan_frame(p, e->at_ns);
        p->spans[i].last = synth_plan_frame(p, e->at_ns + e->length_ns);
    }
    p->end_frame = spec->length_ns == INT64_MAX
                       ? UINT64_MAX
                       : synth_plan_frame(p, spec->length_ns);
}

static bool is_moment(enum synth_event_kind kind)
{
    return kind >= SYNTH_LOSE;
}

struct synth_step synth_plan_step(const struct synth_plan *p, uint64_t frame,
                                  uint64_t stop_frame)
{
    struct synth_step step = {.act = SYNTH_PACKET, .until = stop_frame};
    bool idle = frame >= p->end_frame;
    bool gap = false;
    bool asleep = false;
    if (frame >= stop_frame) {
        step.act = SYNTH_STOP;
        return step;
    }
    if (!idle && p->end_frame < step.until) {
        step.until = p->end_frame;
    }
    for (unsigned i = 0; i < p->spec->event_count; i++) {
        const struct synth_event *e = &p->spec->events[i];
        uint64_t change = p->spans[i].first;
        if (e->kind == SYNTH_BURST ||
            (is_moment(e->kind) && e->at_ns <= p->opened_ns)) {
            continue; /* see delivery; it was, or fell in a time away */
        }
        if (frame >= change && is_moment(e->kind)) {
            step.act = SYNTH_END;
            step.event = e;
            return step;
        }
        if (frame >= change) {
            bool inside = frame < p->spans[i].last;
            change = inside ? p->spans[i].last : UINT64_MAX;
            gap = gap || (inside && e->kind == SYNTH_GAP);
            idle = idle || (inside && e->kind == SYNTH_STALL);
            asleep = asleep || (inside && e->kind == SYNTH_SLEEP);
            step.silent = step.silent || (inside && e->kind == SYNTH_SILENT);
        }
        step.until = change < step.until ? change : step.until;
    }
    step.act = asleep ? SYNTH_ASLEEP
               : gap  ? SYNTH_MISS
               : idle ? SYNTH_IDLE
                      : SYNTH_PACKET;
    return step;
}

int64_t synth_plan_delivery(const struct synth_plan *p, int64_t ns)
{
    for (unsigned i = 0; i < p->spec->event_count; i++) {
        const struct synth_event *e = &p->spec->events[i];
        if (e->kind == SYNTH_BURST && e->at_ns <= ns &&
            ns < e->at_ns + e->length_ns) {
            ns = e->at_ns + e->length_ns;
        }
    }
    return ns;
}

int64_t synth_plan_back(const struct synth_spec *spec, int64_t ns)
{
    int64_t back = ns;
    for (unsigned i = 0; i < spec->event_count; i++) {
        const struct synth_event *e = &spec->events[i];
        int64_t end_ns = e->at_ns + e->length_ns;
        if (e->kind == SYNTH_LOSE && e->at_ns <= ns && end_ns > back) {
            back = end_ns;
        }
    }
    return back;
}

int64_t synth_plan_lateness(const struct synth_spec *spec, uint64_t number)
{
    uint64_t x = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (int64_t)((x ^ x >> 32) % ((uint64_t)spec->jitter_ns + 1));
}
