/* events: see events.h. Main thread. */
#include "cli/events.h"

#include <math.h>
#include <string.h>

#include "cli/message.h"
#include "core/json.h"
#include "core/levels.h"
#include "sys/clock.h"

void events_init(struct events *e, FILE *out)
{
    e->out = out;
    e->broken = false;
    e->due_ns = INT64_MIN;
    e->rate = 0;
    memset(e->peak, 0, sizeof e->peak);
}

static void begin(struct events *e, struct json *j, const char *event,
                  int64_t wall_ns)
{
    char time[64];
    clock_format_rfc3339(time, sizeof time, wall_ns);
    json_init(j, e->line, sizeof e->line - 1); /* room for the newline */
    json_open_object(j, NULL);
    json_string(j, "event", event);
    json_string(j, "time", time);
}

static void end(struct events *e, struct json *j)
{
    json_close_object(j);
    if (json_line(j) == NULL) {
        return; /* too long to be sent whole */
    }
    size_t length = strlen(e->line);
    e->line[length++] = '\n';
    if (fwrite(e->line, 1, length, e->out) != length || fflush(e->out) != 0) {
        e->out = NULL;
        e->broken = true;
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

void events_started(struct events *e, const struct session_facts *facts)
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
    case EVENT_DEVICE_LOST:
        begin(e, &j, "device", event->wall_ns);
        json_string(&j, "state", "lost");
        json_string(&j, "reason", event->text);
        break;
    case EVENT_DEVICE_BACK:
    case EVENT_DEVICE_REROUTED:
        begin(e, &j, "device", event->wall_ns);
        json_string(&j, "state",
                    event->kind == EVENT_DEVICE_BACK ? "back" : "rerouted");
        json_string(&j, "device", event->text);
        break;
    case EVENT_WARNING: events_warning(e, event->text, event->wall_ns); return;
    default: return;
    }
    end(e, &j);
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
    json_number(j, "peak_dbfs", r->peak_dbfs, 2);
    json_number(j, "rms_dbfs", r->rms_dbfs, 2);
    json_uint(j, "clipped", r->clipped_samples);
    json_number(j, "ring_high_water", r->ring_high_water, 4);
    json_number(j, "drift_ppm", r->drift_known ? r->drift_ppm : (double)NAN, 2);
    json_uint(j, "events_dropped", r->overflow_events);
    json_number(j, "wall_seconds", (double)r->wall_ns / 1e9, 3);
}

void events_finished(struct events *e, const struct events_end *last)
{
    if (e->out == NULL) {
        return;
    }
    static const struct session_report nothing = {.peak_dbfs = -INFINITY,
                                                  .rms_dbfs = -INFINITY};
    struct json j;
    begin(e, &j, "finished", last->wall_ns);
    string_or_null(&j, "file", last->path);
    json_open_array(&j, "files");
    if (last->path != NULL) {
        json_string(&j, NULL, last->path);
    }
    json_close_array(&j);
    if (last->facts != NULL) {
        json_string(&j, "type", sink_type_name(last->facts->type));
        json_string(&j, "format", sample_name(last->facts->sample));
    }
    add_report(&j, last->report != NULL ? last->report : &nothing);
    json_string(&j, "stop", last->stop);
    json_int(&j, "exit", last->exit);
    add_error(&j, last->fault);
    end(e, &j);
}
