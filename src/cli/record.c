/* record: the command that records: sets a session up, watches it, tells what
 * happens and how it ended. Main thread. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/events.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/report.h"
#include "cli/status.h"
#include "core/log.h"
#include "session/session.h"
#include "sys/clock.h"
#include "sys/console.h"
#include "sys/stop.h"
#include "sys/wake.h"

/* How often the status line is drawn. */
#define DRAW_NS INT64_C(100000000)
/* Lines about losses come no closer than this. */
#define LOSS_LINE_NS INT64_C(1000000000)
/* How old audio may get on its way into a pipe; into a file that somebody
 * watches grow; into a file. Fewer wake-ups cost less; what is on its way at
 * the stop is waited for in any case. */
#define LATENCY_PIPE_NS     INT64_C(20000000)
#define LATENCY_TERMINAL_NS INT64_C(50000000)
#define LATENCY_FILE_NS     INT64_C(100000000)

struct recording {
    const struct options *o;
    char name[64]; /* the file's, when none was given */
    const char *path;
    bool talk;     /* lines for people go to standard error */
    bool terminal; /* which is a terminal that can be drawn to */
    struct wake *wake;
    struct console *console;
    struct session *session;
    const struct session_facts *facts; /* NULL until it started */
    const char *stop;                  /* why it ends; NULL: not yet asked */
    unsigned stops_seen;
    struct status status;
    int64_t draw_due_ns;
    /* losses not yet told */
    uint64_t loss_frames;
    unsigned loss_places;
    int64_t loss_due_ns;
    struct session_report report;
    struct events events;
};

/* --- the beginning --- */

static void choose_outlets(struct recording *r)
{
    FILE *out = NULL;
    if (r->o->json) {
        out = options_to_stdout(r->o) ? stderr : stdout;
    }
    events_init(&r->events, out);
    r->talk = !r->o->quiet && out != stderr;
    r->terminal = r->talk && console_stderr_is_terminal() &&
                  !(out == stdout && console_stdout_is_terminal());
    if (r->o->verbose) {
        log_set_sink(message_log, &r->terminal);
    }
}

static struct session *create_session(struct recording *r, struct fault *f)
{
    const struct options *o = r->o;
    int64_t latency_ns = options_to_stdout(o) ? LATENCY_PIPE_NS
                         : r->terminal        ? LATENCY_TERMINAL_NS
                                              : LATENCY_FILE_NS;
    if (latency_ns > o->buffer_ns / 4) {
        latency_ns = o->buffer_ns / 4;
    }
    if (o->file != NULL) {
        r->path = o->file;
    } else if (o->type != SINK_NULL) {
        sink_default_name(r->name, sizeof r->name, o->type, clock_wall_ns());
        r->path = r->name;
    }
    struct session_request request = {
        .source = {.device = o->device,
                   .spec = o->synth,
                   .follow = !o->no_follow && o->device == NULL,
                   .latency_ns = latency_ns,
                   .client_name = "looprec"},
        .path = r->path,
        .type = o->type,
        .sample = o->sample,
        .compression = o->compression,
        .overwrite = o->overwrite,
        .has_duration = o->has_duration,
        .duration = o->duration,
        .buffer_ns = o->buffer_ns,
    };
    return session_create(&request, r->wake, f);
}

/* Never hidden: what is recorded, and where to. */
static void tell_start(const struct recording *r)
{
    const struct session_facts *facts = r->facts;
    const char *to = facts->path == NULL             ? "nothing"
                     : strcmp(facts->path, "-") == 0 ? "standard output"
                                                     : facts->path;
    char length[64] = "";
    if (r->o->has_duration) {
        uint64_t frames = duration_frames(&r->o->duration, facts->format.rate);
        strcpy(length, " for ");
        report_time(length + 5, sizeof length - 5, frames, facts->format.rate);
    }
    message_note("recording %s (%u Hz, %u channel%s) to %s (%s, %s)%s%s",
                 facts->info.device_name, (unsigned)facts->format.rate,
                 (unsigned)facts->format.channels,
                 facts->format.channels == 1 ? "" : "s", to,
                 sink_type_name(facts->type), sample_name(facts->sample),
                 length, r->terminal ? "; Ctrl-C or q ends it" : "");
}

static void warn(struct recording *r, const char *text, int64_t wall_ns)
{
    events_warning(&r->events, text, wall_ns);
    if (r->talk) {
        status_clear(&r->status);
        message_warning("%s", text);
    }
}

/* Everything up to the running session. False: F says why; ERR_OK: it was
 * stopped meanwhile. */
static bool begin(struct recording *r, struct fault *f)
{
    r->wake = wake_create(f);
    if (r->wake == NULL || !stop_install(r->wake, f)) {
        return false;
    }
    r->session = create_session(r, f);
    if (r->session == NULL) {
        return false;
    }
    r->console = console_open();
    if (r->console == NULL) {
        return fault_set(f, ERR_NO_MEMORY, "console", NULL, NULL);
    }
    if (!session_start(r->session, f)) {
        return false;
    }
    r->facts = session_facts(r->session);
    status_init(&r->status, r->terminal, r->facts->format.rate,
                r->facts->format.channels);
    events_started(&r->events, r->facts);
    if (r->talk) {
        tell_start(r);
    }
    return true;
}

/* --- while it runs --- */

/* One line for all losses since the last such line, or a flood of them would
 * be all there is to see. */
static void tell_losses(struct recording *r, uint64_t at_frame)
{
    int64_t now = clock_now_ns();
    if (now < r->loss_due_ns) {
        return;
    }
    char at[40];
    uint32_t rate = r->facts->format.rate;
    report_time(at, sizeof at, at_frame, rate);
    status_clear(&r->status);
    if (r->loss_places == 1) {
        message_warning("lost %.3f s at %s",
                        (double)r->loss_frames / (double)rate, at);
    } else {
        message_warning("lost %.3f s in %u places up to %s",
                        (double)r->loss_frames / (double)rate, r->loss_places,
                        at);
    }
    r->loss_frames = 0;
    r->loss_places = 0;
    r->loss_due_ns = now + LOSS_LINE_NS;
}

static void tell_event(struct recording *r, const struct session_event *event)
{
    if (event->kind == EVENT_GAP) {
        if (event->class == CLASS_LOST) {
            r->loss_frames += event->frames;
            r->loss_places++;
            tell_losses(r, event->at_frame);
        }
        return; /* the account tells of silence */
    }
    status_clear(&r->status);
    switch (event->kind) {
    case EVENT_DEVICE_LOST:
        message_warning("the device is gone, waiting for it: %s", event->text);
        break;
    case EVENT_DEVICE_BACK:
        message_note("looprec: the device is back: %s", event->text);
        break;
    case EVENT_DEVICE_REROUTED:
        message_note("looprec: now recording %s", event->text);
        break;
    case EVENT_WARNING: message_warning("%s", event->text); break;
    case EVENT_GAP: break;
    }
}

static void hand_out_events(struct recording *r)
{
    struct session_event event;
    while (session_next_event(r->session, &event)) {
        events_session(&r->events, &event);
        if (r->talk) {
            tell_event(r, &event);
        }
    }
}

static void look(struct recording *r)
{
    int64_t now = clock_now_ns();
    bool draw = r->terminal && now >= r->draw_due_ns;
    bool report = r->events.out != NULL && now >= r->events.due_ns;
    if (!draw && !report) {
        return;
    }
    struct session_status status;
    session_status(r->session, &status);
    events_progress(&r->events, &status, now, clock_wall_ns());
    if (r->terminal) {
        status_update(&r->status, &status, now);
        status_draw(&r->status, &status);
        r->draw_due_ns = now + DRAW_NS;
    }
}

/* How long nothing needs to be done: without a limit where nobody looks, so
 * that a recording in the background never wakes the processor for it. */
static int64_t idle_time(const struct recording *r)
{
    int64_t due = INT64_MAX;
    if (r->terminal) {
        due = r->draw_due_ns;
    }
    if (r->events.out != NULL && r->events.due_ns < due) {
        due = r->events.due_ns;
    }
    if (due == INT64_MAX) {
        return -1;
    }
    int64_t left = due - clock_now_ns();
    return left > 0 ? left : 0;
}

static const char *stop_name(enum stop_cause cause)
{
    switch (cause) {
    case STOP_INTERRUPT: return "interrupt";
    case STOP_TERMINATE: return "terminate";
    case STOP_HANGUP: return "hangup";
    case STOP_NONE: break;
    }
    return "key";
}

/* Requests to end: signals and console events, or a key. */
static void check_stop(struct recording *r, int key)
{
    int64_t when = 0;
    enum stop_cause cause = stop_requested(&when);
    bool pressed = key == 'q' || key == 'Q';
    if (r->stop == NULL && (cause != STOP_NONE || pressed)) {
        r->stop = stop_name(cause);
        session_stop(r->session, cause != STOP_NONE ? when : clock_now_ns());
        r->stops_seen = stop_count();
    } else if (r->stop != NULL && stop_count() > r->stops_seen) {
        r->stops_seen = UINT32_MAX; /* say it once */
        if (r->talk) {
            status_clear(&r->status);
            message_note("looprec: finishing the file; a moment");
        }
    }
}

static void check_reader(struct recording *r, bool *told)
{
    if (r->events.broken && !*told) {
        *told = true;
        warn(r, "nobody reads the JSON any longer; the recording goes on",
             clock_wall_ns());
    }
}

static void watch(struct recording *r)
{
    bool reader_told = false;
    int key = 0;
    for (;;) {
        check_stop(r, key);
        /* the state first: events that came before the end are then seen */
        bool running = session_state(r->session) == SESSION_RUNNING;
        hand_out_events(r);
        check_reader(r, &reader_told);
        if (!running) {
            break;
        }
        look(r);
        key = console_wait(r->console, r->wake, idle_time(r));
    }
    session_finish(r->session, &r->report);
    hand_out_events(r);
    check_reader(r, &reader_told);
}

/* --- the end --- */

static const char *end_name(const struct recording *r)
{
    switch (r->report.end) {
    case SESSION_COMPLETE: return "duration";
    case SESSION_READER_CLOSED: return "reader-closed";
    case SESSION_FAILED: return "failure";
    case SESSION_STOPPED:
    case SESSION_RUNNING: break;
    }
    return r->stop != NULL ? r->stop : "source-ended";
}

static int exit_code(const struct recording *r)
{
    if (r->report.end == SESSION_FAILED) {
        return 1;
    }
    if (r->o->fail_if_silent && !(r->report.peak_dbfs > r->o->silence_dbfs)) {
        return 3;
    }
    if (r->o->strict && r->report.account.frames[CLASS_LOST] > 0) {
        return 4;
    }
    return 0;
}

static void tell_failure(const struct recording *r)
{
    char text[sizeof(struct fault) + 256], saved[40];
    message_describe(text, sizeof text, &r->report.fault);
    report_time(saved, sizeof saved, r->report.frames, r->report.format.rate);
    message_error("%s (%s was recorded and is kept)", text, saved);
}

static void tell_end(const struct recording *r, int code)
{
    if (r->talk) {
        char text[MESSAGE_MAX];
        report_format(text, sizeof text, r->facts, &r->report);
        fputs(text, stderr);
        fflush(stderr);
    }
    bool errors = r->events.out != stderr;
    if (r->report.end == SESSION_FAILED && errors) {
        tell_failure(r);
    } else if (code == 3 && errors) {
        message_error("nothing louder than %.4g dBFS was recorded "
                      "(--fail-if-silent)",
                      r->o->silence_dbfs);
    } else if (code == 4 && errors) {
        message_error("audio was lost (--strict)");
    }
}

/* What ran has ended: tell it. */
static int finish(struct recording *r)
{
    int code = exit_code(r);
    bool failed = r->report.end == SESSION_FAILED;
    tell_end(r, code);
    const struct events_end end = {
        .path = r->facts->path,
        .facts = r->facts,
        .report = &r->report,
        .stop = end_name(r),
        .exit = code,
        .fault = failed ? &r->report.fault : NULL,
        .wall_ns = clock_wall_ns(),
    };
    events_finished(&r->events, &end);
    return code;
}

/* Nothing ran: tell why. A reader that was gone before the first byte is as
 * normal an end as one that goes later, or chance would choose the code. */
static int give_up(struct recording *r, const struct fault *f)
{
    bool stopped = f->err == ERR_OK;
    bool unread = f->err == ERR_PIPE_CLOSED;
    const struct events_end end = {
        .stop = stopped  ? stop_name(stop_requested(NULL))
                : unread ? "reader-closed"
                         : "failure",
        .exit = stopped  ? 1
                : unread ? 0
                         : error_exit_code(f->err),
        .fault = stopped || unread ? NULL : f,
        .wall_ns = clock_wall_ns(),
    };
    events_finished(&r->events, &end);
    if (r->events.out == stderr) {
        return end.exit;
    }
    if (stopped) {
        message_error("stopped before the recording began");
    } else if (!unread) {
        message_fault(f);
    } else if (r->talk) {
        message_note("looprec: the reader closed the pipe before the "
                     "recording began");
    }
    return end.exit;
}

int record_command(const struct options *o)
{
    static const struct fault no_fault;
    struct recording r = {.o = o};
    struct fault f = no_fault;
    int code;

    choose_outlets(&r);
    if (begin(&r, &f)) {
        watch(&r);
        status_clear(&r.status);
        console_close(r.console);
        code = finish(&r);
        stop_finalised();
    } else {
        status_clear(&r.status);
        console_close(r.console);
        code = give_up(&r, &f);
    }
    session_destroy(r.session);
    stop_uninstall();
    wake_destroy(r.wake);
    log_set_sink(NULL, NULL);
    return code;
}
