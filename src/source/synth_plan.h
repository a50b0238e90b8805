/* synth_plan: what a synthetic source does when: its clock, and the events of
 * its specification in frames. Pure arithmetic; one thread at a time. */
#ifndef LOOPREC_SOURCE_SYNTH_PLAN_H
#define LOOPREC_SOURCE_SYNTH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "source/synth_spec.h"

/* One opening. All times are nanoseconds since the first opening; frames are
 * counted from there too, at this opening's rate. */
struct synth_plan {
    const struct synth_spec *spec;
    int64_t opened_ns;
    uint32_t rate, channels;
    struct {
        uint64_t first, last;  /* first <= n < last */
    } spans[SYNTH_EVENTS_MAX]; /* of spec's events */
    uint64_t end_frame;        /* of the signal's length */
};

enum synth_act {
    SYNTH_PACKET, /* frames come */
    SYNTH_MISS,   /* frames up to the step's end are lost */
    SYNTH_IDLE,   /* nothing plays */
    SYNTH_ASLEEP, /* the machine sleeps */
    SYNTH_END,    /* the step's event ends the run */
    SYNTH_STOP,
};

struct synth_step {
    enum synth_act act;
    bool silent;                     /* PACKET */
    uint64_t until;                  /* the frame where something else begins */
    const struct synth_event *event; /* END */
};

/* The opening at OPENED_NS: the format of that moment, and everything that is
 * counted in its frames. SPEC must outlive the plan. */
void synth_plan_init(struct synth_plan *p, const struct synth_spec *spec,
                     int64_t opened_ns);

/* The first frame not before NS; 0 for what lies before the start. */
uint64_t synth_plan_frame(const struct synth_plan *p, int64_t ns);

/* Frame N's moment, rounded down: synth_plan_frame gives N again. */
int64_t synth_plan_time(const struct synth_plan *p, uint64_t n);

/* What is to be done at FRAME, up to STOP_FRAME (UINT64_MAX: no stop). */
struct synth_step synth_plan_step(const struct synth_plan *p, uint64_t frame,
                                  uint64_t stop_frame);

/* When a packet that is complete at NS is handed over. */
int64_t synth_plan_delivery(const struct synth_plan *p, int64_t ns);

/* When the device that is away at NS comes back; NS itself: it is there. */
int64_t synth_plan_back(const struct synth_spec *spec, int64_t ns);

/* How late packet NUMBER's stamp is. */
int64_t synth_plan_lateness(const struct synth_spec *spec, uint64_t number);

#endif
