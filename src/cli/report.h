/* report: the summary for people, and the ways in which amounts are written.
 * Main thread. */
#ifndef LOOPREC_CLI_REPORT_H
#define LOOPREC_CLI_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "session/session.h"

/* "12.3 MB", in powers of 1000. */
void report_size(char *buffer, size_t size, uint64_t bytes);

/* "00:01:23.456" */
void report_time(char *buffer, size_t size, uint64_t frames, uint32_t rate);

/* "-12.3 dBFS", or "digital silence". */
void report_level(char *buffer, size_t size, double dbfs);

/* "the computer slept for 01:02:03.000 at 00:10:00.000; ..." for an
 * EVENT_SUSPEND. */
void report_sleep(char *buffer, size_t size, const struct session_event *event,
                  uint32_t rate);

/* A line for one of several files, with its newline, the name made printable.
 */
void report_file(char *buffer, size_t size, const struct session_file *file,
                 uint32_t rate);

/* The summary, several lines with their newlines, every name made printable.
 * Cut when SIZE is short. */
void report_format(char *buffer, size_t size, const struct session_facts *facts,
                   const struct session_report *report);

#endif
