/* writer: reads every track's ring, asks the timeline where each packet
 * belongs, and writes the file. One thread; its functions for others are
 * marked. */
#include <stdlib.h>
#include <string.h>

#include "session/internal.h"
#include "session/output.h"
#include "session/reader.h"
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

    /* writer thread only */
    struct output output;
    struct reader reader; /* its fault is the writer's */
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
    w->reader = (struct reader){
        .output = &w->output,
        .queue = setup->queue,
        .virtual_time = setup->virtual_time,
        .hold = setup->hold,
    };
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
    w->end = w->reader.fault.err == ERR_PIPE_CLOSED ? SESSION_READER_CLOSED
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
        int64_t stop_ns =
            w->stop_ns == STOP_NEVER ? PACKET_NO_TIME : w->stop_ns;
        good = reader_finish(&w->reader, t, stop_ns);
        if (!good) {
            fail(w);
        }
    }
    output_end_gap(&w->output);
    if (!good) {
        output_settle(&w->output, sink_frames(w->setup.sink));
    }
    publish(w);
    struct fault f = {0};
    if (!sink_close(w->setup.sink, &f) && w->reader.fault.err == ERR_OK) {
        w->reader.fault = f;
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
    return sink_commit(w->setup.sink, &w->reader.fault);
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
        w->reader.stopping = w->stop_ns != STOP_NEVER;
        good = reader_drain(&w->reader, t, &done) && commit(w);
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
    out->fault = w->reader.fault;
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
