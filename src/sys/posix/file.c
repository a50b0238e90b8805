/* file: the one that is being recorded to. Writer thread. */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/posix/lease.h"
#include "sys/posix/oserror.h"
#include "sys/posix/path.h"
#include "sys/stop.h"

/* How often a wait for a stream's reader looks whether the user wants out, and
 * how long after that the reader may still take. */
#define STALL_LOOK_MS 100
#define STALL_MOST_NS INT64_C(2000000000)

enum { READER_POLL_NS = 100 * 1000 * 1000 };

struct file {
    /* constant after open */
    int fd;
    bool stream;
    bool is_stdout;
    bool linked; /* it has a name, as far as the file system tells */
    /* the caller's thread */
    int64_t position;
    int64_t length;
    bool name_synced;
    struct fault first;
    char name[]; /* as the user gave it */
};

static const char stdout_name[] = "standard output";

/* Keep the first failure and tell it. Returns false. */
static bool failed(struct file *file, const char *op, int code, struct fault *f)
{
    struct fault fresh = {0};
    oserror_fault(&fresh, op, code, file->name, NULL);
    if (file->first.err == ERR_OK) {
        file->first = fresh;
    }
    if (f) {
        *f = fresh;
    }
    return false;
}

static struct file *make(const char *name, int fd, const struct stat *st,
                         struct fault *f)
{
    size_t n = strlen(name) + 1;
    struct file *file = calloc(1, sizeof(*file) + n);
    if (!file) {
        fault_set(f, ERR_NO_MEMORY, "open file", name, NULL);
        return NULL;
    }
    memcpy(file->name, name, n);
    file->fd = fd;
    file->stream = !S_ISREG(st->st_mode);
    file->length = file->stream ? 0 : st->st_size;
    file->linked = st->st_nlink > 0;
    return file;
}

/* open(2) for a FIFO blocks until a reader comes, and only a signal on this
 * very thread would end that. So ask again and again. -1: errno, EINTR when
 * the recording was stopped meanwhile. */
static int open_writing(const char *path, int flags, mode_t bits)
{
    for (;;) {
        struct stat st;
        int fd = open(
            path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags, bits);
        if (fd >= 0) {
            /* Nonblocking was for the opening only. */
            int now = fcntl(fd, F_GETFL);
            fcntl(fd, F_SETFL, now & ~O_NONBLOCK);
            return fd;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno != ENXIO) {
            return -1;
        }
        if (stat(path, &st) != 0 || !S_ISFIFO(st.st_mode)) {
            errno = ENXIO; /* a socket, a device without a driver */
            return -1;
        }
        if (stop_requested(NULL) != STOP_NONE) {
            errno = EINTR;
            return -1;
        }
        clock_sleep_ns(READER_POLL_NS);
    }
}

/* FILE_NEW: nothing that exists is touched, but what is no regular file (a
 * FIFO, /dev/null) is no file that could be lost. */
static int open_new(const char *path, int nofollow, mode_t bits)
{
    int fd = open_writing(path, O_CREAT | O_EXCL, bits);
    struct stat st;
    if (fd >= 0 || errno != EEXIST) {
        return fd;
    }
    if (stat(path, &st) != 0) {
        /* a link to nowhere exists too */
        errno = errno == ELOOP ? ELOOP : EEXIST;
        return -1;
    }
    if (S_ISREG(st.st_mode)) {
        errno = EEXIST;
        return -1;
    }
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    fd = open_writing(path, nofollow, bits);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        close(fd); /* somebody put a file there between the two calls */
        errno = EEXIST;
        return -1;
    }
    return fd;
}

/* A file that exists. O_NONBLOCK: a FIFO without a writer is not waited for; of
 * a regular file it changes nothing. */
static int open_existing(const char *path, int flags)
{
    int fd;
    do {
        fd = open(path, O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/* BITS: the permissions of a new file. */
static struct file *open_bits(const char *path, enum file_mode mode,
                              mode_t bits, struct fault *f)
{
    static const char op[] = "open file";
    struct stat st;
    struct file *file = NULL;
    bool is_link = false;
    int fd;

    if (path[0] == '\0') {
        fault_set(f, ERR_USAGE, op, "", "give a file name");
        return NULL;
    }
    if (!path_check_owners(f, op, path, mode == FILE_OVERWRITE, &is_link)) {
        return NULL;
    }
    int nofollow = is_link ? 0 : O_NOFOLLOW;
    if (mode == FILE_READ || mode == FILE_CHANGE) {
        fd = open_existing(path,
                           nofollow | (mode == FILE_READ ? O_RDONLY : O_RDWR));
    } else if (mode == FILE_OVERWRITE) {
        fd = open_writing(path, O_CREAT | nofollow, bits); /* see path_claim */
    } else {
        fd = open_new(path, nofollow, bits);
    }
    if (fd < 0 && errno == EINTR) {
        fault_setf(f, ERR_IO, op, EINTR, "start the pipe's reader first",
                   "%s: stopped before anybody read from it", path);
        return NULL;
    }
    if (fd < 0 && errno == ENOENT &&
        (mode == FILE_READ || mode == FILE_CHANGE)) {
        fault_setf(f, ERR_NO_SUCH_FILE, op, ENOENT, NULL, "%s", path);
        return NULL;
    }
    if (fd < 0) {
        path_fault(f, op, path, errno);
        return NULL;
    }
    if (fstat(fd, &st) != 0) {
        path_fault(f, op, path, errno);
        goto out;
    }
    if (mode == FILE_OVERWRITE && !is_link && path_is_anothers(&st, path)) {
        path_refuse_anothers(f, op, path); /* it came just now */
        goto out;
    }
    if (S_ISDIR(st.st_mode)) { /* only reading gets this far */
        path_fault(f, op, path, EISDIR);
        goto out;
    }
    if (mode == FILE_CHANGE && !S_ISREG(st.st_mode)) {
        fault_set(f, ERR_UNSUPPORTED, op, path, "it is no regular file");
        goto out;
    }
    if (mode != FILE_READ && S_ISBLK(st.st_mode)) {
        path_refuse_disk(f, op, path);
        goto out;
    }
    if (mode != FILE_READ && isatty(fd)) {
        fault_set(f, ERR_USAGE, op, path, "audio is not for a terminal");
        goto out;
    }
    if (mode == FILE_READ || mode == FILE_CHANGE ||
        path_claim(f, op, path, fd, &st)) {
        file = make(path, fd, &st, f);
    }
out:
    if (!file) {
        close(fd);
    }
    return file;
}

struct file *file_open(const char *path, enum file_mode mode, struct fault *f)
{
    return open_bits(path, mode, 0666, f);
}

struct file *file_open_like(const char *path, const struct file *like,
                            struct fault *f)
{
    struct stat st, made;
    if (fstat(like->fd, &st) != 0) {
        path_fault(f, "open file", path, errno);
        return NULL;
    }
    struct file *file = open_bits(path, FILE_NEW, st.st_mode & 0777, f);
    /* of another group: what that one may is not what LIKE's may */
    if (file && !file->stream && fstat(file->fd, &made) == 0 &&
        made.st_gid != st.st_gid) {
        fchmod(file->fd, made.st_mode & 0707);
    }
    return file;
}

bool file_is_ours(const struct file *file)
{
    struct stat st;
    return fstat(file->fd, &st) == 0 &&
           (st.st_uid == geteuid() || st.st_uid == 0);
}

struct file *file_stdout(struct fault *f)
{
    static const char op[] = "open standard output";
    struct stat st;
    int flags = fcntl(STDOUT_FILENO, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY ||
        fstat(STDOUT_FILENO, &st) != 0) {
        fault_setf(f, ERR_IO, op, EBADF, "send it somewhere: - | PROGRAM",
                   "standard output is closed");
        return NULL;
    }
    if (isatty(STDOUT_FILENO)) {
        fault_set(f, ERR_USAGE, op, "standard output is a terminal",
                  "send it somewhere: - > FILE, or - | PROGRAM");
        return NULL;
    }
    struct file *file = make(stdout_name, STDOUT_FILENO, &st, f);
    if (!file) {
        return NULL;
    }
    file->is_stdout = true;
    /* With ">" it is as good as a file of our own. After ">>", or behind what
     * another program wrote, what comes before us is not ours to seek in. */
    if (!file->stream &&
        ((flags & O_APPEND) != 0 || lseek(STDOUT_FILENO, 0, SEEK_CUR) != 0)) {
        file->stream = true;
        file->length = 0;
    }
    return file;
}

bool file_is_stream(const struct file *file)
{
    return file->stream;
}

/* A stream's reader may stall for ever. Wait until it takes some; but when the
 * user has asked for the end, and asked twice or waited long, no more. False:
 * given up. */
static bool await_reader(const struct file *file)
{
    struct pollfd p = {.fd = file->fd, .events = POLLOUT};
    while (poll(&p, 1, STALL_LOOK_MS) <= 0) {
        int64_t when_ns;
        if (stop_requested(&when_ns) != STOP_NONE &&
            (stop_count() > 1 || clock_now_ns() - when_ns > STALL_MOST_NS)) {
            return false;
        }
    }
    return true;
}

bool file_write(struct file *file, const void *data, size_t bytes,
                struct fault *f)
{
    const char *from = data;
    while (bytes > 0) {
        /* pwrite: a seek costs no call of its own. */
        size_t part = bytes < INT_MAX ? bytes : INT_MAX;
        if (file->stream) {
            /* A pipe that polls writable takes so much without blocking. */
            part = part < PIPE_BUF ? part : PIPE_BUF;
            if (!await_reader(file)) {
                return failed(file, "write (the reader does not read)",
                              ETIMEDOUT, f);
            }
        }
        ssize_t n = file->stream ? write(file->fd, from, part)
                                 : pwrite(file->fd, from, part, file->position);
        if (n > 0) {
            from += n;
            bytes -= (size_t)n;
            file->position += n;
            if (file->position > file->length) {
                file->length = file->position;
            }
        } else if (n == 0 || (errno != EINTR && errno != EAGAIN &&
                              errno != EWOULDBLOCK)) {
            /* EAGAIN: standard output can be another program's non-blocking
             * pipe; the mode is shared with it, so it stays as it is. */
            return failed(file, "write", n == 0 ? EIO : errno, f);
        }
    }
    return true;
}

int64_t file_read(struct file *file, void *data, size_t bytes, struct fault *f)
{
    size_t part = bytes < INT_MAX ? bytes : INT_MAX;
    ssize_t n;
    do {
        n = file->stream ? read(file->fd, data, part)
                         : pread(file->fd, data, part, file->position);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        failed(file, "read", errno, f);
        return -1;
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
    int code;
    do {
        code = ftruncate(file->fd, bytes);
    } while (code != 0 && errno == EINTR);
    if (code != 0) {
        return failed(file, "truncate", errno, f);
    }
    file->length = bytes;
    return true;
}

/* "Calling fsync() does not necessarily ensure that the entry in the directory
 * containing the file has also reached disk", fsync(2). Where a folder can not
 * be synced, the file system sees to it itself or never does. */
static void sync_name(struct file *file)
{
    char folder[PATH_MAX];
    if (file->name_synced || file->is_stdout || file->stream ||
        !path_folder(folder, sizeof(folder), file->name)) {
        return;
    }
    file->name_synced = true;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

bool file_sync(struct file *file, struct fault *f)
{
    int code;
    do {
        code = fsync(file->fd);
    } while (code != 0 && errno == EINTR);
    /* EINVAL, EROFS: "bound to a special file which does not support
     * synchronization", fsync(2). */
    if (code != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP) {
        return failed(file, "sync", errno, f);
    }
    sync_name(file);
    return true;
}

bool file_is_there(const struct file *file, struct fault *f)
{
    struct stat st;
    if (file->stream || file->is_stdout || !file->linked ||
        fstat(file->fd, &st) != 0 || st.st_nlink > 0) {
        return true;
    }
    return fault_set(f, ERR_FILE_GONE, "write", file->name, NULL);
}

bool file_identify(const struct file *file, struct file_mark *mark)
{
    struct stat st;
    if (file->stream || fstat(file->fd, &st) != 0) {
        return false;
    }
    *mark = (struct file_mark){
        .device = (uint64_t)st.st_dev,
        .number = (uint64_t)st.st_ino,
        .bytes = st.st_size,
        .changed_ns =
            (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
    };
    return true;
}

bool file_has_writer(const struct file *file)
{
    return !file->stream && lease_tells_writer(file->fd);
}

int64_t file_room(const struct file *file)
{
    struct statvfs v;
    return file->stream || fstatvfs(file->fd, &v) != 0 ? -1
                                                       : path_free_bytes(&v);
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
        /* pwrite left the offset that `(looprec ...; cat more) > x` shares. */
        if (!file->stream &&
            lseek(file->fd, file->length, SEEK_SET) != file->length) {
            ok = failed(file, "close", errno, f);
        }
    } else if (close(file->fd) != 0 && errno != EINTR) {
        /* EINTR: on Linux the descriptor is gone all the same, close(2). NFS
         * and quotas report here what write could not know. */
        ok = failed(file, "close", errno, f);
    }
    free(file);
    return ok;
}
