/* session: see session.h. Main thread, but for session_stop. */
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "session/destination.h"
#include "session/files.h"
#include "session/internal.h"
#include "session/tracks.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/stop.h"

/* While sources open, look this often whether the user wants out. */
#define OPEN_POLL_NS INT64_C(50000000)
/* While all of them are waited for; signals and keys end this early. */
#define WAIT_POLL_NS  INT64_C(500000000)
#define END_POLL_NS   INT64_C(2000000)
#define LOOK_PIPE_NS  INT64_C(100000000)
#define LOOK_LEAST_NS INT64_C(250000000)
#define LOOK_MOST_NS  INT64_C(1000000000)
#define POLL_LEAST_NS INT64_C(2000000)
#define POLL_MOST_NS  INT64_C(250000000)

struct session {
    struct session_request request;
    struct wake *wake;        /* the main thread's */
    struct wake *writer_wake; /* wakes the writer */
    struct queue *queue;
    struct track tracks[SESSION_TRACKS_MAX];
    unsigned track_count;
    struct destination *destination;
    struct writer *writer;
    struct session_facts facts;
    struct files *files;
    int64_t start_ns;        /* clock_now_ns() at frame 0 */
    int64_t start_asleep_ns; /* clock_asleep_ns() then */
    bool keeps_running;      /* process_keep_running(1) is to be undone */
    _Atomic int64_t stop_ns; /* STOP_NEVER; what session_stop was told */
};

static bool to_pipe(const struct session *s)
{
    return s->request.path && strcmp(s->request.path, "-") == 0;
}

const char *session_suspend_name(enum session_suspend policy)
{
    static const char *const names[] = {
        [SUSPEND_CUT] = "cut",
        [SUSPEND_FILL] = "fill",
        [SUSPEND_SPLIT] = "split",
    };
    return names[policy];
}

struct session *session_create(const struct session_request *request,
                               struct wake *wake, struct fault *f)
{
    struct session *s = calloc(1, sizeof(*s));
    if (!s) {
        fault_set(f, ERR_NO_MEMORY, "make the session", NULL, NULL);
        return NULL;
    }
    s->request = *request;
    s->wake = wake;
    atomic_init(&s->stop_ns, STOP_NEVER);
    s->queue = queue_create(wake);
    if (s->queue) {
        s->files = files_create(s->queue, destination_splits(request));
    }
    if (!s->files) {
        fault_set(f, ERR_NO_MEMORY, "make the session", NULL, NULL);
        goto out;
    }
    s->destination = destination_create(&s->request, s->files, s->queue, f);
    if (!s->destination) {
        goto out;
    }
    s->writer_wake = wake_create(f);
    if (!s->writer_wake) {
        goto out;
    }
    for (unsigned i = 0; i < s->request.source_count; i++) {
        s->track_count++;
        if (!track_create(&s->tracks[i], i, &s->request, s->queue, s->wake,
                          s->writer_wake, f)) {
            goto out;
        }
    }
    return s;
out:
    session_destroy(s);
    return NULL;
}

/* --- opening --- */

static void attend(struct session *s, int64_t timeout_ns)
{
    if (s->request.attend) {
        s->request.attend(s->request.attend_context, timeout_ns);
    } else {
        wake_wait(s->wake, timeout_ns);
    }
}

/* Start every source's thread and wait until each was tried, and one is open.
 * Those that are waited for may come later; those that never came are told of
 * while it runs. */
static bool open_tracks(struct session *s, struct fault *f)
{
    for (unsigned i = 0; i < s->track_count; i++) {
        if (!track_open(&s->tracks[i], f)) {
            return false;
        }
    }
    for (;;) {
        struct tracks_look o = tracks_look(s->tracks, s->track_count);
        if (o.refused || (!o.trying && o.open + o.waiting == 0)) {
            *f = o.refused ? o.refused->fault : o.failed->fault;
            return false;
        }
        if (stop_requested(NULL) != STOP_NONE) {
            session_stop(s, clock_now_ns());
        }
        /* relaxed: a number on its own */
        if (atomic_load_explicit(&s->stop_ns, memory_order_relaxed) !=
            STOP_NEVER) {
            return false;
        }
        if (!o.trying && o.open > 0) {
            break;
        }
        attend(s, o.trying ? OPEN_POLL_NS : WAIT_POLL_NS);
    }
    tracks_note_present(s->tracks, s->track_count);
    return true;
}

/* What the file will hold. */
static bool choose_format(struct session *s, struct fault *f)
{
    struct session_facts *facts = &s->facts;
    if (!tracks_describe(s->tracks, s->track_count, &facts->info, f)) {
        return false;
    }
    facts->source = s->tracks[0].source->ops->name;
    facts->format = facts->info.format;
    format_change(&facts->format, s->request.rate, s->request.channels);
    facts->type = s->request.type;
    facts->sample = s->request.sample;
    if (facts->sample == SAMPLE_NONE) {
        facts->sample = sink_default_sample(facts->type, facts->format.native);
    }
    return sink_check(facts->type, facts->sample, &facts->format, f) &&
           tracks_check_rates(s->tracks, s->track_count, &facts->format, f);
}

/* The capture thread wakes nobody, so the writer looks by itself: for every
 * second packet, within reason; twice for each where a pipe waits for it. What
 * a killed recording loses is what waits here, so a quarter second is the most.
 */
static int64_t poll_for(const struct session *s)
{
    int64_t latency_ns = s->request.sources[0].latency_ns;
    int64_t poll_ns = to_pipe(s) ? latency_ns / 2 : latency_ns * 2;
    if (poll_ns > s->request.buffer_ns / 4) {
        poll_ns = s->request.buffer_ns / 4; /* or it would fill up meanwhile */
    }
    return poll_ns < POLL_LEAST_NS  ? POLL_LEAST_NS
           : poll_ns > POLL_MOST_NS ? POLL_MOST_NS
                                    : poll_ns;
}

/* Packets that come seldom bring few stamps to choose the best from. A pipe's
 * reader waits for sound that begins: it gets it at once, some stamps later. */
static int64_t look_for(const struct session *s)
{
    if (to_pipe(s)) {
        return LOOK_PIPE_NS;
    }
    int64_t look_ns = s->request.sources[0].latency_ns * 5;
    return look_ns < LOOK_LEAST_NS  ? LOOK_LEAST_NS
           : look_ns > LOOK_MOST_NS ? LOOK_MOST_NS
                                    : look_ns;
}

/* Let everything run. Frame 0 is now, or up to a moment before, where all that
 * was played since is there. */
static bool begin(struct session *s, struct fault *f)
{
    const struct session_request *r = &s->request;
    bool virtual_time = s->facts.info.virtual_time;
    int64_t now_ns = clock_now_ns();
    s->start_ns = tracks_since_ns(s->tracks, s->track_count, now_ns);
    s->start_asleep_ns = clock_asleep_ns();
    int64_t start_ns = virtual_time
                           ? tracks_first_opened_ns(s->tracks, s->track_count)
                           : s->start_ns;
    s->facts.start_wall_ns = clock_wall_ns() - (now_ns - s->start_ns);

    struct writer_setup setup = {
        .tracks = s->tracks,
        .track_count = s->track_count,
        .sink = destination_sink(s->destination),
        .format = s->facts.format,
        .sample = s->facts.sample,
        .dither = s->request.dither,
        .start_ns = start_ns,
        .limit = UINT64_MAX,
        .virtual_time = virtual_time,
        .on_suspend = r->on_suspend,
        .poll_ns = poll_for(s),
        .look_ns = look_for(s),
        .buffer_ns = s->request.buffer_ns,
        .hold = !to_pipe(s),
        .queue = s->queue,
        .wake = s->writer_wake,
        .main_wake = s->wake,
    };
    if (r->has_duration) {
        setup.limit = duration_frames(&r->duration, setup.format.rate);
    }
    s->writer = writer_create(&setup, f);
    if (!s->writer) {
        return false;
    }
    if (!writer_start(s->writer, f)) {
        return false;
    }
    for (unsigned i = 0; i < s->track_count; i++) {
        track_begin(&s->tracks[i]);
    }
    destination_hand_over(s->destination);
    return true;
}

bool session_start(struct session *s, struct fault *f)
{
    if (!open_tracks(s, f)) {
        /* relaxed: set by this thread's own loop or a handler before it */
        if (atomic_load_explicit(&s->stop_ns, memory_order_relaxed) !=
            STOP_NEVER) {
            memset(f, 0, sizeof(*f));
        }
        return false;
    }
    if (!choose_format(s, f) ||
        !tracks_make_lanes(s->tracks, s->track_count, &s->facts.info,
                           s->request.buffer_ns, f) ||
        !destination_open(s->destination, &s->facts, f)) {
        return false;
    }
    process_keep_running(1);
    s->keeps_running = true;
    return begin(s, f);
}

const struct session_facts *session_facts(const struct session *s)
{
    return &s->facts;
}

void session_stop(struct session *s, int64_t stop_ns)
{
    /* relaxed: a number on its own */
    atomic_store_explicit(&s->stop_ns, stop_ns, memory_order_relaxed);
    if (s->writer) {
        writer_stop(s->writer, stop_ns);
    } else {
        for (unsigned i = 0; i < s->track_count; i++) {
            track_interrupt(&s->tracks[i], SOURCE_STOP_NOW);
        }
    }
}

bool session_pause(struct session *s, int64_t at_ns)
{
    return s->writer && writer_pause(s->writer, at_ns);
}

bool session_mark(struct session *s, int64_t at_ns)
{
    return s->writer && writer_mark(s->writer, at_ns);
}

enum session_end session_state(const struct session *s)
{
    return s->writer ? writer_state(s->writer) : SESSION_RUNNING;
}

void session_status(struct session *s, struct session_status *out)
{
    writer_status(s->writer, out);
}

bool session_next_event(struct session *s, struct session_event *out)
{
    return queue_take(s->queue, out);
}

static void let_sleep(struct session *s)
{
    if (s->keeps_running) {
        process_keep_running(0);
        s->keeps_running = false;
    }
}

void session_finish(struct session *s, struct session_report *out)
{
    memset(out, 0, sizeof(*out));
    writer_join(s->writer, out);
    out->overflow_events = queue_overflow(s->queue);
    for (unsigned i = 0; i < s->track_count; i++) {
        const struct track *t = &s->tracks[i];
        if (out->absent.err == ERR_OK && track_phase(t) == TRACK_FAILED) {
            out->absent = t->fault;
        }
        out->broken = out->broken || news_broken(&s->tracks[i].news);
    }
    /* What the device's own clock says is better than what packets tell. */
    for (unsigned i = s->track_count; i-- > 0;) {
        out->drift_known =
            news_drift(&s->tracks[i].news, &out->drift_ppm) || out->drift_known;
    }
    out->files = files_first(s->files);
    out->deleted = files_deletions(s->files);
    out->wall_ns = clock_now_ns() - s->start_ns;
    if (!clock_counts_sleep()) {
        out->wall_ns += clock_asleep_ns() - s->start_asleep_ns;
    }
    let_sleep(s);
}

bool session_find_file(struct session *s, unsigned number,
                       struct session_file *out)
{
    return files_find(s->files, number, out);
}

void session_forget_file(struct session *s, unsigned number)
{
    files_forget(s->files, number);
}

void session_discard(struct session *s)
{
    struct session_report unread;
    session_stop(s, clock_now_ns());
    session_finish(s, &unread);
    if (s->facts.path && !to_pipe(s)) {
        file_remove(s->facts.path);
    }
}

/* End the tracks' threads, which takes some milliseconds. False: one of them
 * hangs in the system. */
static bool end_tracks(struct session *s)
{
    int64_t until_ns = clock_now_ns() + PATIENCE_NS;
    for (unsigned i = 0; i < s->track_count; i++) {
        if (s->tracks[i].thread) {
            track_interrupt(&s->tracks[i], SOURCE_STOP_NOW);
        }
    }
    for (unsigned i = 0; i < s->track_count; i++) {
        while (!track_is_over(&s->tracks[i])) {
            if (clock_now_ns() >= until_ns) {
                log_line("a source does not end: it is left to the system");
                return false;
            }
            clock_sleep_ns(END_POLL_NS);
        }
    }
    return true;
}

bool session_destroy(struct session *s)
{
    if (!s) {
        return true;
    }
    if (!end_tracks(s)) {
        let_sleep(s);
        return false; /* what it may still use stays */
    }
    for (unsigned i = 0; i < s->track_count; i++) {
        track_release(&s->tracks[i]);
    }
    destination_destroy(s->destination);
    writer_destroy(s->writer);
    files_destroy(s->files);
    let_sleep(s);
    queue_destroy(s->queue);
    wake_destroy(s->writer_wake);
    free(s);
    return true;
}
