/* session: see session.h. Main thread, but for session_stop. */
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

#include "session/internal.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/stop.h"

/* While sources open, look this often whether the user wants out. */
#define OPEN_POLL_NS  INT64_C(50000000)
#define LOOK_LEAST_NS INT64_C(250000000)
#define LOOK_MOST_NS  INT64_C(1000000000)
#define POLL_LEAST_NS INT64_C(2000000)
#define POLL_MOST_NS  INT64_C(250000000)

struct session {
    struct session_request request;
    struct wake *wake;        /* the main thread's */
    struct wake *track_wake;  /* wakes the main thread while sources open */
    struct wake *writer_wake; /* wakes the writer */
    struct queue *queue;
    struct track tracks[SESSION_TRACKS_MAX];
    unsigned track_count;
    struct sink *sink; /* until the writer has it */
    struct writer *writer;
    struct session_facts facts;
    char date[40];
    int64_t start_ns;        /* clock_now_ns() at frame 0 */
    _Atomic int64_t stop_ns; /* STOP_NEVER; what session_stop was told */
};

static bool to_pipe(const struct session *s)
{
    return s->request.path && strcmp(s->request.path, "-") == 0;
}

static bool check_request(const struct session_request *r, struct fault *f)
{
    if (r->sample != SAMPLE_NONE && !sink_check(r->type, r->sample, NULL, f)) {
        return false;
    }
    if (r->type == SINK_NULL || strcmp(r->path, "-") == 0) {
        return true;
    }
    return file_check(r->path, r->overwrite, f);
}

struct session *session_create(const struct session_request *request,
                               struct wake *wake, struct fault *f)
{
    if (!check_request(request, f)) {
        return NULL;
    }
    struct session *s = calloc(1, sizeof(*s));
    if (!s) {
        fault_set(f, ERR_NO_MEMORY, "make the session", NULL, NULL);
        return NULL;
    }
    s->request = *request;
    s->wake = wake;
    atomic_init(&s->stop_ns, STOP_NEVER);
    s->queue = queue_create(wake);
    if (!s->queue) {
        fault_set(f, ERR_NO_MEMORY, "make the session", NULL, NULL);
        goto out;
    }
    s->track_wake = wake_create(f);
    s->writer_wake = wake_create(f);
    if (!s->track_wake || !s->writer_wake) {
        goto out;
    }
    s->track_count = 1;
    if (!track_create(&s->tracks[0], &s->request.source, s->queue,
                      s->track_wake, s->writer_wake, f)) {
        goto out;
    }
    return s;
out:
    session_destroy(s);
    return NULL;
}

/* Start every source's thread and wait until all are open or one failed. */
static bool open_tracks(struct session *s, struct fault *f)
{
    for (unsigned i = 0; i < s->track_count; i++) {
        if (!track_open(&s->tracks[i], f)) {
            return false;
        }
    }
    for (unsigned i = 0; i < s->track_count; i++) {
        struct track *t = &s->tracks[i];
        while (track_phase(t) == TRACK_OPENING) {
            wake_wait(s->track_wake, OPEN_POLL_NS);
            if (stop_requested(NULL) != STOP_NONE) {
                session_stop(s, clock_now_ns());
            }
        }
        if (track_phase(t) == TRACK_FAILED) {
            *f = t->fault;
            return false;
        }
    }
    return true;
}

/* What the file will hold, from the first track and the request. */
static bool choose_format(struct session *s, struct fault *f)
{
    struct session_facts *facts = &s->facts;
    const struct track *t = &s->tracks[0];
    facts->source = t->source->ops->name;
    facts->info = t->info;
    facts->format = t->info.format;
    facts->type = s->request.type;
    facts->path = s->request.path;
    facts->sample = s->request.sample;
    if (facts->sample == SAMPLE_NONE) {
        facts->sample = sink_default_sample(facts->type, facts->format.native);
    }
    return sink_check(facts->type, facts->sample, &facts->format, f);
}

static bool make_rings(struct session *s, struct fault *f)
{
    for (unsigned i = 0; i < s->track_count; i++) {
        if (!track_make_ring(&s->tracks[i], s->request.buffer_ns, f)) {
            return false;
        }
    }
    return true;
}

static bool open_sink(struct session *s, struct fault *f)
{
    const struct session_facts *facts = &s->facts;
    clock_format_rfc3339(s->date, sizeof(s->date), clock_wall_ns());
    struct sink_request request = {
        .path = facts->path,
        .type = facts->type,
        .format = facts->format,
        .sample = facts->sample,
        .compression = s->request.compression,
        .overwrite = s->request.overwrite,
        .device_name = facts->info.device_name,
        .date = s->date,
    };
    s->sink = sink_open(&request, f);
    return s->sink != NULL;
}

/* The capture thread wakes nobody, so the writer looks by itself: for every
 * fifth packet, within reason; twice for each where a pipe waits for it. What a
 * killed recording loses is what waits here, so a quarter second is the most.
 */
static int64_t poll_for(const struct session *s)
{
    int64_t latency_ns = s->request.source.latency_ns;
    int64_t poll_ns = to_pipe(s) ? latency_ns / 2 : latency_ns * 5;
    if (poll_ns > s->request.buffer_ns / 4) {
        poll_ns = s->request.buffer_ns / 4; /* or it would fill up meanwhile */
    }
    return poll_ns < POLL_LEAST_NS  ? POLL_LEAST_NS
           : poll_ns > POLL_MOST_NS ? POLL_MOST_NS
                                    : poll_ns;
}

/* Packets that come seldom bring few stamps to choose the best from. */
static int64_t look_for(const struct session *s)
{
    int64_t look_ns = s->request.source.latency_ns * 5;
    return look_ns < LOOK_LEAST_NS  ? LOOK_LEAST_NS
           : look_ns > LOOK_MOST_NS ? LOOK_MOST_NS
                                    : look_ns;
}

/* Frame 0 is now: let everything run. */
static bool begin(struct session *s, struct fault *f)
{
    struct track *t = &s->tracks[0];
    const struct session_request *r = &s->request;
    bool virtual_time = t->info.virtual_time;
    s->start_ns = clock_now_ns();
    int64_t start_ns = virtual_time ? t->opened_ns : s->start_ns;
    s->facts.start_wall_ns = clock_wall_ns();

    struct writer_setup setup = {
        .tracks = s->tracks,
        .track_count = s->track_count,
        .sink = s->sink,
        .format = s->facts.format,
        .sample = s->facts.sample,
        .start_ns = start_ns,
        .limit = UINT64_MAX,
        .deadline_ns = STOP_NEVER,
        .virtual_time = virtual_time,
        .poll_ns = poll_for(s),
        .look_ns = look_for(s),
        .hold = !to_pipe(s),
        .queue = s->queue,
        .wake = s->writer_wake,
        .main_wake = s->wake,
    };
    if (r->has_duration) {
        setup.limit = duration_frames(&r->duration, setup.format.rate);
        if (!virtual_time) {
            setup.deadline_ns = start_ns + frames_to_ns((int64_t)setup.limit,
                                                        setup.format.rate);
        }
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
    s->sink = NULL; /* the writer's */
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
    if (!choose_format(s, f) || !make_rings(s, f) || !open_sink(s, f)) {
        return false;
    }
    process_keep_running(1);
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

void session_finish(struct session *s, struct session_report *out)
{
    memset(out, 0, sizeof(*out));
    writer_join(s->writer, out);
    out->overflow_events = queue_overflow(s->queue);
    out->wall_ns = clock_now_ns() - s->start_ns;
    process_keep_running(0);
}

void session_destroy(struct session *s)
{
    if (!s) {
        return;
    }
    for (unsigned i = 0; i < s->track_count; i++) {
        track_release(&s->tracks[i]);
    }
    if (s->sink) {
        struct fault ignored = {0};
        sink_close(s->sink, &ignored);
    }
    writer_destroy(s->writer);
    queue_destroy(s->queue);
    wake_destroy(s->track_wake);
    wake_destroy(s->writer_wake);
    free(s);
}
