/* console: the terminal, if there is one: keys, width, escape sequences.
 * Main thread. */
#ifndef LOOPREC_SYS_CONSOLE_H
#define LOOPREC_SYS_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/wake.h"

struct console;

/* First thing in main: standard streams binary and the console's output UTF-8
 * (Windows); closed ones occupied, so that nothing else gets their number
 * (POSIX). Returns what console_restore_streams puts back at the end: a
 * console outlives its programs. */
unsigned console_setup_streams(void);
void console_restore_streams(unsigned before);

/* Is standard error (output) a terminal? On Windows a console that takes
 * escape sequences (turned on here); "dumb" terminals count as none. */
bool console_stderr_is_terminal(void);
bool console_stdout_is_terminal(void);

/* Begin to read single keys, unechoed, when standard input is a terminal and
 * this process is in its foreground; Ctrl-C stays a signal. Never NULL unless
 * memory is short: without a terminal no key ever comes. */
struct console *console_open(void);

/* Put the terminal back as it was. NULL is fine. */
void console_close(struct console *c);

/* Wait for a key, for WAKE or until TIMEOUT_NS passed (negative: no limit). C
 * may be NULL: no key comes then, and the terminal stays as it is. Returns the
 * key's byte, or 0. Clears WAKE when it was the cause. */
int console_wait(struct console *c, struct wake *wake, int64_t timeout_ns);

/* Columns of the terminal behind standard error; 80 if it does not say. */
unsigned console_columns(void);

#endif
