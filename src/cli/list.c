/* list: the commands that show the outputs and the applications. Main thread.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/table.h"
#include "core/json.h"
#include "core/levels.h"
#include "core/log.h"
#include "core/text.h"
#include "source/source.h"

/* One entry's members: four strings of 256 bytes, six times as many. */
enum { OBJECT_MAX = 8192 };

static const char *state_of(const char *state)
{
    return state != NULL ? state : "unknown";
}

/* One array of objects; ADD writes the members of entry I. */
static void print_json(const void *list, size_t count,
                       void (*add)(struct json *j, const void *list, size_t i))
{
    putchar('[');
    for (size_t i = 0; i < count; i++) {
        char buffer[OBJECT_MAX];
        struct json j;
        json_init(&j, buffer, sizeof buffer);
        json_open_object(&j, NULL);
        add(&j, list, i);
        json_close_object(&j);
        const char *line = json_line(&j);
        printf("%s%s", i > 0 ? "," : "", line != NULL ? line : "{}");
    }
    fputs("]\n", stdout);
}

static void uint_or_null(struct json *j, const char *key, bool known,
                         uint64_t value)
{
    if (known) {
        json_uint(j, key, value);
    } else {
        json_null(j, key);
    }
}

static void string_or_null(struct json *j, const char *key, const char *value)
{
    if (value[0] != '\0') {
        json_string(j, key, value);
    } else {
        json_null(j, key);
    }
}

/* "48000", or "-" for what is not known. */
static void number_cell(char *buffer, bool known, int64_t value)
{
    if (known) {
        snprintf(buffer, TABLE_CELL_BYTES, "%lld", (long long)value);
    } else {
        text_copy(buffer, TABLE_CELL_BYTES, "-");
    }
}

/* --- outputs --- */

static void add_device(struct json *j, const void *list, size_t i)
{
    const struct device *d = &((const struct device_list *)list)->items[i];
    json_string(j, "id", d->id);
    json_string(j, "name", d->name);
    uint_or_null(j, "index", d->index != UINT32_MAX, d->index);
    uint_or_null(j, "rate", d->format.rate != 0, d->format.rate);
    uint_or_null(j, "channels", d->format.channels != 0, d->format.channels);
    json_bool(j, "default", d->is_default);
    json_string(j, "state", state_of(d->state));
}

static const struct table_column device_columns[] = {
    {"", false},      {"index", true}, {"rate", true}, {"ch", true},
    {"state", false}, {"name", false}, {"id", false},
};

static void device_cell(const void *context, size_t row, size_t column,
                        char *buffer)
{
    const struct device *d = &((const struct device_list *)context)->items[row];
    const struct audio_format *format = &d->format;
    switch (column) {
    case 0:
        text_copy(buffer, TABLE_CELL_BYTES, d->is_default ? "*" : " ");
        break;
    case 1: number_cell(buffer, d->index != UINT32_MAX, d->index); break;
    case 2: number_cell(buffer, format->rate != 0, format->rate); break;
    case 3: number_cell(buffer, format->channels != 0, format->channels); break;
    case 4: text_copy(buffer, TABLE_CELL_BYTES, state_of(d->state)); break;
    case 5: text_copy(buffer, TABLE_CELL_BYTES, d->name); break;
    default: text_copy(buffer, TABLE_CELL_BYTES, d->id); break;
    }
}

static void print_devices(const struct device_list *list)
{
    const struct table t = {
        .columns = device_columns,
        .column_count = sizeof device_columns / sizeof device_columns[0],
        .row_count = list->count,
        .cell = device_cell,
        .context = list,
    };
    if (list->count == 0) {
        puts("There is no output to record.");
        return;
    }
    table_print(&t);
}

/* --- applications --- */

static void add_app(struct json *j, const void *list, size_t i)
{
    const struct app *a = &((const struct app_list *)list)->items[i];
    uint_or_null(j, "pid", a->process_id > 0, (uint64_t)a->process_id);
    json_string(j, "name", a->name);
    string_or_null(j, "executable", a->executable);
    string_or_null(j, "device_id", a->device_id);
    string_or_null(j, "device", a->device_name);
    json_string(j, "state", state_of(a->state));
    if (a->volume >= 0.0) {
        json_number(j, "volume", a->volume, 3);
    } else {
        json_null(j, "volume");
    }
    json_bool(j, "muted", a->muted);
    json_bool(j, "system", a->is_system);
    uint_or_null(j, "rate", a->format.rate != 0, a->format.rate);
    uint_or_null(j, "channels", a->format.rate != 0, a->format.channels);
    if (a->peak >= 0.0) {
        json_number(j, "peak_dbfs", level_dbfs(a->peak), 2); /* 0: null */
    } else {
        json_null(j, "peak_dbfs");
    }
}

static const struct table_column app_columns[] = {
    {"pid", true},         {"state", false}, {"volume", true},
    {"peak", true},        {"rate", true},   {"ch", true},
    {"executable", false}, {"name", false},  {"plays on", false},
};

/* "80 %", "muted, 80 %", "silent, 0 %"; "-": unknown. The words are a warning:
 * a recording of that application is silence. */
static void volume_cell(char *buffer, const struct app *a)
{
    if (a->volume < 0.0) {
        text_copy(buffer, TABLE_CELL_BYTES, a->muted ? "muted" : "-");
        return;
    }
    snprintf(buffer, TABLE_CELL_BYTES, "%s%.0f %%",
             a->muted           ? "muted, "
             : a->volume == 0.0 ? "silent, "
                                : "",
             a->volume * 100.0);
}

static void peak_cell(char *buffer, const struct app *a)
{
    if (a->peak > 0.0) {
        snprintf(buffer, TABLE_CELL_BYTES, "%.1f dBFS",
                 level_shown(level_dbfs(a->peak)));
    } else {
        text_copy(buffer, TABLE_CELL_BYTES, a->peak < 0.0 ? "-" : "silent");
    }
}

static void app_cell(const void *context, size_t row, size_t column,
                     char *buffer)
{
    const struct app *a = &((const struct app_list *)context)->items[row];
    bool known = a->format.rate != 0;
    switch (column) {
    case 0: number_cell(buffer, a->process_id > 0, a->process_id); break;
    case 1: text_copy(buffer, TABLE_CELL_BYTES, state_of(a->state)); break;
    case 2: volume_cell(buffer, a); break;
    case 3: peak_cell(buffer, a); break;
    case 4: number_cell(buffer, known, a->format.rate); break;
    case 5: number_cell(buffer, known, a->format.channels); break;
    case 6:
        text_copy(buffer, TABLE_CELL_BYTES,
                  a->is_system       ? "(the system's)"
                  : a->executable[0] ? a->executable
                                     : "-");
        break;
    case 7: text_copy(buffer, TABLE_CELL_BYTES, a->name); break;
    default: text_copy(buffer, TABLE_CELL_BYTES, a->device_name); break;
    }
}

static void print_apps(const struct app_list *list)
{
    const struct table t = {
        .columns = app_columns,
        .column_count = sizeof app_columns / sizeof app_columns[0],
        .row_count = list->count,
        .cell = app_cell,
        .context = list,
    };
    if (list->count == 0) {
        puts("No application plays.");
        return;
    }
    table_print(&t);
}

/* --- the commands --- */

static void begin_log(const struct options *o, bool *over_status)
{
    *over_status = false;
    if (o->verbose) {
        log_set_sink(message_log, over_status);
    }
}

/* What both do at the end: told what failed, or everything written. */
static int end(bool listed, const struct fault *f)
{
    if (listed) {
        return message_flush_stdout();
    }
    message_fault(f);
    return error_exit_code(f->err);
}

int list_command(const struct options *o)
{
    struct device_list list = {NULL, 0};
    struct fault f = {0};
    bool over_status;

    begin_log(o, &over_status);
    bool listed = source_system()->list("looprec", &list, &f);
    log_set_sink(NULL, NULL);
    if (listed && o->json) {
        print_json(&list, list.count, add_device);
    } else if (listed) {
        print_devices(&list);
    }
    device_list_free(&list);
    return end(listed, &f);
}

int list_apps_command(const struct options *o)
{
    struct app_list list = {NULL, 0};
    struct fault f = {0};
    bool over_status;

    begin_log(o, &over_status);
    bool listed = source_system()->list_apps("looprec", &list, &f);
    log_set_sink(NULL, NULL);
    if (listed && o->json) {
        print_json(&list, list.count, add_app);
    } else if (listed) {
        print_apps(&list);
    }
    app_list_free(&list);
    return end(listed, &f);
}
