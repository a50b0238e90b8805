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

/* --- from a plan to the file --- */

/* Write what came out of the converter, no more than was planned. */
static bool write_owed(struct reader *r, struct track *t, const float *frames,
                       size_t count)
{
    uint64_t n = count < t->owed_frames ? count : t->owed_frames;
    t->owed_frames -= n;
    return output_frames(r->output, frames, n, &r->fault);
}

/* The run is over: what the converter holds back belongs before what comes. */
static bool end_run(struct reader *r, struct track *t)
{
    if (!t->converter) {
        return true;
    }
    const float *out;
    size_t count;
    do {
        if (!converter_flush(t->converter, &out, &count, &r->fault) ||
            !write_owed(r, t, out, count)) {
            return false;
        }
    } while (count > 0);
    uint64_t missing = t->owed_frames;
    t->owed_frames = 0;
    return output_frames(r->output, NULL, missing, &r->fault);
}

static bool write_plan(struct reader *r, struct track *t,
                       const struct plan *plan, const float *payload)
{
    if (plan->gap_count > 0 && !end_run(r, t)) {
        return false;
    }
    for (unsigned i = 0; i < plan->gap_count; i++) {
        if (!output_gap(r->output, &plan->gaps[i], &r->fault)) {
            return false;
        }
    }
    if (plan->take_frames == 0) {
        return true;
    }
    if (payload) {
        payload += (size_t)plan->skip_frames * t->writer_format.channels;
    }
    if (!t->converter) {
        return output_frames(r->output, payload, plan->file_frames, &r->fault);
    }
    t->owed_frames += plan->file_frames;
    const float *out;
    size_t count;
    return converter_push(t->converter, payload ? payload : zeros,
                          plan->take_frames, &out, &count, &r->fault) &&
           write_owed(r, t, out, count);
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

/* The stamp of the oldest packet, made better by those behind it. False: more
 * of them are needed first. */
static bool refined_time(struct track *t, const struct ring_mark *mark,
                         const struct packet *first, int64_t *time_ns)
{
    *time_ns = first->time_ns;
    if (!timeline_wants_look(&t->timeline, first)) {
        return true;
    }
    uint64_t cursor = 0;
    uint64_t frames = 0;
    const struct packet *p;
    while ((p = ring_look(t->ring, &cursor)) != NULL) {
        if (!timeline_refine(&t->timeline, first, p, &frames, time_ns)) {
            return true;
        }
    }
    /* A ring that fills up has no room for more to look at.
     * relaxed: a source that waits for us brings no more */
    return mark->ended || ring_fill(t->ring) > 0.5 ||
           atomic_load_explicit(&t->waits_for_room, memory_order_relaxed) ||
           (mark->reached_ns != PACKET_NO_TIME &&
            mark->reached_ns - t->timeline.look_ns >= first->time_ns);
}

/* Too young to be written: a stop that is on its way may lie before it. */
static bool too_young(const struct reader *r, const struct track *t,
                      const struct packet *p, int64_t now_ns)
{
    if (r->virtual_time || !r->hold || r->stopping ||
        p->time_ns == PACKET_NO_TIME) {
        return false;
    }
    int64_t end_ns =
        p->time_ns + frames_to_ns(p->frames, t->writer_format.rate);
    return end_ns > now_ns - HOLD_NS && ring_fill(t->ring) < 0.5;
}

static bool take_audio(struct reader *r, struct track *t,
                       const struct packet *p, const float *payload,
                       int64_t time_ns)
{
    struct plan plan;
    const float *samples = p->flags & PACKET_SILENT ? NULL : payload;
    bool quiet = all_zero(p, samples, t->writer_format.channels);
    timeline_place(&t->timeline, p, time_ns, quiet, &plan);
    if (plan.late_frames > 0) {
        output_reclassify(r->output, plan.late_frames);
        queue_post_text(r->queue, EVENT_WARNING,
                        "audio came too late and was left out", NULL);
    }
    if (plan.surplus_frames > 0) {
        queue_post_text(r->queue, EVENT_WARNING,
                        "the device gave more audio than time has passed; "
                        "what was too much is left out",
                        NULL);
    }
    return write_plan(r, t, &plan, samples);
}

/* From here on the track's packets have another format. */
static bool change_format(struct reader *r, struct track *t,
                          const struct audio_format *format)
{
    converter_destroy(t->converter);
    t->converter = NULL;
    t->writer_format = *format;
    timeline_reformat(&t->timeline, format->rate);
    if (format_same(format, &r->output->format)) {
        return true;
    }
    t->converter = converter_create(format, &r->output->format, &r->fault);
    return t->converter != NULL;
}

static bool take_record(struct reader *r, struct track *t,
                        const struct packet *p)
{
    if (!end_run(r, t)) {
        return false;
    }
    struct plan plan;
    if (p->kind == PACKET_FORMAT) {
        timeline_back(&t->timeline, p->time_ns, &plan);
        return write_plan(r, t, &plan, NULL) && change_format(r, t, &p->format);
    }
    timeline_gone(&t->timeline, r->virtual_time ? PACKET_NO_TIME : p->time_ns,
                  p->lost_before, &plan);
    return write_plan(r, t, &plan, NULL);
}

bool reader_drain(struct reader *r, struct track *t, bool *done)
{
    int64_t now_ns = clock_now_ns();
    struct ring_mark mark = ring_mark(t->ring);
    const struct packet *p;
    const void *payload;

    *done = false;
    while ((p = ring_peek(t->ring, &payload)) != NULL) {
        bool good;
        if (p->kind == PACKET_AUDIO) {
            int64_t time_ns;
            if (too_young(r, t, p, now_ns) ||
                !refined_time(t, &mark, p, &time_ns)) {
                return true;
            }
            good = take_audio(r, t, p, payload, time_ns);
        } else {
            good = take_record(r, t, p);
        }
        ring_pop(t->ring);
        if (!good) {
            return false;
        }
        if (t->timeline.at >= t->timeline.limit) {
            break;
        }
    }
    if (!p && mark.ended) {
        *done = true;
    } else if (!p && mark.reached_ns != PACKET_NO_TIME) {
        int64_t idle_ns = mark.reached_ns - IDLE_LAG_NS;
        struct plan plan;
        if (timeline_time(&t->timeline, t->timeline.at) < idle_ns) {
            if (!end_run(r, t)) {
                return false;
            }
            timeline_idle(&t->timeline, idle_ns, &plan);
            return write_plan(r, t, &plan, NULL);
        }
    }
    return true;
}

bool reader_finish(struct reader *r, struct track *t, int64_t stop_ns)
{
    struct plan plan;
    if (!end_run(r, t)) {
        return false;
    }
    timeline_finish(&t->timeline, stop_ns, ring_dropped_tail(t->ring), &plan);
    return write_plan(r, t, &plan, NULL);
}
