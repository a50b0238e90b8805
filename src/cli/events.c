/* events: see events.h. Main thread. */
#include "cli/events.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "core/json.h"
#include "core/levels.h"
#include "sys/clock.h"

void events_init(struct events *e, FILE *out)
{
    e->out = out;
    e->failed = 0;
    e->due_ns = INT64_MIN;
    e->rate = 0;
    memset(e->peak, 0, sizeof e->peak);
}

static void begin_in(struct json *j, char *buffer, size_t size,
                     const char *event, int64_t wall_ns)
{
    char time[64];
    clock_format_rfc3339(time, sizeof time, wall_ns);
    json_init(j, buffer, size - 1); /* room for the newline */
    json_open_object(j, NULL);
    json_string(j, "event", event);
    json_string(j, "time", time);
}

static void begin(struct events *e, struct json *j, const char *event,
                  int64_t wall_ns)
{
    begin_in(j, e->line, sizeof e->line, event, wall_ns);
}

static void end(struct events *e, struct json *j)
{
    json_close_object(j);
    if (json_line(j) == NULL) {
        return; /* too long to be sent whole */
    }
    size_t length = strlen(j->buffer);
    j->buffer[length++] = '\n';
    errno = 0;
    if (fwrite(j->buffer, 1, length, e->out) != length || fflush(e->out) != 0) {
        e->out = NULL;
        e->failed = errno != 0 ? errno : EIO;
    }
}

/* A stream that is closed has nobody to read it, either (EBADF). The C library
 * of Windows may call a pipe that nobody reads EINVAL. */
const char *events_failure(const struct events *e)
{
    switch (e->failed) {
    case 0:
    case EPIPE:
    case EBADF:
    case EINVAL: return NULL;
    default: return strerror(e->failed);
    }
}

static void string_or_null(struct json *j, const char *key, const char *value)
{
    if (value != NULL) {
        json_string(j, key, value);
    } else {
        json_null(j, key);
    }
}

/* The words while they fit: the line must hold them, escaped. */
static void add_command(struct json *j, const struct events_command *command)
{
    enum { COMMAND_BYTES = 4096 };
    size_t left = COMMAND_BYTES;
    if (command->argv == NULL) {
        json_null(j, "command");
        json_null(j, "pid");
        return;
    }
    json_open_array(j, "command");
    for (char *const *word = command->argv; *word != NULL; word++) {
        size_t length = strlen(*word) + 1;
        if (length > left) {
            break;
        }
        left -= length;
        json_string(j, NULL, *word);
    }
    json_close_array(j);
    json_int(j, "pid", command->process_id);
}

static void add_environment(struct json *j, const char *const *environment)
{
    enum { NAME_BYTES = 64 };
    if (environment == NULL) {
        json_null(j, "environment");
        return;
    }
    json_open_object(j, "environment");
    for (; *environment != NULL; environment++) {
        char name[NAME_BYTES];
        size_t length = strcspn(*environment, "=");
        if (length < sizeof name && (*environment)[length] == '=') {
            memcpy(name, *environment, length);
            name[length] = '\0';
            json_string(j, name, *environment + length + 1);
        }
    }
    json_close_object(j);
}

void events_started(struct events *e, const struct session_facts *facts,
                    const struct events_command *command)
{
    if (e->out == NULL) {
        return;
    }
    struct json j;
    e->rate = facts->format.rate;
    begin(e, &j, "started", facts->start_wall_ns);
    json_string(&j, "source", facts->source);
    json_string(&j, "device", facts->info.device_name);
    json_string(&j, "device_id", facts->info.device_id);
    json_uint(&j, "rate", facts->format.rate);
    json_uint(&j, "channels", facts->format.channels);
    string_or_null(&j, "file", facts->path);
    json_string(&j, "type", sink_type_name(facts->type));
    json_string(&j, "format", sample_name(facts->sample));
    add_command(&j, command);
    add_environment(&j, command->environment);
    end(e, &j);
}

void events_progress(struct events *e, const struct session_status *look,
                     int64_t now_ns, int64_t wall_ns)
{
    if (e->out == NULL) {
        return;
    }
    for (uint32_t c = 0; c < look->channels; c++) {
        if (look->peak[c] > e->peak[c]) {
            e->peak[c] = look->peak[c];
        }
    }
    if (now_ns < e->due_ns) {
        return;
    }
    struct json j;
    begin(e, &j, "progress", wall_ns);
    json_uint(&j, "frames", look->frames);
    json_number(&j, "seconds", (double)look->frames / e->rate, 3);
    json_uint(&j, "bytes", look->bytes);
    json_open_array(&j, "peak_dbfs");
    for (uint32_t c = 0; c < look->channels; c++) {
        json_number(&j, NULL, level_dbfs((double)e->peak[c]), 2);
    }
    json_close_array(&j);
    json_bool(&j, "gone", look->gone);
    json_bool(&j, "paused", look->paused);
    end(e, &j);
    memset(e->peak, 0, sizeof e->peak);
    e->due_ns = now_ns + EVENTS_PROGRESS_NS;
}

void events_session(struct events *e, const struct session_event *event)
{
    if (e->out == NULL) {
        return;
    }
    struct json j;
    switch (event->kind) {
    case EVENT_GAP:
        begin(e, &j, "gap", event->wall_ns);
        json_string(&j, "class", account_class_name(event->class));
        json_uint(&j, "at_frame", event->at_frame);
        json_uint(&j, "frames", event->frames);
        json_string(&j, "reason", event->reason);
        break;
    case EVENT_RECLASSIFIED:
        begin(e, &j, "reclassified", event->wall_ns);
        json_string(&j, "was", account_class_name(event->was));
        json_string(&j, "class", account_class_name(event->class));
        json_uint(&j, "at_frame", event->at_frame);
        json_uint(&j, "frames", event->frames);
        json_string(&j, "reason", event->reason);
        break;
    case EVENT_DEVICE_LOST:
        begin(e, &j, "device", event->wall_ns);
        json_string(&j, "state", "lost");
        json_string(&j, "reason", event->text);
        break;
    case EVENT_WAITING:
        begin(e, &j, "waiting", event->wall_ns);
        json_string(&j, "for", event->text);
        json_string(&j, "reason", event->reason);
        break;
    case EVENT_DEVICE_BACK:
    case EVENT_DEVICE_CAME:
    case EVENT_DEVICE_REROUTED:
        begin(e, &j, "device", event->wall_ns);
        json_string(&j, "state",
                    event->kind == EVENT_DEVICE_REROUTED ? "rerouted" : "back");
        json_string(&j, "device", event->text);
        break;
    case EVENT_SUSPEND:
        begin(e, &j, "suspend", event->wall_ns);
        json_uint(&j, "at_frame", event->at_frame);
        json_number(&j, "seconds", (double)event->length_ns / 1e9, 3);
        json_string(&j, "policy", session_suspend_name(event->policy));
        break;
    case EVENT_PAUSED:
    case EVENT_RESUMED:
        begin(e, &j, "pause", event->wall_ns);
        json_string(&j, "state",
                    event->kind == EVENT_PAUSED ? "paused" : "resumed");
        json_uint(&j, "at_frame", event->at_frame);
        json_uint(&j, "frames", event->frames);
        break;
    case EVENT_MARKER:
        begin(e, &j, "marker", event->wall_ns);
        json_uint(&j, "at_frame", event->at_frame);
        json_uint(&j, "n", event->number);
        break;
    case EVENT_WARNING: events_warning(e, event->text, event->wall_ns); return;
    default: return;
    }
    end(e, &j);
}

static void tell_file(struct events *e, const char *event,
                      const struct session_file *file, int64_t wall_ns)
{
    if (e->out == NULL) {
        return;
    }
    struct json j;
    begin(e, &j, event, wall_ns);
    json_string(&j, "file", file->path);
    json_uint(&j, "number", file->number);
    json_uint(&j, "at_frame", file->at_frame);
    json_uint(&j, "frames", file->frames);
    json_uint(&j, "bytes", file->bytes);
    end(e, &j);
}

void events_segment(struct events *e, const struct session_file *file,
                    int64_t wall_ns)
{
    tell_file(e, "segment", file, wall_ns);
}

void events_deleted(struct events *e, const struct session_file *file,
                    int64_t wall_ns)
{
    tell_file(e, "deleted", file, wall_ns);
}

void events_warning(struct events *e, const char *text, int64_t wall_ns)
{
    if (e->out == NULL) {
        return;
    }
    struct json j;
    begin(e, &j, "warning", wall_ns);
    json_string(&j, "message", text);
    end(e, &j);
}

static void add_error(struct json *j, const struct fault *f)
{
    if (f == NULL) {
        json_null(j, "error");
        return;
    }
    char text[sizeof(struct fault) + 256];
    message_describe(text, sizeof text, f);
    json_string(j, "error", error_name(f->err));
    json_string(j, "message", text);
}

/* The account; zeros and no levels where nothing was recorded. */
static void add_report(struct json *j, const struct session_report *r)
{
    json_uint(j, "rate", r->format.rate);
    json_uint(j, "channels", r->format.channels);
    json_uint(j, "frames", r->frames);
    json_uint(j, "bytes", r->bytes);
    for (int c = 0; c < CLASS_COUNT; c++) {
        json_uint(j, account_class_name((enum account_class)c),
                  r->account.frames[c]);
    }
    json_uint(j, "paused", r->paused_frames);
    json_uint(j, "markers", r->markers);
    json_number(j, "peak_dbfs", r->peak_dbfs, 2);
    json_number(j, "rms_dbfs", r->rms_dbfs, 2);
    json_uint(j, "clipped", r->clipped_samples);
    json_number(j, "ring_high_water", r->ring_high_water, 4);
    json_number(j, "drift_ppm", r->drift_known ? r->drift_ppm : (double)NAN, 2);
    json_uint(j, "events_dropped", r->overflow_events);
    json_number(j, "wall_seconds", (double)r->wall_ns / 1e9, 3);
    json_number(j, "asleep_seconds", (double)r->asleep_ns / 1e9, 3);
}

/* The files' names: the report's, or the one that was not reached. */
static void add_files(struct json *j, const struct events_end *last,
                      const struct session_report *r)
{
    string_or_null(j, "file", r->files != NULL ? r->files->path : last->path);
    json_open_array(j, "files");
    if (r->files == NULL && last->path != NULL) {
        json_string(j, NULL, last->path);
    }
    for (const struct session_file *f = r->files; f != NULL; f = f->next) {
        json_string(j, NULL, f->path);
    }
    json_close_array(j);
}

/* As many bytes as the last line may need: a byte of a name may become six. */
static size_t room_for(const struct session_report *r)
{
    size_t size = 0;
    for (const struct session_file *f = r->files; f != NULL; f = f->next) {
        size += 6 * strlen(f->path) + 3;
    }
    return size;
}

void events_finished(struct events *e, const struct events_end *last)
{
    if (e->out == NULL) {
        return;
    }
    static const struct session_report nothing = {.peak_dbfs = -INFINITY,
                                                  .rms_dbfs = -INFINITY};
    const struct session_report *r =
        last->report != NULL ? last->report : &nothing;
    struct json j;
    /* Room for everything else is in the line already. */
    size_t size = sizeof e->line + room_for(r);
    char *buffer = malloc(size);
    if (buffer != NULL) {
        begin_in(&j, buffer, size, "finished", last->wall_ns);
    } else {
        begin(e, &j, "finished", last->wall_ns);
    }
    add_files(&j, last, r);
    if (last->facts != NULL) {
        json_string(&j, "type", sink_type_name(last->facts->type));
        json_string(&j, "format", sample_name(last->facts->sample));
    } else {
        json_null(&j, "type");
        json_null(&j, "format");
    }
    add_report(&j, r);
    json_string(&j, "stop", last->stop);
    if (last->command_status != NULL) {
        json_int(&j, "command_status", *last->command_status);
    } else {
        json_null(&j, "command_status");
    }
    json_int(&j, "exit", last->exit);
    add_error(&j, last->fault);
    end(e, &j);
    free(buffer);
}
