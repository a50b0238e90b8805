/* record: the command that records: sets a session up and watches it; how it
 * ended is outcome's. Main thread. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/message.h"
#include "cli/recording.h"
#include "cli/targets.h"
#include "core/log.h"
#include "sys/clock.h"
#include "sys/stop.h"

/* How often the status line is drawn. */
#define DRAW_NS INT64_C(100000000)
/* How old audio may get on its way into a pipe; into a file that somebody
 * watches grow; into a file. Fewer wake-ups cost less; what is on its way at
 * the stop is waited for in any case. */
#define LATENCY_PIPE_NS     INT64_C(20000000)
#define LATENCY_TERMINAL_NS INT64_C(50000000)
#define LATENCY_FILE_NS     INT64_C(100000000)

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
                  !(out == stdout && console_stdout_is_terminal()) &&
                  r->o->command == NULL; /* it is the command's then */
    if (r->o->verbose) {
        log_set_sink(message_log, &r->terminal);
    }
}

static void attend(void *context, int64_t timeout_ns);

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
        .path = r->path,
        .path_is_ours = o->file == NULL,
        .attend = attend,
        .attend_context = r,
    };
    targets_copy(&request, o);
    targets_fill(&request, o, r->command.child, r->sink.sink, latency_ns);
    return session_create(&request, r->wake, f);
}

static void tell_start(const struct recording *r)
{
    const char *until = r->terminal
                            ? "; Ctrl-C or q ends it, space pauses, m marks"
                        : r->command.argv == NULL ? ""
                        : r->o->has_duration ? " or until the command has ended"
                                             : " until the command has ended";
    notices_start(r->facts, r->o->has_duration ? &r->o->duration : NULL, until);
    if (r->command.argv == NULL) {
        own_sink_tell(&r->sink);
    }
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
static bool begin(struct recording *r, unsigned streams, struct fault *f)
{
    r->wake = wake_create(f);
    if (r->wake == NULL || !own_sink_plan(&r->sink, r->o, f) ||
        !command_hold(&r->command, r->o, own_sink_environment(&r->sink),
                      streams, r->wake, f) ||
        !stop_install(r->wake, f) || !own_sink_open(&r->sink, f)) {
        return false;
    }
    r->session = create_session(r, f);
    if (r->session == NULL) {
        return false;
    }
    if (r->o->command == NULL) {
        r->console = console_open();
        if (r->console == NULL) {
            return fault_set(f, ERR_NO_MEMORY, "console", NULL, NULL);
        }
    }
    /* before it starts nothing is told that needs the rate */
    notices_init(&r->notices, &r->status, 0);
    if (!session_start(r->session, f)) {
        return false;
    }
    if (!command_go(&r->command, f)) {
        session_discard(r->session);
        return false;
    }
    r->facts = session_facts(r->session);
    status_init(&r->status, r->terminal, r->facts->format.rate,
                r->facts->format.channels);
    notices_init(&r->notices, &r->status, r->facts->format.rate);
    const struct events_command command = {
        .argv = r->command.argv,
        .process_id = command_id(&r->command),
        .environment = own_sink_environment(&r->sink)};
    events_started(&r->events, r->facts, &command);
    if (r->talk) {
        tell_start(r);
    }
    return true;
}

/* --- while it runs --- */

static void hand_out_events(struct recording *r)
{
    struct session_event event;
    while (session_next_event(r->session, &event)) {
        struct session_file file;
        if (event.kind == EVENT_SEGMENT &&
            session_find_file(r->session, event.number, &file)) {
            events_segment(&r->events, &file, event.wall_ns);
        }
        if (event.kind == EVENT_DELETED &&
            session_find_file(r->session, event.number, &file)) {
            events_deleted(&r->events, &file, event.wall_ns);
            session_forget_file(r->session, event.number);
        }
        events_session(&r->events, &event);
        if (r->talk) {
            notices_event(&r->notices, &event);
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

static bool is_end_key(int key)
{
    return key == 'q' || key == 'Q';
}

/* Why the recording is to end by now; NULL: it is not. *WHEN: at which time. */
static const char *why_stop(struct recording *r, int key, int64_t *when)
{
    enum stop_cause cause = STOP_NONE;
    *when = clock_now_ns();
    if (r->command.argv == NULL) {
        cause = stop_requested(when);
        return cause != STOP_NONE || is_end_key(key) ? outcome_stop_name(cause)
                                                     : NULL;
    }
    switch (command_look(&r->command)) {
    case COMMAND_ENDED: *when += own_sink_tail_ns(&r->sink); return "command";
    case COMMAND_LEFT:
        return outcome_stop_name(stop_hangup() ? STOP_HANGUP
                                               : stop_requested(NULL));
    case COMMAND_ASKED:
        if (r->talk) {
            message_note("looprec: recording until the command has ended; "
                         "once more ends the recording now");
        }
        break;
    case COMMAND_RUNS: break;
    }
    return NULL;
}

/* Requests to end: signals and console events, a key, the command's end. */
static void check_stop(struct recording *r, int key)
{
    int64_t when;
    if (r->stop == NULL) {
        r->stop = why_stop(r, key, &when);
        if (r->stop != NULL) {
            session_stop(r->session, when);
            r->stops_seen = stop_count();
        }
    } else if (stop_count() > r->stops_seen) {
        r->stops_seen = UINT32_MAX; /* say it once */
        if (r->talk) {
            status_clear(&r->status);
            message_note("looprec: finishing the file; a moment");
        }
    }
}

static void pause_at(struct recording *r, int64_t when_ns)
{
    session_pause(r->session, when_ns);
    r->draw_due_ns = 0; /* to be seen at once */
}

/* What else is asked for while it runs: by signals, by a key. */
static void take_orders(struct recording *r, int key)
{
    int64_t when_ns;
    enum stop_order order;
    while ((order = stop_next_order(&when_ns)) != ORDER_NONE) {
        switch (order) {
        case ORDER_PAUSE: pause_at(r, when_ns); break;
        case ORDER_MARK: session_mark(r->session, when_ns); break;
        case ORDER_NONE: break;
        }
    }
    if (key == ' ') {
        pause_at(r, clock_now_ns());
    } else if (key == 'm' || key == 'M') {
        session_mark(r->session, clock_now_ns());
    }
}

/* While the session waits for its sources: what happens is told, and a key ends
 * it. (Of signals the session takes note itself.) */
static void attend(void *context, int64_t timeout_ns)
{
    struct recording *r = context;
    int key = console_wait(r->console, r->wake, timeout_ns);
    hand_out_events(r);
    if (is_end_key(key)) {
        session_stop(r->session, clock_now_ns());
    }
}

static void check_reader(struct recording *r, bool *told)
{
    if (r->events.failed == 0 || *told) {
        return;
    }
    *told = true;
    const char *failure = events_failure(&r->events);
    char text[160] = "nobody reads the JSON any longer; the recording goes on";
    if (failure != NULL) {
        snprintf(text, sizeof text,
                 "no more JSON can be written: %s; the recording goes on",
                 failure);
    }
    warn(r, text, clock_wall_ns());
}

static void watch(struct recording *r)
{
    bool reader_told = false;
    int key = 0;
    for (;;) {
        take_orders(r, key);
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
    command_settle(&r->command);
    own_sink_close(&r->sink); /* nobody plays into it any longer */
    hand_out_events(r);
    check_reader(r, &reader_told);
}

int record_command(const struct options *o, unsigned streams)
{
    static const struct fault no_fault;
    struct recording r;
    struct fault f = no_fault;
    int code;

    /* Its last member is events_init's, whose line is not touched until one is
     * written. */
    memset(&r, 0, offsetof(struct recording, events));
    r.o = o;
    choose_outlets(&r);
    if (begin(&r, streams, &f)) {
        watch(&r);
        status_clear(&r.status);
        console_close(r.console);
        code = outcome_finish(&r);
        stop_finalised();
    } else {
        status_clear(&r.status);
        console_close(r.console);
        code = outcome_give_up(&r, &f);
    }
    bool ended = session_destroy(r.session);
    if (ended) { /* else a thread that hangs may still ask it */
        command_free(&r.command);
    }
    own_sink_close(&r.sink);
    stop_uninstall();
    if (ended) {
        wake_destroy(r.wake);
    }
    log_set_sink(NULL, NULL);
    return code;
}
