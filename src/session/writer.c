/* writer: reads every lane's ring, asks the timeline where each packet
 * belongs, and writes the file. One thread; its functions for others are
 * marked. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "session/internal.h"
#include "session/mixer.h"
#include "session/orders.h"
#include "session/output.h"
#include "session/reader.h"
#include "session/sleep.h"
#include "session/space.h"
#include "sys/clock.h"

/* Sources are asked for so much more than the stop: where the file has a sound
 * a little earlier than its stamp says (the skew), its end is sound and not
 * silence. What is too much is cut. */
#define TAIL_NS INT64_C(30000000)
/* Headers are made right this often: a killed recording ends that early. */
#define COMMIT_NS INT64_C(200000000)
struct writer {
    /* constant after create */
    struct writer_setup setup;
    struct thread *thread;
    struct mutex *mutex;

    /* writer thread only (and its output, below) */
    struct reader reader; /* its fault is the writer's, its stop_ns too */
    struct mixer mixer;
    struct sleep sleep;   /* its looks are ours */
    struct orders orders; /* but what others write of them */
    enum session_end end; /* why we stop, once known */
    struct space space;
    int64_t committed_ns;
    /* known when the file is finished */
    struct sink_total total;
    uint64_t written_frames; /* be they in the file or not */

    /* under the mutex */
    struct session_status status;

    /* writer thread */
    int64_t patience_ns; /* until when the sources' ends are waited for */

    /* shared */
    _Atomic int64_t stop_asked_ns;
    _Atomic int state; /* enum session_end, for the main thread */

    /* writer thread only; large, and touched as far as it is used */
    struct output output;
};

/* --- what others ask --- */

struct writer *writer_create(const struct writer_setup *setup, struct fault *f)
{
    struct writer *w = malloc(sizeof(*w));
    if (w) {
        memset(w, 0, offsetof(struct writer, output));
        w->mutex = mutex_create();
    }
    if (!w || !w->mutex) {
        free(w);
        fault_set(f, ERR_NO_MEMORY, "make the writer", NULL, NULL);
        return NULL;
    }
    w->setup = *setup;
    atomic_init(&w->stop_asked_ns, STOP_NEVER);
    output_init(&w->output, setup->sink, setup->queue, &setup->format,
                setup->sample, setup->dither);
    w->status.channels = setup->format.channels;
    w->reader = (struct reader){
        .output = &w->output,
        .queue = setup->queue,
        .sleep = &w->sleep,
        .virtual_time = setup->virtual_time,
        .hold = setup->hold,
        .stop_ns = STOP_NEVER,
        .overdue_ns = PACKET_NO_TIME,
    };
    space_init(&w->space, setup->queue, setup->format.rate);
    orders_init(&w->orders, w->mutex, setup->limit, setup->virtual_time);
    sleep_init(&w->sleep, setup->on_suspend, setup->queue, setup->sink,
               setup->virtual_time);
    if (!mixer_create(&w->mixer, setup, &w->reader)) {
        *f = w->reader.fault;
        writer_destroy(w);
        return NULL;
    }
    return w;
}

void writer_destroy(struct writer *w)
{
    if (w) {
        mixer_destroy(&w->mixer);
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

bool writer_pause(struct writer *w, int64_t at_ns)
{
    bool done = orders_give(&w->orders, ORDER_IS_PAUSE, at_ns);
    wake_set(w->setup.wake);
    return done;
}

bool writer_mark(struct writer *w, int64_t at_ns)
{
    bool done = orders_give(&w->orders, ORDER_IS_MARK, at_ns);
    wake_set(w->setup.wake);
    return done;
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
    out->paused = orders_paused(&w->orders);
    out->end = writer_state(w);
    out->ring_fill = 0;
    for (unsigned i = 0; i < w->setup.track_count; i++) {
        const struct track *t = &w->setup.tracks[i];
        for (unsigned k = lanes_used(t); k-- > 0;) {
            double fill = ring_fill(t->lanes[k].ring);
            out->ring_fill = fill > out->ring_fill ? fill : out->ring_fill;
        }
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
    if (w->reader.stop_ns == STOP_NEVER) {
        w->reader.stop_ns = stop_ns;
        w->patience_ns = clock_now_ns() + PATIENCE_NS;
        interrupt_tracks(w, stop_ns == PACKET_NO_TIME ? SOURCE_STOP_NOW
                                                      : stop_ns + TAIL_NS);
    }
}

/* A reader that leaves is a normal end, when ever it does. */
static enum session_end end_of(const struct fault *f)
{
    return f->err == ERR_PIPE_CLOSED ? SESSION_READER_CLOSED : SESSION_FAILED;
}

static void fail(struct writer *w)
{
    w->end = end_of(&w->reader.fault);
    w->reader.stop_ns = PACKET_NO_TIME;
    interrupt_tracks(w, SOURCE_STOP_NOW);
}

/* When the file is as long as it may get, if a clock tells that: the moment
 * moves when the machine sleeps or the recording is paused. STOP_NEVER: it does
 * not. */
static int64_t deadline_ns(const struct writer *w)
{
    if (w->setup.virtual_time || w->orders.limit == UINT64_MAX) {
        return STOP_NEVER;
    }
    return timeline_time(&w->mixer.lanes[0]->timeline, w->orders.limit);
}

/* Look whether the machine slept, somebody asked for a pause or the end, or the
 * duration is over. */
static void look_for_stop(struct writer *w)
{
    /* relaxed: see writer_stop */
    int64_t asked =
        atomic_load_explicit(&w->stop_asked_ns, memory_order_relaxed);
    /* first: what the other two mean depends on it */
    sleep_look(&w->sleep, w->mixer.lanes, w->mixer.lane_count, asked);
    if (w->reader.stop_ns != STOP_NEVER) {
        w->reader.give_up =
            !w->setup.virtual_time && clock_now_ns() >= w->patience_ns;
        return;
    }
    orders_look(&w->orders, &w->mixer, &w->output);
    if (asked != STOP_NEVER) {
        if (w->setup.virtual_time) {
            stop_at(w, SESSION_STOPPED, PACKET_NO_TIME);
            return;
        }
        stop_at(w, SESSION_STOPPED, asked);
        for (unsigned i = 0; i < w->mixer.lane_count; i++) {
            timeline_set_stop(&w->mixer.lanes[i]->timeline, asked);
        }
    } else if (w->sleep.looked_ns >= deadline_ns(w)) {
        stop_at(w, SESSION_COMPLETE, deadline_ns(w));
    }
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
    s->gone = false;
    for (unsigned i = 0; i < w->mixer.lane_count; i++) {
        s->gone = s->gone || w->mixer.lanes[i]->timeline.gone;
    }
    for (uint32_t c = 0; c < w->output.format.channels; c++) {
        s->peak[c] = peaks[c] > s->peak[c] ? peaks[c] : s->peak[c];
        s->peak_so_far[c] = w->output.levels.peak[c];
    }
    mutex_unlock(w->mutex);
}

/* How long it is until the moment of the stop: what comes after a command is
 * yet to come when that has ended, and sources that are away do not wait. */
static int64_t until_stop_ns(const struct writer *w)
{
    int64_t stop_ns = w->reader.stop_ns;
    if (w->setup.virtual_time || stop_ns == STOP_NEVER ||
        stop_ns == PACKET_NO_TIME) {
        return 0;
    }
    int64_t left = stop_ns - clock_now_ns();
    return left < 0 ? 0 : left;
}

/* Nothing more is wanted, or nothing more comes. */
static bool is_over(struct writer *w)
{
    bool full;
    if (!mixer_is_done(&w->mixer, &full) || until_stop_ns(w) > 0) {
        return false;
    }
    if (full) {
        stop_at(w, SESSION_COMPLETE, PACKET_NO_TIME);
        w->reader.stop_ns = PACKET_NO_TIME;
        interrupt_tracks(w, SOURCE_STOP_NOW);
    } else if (w->end == SESSION_RUNNING) {
        w->end = SESSION_SOURCE_ENDED;
    }
    return true;
}

static void finish(struct writer *w, bool good)
{
    if (good && !mixer_finish(&w->mixer)) {
        good = false;
        fail(w);
    }
    output_end_gap(&w->output);
    struct fault f = {0};
    (void)output_flush(&w->output, &f); /* where something else has failed */
    publish(w);
    f = (struct fault){0};
    if (!sink_close_total(w->setup.sink, &w->total, &f) &&
        w->reader.fault.err == ERR_OK) {
        w->reader.fault = f;
        w->end = end_of(&f);
        good = false;
    }
    uint64_t kept = w->total.frames + w->total.lost;
    w->written_frames = w->output.frames;
    if (!good || kept != w->output.frames) {
        output_settle(&w->output, kept);
    }
    output_lose(&w->output, w->total.lost_from, w->total.lost);
}

/* --- the thread --- */

static int64_t poll_ns(const struct writer *w)
{
    int64_t poll = w->mixer.busy ? 0 : w->setup.poll_ns;
    int64_t deadline = deadline_ns(w);
    if (deadline != STOP_NEVER && w->reader.stop_ns == STOP_NEVER) {
        int64_t left = deadline - clock_now_ns();
        poll = left < 0 ? 0 : left < poll ? left : poll;
    }
    int64_t until = until_stop_ns(w);
    return until > 0 && until < poll ? until : poll;
}

static bool commit(struct writer *w)
{
    int64_t now_ns = clock_now_ns();
    if (now_ns - w->committed_ns < COMMIT_NS) {
        return true;
    }
    w->committed_ns = now_ns;
    space_look(&w->space, w->setup.sink, w->output.frames);
    return sink_commit(w->setup.sink, &w->reader.fault);
}

/* In virtual time sources wait for room: there is some. */
static void wake_sources(struct writer *w)
{
    for (unsigned i = 0; i < w->mixer.lane_count; i++) {
        struct lane *l = w->mixer.lanes[i];
        struct track *t = l->track;
        /* release: pairs with the capture thread's setting before it waits;
         * a wake with memory makes a missed look harmless */
        if (l->taken && atomic_exchange_explicit(&t->waits_for_room, false,
                                                 memory_order_acq_rel)) {
            wake_set(t->room);
        }
        l->taken = false;
    }
}

static void writer_main(void *argument)
{
    struct writer *w = argument;
    bool good = true;
    bool over = false;

    while (good && !over) {
        wake_wait(w->setup.wake, poll_ns(w));
        look_for_stop(w);
        good = mixer_drain(&w->mixer) && commit(w);
        over = good && is_over(w);
        wake_sources(w);
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
    out->end = w->end;
    out->fault = w->reader.fault;
    out->format = w->setup.format;
    out->sample = w->setup.sample;
    out->frames = w->output.frames;
    out->saved_frames = w->total.frames;
    out->written_frames = w->written_frames;
    out->bytes = w->total.bytes;
    out->account = w->output.account;
    out->markers = w->orders.marks;
    out->paused_frames = w->output.pauses.hidden;
    out->asleep_ns = w->sleep.told_ns;
    out->peak_dbfs = levels_peak_dbfs(&w->output.levels);
    out->rms_dbfs = levels_rms_dbfs(&w->output.levels);
    out->clipped_samples = w->output.clipped;
    for (unsigned i = 0; i < w->mixer.lane_count; i++) {
        const struct lane *l = w->mixer.lanes[i];
        double fill = ring_high_water(l->ring);
        out->ring_high_water =
            fill > out->ring_high_water ? fill : out->ring_high_water;
        if (!out->drift_known) {
            out->drift_known = timeline_drift(&l->timeline, &out->drift_ppm);
        }
    }
}
