/* list: the command that shows the outputs. Main thread. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/message.h"
#include "cli/options.h"
#include "core/json.h"
#include "core/log.h"
#include "core/text.h"
#include "source/source.h"

/* One device's members: three strings of 256 bytes, six times as many. */
enum { OBJECT_MAX = 8192 };

static const char *state_of(const struct device *d)
{
    return d->state != NULL ? d->state : "unknown";
}

static void print_object(const struct device *d)
{
    char buffer[OBJECT_MAX];
    struct json j;
    json_init(&j, buffer, sizeof buffer);
    json_open_object(&j, NULL);
    json_string(&j, "id", d->id);
    json_string(&j, "name", d->name);
    if (d->index != UINT32_MAX) {
        json_uint(&j, "index", d->index);
    } else {
        json_null(&j, "index");
    }
    json_uint(&j, "rate", d->format.rate);
    json_uint(&j, "channels", d->format.channels);
    json_bool(&j, "default", d->is_default);
    json_string(&j, "state", state_of(d));
    json_close_object(&j);
    const char *line = json_line(&j);
    fputs(line != NULL ? line : "{}", stdout);
}

static void print_json(const struct device_list *list)
{
    putchar('[');
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0) {
            putchar(',');
        }
        print_object(&list->items[i]);
    }
    fputs("]\n", stdout);
}

static size_t widest(size_t width, const char *text)
{
    size_t columns = text_columns(text);
    return columns > width ? columns : width;
}

/* TEXT and spaces up to WIDTH columns. */
static void print_cell(const char *text, size_t width)
{
    fputs(text, stdout);
    for (size_t n = text_columns(text); n < width; n++) {
        putchar(' ');
    }
}

static void print_row(const struct device *d, size_t state_width,
                      size_t name_width)
{
    char index[16] = "-", name[sizeof d->name], id[sizeof d->id];
    if (d->index != UINT32_MAX) {
        snprintf(index, sizeof index, "%u", (unsigned)d->index);
    }
    printf("%c %5s  %7u  %2u  ", d->is_default ? '*' : ' ', index,
           (unsigned)d->format.rate, (unsigned)d->format.channels);
    print_cell(state_of(d), state_width);
    fputs("  ", stdout);
    print_cell(text_printable(name, sizeof name, d->name), name_width);
    printf("  %s\n", text_printable(id, sizeof id, d->id));
}

static void print_table(const struct device_list *list)
{
    if (list->count == 0) {
        puts("There is no output to record.");
        return;
    }
    size_t state_width = strlen("state"), name_width = strlen("name");
    for (size_t i = 0; i < list->count; i++) {
        char name[sizeof list->items[i].name];
        text_printable(name, sizeof name, list->items[i].name);
        state_width = widest(state_width, state_of(&list->items[i]));
        name_width = widest(name_width, name);
    }
    printf("  %5s  %7s  %2s  ", "index", "rate", "ch");
    print_cell("state", state_width);
    fputs("  ", stdout);
    print_cell("name", name_width);
    puts("  id");
    for (size_t i = 0; i < list->count; i++) {
        print_row(&list->items[i], state_width, name_width);
    }
}

int list_command(const struct options *o)
{
    static const struct fault no_fault;
    struct device_list list = {NULL, 0};
    struct fault f = no_fault;
    bool over_status = false;

    if (o->verbose) {
        log_set_sink(message_log, &over_status);
    }
    bool listed = source_system()->list("looprec", &list, &f);
    log_set_sink(NULL, NULL);
    if (!listed) {
        message_fault(&f);
        return error_exit_code(f.err);
    }
    if (o->json) {
        print_json(&list);
    } else {
        print_table(&list);
    }
    device_list_free(&list);
    return message_flush_stdout();
}
