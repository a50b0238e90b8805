/* reader: see reader.h. Writer thread. */
#include "session/reader.h"

#include "core/convert.h"
#include "core/timeline.h"
#include "sys/clock.h"

/* Silence is written this far behind the source's word that nothing came. */
#define IDLE_LAG_NS INT64_C(400000000)
/* Packets wait in the ring for this long, so that none is written that lies
 * behind a stop which is on its way: a monitor can deliver sound before it is
 * heard. Not where a pipe reads. */
#define HOLD_NS INT64_C(60000000)

/* A silent packet on its way through a converter. */
static const float zeros[TRACK_PACKET_FRAMES * FORMAT_CHANNELS_MAX];

/* --- where frames go --- */

static uint64_t room_for(const struct reader *r, const struct lane *l)
{
    return r->bus ? bus_room(r->bus, l->place) : UINT64_MAX;
}

static bool put_frames(struct reader *r, struct lane *l, const float *frames,
                       uint64_t count)
{
    if (!r->bus) {
        return output_frames(r->output, frames, count, &r->fault);
    }
    bus_frames(r->bus, l->place, frames, count);
    return true;
}

static bool put_gap(struct reader *r, struct lane *l,
                    const struct plan_gap *gap)
{
    if (!r->bus) {
        return output_gap(r->output, gap, NULL, &r->fault);
    }
    bus_gap(r->bus, l->place, gap->class, gap->frames, gap->reason);
    return true;
}

static void put_late(struct reader *r, struct lane *l)
{
    uint64_t from = l->plan.late_from;
    uint64_t frames = l->plan.late_frames;
    output_reclassify(r->output, from,
                      r->bus ? bus_late(r->bus, from, frames) : frames,
                      r->bus != NULL);
    if (!l->late) {
        queue_post_text(r->queue, EVENT_WARNING,
                        "audio came too late and was left out", NULL);
    }
}

/* --- from a plan to there --- */

/* Write what came out of the converter, no more than was planned. */
static bool write_owed(struct reader *r, struct lane *l, const float *frames,
                       size_t count)
{
    uint64_t n = count < l->owed_frames ? count : l->owed_frames;
    l->owed_frames -= n;
    return put_frames(r, l, frames, n);
}

/* The run is over: what the converter holds back belongs before what comes. */
static bool end_run(struct reader *r, struct lane *l)
{
    if (!l->converter) {
        return true;
    }
    const float *out;
    size_t count;
    do {
        if (!converter_flush(l->converter, &out, &count, &r->fault) ||
            !write_owed(r, l, out, count)) {
            return false;
        }
    } while (count > 0);
    uint64_t missing = l->owed_frames;
    l->owed_frames = 0;
    return put_frames(r, l, NULL, missing);
}

/* The planned frames of the packet whose samples lie at PAYLOAD. */
static bool write_taken(struct reader *r, struct lane *l, const float *payload)
{
    const struct plan *plan = &l->plan;
    if (payload) {
        payload += (size_t)plan->skip_frames * l->writer_format.channels;
    }
    if (!l->converter) {
        return put_frames(r, l, payload, plan->file_frames);
    }
    l->owed_frames += plan->file_frames;
    const float *out;
    size_t count;
    return converter_push(l->converter, payload ? payload : zeros,
                          plan->take_frames, &out, &count, &r->fault) &&
           write_owed(r, l, out, count);
}

/* L's plan, as far as there is room; when all of it is written L has none.
 * (The window is longer than the longest packet can get in any rate, so that
 * for the slowest lane there always is.) */
static bool write_plan(struct reader *r, struct lane *l, const float *payload)
{
    struct plan *plan = &l->plan;
    if (l->ends_run) {
        if (room_for(r, l) < l->owed_frames) {
            return true;
        }
        if (!end_run(r, l)) {
            return false;
        }
        l->ends_run = false;
    }
    for (; l->gaps_written < plan->gap_count; l->gaps_written++) {
        struct plan_gap part = plan->gaps[l->gaps_written];
        uint64_t room = room_for(r, l);
        part.frames = part.frames < room ? part.frames : room;
        if (part.frames > 0 && !put_gap(r, l, &part)) {
            return false;
        }
        plan->gaps[l->gaps_written].frames -= part.frames;
        if (plan->gaps[l->gaps_written].frames > 0) {
            return true;
        }
    }
    if (plan->take_frames > 0) {
        if (room_for(r, l) < l->owed_frames + plan->file_frames) {
            return true;
        }
        if (!write_taken(r, l, payload)) {
            return false;
        }
    }
    l->planned = PLAN_NONE;
    return true;
}

/* L's plan was made: it is what is written next. */
static void begin_plan(struct lane *l, enum lane_plan planned, bool ends_run)
{
    l->planned = planned;
    l->ends_run = ends_run || l->plan.gap_count > 0;
    l->gaps_written = 0;
}

/* --- packets --- */

static bool all_zero(const struct packet *p, const float *payload,
                     uint32_t channels)
{
    if (!payload) {
        return true;
    }
    size_t samples = (size_t)p->frames * channels;
    for (size_t i = 0; i < samples; i++) {
        if (payload[i] != 0.0f) {
            return false;
        }
    }
    return true;
}

/* What is placed from here on was not played later than now. */
static void tell_now(const struct reader *r, struct lane *l)
{
    if (!r->virtual_time) {
        timeline_tell_now(&l->timeline, clock_now_ns());
    }
}

/* The others have waited for L long enough. */
static bool overdue(const struct reader *r, const struct lane *l)
{
    return r->overdue_ns != PACKET_NO_TIME &&
           timeline_time(&l->timeline, l->timeline.at) < r->overdue_ns;
}

/* The stamp of the oldest packet, made better by those behind it. False: more
 * of them are needed first. */
static bool refined_time(const struct reader *r, struct lane *l,
                         const struct ring_mark *mark,
                         const struct packet *first, int64_t *time_ns)
{
    *time_ns = first->time_ns;
    if (overdue(r, l) || !timeline_wants_look(&l->timeline, first)) {
        return true;
    }
    uint64_t cursor = 0;
    uint64_t frames = 0;
    const struct packet *p;
    while ((p = ring_look(l->ring, &cursor)) != NULL) {
        if (!timeline_refine(&l->timeline, first, p, &frames, time_ns)) {
            return true;
        }
    }
    /* A ring that fills up has no room for more to look at.
     * relaxed: a source that waits for us brings no more */
    return mark->ended || r->give_up || ring_fill(l->ring) > 0.5 ||
           atomic_load_explicit(&l->track->waits_for_room,
                                memory_order_relaxed) ||
           (mark->reached_ns != PACKET_NO_TIME &&
            mark->reached_ns - l->timeline.look_ns >= first->time_ns);
}

/* Too young to be written: a stop that is on its way may lie before it. */
static bool too_young(const struct reader *r, const struct lane *l,
                      const struct packet *p, int64_t now_ns)
{
    if (r->virtual_time || !r->hold || r->stop_ns != STOP_NEVER ||
        p->time_ns == PACKET_NO_TIME || overdue(r, l)) {
        return false;
    }
    int64_t end_ns =
        p->time_ns + frames_to_ns(p->frames, l->writer_format.rate);
    return end_ns > now_ns - HOLD_NS && ring_fill(l->ring) < 0.5;
}

static void plan_audio(struct reader *r, struct lane *l, const struct packet *p,
                       const float *samples, int64_t time_ns)
{
    struct plan *plan = &l->plan;
    bool quiet = all_zero(p, samples, l->writer_format.channels);
    timeline_place(&l->timeline, p, time_ns, quiet, plan);
    if (plan->late_frames > 0) {
        put_late(r, l);
    }
    l->late = plan->late_frames > 0;
    if (plan->surplus_frames > 0) {
        queue_post_text(r->queue, EVENT_WARNING,
                        "the device gave more audio than time has passed; "
                        "what was too much is left out",
                        NULL);
    }
    begin_plan(l, PLAN_PACKET, false);
}

static void plan_record(struct reader *r, struct lane *l,
                        const struct packet *p)
{
    if (p->kind == PACKET_SLEPT) {
        sleep_tell(r->sleep, l, p->time_ns, p->length_ns);
        l->plan = (struct plan){0};
    } else if (p->kind == PACKET_FORMAT) {
        timeline_back(&l->timeline, p->time_ns, p->length_ns, &l->plan);
    } else {
        /* in virtual time packets alone tell how far it has come, where they
         * are on this lane */
        bool timed = !r->virtual_time || l->track->lane_count > 1;
        timeline_gone(&l->timeline, timed ? p->time_ns : PACKET_NO_TIME,
                      p->lost_before, &l->plan);
    }
    begin_plan(l, PLAN_PACKET, true);
}

/* From here on the lane's packets have another format. */
static bool change_format(struct reader *r, struct lane *l,
                          const struct audio_format *format)
{
    converter_destroy(l->converter);
    l->converter = NULL;
    l->writer_format = *format;
    timeline_reformat(&l->timeline, format->rate);
    if (format_same(format, &r->output->format)) {
        return true;
    }
    l->converter = converter_create(format, &r->output->format, &r->fault);
    return l->converter != NULL;
}

/* Where the machine slept before what is stamped TIME_NS, that comes first: L
 * then has a plan if there was no room for all of it. */
static bool pass_sleep(struct reader *r, struct lane *l, int64_t time_ns)
{
    if (!timeline_sleep_due(&l->timeline, time_ns)) {
        return true;
    }
    uint64_t frame = timeline_pass_sleep(&l->timeline, &l->plan);
    sleep_passed(r->sleep, l, pauses_to_file(&r->output->pauses, frame));
    begin_plan(l, PLAN_SILENCE, true);
    return write_plan(r, l, NULL);
}

/* Silence up to where the source said that nothing came; or to where the
 * others cannot wait any longer. */
static bool plan_idle(struct reader *r, struct lane *l, int64_t reached_ns)
{
    int64_t idle_ns = reached_ns == PACKET_NO_TIME ? PACKET_NO_TIME
                                                   : reached_ns - IDLE_LAG_NS;
    idle_ns = idle_ns > r->overdue_ns ? idle_ns : r->overdue_ns;
    if (!pass_sleep(r, l, idle_ns)) {
        return false;
    }
    if (l->planned == PLAN_NONE &&
        timeline_time(&l->timeline, l->timeline.at) < idle_ns) {
        timeline_idle(&l->timeline, idle_ns, &l->plan);
        begin_plan(l, PLAN_SILENCE, true);
    }
    return true;
}

/* The oldest packet, P, if it may be written already and there is room; then it
 * is dropped. *TAKEN: it was. */
static bool take(struct reader *r, struct lane *l, const struct ring_mark *mark,
                 const struct packet *p, const float *payload, int64_t now_ns,
                 bool *taken)
{
    const float *samples = p->flags & PACKET_SILENT ? NULL : payload;
    *taken = false;
    if (l->planned == PLAN_NONE) {
        bool audio = p->kind == PACKET_AUDIO;
        int64_t time_ns = p->time_ns;
        tell_now(r, l); /* the packet before may have waited for the disk */
        if (audio && (too_young(r, l, p, now_ns) ||
                      !refined_time(r, l, mark, p, &time_ns))) {
            return true;
        }
        /* what has no stamp is as old as all that came; but where it tells of
         * a loss, that comes first: a sleep would fill its place as idle, and
         * the file would be longer than time */
        bool timed = time_ns != PACKET_NO_TIME;
        if ((timed || p->lost_before == 0) &&
            !pass_sleep(r, l, timed ? time_ns : mark->reached_ns)) {
            return false;
        }
        if (l->planned == PLAN_NONE && audio) {
            plan_audio(r, l, p, samples, time_ns);
        } else if (l->planned == PLAN_NONE) {
            plan_record(r, l, p);
        }
    }
    if (l->planned == PLAN_SILENCE) {
        return true;
    }
    bool good = write_plan(r, l, samples);
    if (good && l->planned != PLAN_NONE) {
        return true;
    }
    if (good && p->kind == PACKET_FORMAT) {
        good = change_format(r, l, &p->format);
    }
    ring_pop(l->ring);
    *taken = l->taken = true;
    return good;
}

/* Nothing more is waited for: from where L's source last spoke it is away. */
static bool give_up(struct reader *r, struct lane *l, int64_t reached_ns)
{
    if (l->given_up) {
        return true;
    }
    l->given_up = true;
    queue_post_text(r->queue, EVENT_WARNING,
                    "the system does not answer; the recording ends without "
                    "what it still had",
                    NULL);
    timeline_gone(&l->timeline, reached_ns, 0, &l->plan);
    begin_plan(l, PLAN_SILENCE, true);
    return write_plan(r, l, NULL);
}

bool reader_drain(struct reader *r, struct lane *l)
{
    int64_t now_ns = clock_now_ns();
    struct ring_mark mark = ring_mark(l->ring);
    const struct packet *p;
    const void *payload;
    bool taken = true;

    tell_now(r, l);
    if (l->planned == PLAN_SILENCE && !write_plan(r, l, NULL)) {
        return false;
    }
    if (l->planned == PLAN_SILENCE || reader_is_done(l)) {
        return true;
    }
    while ((p = ring_peek(l->ring, &payload)) != NULL) {
        if (!take(r, l, &mark, p, payload, now_ns, &taken)) {
            return false;
        }
        if (!taken || l->timeline.at >= l->timeline.limit) {
            return true;
        }
    }
    if (r->give_up && !mark.ended && !give_up(r, l, mark.reached_ns)) {
        return false;
    }
    if (l->planned != PLAN_NONE) {
        return true;
    }
    if (mark.ended || l->given_up) {
        int64_t ended_ns = mark.ended ? l->track->ended_ns : STOP_NEVER;
        int64_t stop_ns = r->stop_ns < ended_ns ? r->stop_ns : ended_ns;
        stop_ns = stop_ns == STOP_NEVER ? PACKET_NO_TIME : stop_ns;
        if (!pass_sleep(r, l, stop_ns)) {
            return false;
        }
        if (l->planned == PLAN_NONE) {
            reader_finish(l, stop_ns);
        }
    } else if (!plan_idle(r, l, mark.reached_ns)) {
        return false;
    }
    return l->planned == PLAN_NONE || write_plan(r, l, NULL);
}

bool reader_begin(struct reader *r, struct lane *l, int64_t start_ns,
                  uint64_t limit, int64_t look_ns)
{
    timeline_init(&l->timeline, r->output->format.rate, start_ns, limit,
                  look_ns);
    struct audio_format format = l->writer_format;
    return change_format(r, l, &format);
}

bool reader_join(struct reader *r, struct lane *l, const struct lane *other,
                 uint64_t at)
{
    timeline_join(&l->timeline, &other->timeline, at);
    struct audio_format format = l->writer_format;
    return change_format(r, l, &format);
}

void reader_finish(struct lane *l, int64_t stop_ns)
{
    l->finishing = true;
    timeline_finish(&l->timeline, stop_ns, ring_dropped_tail(l->ring),
                    &l->plan);
    begin_plan(l, PLAN_SILENCE, true);
}

bool reader_is_done(const struct lane *l)
{
    return l->finishing ||
           (l->planned == PLAN_NONE && l->timeline.at >= l->timeline.limit);
}
