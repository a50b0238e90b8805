/* file: the one that is being recorded to. Writer thread. (windows.h has a
 * macro FILE_OVERWRITE of its own: no use of our constant below.) */
#include "sys/file.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "sys/win/oserror.h"
#include "sys/win/path.h"
#include "sys/win/stream.h"

/* A network drive refuses more than some megabytes at once. */
enum { FILE_PART = 16 * 1024 * 1024 };

struct file {
    /* constant after open */
    HANDLE handle;
    bool stream;
    bool is_stdout;
    struct stream *writes; /* to a stream; NULL for files and for reading */
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

static bool open_stream(struct file *file, struct fault *f)
{
    file->writes = file->stream ? stream_create(file->handle, f) : NULL;
    return !file->stream || file->writes;
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
    if (mode == FILE_CHANGE) {
        how = OPEN_EXISTING;
        access = GENERIC_READ | GENERIC_WRITE;
    }
    HANDLE h = CreateFileW(full, access, share, NULL, how,
                           FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD code = GetLastError();
    free(full);
    if (h == INVALID_HANDLE_VALUE) {
        bool reads = mode == FILE_READ || mode == FILE_CHANGE;
        if (reads &&
            (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)) {
            fault_setf(f, ERR_NO_SUCH_FILE, op, (long)code, NULL, "%s", path);
        } else {
            path_fault(f, op, path, (long)code);
        }
        return NULL;
    }
    struct file *file = NULL;
    if (mode != FILE_READ && is_console(h)) {
        fault_set(f, ERR_USAGE, op, path, "audio is not for a terminal");
    } else {
        file = make(path, h, f);
    }
    if (file && mode == FILE_CHANGE && file->stream) {
        fault_set(f, ERR_UNSUPPORTED, op, path, "it is no regular file");
        free(file);
        file = NULL;
    }
    if (file && mode != FILE_READ && !open_stream(file, f)) {
        free(file);
        file = NULL;
    }
    if (!file) {
        CloseHandle(h);
    }
    return file;
}

/* A new file's access is its folder's. */
struct file *file_open_like(const char *path, const struct file *like,
                            struct fault *f)
{
    (void)like;
    return file_open(path, FILE_NEW, f);
}

bool file_is_ours(const struct file *file)
{
    (void)file;
    return true;
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
    if (!open_stream(file, f)) {
        free(file);
        return NULL;
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

/* Write some of it. False: GetLastError() says why. */
static bool write_part(struct file *file, const void *data, size_t bytes,
                       size_t *written)
{
    if (file->writes) {
        return stream_write(file->writes, data, bytes, written);
    }
    OVERLAPPED o;
    DWORD n = 0;
    DWORD part = (DWORD)(bytes < FILE_PART ? bytes : FILE_PART);
    bool ok = WriteFile(file->handle, data, part, &n, place(file, &o)) != 0;
    if (ok && n == 0) {
        SetLastError(ERROR_WRITE_FAULT);
        ok = false;
    }
    *written = n;
    return ok;
}

bool file_write(struct file *file, const void *data, size_t bytes,
                struct fault *f)
{
    const char *from = data;
    while (bytes > 0) {
        size_t n = 0;
        bool ok = write_part(file, from, bytes, &n);
        from += n;
        bytes -= n;
        file->position += (int64_t)n;
        if (file->position > file->length) {
            file->length = file->position;
        }
        if (!ok) {
            bool stalled = GetLastError() == ERROR_TIMEOUT;
            return failed(
                file, stalled ? "write (the reader does not read)" : "write",
                f);
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

/* Nobody can on this computer, since it is open without FILE_SHARE_DELETE; on
 * the server of a network drive they may. */
bool file_is_there(const struct file *file, struct fault *f)
{
    FILE_STANDARD_INFO info;
    if (file->stream || file->is_stdout ||
        !GetFileInformationByHandleEx(file->handle, FileStandardInfo, &info,
                                      sizeof(info)) ||
        !info.DeletePending) {
        return true;
    }
    return fault_set(f, ERR_FILE_GONE, "write", file->name, NULL);
}

bool file_identify(const struct file *file, struct file_mark *mark)
{
    BY_HANDLE_FILE_INFORMATION info;
    if (file->stream || !GetFileInformationByHandle(file->handle, &info)) {
        return false;
    }
    *mark = (struct file_mark){
        .device = info.dwVolumeSerialNumber,
        .number = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow,
        .bytes =
            (int64_t)((uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow),
        .changed_ns =
            (int64_t)((uint64_t)info.ftLastWriteTime.dwHighDateTime << 32 |
                      info.ftLastWriteTime.dwLowDateTime) *
            100,
    };
    return true;
}

bool file_has_writer(const struct file *file)
{
    (void)file; /* see file.h */
    return false;
}

int64_t file_room(const struct file *file)
{
    return file->stream || file->is_stdout ? -1 : file_free_bytes(file->name);
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
    }
    /* A stream that is stuck keeps its handle to the end of the process. */
    bool let_go = stream_destroy(file->writes);
    if (!file->is_stdout && let_go && !CloseHandle(file->handle)) {
        ok = failed(file, "close", f);
    }
    free(file);
    return ok;
}
