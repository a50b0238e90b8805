/* stream: writing to what may take for ever. The caller's thread (one at a
 * time) and one of its own. */
#include "sys/win/stream.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "sys/clock.h"
#include "sys/stop.h"
#include "sys/thread.h"
#include "sys/win/oserror.h"

/* How long after the user asked for the end a reader may still take. */
#define STALL_MOST_NS INT64_C(2000000000)

enum {
    /* A pipe refuses more than its share of non-paged memory at once on older
     * systems. */
    PART_BYTES = 64 * 1024,
    LOOK_MS = 100,   /* how often a wait looks whether the user wants out */
    CANCEL_MS = 300, /* a cancelled write comes back at once, or never */
    FULL_PIPE_MS = 5,
};

struct stream {
    /* constant after create */
    HANDLE handle;
    HANDLE go;   /* there is something to write, or ENDS is set */
    HANDLE done; /* it is written, or CODE says why not */
    struct thread *thread;
    HANDLE thread_handle; /* for CancelSynchronousIo */
    /* the caller's between done and go, the thread's between go and done;
     * the events order them */
    bool ends;
    DWORD bytes;
    DWORD written;
    DWORD code;
    char data[PART_BYTES]; /* a copy: the thread may outlast the caller's */
    /* the caller's */
    bool stuck;
};

static void run(void *argument)
{
    struct stream *s = argument;
    DuplicateHandle(GetCurrentProcess(), GetCurrentThread(),
                    GetCurrentProcess(), &s->thread_handle, 0, FALSE,
                    DUPLICATE_SAME_ACCESS);
    SetEvent(s->done); /* it has begun */
    for (;;) {
        WaitForSingleObject(s->go, INFINITE);
        if (s->ends) {
            return;
        }
        s->written = 0;
        s->code = WriteFile(s->handle, s->data, s->bytes, &s->written, NULL)
                      ? ERROR_SUCCESS
                      : GetLastError();
        SetEvent(s->done);
    }
}

static void release(struct stream *s)
{
    HANDLE handles[] = {s->go, s->done, s->thread_handle};
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        if (handles[i]) {
            CloseHandle(handles[i]);
        }
    }
    free(s);
}

struct stream *stream_create(void *handle, struct fault *f)
{
    static const char op[] = "open stream";
    struct stream *s = calloc(1, sizeof(*s));
    if (!s) {
        fault_set(f, ERR_NO_MEMORY, op, NULL, NULL);
        return NULL;
    }
    s->handle = handle;
    s->go = CreateEventW(NULL, FALSE, FALSE, NULL);
    s->done = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!s->go || !s->done) {
        oserror_fault(f, op, (long)GetLastError(), NULL, NULL);
        goto out;
    }
    s->thread = thread_start("stream", run, s, f);
    if (!s->thread) {
        goto out;
    }
    WaitForSingleObject(s->done, INFINITE);
    return s;
out:
    release(s);
    return NULL;
}

/* Has the user asked for the end, and asked twice or waited long? */
static bool out_of_patience(void)
{
    int64_t when_ns;
    return stop_requested(&when_ns) != STOP_NONE &&
           (stop_count() > 1 || clock_now_ns() - when_ns > STALL_MOST_NS);
}

/* Wait for what the thread writes. False: given up. */
static bool await_done(struct stream *s)
{
    while (WaitForSingleObject(s->done, LOOK_MS) != WAIT_OBJECT_0) {
        if (!out_of_patience()) {
            continue;
        }
        /* Some drivers, and Wine for a pipe of the Unix side, do not let go. */
        CancelSynchronousIo(s->thread_handle);
        s->stuck = WaitForSingleObject(s->done, CANCEL_MS) != WAIT_OBJECT_0;
        return !s->stuck && s->code != ERROR_OPERATION_ABORTED;
    }
    return true;
}

bool stream_write(struct stream *s, const void *data, size_t bytes,
                  size_t *written)
{
    *written = 0;
    for (;;) {
        if (s->stuck) {
            SetLastError(ERROR_TIMEOUT);
            return false;
        }
        s->bytes = (DWORD)(bytes < PART_BYTES ? bytes : PART_BYTES);
        memcpy(s->data, data, s->bytes);
        SetEvent(s->go);
        if (!await_done(s)) {
            *written = s->stuck ? 0 : s->written;
            SetLastError(ERROR_TIMEOUT);
            return false;
        }
        *written = s->written;
        if (s->code != ERROR_SUCCESS || s->written > 0) {
            SetLastError(s->code);
            return s->code == ERROR_SUCCESS;
        }
        /* PIPE_NOWAIT and full: there is nothing to wait on. */
        if (out_of_patience()) {
            SetLastError(ERROR_TIMEOUT);
            return false;
        }
        Sleep(FULL_PIPE_MS);
    }
}

bool stream_destroy(struct stream *s)
{
    if (!s) {
        return true;
    }
    if (s->stuck) {
        return false;
    }
    s->ends = true;
    SetEvent(s->go);
    thread_join(s->thread);
    release(s);
    return true;
}
