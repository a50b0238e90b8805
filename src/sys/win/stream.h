/* stream: writing to what may take for ever: a pipe whose reader does not read.
 * No wait of Windows' is for room in a pipe, and a write to one that others
 * opened cannot be made asynchronous. So each stream has a thread that does
 * nothing but write, and who gives it something to write waits with a limit.
 * Windows only; one thread at a time. */
#ifndef LOOPREC_SYS_WIN_STREAM_H
#define LOOPREC_SYS_WIN_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct stream;

/* For HANDLE, which stays the caller's. NULL: told in F. */
struct stream *stream_create(void *handle, struct fault *f);

/* Write some of DATA, at least a byte, and tell in WRITTEN how much; waits as
 * long as it takes. False: GetLastError() says why; ERROR_TIMEOUT: the user has
 * asked for the end, and asked twice or waited 2 s, and still nobody reads. */
bool stream_write(struct stream *s, const void *data, size_t bytes,
                  size_t *written);

/* End the thread and free S; NULL is fine. False: it is stuck in a write that
 * the system does not let go. It keeps S and the handle then, which must not
 * be closed (CloseHandle would wait for it), until the process ends. */
bool stream_destroy(struct stream *s);

#endif
