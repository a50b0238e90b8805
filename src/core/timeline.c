/* timeline: see timeline.h. Writer thread.
 *
 * Terms: a packet's *error* is its stamp minus the moment that the file gives
 * its first frame. A reader can be late, so single errors are too large, never
 * too small: the least of a quarter of a second is taken for the truth. What
 * is left is the *skew* (a crystal's drift, the first stamp's lateness) or a
 * *gap*. */
#include "core/timeline.h"

#include <string.h>

/* Errors below these never make a gap. Without a position a stamp is the only
 * witness, so one packet's length counts, and less where the system flags a
 * discontinuity. A contiguous position says that nothing is missing, and only
 * a larger error, such as that of a suspended device, speaks against it; there
 * a flag says little (some drivers set it on every packet). */
#define GAP_NS                    INT64_C(10000000)
#define GAP_FLAGGED_NS            INT64_C(5000000)
#define GAP_CONTIGUOUS_NS         INT64_C(30000000)
#define GAP_CONTIGUOUS_FLAGGED_NS INT64_C(20000000)
/* Stamp and position agree on a gap's length within this. */
#define AGREE_NS INT64_C(20000000)
/* A position that jumps further, with no stamp to say so, is nonsense: no
 * system holds so much back. */
#define JUMP_MOST_NS INT64_C(10000000000)
/* A stamp further back than this is no stamp. */
#define ABSURD_NS INT64_C(2000000000)
/* A skew of one packet or more is settled where nothing but zeros plays. */
#define SETTLE_NS INT64_C(10000000)
/* The first stamps of a run can be late for longer than anybody looks ahead (a
 * reader on a machine with too much to do); what they were late shows as a
 * surplus later, and is none. */
#define OFFSET_MOST_NS INT64_C(1000000000)
/* A stop is exact while the file is not later than its stamps by more. */
#define STOP_EXACT_NS INT64_C(50000000)
/* Between the last packet and the news that the device is gone. */
#define GONE_MARGIN_NS INT64_C(250000000)

void timeline_init(struct timeline *t, uint32_t rate, int64_t start_ns,
                   uint64_t limit, int64_t look_ns)
{
    memset(t, 0, sizeof(*t));
    t->look_ns = look_ns;
    t->rate = rate;
    t->run_rate = rate;
    t->start_ns = start_ns;
    t->limit = limit;
    t->next_position = PACKET_NO_POSITION;
    skew_end_stretch(&t->skew);
}

int64_t timeline_time(const struct timeline *t, uint64_t frame)
{
    return t->start_ns + frames_to_ns((int64_t)frame, t->rate);
}

/* The file frame of a moment, negative before the start. */
static int64_t frame_at(const struct timeline *t, int64_t time_ns)
{
    return frames_from_ns(time_ns - t->start_ns, t->rate);
}

/* N source frames in file frames, rounded down, as the converter counts. */
static uint64_t to_file(const struct timeline *t, uint64_t n)
{
    return t->run_rate == t->rate
               ? n
               : (uint64_t)((unsigned __int128)n * t->rate / t->run_rate);
}

/* The moment that the file gives to the next source frame of the open run. */
static int64_t next_ns(const struct timeline *t)
{
    return timeline_time(t, t->run_origin) +
           frames_to_ns((int64_t)t->run_frames, t->run_rate);
}

/* Source frames missing before P by the device's own count; 0 where it has
 * none, or where the count went back (a new origin). */
static uint64_t position_jump(const struct timeline *t, const struct packet *p)
{
    if (p->position == PACKET_NO_POSITION ||
        t->next_position == PACKET_NO_POSITION ||
        p->position < t->next_position) {
        return 0;
    }
    return p->position - t->next_position;
}

static bool position_contiguous(const struct timeline *t,
                                const struct packet *p)
{
    return p->position != PACKET_NO_POSITION && p->position == t->next_position;
}

/* --- plans --- */

static void plan_clear(struct plan *plan)
{
    memset(plan, 0, sizeof(*plan));
}

/* Put FRAMES of silence next, as far as the limit allows. */
static void add_gap(struct timeline *t, struct plan *plan,
                    enum account_class class, uint64_t frames,
                    const char *reason)
{
    uint64_t room = t->limit > t->at ? t->limit - t->at : 0;
    if (frames > room) {
        frames = room;
    }
    if (frames == 0 || plan->gap_count == PLAN_GAPS) {
        return;
    }
    plan->gaps[plan->gap_count++] =
        (struct plan_gap){.class = class, .frames = frames, .reason = reason};
    t->at += frames;
}

static void close_run(struct timeline *t)
{
    t->run_open = false;
    t->skew.ns = 0;
    skew_end_stretch(&t->skew);
}

/* The run goes on behind a gap: same skew, new origin, so that the converter,
 * which is flushed at gaps, and the timeline count from the same frame. */
static void restart_run(struct timeline *t)
{
    t->run_origin = t->at;
    t->run_frames = 0;
}

/* GAP file frames are missing before P; LOST of them were dropped by the ring
 * or by the source's own count. Say what they are. KNOWN_LOSS: the system says
 * that something was missed (beyond where it said that nothing came). */
static void classify_gap(struct timeline *t, const struct packet *p,
                         uint64_t gap, uint64_t lost, bool known_loss,
                         struct plan *plan)
{
    if (lost > gap) {
        lost = gap;
    }
    if (t->gone) {
        add_gap(t, plan, CLASS_GONE, gap - lost, "the device was away");
        add_gap(t, plan, CLASS_LOST, lost, "the buffer was full");
        return;
    }
    uint64_t idle = gap - lost;
    if (known_loss) {
        idle = 0;
        if (p->idle_ns != PACKET_NO_TIME) {
            int64_t until = frame_at(t, p->idle_ns) - (int64_t)t->at;
            idle = until <= 0 ? 0 : (uint64_t)until;
        }
        if (idle > gap - lost) {
            idle = gap - lost;
        }
    }
    add_gap(t, plan, CLASS_IDLE, idle, "nothing was playing");
    add_gap(t, plan, CLASS_LOST, gap - idle,
            lost > 0 ? "the buffer was full" : "the system missed audio");
}

/* Take all of P but SKIP frames at its front, within the limit. */
static void take(struct timeline *t, const struct packet *p, uint32_t skip,
                 struct plan *plan)
{
    plan->skip_frames = skip;
    uint64_t before = to_file(t, t->run_frames);
    uint32_t count = p->frames - skip;
    uint64_t amount = to_file(t, t->run_frames + count) - before;
    uint64_t room = t->limit > t->at ? t->limit - t->at : 0;
    if (amount > room) {
        amount = room;
        if (t->run_rate == t->rate || room == 0) {
            count = (uint32_t)room;
        }
    }
    plan->take_frames = count;
    plan->file_frames = amount;
    t->run_frames += count;
    t->at += amount;
    t->next_position = p->position == PACKET_NO_POSITION
                           ? PACKET_NO_POSITION
                           : p->position + p->frames;
}

/* --- the skew --- */

/* P is all zeros: put the skew right where nobody hears it. Returns how many
 * frames of P to leave out. */
static uint32_t settle(struct timeline *t, const struct packet *p,
                       struct plan *plan)
{
    if (t->skew.ns >= SETTLE_NS) {
        uint64_t frames = (uint64_t)frames_from_ns(t->skew.ns, t->rate);
        add_gap(t, plan, CLASS_IDLE, frames, "the device's clock runs slow");
        restart_run(t);
        skew_shift(&t->skew, frames_to_ns((int64_t)frames, t->rate));
        return 0;
    }
    if (t->skew.ns <= -SETTLE_NS) {
        int64_t frames = frames_from_ns(-t->skew.ns, t->run_rate);
        uint32_t skip = frames > p->frames ? p->frames : (uint32_t)frames;
        skew_shift(&t->skew, -frames_to_ns(skip, t->run_rate));
        return skip;
    }
    return 0;
}

/* --- looking ahead --- */

bool timeline_wants_look(const struct timeline *t, const struct packet *p)
{
    if (p->time_ns == PACKET_NO_TIME) {
        return false;
    }
    if (!t->run_open) {
        return true;
    }
    return p->time_ns - next_ns(t) - t->skew.ns > GAP_FLAGGED_NS;
}

bool timeline_refine(const struct timeline *t, const struct packet *first,
                     const struct packet *follower, uint64_t *frames,
                     int64_t *time_ns)
{
    if (follower->kind != PACKET_AUDIO) {
        return false;
    }
    if (follower != first) {
        *frames += follower->lost_before;
        if (follower->time_ns != PACKET_NO_TIME) {
            int64_t proven =
                follower->time_ns - frames_to_ns((int64_t)*frames, t->run_rate);
            if (proven < *time_ns) {
                *time_ns = proven;
            }
        }
    }
    *frames += follower->frames;
    return frames_to_ns((int64_t)*frames, t->run_rate) < t->look_ns;
}

/* --- placing --- */

/* The first packet of a run goes where its stamp says. */
static void place_first(struct timeline *t, const struct packet *p,
                        int64_t time_ns, struct plan *plan)
{
    uint64_t lost = to_file(t, p->lost_before);
    int64_t gap = (int64_t)lost;
    if (time_ns != PACKET_NO_TIME) {
        gap = frame_at(t, time_ns) - (int64_t)t->at;
    }
    uint32_t skip = 0;
    if (gap >= 0) {
        classify_gap(t, p, (uint64_t)gap, lost, false, plan);
    } else {
        uint64_t over =
            (uint64_t)frames_from_ns(frames_to_ns(-gap, t->rate), t->run_rate);
        skip = over > p->frames ? p->frames : (uint32_t)over;
        if (t->at > 0 && !t->gone) {
            /* Its place was filled as idle, but it was not. */
            plan->late_frames = to_file(t, skip);
        }
    }
    if (skip == p->frames) {
        plan->skip_frames = skip; /* nothing of it: the run has not begun */
        return;
    }
    t->gone = false;
    t->run_open = true;
    restart_run(t);
    take(t, p, skip, plan);
}

/* How many file frames are missing before P, within an open run. */
static uint64_t missing(struct timeline *t, const struct packet *p,
                        int64_t error_ns, bool have_time, bool *known_loss)
{
    uint64_t jump = position_jump(t, p);
    uint64_t proven = jump > p->lost_before ? jump : p->lost_before;
    int64_t proven_ns = frames_to_ns((int64_t)proven, t->run_rate);
    bool flagged = (p->flags & PACKET_DISCONTINUITY) != 0;

    *known_loss = flagged || proven > 0;
    if (!have_time) {
        /* A position alone is believed within reason. */
        bool wild = proven_ns > JUMP_MOST_NS || proven_ns < 0;
        return to_file(t, wild ? p->lost_before : proven);
    }
    int64_t rest = error_ns - t->skew.ns;
    if (proven > 0) {
        int64_t difference = rest - proven_ns;
        if (difference > AGREE_NS) {
            /* Wine's position jumps by one period, whatever was lost. */
            return (uint64_t)frames_from_ns(rest, t->rate);
        }
        if (difference >= -AGREE_NS || jump <= p->lost_before) {
            return to_file(t, proven);
        }
        /* The position jumped, but no time passed. */
        return to_file(t, p->lost_before);
    }
    int64_t least = flagged ? GAP_FLAGGED_NS : GAP_NS;
    if (position_contiguous(t, p)) {
        least = flagged ? GAP_CONTIGUOUS_FLAGGED_NS : GAP_CONTIGUOUS_NS;
    }
    return rest > least ? (uint64_t)frames_from_ns(rest, t->rate) : 0;
}

/* What a crystal can have added up to in the run. */
static int64_t crystal_most(const struct timeline *t)
{
    int64_t run_ns = frames_to_ns((int64_t)(t->at - t->run_origin), t->rate);
    return run_ns / 1000000 * SKEW_PER_MILLION;
}

/* Frames to leave out because the device gave more than any crystal can. */
static uint32_t surplus(const struct timeline *t, const struct packet *p,
                        int64_t error_ns)
{
    if (error_ns >= -(crystal_most(t) + OFFSET_MOST_NS)) {
        return 0;
    }
    int64_t frames = frames_from_ns(-error_ns, t->run_rate);
    return frames > p->frames ? p->frames : (uint32_t)frames;
}

void timeline_place(struct timeline *t, const struct packet *p, int64_t time_ns,
                    bool quiet, struct plan *plan)
{
    plan_clear(plan);
    if (!t->run_open) {
        place_first(t, p, time_ns, plan);
        return;
    }
    int64_t error = time_ns == PACKET_NO_TIME ? 0 : time_ns - next_ns(t);
    bool have_time = time_ns != PACKET_NO_TIME && error > -ABSURD_NS;
    bool known_loss;
    uint64_t gap = missing(t, p, error, have_time, &known_loss);
    uint32_t skip = 0;

    if (gap > 0) {
        classify_gap(t, p, gap, to_file(t, p->lost_before), known_loss, plan);
        restart_run(t);
        skew_end_stretch(&t->skew);
    } else if (have_time) {
        skew_learn(&t->skew, time_ns, error);
        skip = surplus(t, p, error);
        if (skip > 0) {
            skew_shift(&t->skew, -frames_to_ns(skip, t->run_rate));
            plan->surplus_frames = skip;
        } else if (quiet) {
            skip = settle(t, p, plan);
        }
    }
    take(t, p, skip, plan);
}

void timeline_reformat(struct timeline *t, uint32_t source_rate)
{
    close_run(t);
    t->run_rate = source_rate;
    t->next_position = PACKET_NO_POSITION;
}

/* --- without packets --- */

void timeline_gone(struct timeline *t, int64_t time_ns, uint64_t lost,
                   struct plan *plan)
{
    plan_clear(plan);
    if (time_ns != PACKET_NO_TIME && !t->gone) {
        int64_t idle = frame_at(t, time_ns) - (int64_t)t->at;
        uint64_t missed = to_file(t, lost);
        if (idle > 0 && missed > (uint64_t)idle) {
            missed = (uint64_t)idle;
        }
        add_gap(t, plan, CLASS_LOST, idle > 0 ? missed : 0,
                "the buffer was full");
        idle -= (int64_t)missed;
        if (idle > frames_from_ns(GONE_MARGIN_NS, t->rate)) {
            add_gap(t, plan, CLASS_IDLE, (uint64_t)idle, "nothing was playing");
        }
    }
    close_run(t);
    t->next_position = PACKET_NO_POSITION;
    t->gone = true;
}

void timeline_back(struct timeline *t, int64_t time_ns, struct plan *plan)
{
    if (t->gone) {
        timeline_idle(t, time_ns, plan);
        t->gone = false;
    } else {
        plan_clear(plan);
    }
}

void timeline_idle(struct timeline *t, int64_t time_ns, struct plan *plan)
{
    plan_clear(plan);
    int64_t frames = frame_at(t, time_ns) - (int64_t)t->at;
    if (frames <= 0 || t->at >= t->limit) {
        return;
    }
    close_run(t);
    if (t->gone) {
        add_gap(t, plan, CLASS_GONE, (uint64_t)frames, "the device was away");
    } else {
        add_gap(t, plan, CLASS_IDLE, (uint64_t)frames, "nothing was playing");
    }
}

void timeline_set_stop(struct timeline *t, int64_t stop_ns)
{
    int64_t stop = stop_ns;
    if (t->run_open && t->skew.ns < -STOP_EXACT_NS) {
        int64_t late_ns = -t->skew.ns - STOP_EXACT_NS;
        int64_t crystal_ns = crystal_most(t);
        stop += late_ns < crystal_ns ? late_ns : crystal_ns;
    }
    int64_t frame = frame_at(t, stop);
    uint64_t limit = frame < 0 ? 0 : (uint64_t)frame;
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
    plan_clear(plan);
    uint64_t missed = to_file(t, lost);
    uint64_t gap = missed;
    if (stop_ns != PACKET_NO_TIME) {
        int64_t frames = frame_at(t, stop_ns) - (int64_t)t->at;
        gap = frames < 0 ? 0 : (uint64_t)frames;
    }
    if (missed > gap) {
        missed = gap;
    }
    add_gap(t, plan, CLASS_LOST, missed, "the buffer was full");
    if (t->gone) {
        add_gap(t, plan, CLASS_GONE, gap - missed, "the device was away");
    } else {
        add_gap(t, plan, CLASS_IDLE, gap - missed, "nothing was playing");
    }
    close_run(t);
}

bool timeline_drift(const struct timeline *t, double *ppm)
{
    *ppm = t->skew.drift_ppm;
    return t->skew.drift_span_ns > 0;
}
