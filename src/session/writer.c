/* writer: reads every track's ring, asks the timeline where each packet
 * belongs, and writes the file. One thread; its functions for others are
 * marked. */
#include <stdlib.h>
#include <string.h>

#include "session/internal.h"
#include "session/output.h"
#include "sys/clock.h"

/* Sources are asked for so much more than the stop: where the file has a sound
 * a little earlier than its stamp says (the skew), its end is sound and not
 * silence. What is too much is cut. */
#define TAIL_NS INT64_C(30000000)
/* Headers are made right this often: a killed recording ends that early. */
#define COMMIT_NS INT64_C(400000000)
/* Silence is written this far behind the source's word that nothing came. */
#define IDLE_LAG_NS INT64_C(500000000)
/* Packets wait in the ring for this long, so that none is written that lies
 * behind a stop which is on its way: a monitor can deliver sound before it is
 * heard. Not where a pipe reads. */
#define HOLD_NS INT64_C(60000000)

/* A silent packet on its way through a converter. */
static const float zeros[TRACK_PACKET_FRAMES * FORMAT_CHANNELS_MAX];

struct writer {
    /* constant after create */
    struct writer_setup setup;
    struct thread *thread;
    struct mutex *mutex;

    /* writer thread only */
    struct output output;
    struct fault fault;
    enum session_end end; /* why we stop, once known */
    int64_t stop_ns;      /* STOP_NEVER: go on */
    int64_t committed_ns;

    /* under the mutex */
    struct session_status status;

    /* shared */
    _Atomic int64_t stop_asked_ns;
    _Atomic int state; /* enum session_end, for the main thread */
};

/* --- what others ask --- */

struct writer *writer_create(const struct writer_setup *setup, struct fault *f)
{
    struct writer *w = calloc(1, sizeof(*w));
    if (!w || !(w->mutex = mutex_create())) {
        free(w);
        fault_set(f, ERR_NO_MEMORY, "make the writer", NULL, NULL);
        return NULL;
    }
    w->setup = *setup;
    w->stop_ns = STOP_NEVER;
    atomic_init(&w->stop_asked_ns, STOP_NEVER);
    output_init(&w->output, setup->sink, setup->queue, &setup->format,
                setup->sample);
    w->status.channels = setup->format.channels;
    for (unsigned i = 0; i < setup->track_count; i++) {
        struct track *t = &setup->tracks[i];
        timeline_init(&t->timeline, setup->format.rate, setup->start_ns,
                      setup->limit, setup->look_ns);
        timeline_reformat(&t->timeline, t->info.format.rate);
        t->writer_format = t->info.format;
    }
    return w;
}

void writer_destroy(struct writer *w)
{
    if (w) {
        mutex_destroy(w->mutex);
        free(w);
    }
}

void writer_stop(struct writer *w, int64_t stop_ns)
{
    /* relaxed: a number on its own; the wake orders nothing */
    int64_t old = atomic_load_explicit(&w->stop_asked_ns, memory_order_relaxed);
    while (stop_ns < old && !atomic_compare_exchange_weak_explicit(
                                &w->stop_asked_ns, &old, stop_ns,
                                memory_order_relaxed, memory_order_relaxed)) {
    }
    wake_set(w->setup.wake);
}

enum session_end writer_state(const struct writer *w)
{
    /* acquire: pairs with finish; the file is then closed */
    return (enum session_end)atomic_load_explicit(&w->state,
                                                  memory_order_acquire);
}

void writer_status(struct writer *w, struct session_status *out)
{
    mutex_lock(w->mutex);
    *out = w->status;
    memset(w->status.peak, 0, sizeof(w->status.peak));
    mutex_unlock(w->mutex);
    out->end = writer_state(w);
    out->ring_fill = 0;
    for (unsigned i = 0; i < w->setup.track_count; i++) {
        double fill = ring_fill(w->setup.tracks[i].ring);
        out->ring_fill = fill > out->ring_fill ? fill : out->ring_fill;
    }
}

/* --- stopping --- */

/* Let the sources end; what they played up to STOP_NS still comes. */
static void interrupt_tracks(struct writer *w, int64_t stop_ns)
{
    for (unsigned i = 0; i < w->setup.track_count; i++) {
        track_interrupt(&w->setup.tracks[i], stop_ns);
    }
}

static void stop_at(struct writer *w, enum session_end end, int64_t stop_ns)
{
    if (w->end == SESSION_RUNNING) {
        w->end = end;
    }
    if (w->stop_ns == STOP_NEVER) {
        w->stop_ns = stop_ns;
        interrupt_tracks(w, stop_ns == PACKET_NO_TIME ? SOURCE_STOP_NOW
                                                      : stop_ns + TAIL_NS);
    }
}

static void fail(struct writer *w)
{
    w->end = w->fault.err == ERR_PIPE_CLOSED ? SESSION_READER_CLOSED
                                             : SESSION_FAILED;
    w->stop_ns = PACKET_NO_TIME;
    interrupt_tracks(w, SOURCE_STOP_NOW);
}

/* Look whether somebody asked for the end, or the duration is over. */
static void look_for_stop(struct writer *w)
{
    if (w->stop_ns != STOP_NEVER) {
        return;
    }
    /* relaxed: see writer_stop */
    int64_t asked =
        atomic_load_explicit(&w->stop_asked_ns, memory_order_relaxed);
    if (asked != STOP_NEVER) {
        if (w->setup.virtual_time) {
            stop_at(w, SESSION_STOPPED, PACKET_NO_TIME);
            return;
        }
        stop_at(w, SESSION_STOPPED, asked);
        for (unsigned i = 0; i < w->setup.track_count; i++) {
            timeline_set_stop(&w->setup.tracks[i].timeline, asked);
        }
    } else if (w->setup.deadline_ns != STOP_NEVER &&
               clock_now_ns() >= w->setup.deadline_ns) {
        stop_at(w, SESSION_COMPLETE, w->setup.deadline_ns);
    }
}

/* --- from a plan to the file --- */

/* Write what came out of the converter, no more than was planned. */
static bool write_owed(struct writer *w, struct track *t, const float *frames,
                       size_t count)
{
    uint64_t n = count < t->owed_frames ? count : t->owed_frames;
    t->owed_frames -= n;
    return output_frames(&w->output, frames, n, &w->fault);
}

/* The run is over: what the converter holds back belongs before what comes. */
static bool end_run(struct writer *w, struct track *t)
{
    if (!t->converter) {
        return true;
    }
    const float *out;
    size_t count;
    do {
        if (!converter_flush(t->converter, &out, &count, &w->fault) ||
            !write_owed(w, t, out, count)) {
            return false;
        }
    } while (count > 0);
    uint64_t missing = t->owed_frames;
    t->owed_frames = 0;
    return output_frames(&w->output, NULL, missing, &w->fault);
}

static bool write_plan(struct writer *w, struct track *t,
                       const struct plan *plan, const float *payload)
{
    if (plan->gap_count > 0 && !end_run(w, t)) {
        return false;
    }
    for (unsigned i = 0; i < plan->gap_count; i++) {
        if (!output_gap(&w->output, &plan->gaps[i], &w->fault)) {
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
        return output_frames(&w->output, payload, plan->file_frames, &w->fault);
    }
    t->owed_frames += plan->file_frames;
    const float *out;
    size_t count;
    return converter_push(t->converter, payload ? payload : zeros,
                          plan->take_frames, &out, &count, &w->fault) &&
           write_owed(w, t, out, count);
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
    /* relaxed: a source that waits for us brings no more */
    return mark->ended ||
           atomic_load_explicit(&t->waits_for_room, memory_order_relaxed) ||
           (mark->reached_ns != PACKET_NO_TIME &&
            mark->reached_ns - t->timeline.look_ns >= first->time_ns);
}

/* Too young to be written: a stop that is on its way may lie before it. */
static bool too_young(const struct writer *w, const struct track *t,
                      const struct packet *p, int64_t now_ns)
{
    if (w->setup.virtual_time || !w->setup.hold || w->stop_ns != STOP_NEVER ||
        p->time_ns == PACKET_NO_TIME) {
        return false;
    }
    int64_t end_ns =
        p->time_ns + frames_to_ns(p->frames, t->writer_format.rate);
    return end_ns > now_ns - HOLD_NS && ring_fill(t->ring) < 0.5;
}

static bool take_audio(struct writer *w, struct track *t,
                       const struct packet *p, const float *payload,
                       int64_t time_ns)
{
    struct plan plan;
    const float *samples = p->flags & PACKET_SILENT ? NULL : payload;
    bool quiet = all_zero(p, samples, t->writer_format.channels);
    timeline_place(&t->timeline, p, time_ns, quiet, &plan);
    if (plan.late_frames > 0) {
        output_reclassify(&w->output, plan.late_frames);
        queue_post_text(w->setup.queue, EVENT_WARNING,
                        "audio came too late and was left out", NULL);
    }
    return write_plan(w, t, &plan, samples);
}

/* From here on the track's packets have another format. */
static bool change_format(struct writer *w, struct track *t,
                          const struct audio_format *format)
{
    converter_destroy(t->converter);
    t->converter = NULL;
    t->writer_format = *format;
    timeline_reformat(&t->timeline, format->rate);
    if (format_same(format, &w->setup.format)) {
        return true;
    }
    t->converter = converter_create(format, &w->setup.format, &w->fault);
    return t->converter != NULL;
}

static bool take_record(struct writer *w, struct track *t,
                        const struct packet *p)
{
    if (!end_run(w, t)) {
        return false;
    }
    if (p->kind == PACKET_FORMAT) {
        return change_format(w, t, &p->format);
    }
    struct plan plan;
    timeline_gone(&t->timeline,
                  w->setup.virtual_time ? PACKET_NO_TIME : p->time_ns,
                  p->lost_before, &plan);
    return write_plan(w, t, &plan, NULL);
}

/* Everything that lies in the track's ring and may be written. *DONE: the ring
 * has ended and is empty. */
static bool drain(struct writer *w, struct track *t, bool *done)
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
            if (too_young(w, t, p, now_ns) ||
                !refined_time(t, &mark, p, &time_ns)) {
                return true;
            }
            good = take_audio(w, t, p, payload, time_ns);
        } else {
            good = take_record(w, t, p);
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
            if (!end_run(w, t)) {
                return false;
            }
            timeline_idle(&t->timeline, idle_ns, &plan);
            return write_plan(w, t, &plan, NULL);
        }
    }
    return true;
}

/* --- the thread --- */

static void publish(struct writer *w)
{
    float peaks[FORMAT_CHANNELS_MAX];
    levels_window(&w->output.levels, peaks);
    mutex_lock(w->mutex);
    struct session_status *s = &w->status;
    s->frames = w->output.frames;
    s->bytes = sink_bytes(w->setup.sink);
    s->account = w->output.account;
    s->gone = w->setup.tracks[0].timeline.gone;
    for (uint32_t c = 0; c < w->output.format.channels; c++) {
        s->peak[c] = peaks[c] > s->peak[c] ? peaks[c] : s->peak[c];
        s->peak_so_far[c] = w->output.levels.peak[c];
    }
    mutex_unlock(w->mutex);
}

static void finish(struct writer *w, bool good)
{
    struct track *t = &w->setup.tracks[0];
    if (good) {
        struct plan plan;
        int64_t stop_ns =
            w->stop_ns == STOP_NEVER ? PACKET_NO_TIME : w->stop_ns;
        good = end_run(w, t);
        timeline_finish(&t->timeline, stop_ns, ring_dropped_tail(t->ring),
                        &plan);
        good = good && write_plan(w, t, &plan, NULL);
        if (!good) {
            fail(w);
        }
    }
    output_end_gap(&w->output);
    if (!good) {
        output_settle(&w->output, sink_frames(w->setup.sink));
    }
    publish(w);
    w->status.bytes = sink_bytes(w->setup.sink);
    struct fault f = {0};
    if (!sink_close(w->setup.sink, &f) && w->fault.err == ERR_OK) {
        w->fault = f;
        w->end = SESSION_FAILED;
    }
    if (w->end == SESSION_RUNNING) {
        w->end = SESSION_STOPPED;
    }
}

static int64_t poll_ns(const struct writer *w)
{
    int64_t poll = w->setup.poll_ns;
    if (w->setup.deadline_ns != STOP_NEVER && w->stop_ns == STOP_NEVER) {
        int64_t left = w->setup.deadline_ns - clock_now_ns();
        poll = left < 0 ? 0 : left < poll ? left : poll;
    }
    return poll;
}

static bool commit(struct writer *w)
{
    int64_t now_ns = clock_now_ns();
    if (now_ns - w->committed_ns < COMMIT_NS) {
        return true;
    }
    w->committed_ns = now_ns;
    return sink_commit(w->setup.sink, &w->fault);
}

static void writer_main(void *argument)
{
    struct writer *w = argument;
    struct track *t = &w->setup.tracks[0];
    bool done = false;
    bool good = true;

    while (good && !done) {
        wake_wait(w->setup.wake, poll_ns(w));
        look_for_stop(w);
        good = drain(w, t, &done) && commit(w);
        if (t->timeline.at >= t->timeline.limit && good) {
            stop_at(w, SESSION_COMPLETE, PACKET_NO_TIME);
            w->stop_ns = PACKET_NO_TIME;
            interrupt_tracks(w, SOURCE_STOP_NOW);
            break;
        }
        /* release: pairs with the capture thread's setting before it waits;
         * a wake with memory makes a missed look harmless */
        if (atomic_exchange_explicit(&t->waits_for_room, false,
                                     memory_order_acq_rel)) {
            wake_set(t->room);
        }
        publish(w);
    }
    if (!good) {
        fail(w);
    }
    finish(w, good);
    /* release: pairs with writer_state */
    atomic_store_explicit(&w->state, (int)w->end, memory_order_release);
    wake_set(w->setup.main_wake);
}

bool writer_start(struct writer *w, struct fault *f)
{
    w->committed_ns = clock_now_ns();
    w->thread = thread_start("writer", writer_main, w, f);
    return w->thread != NULL;
}

void writer_join(struct writer *w, struct session_report *out)
{
    thread_join(w->thread);
    w->thread = NULL;
    struct track *t = &w->setup.tracks[0];
    out->end = w->end;
    out->fault = w->fault;
    out->format = w->setup.format;
    out->sample = w->setup.sample;
    out->frames = w->output.frames;
    out->bytes = w->status.bytes;
    out->account = w->output.account;
    out->peak_dbfs = levels_peak_dbfs(&w->output.levels);
    out->rms_dbfs = levels_rms_dbfs(&w->output.levels);
    out->clipped_samples = w->output.clipped;
    out->ring_high_water = ring_high_water(t->ring);
    out->drift_known = timeline_drift(&t->timeline, &out->drift_ppm);
}
