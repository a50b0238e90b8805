/* log: what -v shows. Not for the capture path. Any other thread; a line is
 * written with one call. The sink is one of the two mutable file-scope
 * variables of the program. */
#ifndef LOOPREC_CORE_LOG_H
#define LOOPREC_CORE_LOG_H

#include <stdbool.h>

/* Called with one line (no newline) for each message, on the thread that logs.
 * NULL: log nothing (the default). Set before threads start. */
typedef void log_sink_fn(void *context, const char *line);
void log_set_sink(log_sink_fn *sink, void *context);

/* True when somebody listens: lets callers skip costly formatting. */
bool log_enabled(void);

void log_line(const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 1, 2)))
#endif
    ;

#endif
