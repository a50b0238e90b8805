/* message: lines on standard error for people. Whatever a line holds is made
 * printable as a whole, so names from outside can be passed in raw. A line is
 * written with one call. Main thread; message_log any thread. */
#ifndef LOOPREC_CLI_MESSAGE_H
#define LOOPREC_CLI_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* The longest line in bytes; longer ones are cut. */
enum { MESSAGE_MAX = 8192 };

#if defined(__GNUC__)
#define MESSAGE_PRINTF(n) __attribute__((format(printf, n, n + 1)))
#else
#define MESSAGE_PRINTF(n)
#endif

/* The line as it is. */
void message_note(const char *format, ...) MESSAGE_PRINTF(1);

/* "looprec: ..." */
void message_error(const char *format, ...) MESSAGE_PRINTF(1);

/* "looprec: warning: ..." */
void message_warning(const char *format, ...) MESSAGE_PRINTF(1);

/* A fault as one sentence with its remedy, without "looprec: ", raw. */
void message_describe(char *buffer, size_t size, const struct fault *f);

/* A fault, and for wrong usage where to read on. */
void message_fault(const struct fault *f);

/* A line of the log. CONTEXT: a bool, true where a status line may stand in
 * the way. */
void message_log(void *context, const char *line);

/* Empty standard output's buffer: 0, or 1 after telling that it failed. */
int message_flush_stdout(void);

#endif
