/* outcome: how a recording ended: the exit code, the report, the last event.
 * See recording.h. Main thread. */
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "cli/recording.h"
#include "sys/clock.h"

const char *outcome_stop_name(enum stop_cause cause)
{
    switch (cause) {
    case STOP_INTERRUPT: return "interrupt";
    case STOP_TERMINATE: return "terminate";
    case STOP_HANGUP: return "hangup";
    case STOP_NONE: break;
    }
    return "key";
}

static const char *end_name(const struct recording *r)
{
    switch (r->report.end) {
    case SESSION_COMPLETE: return "duration";
    case SESSION_READER_CLOSED: return "reader-closed";
    case SESSION_FAILED: return "failure";
    case SESSION_SOURCE_ENDED: return "source-ended";
    case SESSION_STOPPED:
    case SESSION_RUNNING: break;
    }
    return r->stop;
}

static int64_t exit_code(const struct recording *r)
{
    if (r->report.end == SESSION_FAILED) {
        return 1;
    }
    if (r->report.absent.err != ERR_OK) {
        return error_exit_code(r->report.absent.err);
    }
    if (r->command.ended && r->command.status != 0) {
        return r->command.status;
    }
    if (r->o->fail_if_silent && !(r->report.peak_dbfs > r->o->silence_dbfs)) {
        return 3;
    }
    if (r->o->strict &&
        (r->report.broken || r->report.account.frames[CLASS_LOST] > 0)) {
        return 4;
    }
    return 0;
}

/* What went wrong; NULL: nothing. */
static const struct fault *fault_of(const struct recording *r)
{
    return r->report.end == SESSION_FAILED  ? &r->report.fault
           : r->report.absent.err != ERR_OK ? &r->report.absent
                                            : NULL;
}

static void tell_failure(const struct recording *r)
{
    const struct session_report *report = &r->report;
    uint32_t rate = report->format.rate;
    char text[sizeof(struct fault) + 256], saved[40], all[40];
    message_describe(text, sizeof text, &report->fault);
    report_time(saved, sizeof saved, report->saved_frames, rate);
    report_time(all, sizeof all, report->written_frames, rate);
    if (report->saved_frames == 0 && report->written_frames * 1000 < rate) {
        message_error("%s (nothing is kept)", text);
    } else if (report->saved_frames == 0) {
        message_error("%s (nothing is kept of the %s that was recorded)", text,
                      all);
    } else if (report->fault.err == ERR_FILE_GONE ||
               report->saved_frames < report->frames) {
        message_error("%s (%s was recorded, and %s of it is kept)", text, all,
                      saved);
    } else {
        message_error("%s (%s was recorded and is kept)", text, saved);
    }
}

/* The files but the first, or of many the last. */
static void tell_files(const struct session_report *r)
{
    enum { FILES_TOLD = 12, LAST_TOLD = 3 };
    const struct session_file *file = r->files;
    unsigned more = 0;
    for (; file != NULL && file->next != NULL; file = file->next) {
        more++;
    }
    unsigned skipped = more > FILES_TOLD ? more - LAST_TOLD : 0;
    if (skipped > 0) {
        fprintf(stderr, "  (%u files are not listed here)\n", skipped);
    }
    for (file = r->files; more > 0; more--) {
        file = file->next;
        if (skipped > 0) {
            skipped--;
            continue;
        }
        char text[MESSAGE_MAX];
        report_file(text, sizeof text, file, r->format.rate);
        fputs(text, stderr);
    }
}

/* CODE as exit_code has it; 3 and 4 may be the command's own. */
static void tell_end(const struct recording *r, int64_t code)
{
    bool own = r->command.ended && r->command.status != 0;
    if (r->talk) {
        char text[MESSAGE_MAX];
        report_format(text, sizeof text, r->facts, &r->report);
        fputs(text, stderr);
        tell_files(&r->report);
        fflush(stderr);
        command_tell(&r->command);
    }
    bool errors = r->events.out != stderr;
    if (r->report.end == SESSION_FAILED && errors) {
        tell_failure(r);
    } else if (r->report.absent.err != ERR_OK && errors) {
        message_fault(&r->report.absent);
    } else if (code == 3 && errors && !own) {
        message_error("nothing louder than %.4g dBFS was recorded "
                      "(--fail-if-silent)",
                      r->o->silence_dbfs);
    } else if (code == 4 && errors && !own) {
        message_error(r->report.account.frames[CLASS_LOST] > 0
                          ? "audio was lost (--strict)"
                          : "sound was played that did not arrive (--strict)");
    }
}

/* As the events name it; NULL: none that is there. */
static const char *path_of(const struct recording *r)
{
    const char *path = r->facts->path;
    bool there =
        r->report.files != NULL || (path != NULL && strcmp(path, "-") == 0);
    return there ? path : NULL;
}

/* CODE, once all JSON was to be written. A reader that went away wanted no
 * more; any other way to lose lines is a failure, though the file is as it
 * should be. */
static int settle_json(const struct recording *r, int64_t code)
{
    const char *failure = events_failure(&r->events);
    if (failure != NULL) {
        message_error("the JSON could not all be written: %s", failure);
        code = code == 0 ? 1 : code;
    }
    return (int)(uint32_t)code; /* Windows' have 32 bits */
}

int outcome_finish(struct recording *r)
{
    int64_t code = exit_code(r);
    tell_end(r, code);
    const struct events_end end = {
        .path = path_of(r),
        .facts = r->facts,
        .report = &r->report,
        .stop = end_name(r),
        .exit = code,
        .command_status = r->command.ended ? &r->command.status : NULL,
        .fault = fault_of(r),
        .wall_ns = clock_wall_ns(),
    };
    events_finished(&r->events, &end);
    return settle_json(r, code);
}

/* A reader that was gone before the first byte is as normal an end as one that
 * goes later, or chance would choose the code. */
int outcome_give_up(struct recording *r, const struct fault *f)
{
    bool stopped = f->err == ERR_OK;
    bool unread = f->err == ERR_PIPE_CLOSED;
    const struct events_end end = {
        .stop = stopped  ? outcome_stop_name(stop_requested(NULL))
                : unread ? "reader-closed"
                         : "failure",
        .exit = stopped  ? 1
                : unread ? 0
                         : error_exit_code(f->err),
        .fault = stopped || unread ? NULL : f,
        .wall_ns = clock_wall_ns(),
    };
    int code = (int)end.exit;
    events_finished(&r->events, &end);
    if (r->events.out == stderr) {
        return code;
    }
    code = settle_json(r, code);
    if (stopped) {
        message_error("stopped before the recording began");
    } else if (!unread) {
        message_fault(f);
    } else if (r->talk) {
        message_note("looprec: the reader closed the pipe before the "
                     "recording began");
    }
    return code;
}
