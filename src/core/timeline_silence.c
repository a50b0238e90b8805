/* timeline_silence: what of a file comes without packets: silence while nothing
 * plays or the device is away, the stop, a sleep of the machine. See
 * timeline.h. Writer thread. */
#include "core/timeline.h"

#include "core/timeline_parts.h"

/* A stop is exact while the file is not later than its stamps by more. */
#define STOP_EXACT_NS INT64_C(50000000)
/* Between the last packet and the news that the device is gone, or a sleep. */
#define GONE_MARGIN_NS INT64_C(250000000)

/* No opening of a device takes longer: a day. */
#define OPENING_MOST_NS INT64_C(86400000000000)

/* How many of the next FRAMES lie before the device was open. */
static uint64_t away(const struct timeline *t, uint64_t frames)
{
    if (t->gone) {
        return frames;
    }
    if (t->opened_ns == PACKET_NO_TIME) {
        return 0;
    }
    int64_t left = timeline_frame_at(t, t->opened_ns) - (int64_t)t->at;
    uint64_t most = left > 0 ? (uint64_t)left : 0;
    return most < frames ? most : frames;
}

void timeline_add_silence(struct timeline *t, struct plan *plan,
                          uint64_t frames)
{
    uint64_t gone = away(t, frames);
    timeline_add_gap(t, plan, CLASS_GONE, gone, "the device was away");
    timeline_add_gap(t, plan, CLASS_IDLE, frames - gone, "nothing was playing");
}

void timeline_gone(struct timeline *t, int64_t time_ns, uint64_t lost,
                   struct plan *plan)
{
    *plan = (struct plan){0};
    time_ns = timeline_moment(t, time_ns);
    if (time_ns != PACKET_NO_TIME && !t->gone) {
        int64_t idle = timeline_frame_at(t, time_ns) - (int64_t)t->at;
        uint64_t missed = timeline_lost(t, lost);
        if (idle > 0 && missed > (uint64_t)idle) {
            missed = (uint64_t)idle;
        }
        timeline_add_gap(t, plan, CLASS_LOST, idle > 0 ? missed : 0,
                         "the buffer was full");
        idle -= (int64_t)missed;
        if (idle > frames_from_ns(GONE_MARGIN_NS, t->rate)) {
            timeline_add_silence(t, plan, (uint64_t)idle);
        }
    }
    timeline_close_run(t);
    count_forget(&t->count);
    t->gone = true;
    t->opened_ns = PACKET_NO_TIME;
}

void timeline_back(struct timeline *t, int64_t time_ns, int64_t length_ns,
                   struct plan *plan)
{
    *plan = (struct plan){0};
    if (t->gone) {
        timeline_idle(t, time_ns, plan);
        bool sane = timeline_moment(t, time_ns) != PACKET_NO_TIME &&
                    length_ns >= 0 && length_ns < OPENING_MOST_NS;
        t->opened_ns = sane ? time_ns + length_ns : PACKET_NO_TIME;
    }
    t->gone = false;
}

void timeline_idle(struct timeline *t, int64_t time_ns, struct plan *plan)
{
    *plan = (struct plan){0};
    time_ns = timeline_moment(t, time_ns);
    if (time_ns == PACKET_NO_TIME) {
        return;
    }
    int64_t frames = timeline_frame_at(t, time_ns) - (int64_t)t->at;
    if (frames <= 0 || t->at >= t->limit) {
        return;
    }
    timeline_close_run(t);
    timeline_add_silence(t, plan, (uint64_t)frames);
}

uint64_t timeline_cut_frame(const struct timeline *t, int64_t time_ns)
{
    int64_t cut = time_ns;
    if (t->run_open && t->skew.ns < -STOP_EXACT_NS) {
        int64_t late_ns = -t->skew.ns - STOP_EXACT_NS;
        int64_t crystal_ns = timeline_crystal_most(t);
        cut += late_ns < crystal_ns ? late_ns : crystal_ns;
    }
    int64_t frame = timeline_frame_at(t, cut);
    return frame < 0 ? 0 : (uint64_t)frame;
}

void timeline_set_stop(struct timeline *t, int64_t stop_ns)
{
    uint64_t limit = timeline_cut_frame(t, stop_ns);
    if (limit < t->at) {
        limit = t->at;
    }
    if (limit < t->limit) {
        t->limit = limit;
    }
}

void timeline_finish(struct timeline *t, int64_t stop_ns, uint64_t lost,
                     struct plan *plan)
{
    *plan = (struct plan){0};
    uint64_t missed = timeline_lost(t, lost);
    uint64_t gap = missed;
    stop_ns = timeline_moment(t, stop_ns);
    if (stop_ns != PACKET_NO_TIME) {
        int64_t frames = timeline_frame_at(t, stop_ns) - (int64_t)t->at;
        gap = frames < 0 ? 0 : (uint64_t)frames;
    }
    if (missed > gap) {
        missed = gap;
    }
    timeline_add_gap(t, plan, CLASS_LOST, missed, "the buffer was full");
    timeline_add_silence(t, plan, gap - missed);
    timeline_close_run(t);
}

bool timeline_sleep_due(const struct timeline *t, int64_t time_ns)
{
    time_ns = timeline_moment(t, time_ns);
    bool timed = t->run_open && time_ns != PACKET_NO_TIME;
    return suspend_due(&t->suspend, time_ns,
                       timed ? time_ns - timeline_next_ns(t) - t->skew.ns : 0);
}

uint64_t timeline_pass_sleep(struct timeline *t, struct plan *plan)
{
    struct suspend s = t->suspend;
    *plan = (struct plan){0};
    int64_t before =
        timeline_frame_at(t, s.from_ns - t->skew.ns) - (int64_t)t->at;
    if (before > (t->run_open ? frames_from_ns(GONE_MARGIN_NS, t->rate) : 0)) {
        timeline_close_run(t);
        timeline_add_silence(t, plan, (uint64_t)before);
    }
    uint64_t frame = t->at;
    t->suspend.length_ns = 0;
    t->start_ns += suspend_shift(&s);
    if (s.kept) {
        uint64_t frames = (uint64_t)frames_from_ns(s.length_ns, t->rate);
        timeline_add_gap(t, plan, CLASS_GONE, frames, "suspended");
    }
    timeline_restart_run(t);
    skew_end_stretch(&t->skew);
    count_forget(&t->count);
    t->slept_ns += s.length_ns;
    t->woke = true;
    return frame;
}
