/* failing_file: sys/file.h in memory, with failures to order. One file at a
 * time, one thread.
 *
 * Include it in the one source file of a test: it defines every function of
 * sys/file.h, so the linker never takes the real ones out of the library. */
#ifndef LOOPREC_TESTS_FAILING_FILE_H
#define LOOPREC_TESTS_FAILING_FILE_H

#include <stdlib.h>
#include <string.h>

#include "sys/file.h"

enum failing_how {
    FAIL_ONCE,     /* that call only */
    FAIL_FULL,     /* and everything that makes the file longer: a full disk */
    FAIL_FOR_GOOD, /* and every call after it: the disk is gone */
};

struct failing_plan {
    unsigned call; /* which call of write, truncate, sync or close fails,
                    * from 1; 0: none */
    enum failing_how how;
    enum error err;      /* with what */
    size_t partial;      /* bytes of a failing write that still get through */
    bool stream;         /* be a pipe */
    int64_t room;        /* bytes free where it lies, less what it has; 0:
                          * unknown */
    bool another;        /* what is opened next lies on another disk, which
                          * does not fail */
    bool deleted;        /* by somebody, at once */
    int64_t keep;        /* bytes to remember, the rest only counts; 0: all */
    void (*stall)(void); /* called before each write, which waits for it */
};

struct file {
    int64_t position;
    struct fault first;
};

/* What the test sees. */
static struct {
    struct failing_plan plan;
    unsigned char *data;
    size_t capacity;
    int64_t length;
    int64_t whole; /* the end of the last write that succeeded and appended */
    unsigned char *before; /* the file before this one */
    int64_t before_length;
    unsigned calls;
    unsigned opened; /* files so far */
    bool open;
    bool misused; /* a stream was sought in, or a closed file used */
    struct file file;
} failing;

static void failing_reset(const struct failing_plan *plan)
{
    free(failing.data);
    free(failing.before);
    memset(&failing, 0, sizeof failing);
    if (plan != NULL)
        failing.plan = *plan;
}

/* Does this call fail? GROWS: it would make the file longer. */
static bool failing_now(bool grows)
{
    const struct failing_plan *plan = &failing.plan;

    failing.calls++;
    if (!failing.open)
        failing.misused = true;
    if (plan->call == 0 || failing.calls < plan->call)
        return false;
    if (failing.calls == plan->call || plan->how == FAIL_FOR_GOOD)
        return true;
    return plan->how == FAIL_FULL && grows;
}

static bool failing_tell(struct file *file, const char *op, struct fault *f)
{
    struct fault fault = {0};

    fault_setf(&fault, failing.plan.err, op, 28, "a hint", "%s", "memory");
    if (file->first.err == ERR_OK)
        file->first = fault;
    if (f != NULL)
        *f = fault;
    return false;
}

static void failing_store(struct file *file, const void *data, size_t bytes)
{
    int64_t end = file->position + (int64_t)bytes;
    int64_t keep = failing.plan.keep > 0 ? failing.plan.keep : INT64_MAX;

    if (bytes > 0 && file->position < keep) {
        int64_t last = end < keep ? end : keep;
        size_t need = (size_t)last;
        if (need > failing.capacity) {
            failing.capacity = need * 2;
            failing.data = realloc(failing.data, failing.capacity);
            if (failing.data == NULL)
                abort();
        }
        memcpy(failing.data + file->position, data,
               (size_t)(last - file->position));
    }
    file->position = end;
    if (end > failing.length)
        failing.length = end;
}

/* The file goes, and is kept; there is room for another one. */
static void failing_next(void)
{
    free(failing.before);
    failing.before = failing.data;
    failing.before_length = failing.length;
    failing.data = NULL;
    failing.capacity = 0;
    failing.length = failing.whole = 0;
    if (failing.plan.another) {
        failing.plan.call = 0;
        failing.plan.deleted = false;
    }
}

struct file *file_open(const char *path, enum file_mode mode, struct fault *f)
{
    (void)path;
    (void)mode;
    (void)f;
    memset(&failing.file, 0, sizeof failing.file);
    if (failing.opened++ > 0)
        failing_next();
    failing.open = true;
    return &failing.file;
}

struct file *file_stdout(struct fault *f)
{
    failing.plan.stream = true;
    return file_open("-", FILE_NEW, f);
}

bool file_is_stream(const struct file *file)
{
    (void)file;
    return failing.plan.stream;
}

bool file_write(struct file *file, const void *data, size_t bytes,
                struct fault *f)
{
    if (failing.plan.stall != NULL)
        failing.plan.stall();
    if (failing_now(file->position + (int64_t)bytes > failing.length)) {
        bool first = failing.calls == failing.plan.call;
        size_t part = first ? failing.plan.partial : 0;
        failing_store(file, data, part < bytes ? part : bytes);
        return failing_tell(file, "write", f);
    }
    failing_store(file, data, bytes);
    if (file->position == failing.length)
        failing.whole = failing.length;
    return true;
}

int64_t file_read(struct file *file, void *data, size_t bytes, struct fault *f)
{
    (void)file;
    (void)data;
    (void)bytes;
    (void)f;
    failing.misused = true;
    return -1;
}

bool file_seek(struct file *file, int64_t offset, struct fault *f)
{
    (void)f;
    if (failing.plan.stream || !failing.open || offset < 0)
        failing.misused = true;
    file->position = offset;
    return true;
}

int64_t file_tell(const struct file *file)
{
    return file->position;
}

int64_t file_length(const struct file *file)
{
    (void)file;
    return failing.length;
}

bool file_truncate(struct file *file, int64_t bytes, struct fault *f)
{
    if (failing.plan.stream)
        failing.misused = true;
    if (failing_now(bytes > failing.length))
        return failing_tell(file, "truncate", f);
    failing.length = bytes;
    return true;
}

bool file_sync(struct file *file, struct fault *f)
{
    return !failing_now(false) || failing_tell(file, "sync", f);
}

bool file_is_there(const struct file *file, struct fault *f)
{
    (void)file;
    return !failing.plan.deleted ||
           fault_set(f, ERR_FILE_GONE, "write", "memory", NULL);
}

bool file_identify(const struct file *file, struct file_mark *mark)
{
    (void)file;
    (void)mark;
    return false;
}

int64_t file_room(const struct file *file)
{
    (void)file;
    return failing.plan.room > 0 ? failing.plan.room - failing.length : -1;
}

const struct fault *file_fault(const struct file *file)
{
    return &file->first;
}

bool file_close(struct file *file, struct fault *f)
{
    bool ok;

    if (file == NULL)
        return true;
    ok = !failing_now(false) || failing_tell(file, "close", f);
    failing.open = false;
    return ok;
}

bool file_exists(const char *path)
{
    (void)path;
    return false;
}

/* The one that is remembered. */
bool file_remove(const char *path)
{
    (void)path;
    if (failing.open)
        failing.misused = true;
    failing.length = 0;
    return true;
}

bool file_seal(const char *path, struct file_mark *mark)
{
    (void)path;
    (void)mark;
    return false;
}

enum file_removal file_remove_sealed(const char *path,
                                     const struct file_mark *mark)
{
    (void)path;
    (void)mark;
    failing.misused = true; /* nothing was sealed */
    return FILE_STUCK;
}

bool file_check(const char *path, bool overwrite, struct fault *f)
{
    (void)path;
    (void)overwrite;
    (void)f;
    return true;
}

bool file_same_disk(const char *a, const char *b)
{
    (void)a;
    (void)b;
    return false;
}

int64_t file_free_bytes(const char *path)
{
    (void)path;
    return -1;
}

#endif
