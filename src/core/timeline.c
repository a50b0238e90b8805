/* timeline: see timeline.h. Writer thread.
 *
 * Terms: a packet's *error* is its stamp minus the moment that the file gives
 * its first frame. A reader can be late, so single errors are too large, never
 * too small: the least of a quarter of a second is taken for the truth. What
 * is left is the *skew* (a crystal's drift, the first stamp's lateness) or a
 * *gap*. */
#include "core/timeline.h"

#include <string.h>

#include "core/timeline_parts.h"

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
/* Nor was ever so much lost: that many frames last for weeks at any rate, and
 * their length can be reckoned with. */
#define JUMP_MOST_FRAMES (UINT64_C(1) << 40)
/* Nor is a moment further from the clock's zero than this (73 years), so that
 * any two of them have a difference. */
#define MOMENT_MOST_NS (INT64_C(1) << 61)
/* A stamp further back than this is no stamp. */
#define ABSURD_NS INT64_C(2000000000)
/* A skew of one packet or more is settled where nothing plays, or nothing but
 * zeros. */
#define SETTLE_NS INT64_C(10000000)
/* The first stamps of a run can be late for longer than anybody looks ahead (a
 * reader on a machine with too much to do); what they were late shows as a
 * surplus later, and is none. */
#define OFFSET_MOST_NS INT64_C(1000000000)
/* What a source has not yet seen of the system's packets is no longer. */
#define UNSEEN_NS INT64_C(150000000)

void timeline_init(struct timeline *t, uint32_t rate, int64_t start_ns,
                   uint64_t limit, int64_t look_ns)
{
    memset(t, 0, sizeof(*t));
    t->look_ns = look_ns;
    t->rate = rate;
    t->run_rate = rate;
    t->start_ns = start_ns;
    t->limit = limit;
    t->now_ns = PACKET_NO_TIME;
    t->opened_ns = PACKET_NO_TIME;
    count_forget(&t->count);
    skew_end_stretch(&t->skew);
}

void timeline_join(struct timeline *t, const struct timeline *other,
                   uint64_t at)
{
    timeline_init(t, other->rate, other->start_ns, other->limit,
                  other->look_ns);
    t->suspend = other->suspend;
    t->slept_ns = other->slept_ns;
    t->now_ns = other->now_ns;
    t->at = at;
}

void timeline_tell_now(struct timeline *t, int64_t now_ns)
{
    if (now_ns > t->now_ns) {
        t->now_ns = now_ns;
    }
}

int64_t timeline_moment(const struct timeline *t, int64_t time_ns)
{
    bool known = time_ns > -MOMENT_MOST_NS && time_ns < MOMENT_MOST_NS;
    bool ahead = known && t->now_ns != PACKET_NO_TIME &&
                 time_ns > t->now_ns + TIMELINE_AHEAD_NS;
    return known && !ahead ? time_ns : PACKET_NO_TIME;
}

int64_t timeline_time(const struct timeline *t, uint64_t frame)
{
    return suspend_to_clock(
        &t->suspend, t->start_ns + frames_to_ns((int64_t)frame, t->rate));
}

int64_t timeline_frame_at(const struct timeline *t, int64_t time_ns)
{
    return frames_from_ns(suspend_to_file(&t->suspend, time_ns) - t->start_ns,
                          t->rate);
}

uint64_t timeline_to_file(const struct timeline *t, uint64_t n)
{
    return t->run_rate == t->rate
               ? n
               : (uint64_t)((unsigned __int128)n * t->rate / t->run_rate);
}

uint64_t timeline_lost(const struct timeline *t, uint64_t lost)
{
    return timeline_to_file(t,
                            lost < JUMP_MOST_FRAMES ? lost : JUMP_MOST_FRAMES);
}

int64_t timeline_next_ns(const struct timeline *t)
{
    return t->start_ns + frames_to_ns((int64_t)t->run_origin, t->rate) +
           frames_to_ns((int64_t)t->run_frames, t->run_rate);
}

/* --- plans --- */

/* How many frames there may be in all: by the clock, or as can be reckoned
 * with. */
static uint64_t most(const struct timeline *t)
{
    if (t->now_ns == PACKET_NO_TIME) {
        return (uint64_t)frames_from_ns(MOMENT_MOST_NS, t->rate);
    }
    int64_t frames = timeline_frame_at(t, t->now_ns + TIMELINE_AHEAD_NS);
    return frames < 0
               ? 0
               : (uint64_t)(frames + frames / 1000000 * SKEW_PER_MILLION);
}

static bool is_ahead(const struct timeline *t)
{
    return t->at > most(t);
}

void timeline_add_gap(struct timeline *t, struct plan *plan,
                      enum account_class class, uint64_t frames,
                      const char *reason)
{
    uint64_t end = most(t);
    end = end < t->limit ? end : t->limit;
    uint64_t room = end > t->at ? end - t->at : 0;
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

void timeline_close_run(struct timeline *t)
{
    t->run_open = false;
    t->skew.ns = 0;
    skew_end_stretch(&t->skew);
}

void timeline_restart_run(struct timeline *t)
{
    t->run_origin = t->at;
    t->run_frames = 0;
}

/* What speaks for a loss where frames are missing. */
enum witness {
    WITNESS_NONE,  /* nothing was playing */
    WITNESS_FLAG,  /* the system says that something was missed, at some time
                    * since the last packet */
    WITNESS_COUNT, /* and how many frames: the device counted them */
};

/* How much of a GAP before P was idle, by the source's word. Between its last
 * look and P it knows of nothing, but what it did not see then can only be
 * short: a pause is what ended there. */
static uint64_t idle_part(const struct timeline *t, const struct packet *p,
                          uint64_t gap)
{
    int64_t said = p->idle_ns == PACKET_NO_TIME
                       ? 0
                       : timeline_frame_at(t, p->idle_ns) - (int64_t)t->at;
    int64_t rest = (int64_t)gap - said;
    bool all = rest <= frames_from_ns(UNSEEN_NS, t->rate);
    return said <= 0 ? 0 : all ? gap : (uint64_t)said;
}

/* Nothing played for GAP frames, so they may as well be more or fewer, where
 * that puts the skew right. */
static uint64_t settled_gap(struct timeline *t, uint64_t gap)
{
    if (t->skew.ns < SETTLE_NS && t->skew.ns > -SETTLE_NS) {
        return gap;
    }
    int64_t frames = frames_from_ns(t->skew.ns, t->rate);
    if (frames < -(int64_t)gap) {
        frames = -(int64_t)gap;
    }
    skew_shift(&t->skew, frames_to_ns(frames, t->rate));
    return gap + (uint64_t)frames;
}

/* GAP file frames are missing before P; LOST of them were dropped by the ring,
 * or by the source's own count, which then says so by the flag. Say what they
 * are. */
static void classify_gap(struct timeline *t, const struct packet *p,
                         uint64_t gap, uint64_t lost, enum witness witness,
                         struct plan *plan)
{
    lost = lost < gap ? lost : gap;
    bool ours = lost > 0 && (p->flags & PACKET_DISCONTINUITY) == 0;
    const char *why = ours ? "the buffer was full" : "the system missed audio";
    uint64_t idle = gap - lost;
    if (witness == WITNESS_COUNT) {
        idle = 0;
    } else if (witness == WITNESS_FLAG) {
        uint64_t said = idle_part(t, p, gap);
        idle = said < idle ? said : idle;
    }
    if (idle == gap) {
        idle = gap = settled_gap(t, gap);
    }
    timeline_add_silence(t, plan, idle);
    timeline_add_gap(t, plan, CLASS_LOST, gap - idle, why);
}

/* Take all of P but SKIP frames at its front, within the limit; nothing where
 * the file is ahead of what the clock allows. */
static void take(struct timeline *t, const struct packet *p, uint32_t skip,
                 struct plan *plan)
{
    if (is_ahead(t)) {
        plan->surplus_frames = skip = p->frames;
    }
    plan->skip_frames = skip;
    uint64_t before = timeline_to_file(t, t->run_frames);
    uint32_t count = p->frames - skip;
    uint64_t amount = timeline_to_file(t, t->run_frames + count) - before;
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
    count_take(&t->count, p, t->run_rate);
}

/* --- the skew --- */

/* P is all zeros: put the skew right where nobody hears it. Returns how many
 * frames of P to leave out. */
static uint32_t settle(struct timeline *t, const struct packet *p,
                       struct plan *plan)
{
    if (t->skew.ns >= SETTLE_NS) {
        uint64_t frames = (uint64_t)frames_from_ns(t->skew.ns, t->rate);
        timeline_add_gap(t, plan, CLASS_IDLE, frames,
                         "the device's clock runs slow");
        timeline_restart_run(t);
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
    int64_t time_ns = timeline_moment(t, p->time_ns);
    if (time_ns == PACKET_NO_TIME) {
        return false;
    }
    if (!t->run_open) {
        return true;
    }
    return time_ns - timeline_next_ns(t) - t->skew.ns > GAP_FLAGGED_NS;
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
        int64_t follower_ns = timeline_moment(t, follower->time_ns);
        if (*frames > JUMP_MOST_FRAMES) {
            return false;
        }
        if (follower_ns != PACKET_NO_TIME) {
            int64_t proven =
                follower_ns - frames_to_ns((int64_t)*frames, t->run_rate);
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
    uint64_t lost = timeline_to_file(t, p->lost_before);
    int64_t gap = (int64_t)lost;
    if (time_ns != PACKET_NO_TIME) {
        gap = timeline_frame_at(t, time_ns) - (int64_t)t->at;
        if (gap == -1 && t->at > 0) {
            gap = 0; /* two moments, rounded to frames */
        }
    }
    uint32_t skip = 0;
    uint64_t filled = gap < 0 ? (uint64_t)-gap : 0;
    count_learn(&t->count, p, t->run_rate);
    if (gap < 0) {
        uint64_t over =
            (uint64_t)frames_from_ns(frames_to_ns(-gap, t->rate), t->run_rate);
        skip = over > p->frames ? p->frames : (uint32_t)over;
        gap = 0;
    }
    if (t->at > 0 && !t->gone) {
        /* Its place was filled as idle, but it was not. */
        uint64_t before = lost > (uint64_t)gap ? lost - (uint64_t)gap : 0;
        if (before <= (uint64_t)frames_from_ns(AGREE_NS, t->rate)) {
            before = 0; /* the stamp's unrest */
        }
        uint64_t late = timeline_to_file(t, skip) + before;
        plan->late_frames = late < t->at ? late : t->at;
        uint64_t back = filled + before;
        back = back > late ? back : late;
        plan->late_from = back < t->at ? t->at - back : 0;
    }
    classify_gap(t, p, (uint64_t)gap, lost, WITNESS_NONE, plan);
    if (skip == p->frames || is_ahead(t)) {
        plan->surplus_frames = skip < p->frames ? p->frames : 0;
        plan->skip_frames = p->frames;
        return; /* nothing of it: the run has not begun */
    }
    t->gone = false;
    t->opened_ns = PACKET_NO_TIME;
    t->run_open = true;
    timeline_restart_run(t);
    take(t, p, skip, plan);
}

/* How many file frames are missing before P, within an open run. */
static uint64_t missing(struct timeline *t, const struct packet *p,
                        int64_t error_ns, bool have_time, enum witness *witness)
{
    uint64_t jump = count_jump(&t->count, p);
    uint64_t proven = jump > p->lost_before ? jump : p->lost_before;
    uint64_t sane = proven < JUMP_MOST_FRAMES ? proven : JUMP_MOST_FRAMES;
    int64_t proven_ns = frames_to_ns((int64_t)sane, t->run_rate);
    bool flagged = (p->flags & PACKET_DISCONTINUITY) != 0;

    *witness = flagged || proven > 0 ? WITNESS_FLAG : WITNESS_NONE;
    if (!have_time) {
        /* A position alone is believed within reason. */
        bool wild = proven_ns > JUMP_MOST_NS;
        return timeline_to_file(t, wild ? p->lost_before : proven);
    }
    int64_t rest = error_ns - t->skew.ns;
    if (proven > 0) {
        int64_t difference = rest - proven_ns;
        if (difference > AGREE_NS) {
            /* Wine's position jumps by one period, whatever was lost. */
            return (uint64_t)frames_from_ns(rest, t->rate);
        }
        if (difference >= -AGREE_NS || jump <= p->lost_before) {
            *witness = t->count.runs ? WITNESS_FLAG : WITNESS_COUNT;
            return timeline_to_file(t, proven);
        }
        /* The position jumped, but no time passed. */
        return timeline_to_file(t, p->lost_before);
    }
    int64_t least = flagged ? GAP_FLAGGED_NS : GAP_NS;
    if (count_is_contiguous(&t->count, p)) {
        least = flagged ? GAP_CONTIGUOUS_FLAGGED_NS : GAP_CONTIGUOUS_NS;
    }
    return rest > least ? (uint64_t)frames_from_ns(rest, t->rate) : 0;
}

int64_t timeline_crystal_most(const struct timeline *t)
{
    int64_t run_ns = frames_to_ns((int64_t)(t->at - t->run_origin), t->rate);
    return run_ns / 1000000 * SKEW_PER_MILLION;
}

/* Frames to leave out because the device gave more than any crystal can. */
static uint32_t surplus(const struct timeline *t, const struct packet *p,
                        int64_t error_ns)
{
    if (error_ns >= -(timeline_crystal_most(t) + OFFSET_MOST_NS)) {
        return 0;
    }
    int64_t frames = frames_from_ns(-error_ns, t->run_rate);
    return frames > p->frames ? p->frames : (uint32_t)frames;
}

/* GIVEN, as far as it can be believed. */
static struct packet believed(const struct timeline *t,
                              const struct packet *given)
{
    struct packet p = *given;
    p.time_ns = timeline_moment(t, p.time_ns);
    p.idle_ns = timeline_moment(t, p.idle_ns);
    p.lost_before =
        p.lost_before < JUMP_MOST_FRAMES ? p.lost_before : JUMP_MOST_FRAMES;
    return p;
}

void timeline_place(struct timeline *t, const struct packet *given,
                    int64_t time_ns, bool quiet, struct plan *plan)
{
    const struct packet packet = believed(t, given), *p = &packet;
    time_ns = timeline_moment(t, time_ns);
    *plan = (struct plan){0};
    if (!t->run_open) {
        place_first(t, p, time_ns, plan);
        return;
    }
    int64_t error =
        time_ns == PACKET_NO_TIME ? 0 : time_ns - timeline_next_ns(t);
    bool have_time = time_ns != PACKET_NO_TIME && error > -ABSURD_NS;
    enum witness witness;
    uint64_t gap = missing(t, p, error, have_time, &witness);
    uint32_t skip = 0;

    witness = t->woke ? WITNESS_NONE : witness;
    t->woke = false;
    if (gap > 0) {
        classify_gap(t, p, gap, timeline_to_file(t, p->lost_before), witness,
                     plan);
        timeline_restart_run(t);
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
    timeline_close_run(t);
    t->run_rate = source_rate;
    count_forget(&t->count);
}

bool timeline_drift(const struct timeline *t, double *ppm)
{
    *ppm = t->skew.drift_ppm;
    return t->skew.drift_span_ns > 0;
}
