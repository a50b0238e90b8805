/* log: see log.h. Any thread but the capture thread. */
#include "core/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "core/text.h"

/* Set before threads start, then only read. */
static struct {
    log_sink_fn *sink;
    void *context;
} listener;

void log_set_sink(log_sink_fn *sink, void *context)
{
    listener.sink = sink;
    listener.context = context;
}

bool log_enabled(void)
{
    return listener.sink != NULL;
}

void log_line(const char *format, ...)
{
    if (!listener.sink) {
        return;
    }
    char raw[1024];
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        /* Names from the system are in it: one line stays one line. */
        listener.sink(listener.context, text_printable(line, sizeof line, raw));
    }
}
