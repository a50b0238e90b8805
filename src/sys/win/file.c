/* file: the one that is being recorded to. Writer thread. (windows.h has a
 * macro FILE_OVERWRITE of its own: no use of our constant below.) */
#include "sys/file.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "sys/win/oserror.h"
#include "sys/win/path.h"

enum {
    /* A pipe refuses more than its share of non-paged memory at once on older
     * systems, a network drive more than some megabytes. */
    STREAM_PART = 64 * 1024,
    FILE_PART = 16 * 1024 * 1024,
    FULL_PIPE_MS = 5,
};

struct file {
    /* constant after open */
    HANDLE handle;
    bool stream;
    bool is_stdout;
    /* the caller's thread */
    int64_t position;
    int64_t length;
    struct fault first;
    char name[]; /* as the user gave it */
};

/* Keep the first failure and tell it. Returns false. */
static bool failed(struct file *file, const char *op, struct fault *f)
{
    struct fault fresh = {0};
    oserror_fault(&fresh, op, (long)GetLastError(), file->name, NULL);
    if (file->first.err == ERR_OK) {
        file->first = fresh;
    }
    if (f) {
        *f = fresh;
    }
    return false;
}

static struct file *make(const char *name, HANDLE handle, struct fault *f)
{
    size_t n = strlen(name) + 1;
    struct file *file = calloc(1, sizeof(*file) + n);
    if (!file) {
        fault_set(f, ERR_NO_MEMORY, "open file", name, NULL);
        return NULL;
    }
    memcpy(file->name, name, n);
    file->handle = handle;
    LARGE_INTEGER size;
    file->stream =
        GetFileType(handle) != FILE_TYPE_DISK || !GetFileSizeEx(handle, &size);
    file->length = file->stream ? 0 : size.QuadPart;
    return file;
}

static bool is_console(HANDLE handle)
{
    DWORD mode;
    return GetConsoleMode(handle, &mode) != 0;
}

struct file *file_open(const char *path, enum file_mode mode, struct fault *f)
{
    static const char op[] = "open file";
    if (path[0] == '\0') {
        fault_set(f, ERR_USAGE, op, "", "give a file name");
        return NULL;
    }
    wchar_t *full = path_full(path, op, f);
    if (!full) {
        return NULL;
    }
    DWORD how = mode == FILE_NEW ? CREATE_NEW : CREATE_ALWAYS;
    DWORD access = GENERIC_WRITE;
    DWORD share = FILE_SHARE_READ; /* a player may listen in meanwhile */
    if (path_is_device(full)) {
        how = OPEN_EXISTING;
    }
    if (mode == FILE_READ) {
        how = OPEN_EXISTING;
        access = GENERIC_READ;
        share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    }
    HANDLE h = CreateFileW(full, access, share, NULL, how,
                           FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD code = GetLastError();
    free(full);
    if (h == INVALID_HANDLE_VALUE) {
        path_fault(f, op, path, (long)code);
        return NULL;
    }
    struct file *file = NULL;
    if (mode != FILE_READ && is_console(h)) {
        fault_set(f, ERR_USAGE, op, path, "audio is not for a terminal");
    } else {
        file = make(path, h, f);
    }
    if (!file) {
        CloseHandle(h);
    }
    return file;
}

struct file *file_stdout(struct fault *f)
{
    static const char op[] = "open standard output";
    static const LARGE_INTEGER zero;
    LARGE_INTEGER at;
    HANDLE h = GetStdHandle(STD_OUTPUT_HANDLE);
    if (!h || h == INVALID_HANDLE_VALUE ||
        (GetFileType(h) == FILE_TYPE_UNKNOWN && GetLastError() != NO_ERROR)) {
        fault_setf(f, ERR_IO, op, ERROR_INVALID_HANDLE,
                   "send it somewhere: - | PROGRAM",
                   "standard output is closed");
        return NULL;
    }
    if (is_console(h)) {
        fault_set(f, ERR_USAGE, op, "standard output is a terminal",
                  "send it somewhere: - > FILE, or - | PROGRAM");
        return NULL;
    }
    struct file *file = make("standard output", h, f);
    if (!file) {
        return NULL;
    }
    file->is_stdout = true;
    /* With ">" it is as good as a file of our own. After ">>", or behind what
     * another program wrote, what comes before us is not ours to seek in. */
    if (!file->stream && (!SetFilePointerEx(h, zero, &at, FILE_CURRENT) ||
                          at.QuadPart != 0 || file->length != 0)) {
        file->stream = true;
        file->length = 0;
    }
    return file;
}

bool file_is_stream(const struct file *file)
{
    return file->stream;
}

/* The place for one call: on a handle opened for synchronous use a call with
 * an OVERLAPPED reads or writes there, and a seek costs no call of its own. */
static OVERLAPPED *place(const struct file *file, OVERLAPPED *o)
{
    if (file->stream) {
        return NULL;
    }
    memset(o, 0, sizeof(*o));
    o->Offset = (DWORD)file->position;
    o->OffsetHigh = (DWORD)(file->position >> 32);
    return o;
}

bool file_write(struct file *file, const void *data, size_t bytes,
                struct fault *f)
{
    const char *from = data;
    size_t most = file->stream ? STREAM_PART : FILE_PART;
    while (bytes > 0) {
        OVERLAPPED o;
        DWORD n = 0;
        DWORD part = (DWORD)(bytes < most ? bytes : most);
        if (!WriteFile(file->handle, from, part, &n, place(file, &o))) {
            return failed(file, "write", f);
        }
        from += n;
        bytes -= n;
        file->position += n;
        if (file->position > file->length) {
            file->length = file->position;
        }
        if (n == 0 && file->stream) {
            Sleep(FULL_PIPE_MS); /* PIPE_NOWAIT: there is nothing to wait on */
        } else if (n == 0) {
            SetLastError(ERROR_WRITE_FAULT);
            return failed(file, "write", f);
        }
    }
    return true;
}

int64_t file_read(struct file *file, void *data, size_t bytes, struct fault *f)
{
    OVERLAPPED o;
    DWORD n = 0;
    DWORD part = (DWORD)(bytes < FILE_PART ? bytes : FILE_PART);
    if (!ReadFile(file->handle, data, part, &n, place(file, &o))) {
        DWORD code = GetLastError();
        if (code != ERROR_HANDLE_EOF && code != ERROR_BROKEN_PIPE) {
            failed(file, "read", f);
            return -1;
        }
        n = 0; /* both are how the end is told */
    }
    file->position += n;
    return n;
}

bool file_seek(struct file *file, int64_t offset, struct fault *f)
{
    if (file->stream || offset < 0) {
        return fault_set(f, ERR_UNSUPPORTED, "seek", file->name, NULL);
    }
    file->position = offset;
    return true;
}

int64_t file_tell(const struct file *file)
{
    return file->position;
}

int64_t file_length(const struct file *file)
{
    return file->length;
}

bool file_truncate(struct file *file, int64_t bytes, struct fault *f)
{
    if (file->stream || bytes < 0) {
        return fault_set(f, ERR_UNSUPPORTED, "truncate", file->name, NULL);
    }
    FILE_END_OF_FILE_INFO end = {.EndOfFile = {.QuadPart = bytes}};
    if (!SetFileInformationByHandle(file->handle, FileEndOfFileInfo, &end,
                                    sizeof(end))) {
        return failed(file, "truncate", f);
    }
    file->length = bytes;
    return true;
}

bool file_sync(struct file *file, struct fault *f)
{
    /* On a pipe FlushFileBuffers would wait for the reader. */
    if (file->stream || FlushFileBuffers(file->handle) ||
        GetLastError() == ERROR_INVALID_FUNCTION) {
        return true;
    }
    return failed(file, "sync", f);
}

const struct fault *file_fault(const struct file *file)
{
    return &file->first;
}

bool file_close(struct file *file, struct fault *f)
{
    bool ok = true;
    if (!file) {
        return true;
    }
    if (file->is_stdout) {
        /* What else writes to `(looprec ... & more) > x` goes on behind us. */
        LARGE_INTEGER end = {.QuadPart = file->length};
        if (!file->stream &&
            !SetFilePointerEx(file->handle, end, NULL, FILE_BEGIN)) {
            ok = failed(file, "close", f);
        }
    } else if (!CloseHandle(file->handle)) {
        ok = failed(file, "close", f);
    }
    free(file);
    return ok;
}
