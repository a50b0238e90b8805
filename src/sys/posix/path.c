/* path: questions about files that are not open: what is there, would opening
 * work, why did it not, how much room is left. Any thread. */
#include "sys/posix/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/posix/oserror.h"

enum { HINT_BYTES = sizeof(((struct fault *)NULL)->hint) };

#define LOCKED_BYTE (INT64_C(1) << 62)

bool path_folder(char *folder, size_t size, const char *path)
{
    size_t n = strlen(path);
    while (n > 0 && path[n - 1] != '/') {
        n--;
    }
    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    const char *from = n > 0 ? path : ".";
    n = n > 0 ? n : 1;
    if (n >= size) {
        return false;
    }
    memcpy(folder, from, n);
    folder[n] = '\0';
    return true;
}

/* TEXT as one word for a shell. False: it does not fit. */
static bool quote(char *out, size_t size, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+,:@%=";
    if (text[0] != '-' && text[strspn(text, plain)] == '\0') {
        return (size_t)snprintf(out, size, "%s", text) < size;
    }
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        n += *p == '\'' ? 4 : 1;
    }
    if (n + 3 > size) {
        return false;
    }
    *out++ = '\'';
    for (const char *p = text; *p; p++) {
        if (*p == '\'') {
            memcpy(out, "'\\''", 4);
            out += 4;
        } else {
            *out++ = *p;
        }
    }
    memcpy(out, "'", 2);
    return true;
}

/* "make the folder first: mkdir -p DIR" */
static void hint_mkdir(char hint[HINT_BYTES], const char *path)
{
    char folder[PATH_MAX], quoted[HINT_BYTES];
    int n = HINT_BYTES;
    if (path_folder(folder, sizeof(folder), path) &&
        quote(quoted, sizeof(quoted), folder)) {
        n = snprintf(hint, HINT_BYTES, "make the folder first: mkdir -p %s%s",
                     folder[0] == '-' ? "-- " : "", quoted);
    }
    if (n >= HINT_BYTES) {
        snprintf(hint, HINT_BYTES, "make the folder first (mkdir -p)");
    }
}

/* Which component of PATH is no folder? */
static void hint_component(char hint[HINT_BYTES], const char *path)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    snprintf(hint, HINT_BYTES, "a part of the path is no folder");
    if (n >= sizeof(part)) {
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct stat st;
        if (path[i] != '/' || path[i - 1] == '/') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (stat(part, &st) == 0 && !S_ISDIR(st.st_mode)) {
            if (i < HINT_BYTES / 2) {
                snprintf(hint, HINT_BYTES, "%.*s is a file, no folder", (int)i,
                         path);
            }
            return;
        }
    }
}

bool path_fault(struct fault *f, const char *op, const char *path, int code)
{
    char hint[HINT_BYTES] = "";
    char folder[PATH_MAX];
    struct stat st;

    switch (code) {
    case ENOENT:
        if (path_folder(folder, sizeof(folder), path) &&
            stat(folder, &st) == 0) {
            /* The folder is there: a dangling link's target, or a file that
             * was to be read. */
            return fault_setf(f, ERR_IO, op, code, NULL, "%s: %s", path,
                              strerror(code));
        }
        hint_mkdir(hint, path);
        break;
    case ENOTDIR: hint_component(hint, path); break;
    case EACCES:
    case EPERM:
        if (lstat(path, &st) == 0) {
            snprintf(hint, sizeof(hint),
                     "you may not write this file: use another name");
        } else {
            snprintf(hint, sizeof(hint), "choose a folder where you may write");
        }
        break;
    case ENXIO:
        if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
            snprintf(hint, sizeof(hint),
                     "it is a socket: send the audio there through a pipe, "
                     "- | socat - UNIX-CONNECT:FILE");
        } else {
            snprintf(hint, sizeof(hint),
                     "no device is behind this name: use "
                     "another");
        }
        break;
    default: break;
    }
    return oserror_fault(f, op, code, path, hint[0] ? hint : NULL);
}

bool path_refuse_disk(struct fault *f, const char *op, const char *path)
{
    return fault_set(f, ERR_USAGE, op, path,
                     "it is a whole disk, and all on it would be lost: give a "
                     "file on it");
}

/* How many links on a way are looked at; the system follows 40. */
enum { LINKS_MOST = 8 };

/* ENTRY lies in FOLDER: another user's, where everybody can put something? */
static bool is_planted(const struct stat *entry, const char *folder)
{
    struct stat st;
    return entry->st_uid != geteuid() && entry->st_uid != 0 &&
           stat(folder, &st) == 0 && (st.st_mode & S_IWOTH) != 0;
}

bool path_is_anothers(const struct stat *file, const char *path)
{
    char folder[PATH_MAX];
    struct stat st;
    return S_ISREG(file->st_mode) &&
           path_folder(folder, sizeof(folder), path) &&
           is_planted(file, folder) && stat(folder, &st) == 0 &&
           (st.st_mode & S_ISVTX) != 0 && file->st_uid != st.st_uid;
}

/* Look at every part of PATH; where one is a link, at what it leads to; where
 * PATH is a file that is to be REPLACED, at that. False: CULPRIT is not to be
 * trusted. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as LINKS_MOST */
static bool walk(const char *path, bool replaced, unsigned links,
                 char culprit[PATH_MAX])
{
    char part[PATH_MAX], folder[PATH_MAX], target[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof(part)) {
        return true; /* the system will refuse it */
    }
    for (size_t i = 1; i <= n; i++) {
        struct stat st;
        bool last = i == n;
        if (!last && (path[i] != '/' || path[i - 1] == '/')) {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (lstat(part, &st) != 0) {
            return true; /* nothing is there, and so nothing behind it */
        }
        if (last && replaced && path_is_anothers(&st, part)) {
            strcpy(culprit, part);
            return false;
        }
        if (S_ISDIR(st.st_mode) || (last && S_ISREG(st.st_mode))) {
            continue;
        }
        path_folder(folder, sizeof(folder), part);
        if (is_planted(&st, folder)) {
            strcpy(culprit, part);
            return false;
        }
        ssize_t length = S_ISLNK(st.st_mode) && links < LINKS_MOST
                             ? readlink(part, target, sizeof(target) - 1)
                             : 0;
        if (length <= 0) {
            continue;
        }
        target[length] = '\0';
        if (target[0] != '/') {
            size_t before = strlen(folder);
            if (before + 1 + (size_t)length >= sizeof(folder)) {
                continue;
            }
            folder[before] = '/';
            strcpy(folder + before + 1, target);
        }
        const char *way = target[0] == '/' ? target : folder;
        if (!walk(way, replaced && last, links + 1, culprit)) {
            return false;
        }
    }
    return true;
}

bool path_refuse_anothers(struct fault *f, const char *op, const char *path)
{
    struct stat st;
    mode_t mode = lstat(path, &st) == 0 ? st.st_mode : S_IFREG;
    return fault_setf(f, ERR_PERMISSION, op, 0,
                      S_ISLNK(mode) ? "give the path that the link leads to"
                                    : "use another name",
                      "%s: another user has put this %s into a folder that is "
                      "open to all",
                      path,
                      S_ISLNK(mode)   ? "link"
                      : S_ISREG(mode) ? "file"
                                      : "special file");
}

bool path_check_owners(struct fault *f, const char *op, const char *path,
                       bool replaced, bool *is_link)
{
    char culprit[PATH_MAX];
    struct stat st;
    if (!walk(path, replaced, 0, culprit)) {
        return path_refuse_anothers(f, op, culprit);
    }
    if (is_link) {
        *is_link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    }
    return true;
}

/* A file that another recording writes is left to it. The lock is for a byte
 * behind all data: on SMB others can not read what is locked, flock(2). A file
 * system without locks is used without one. */
static bool is_taken(int fd)
{
    struct flock lock = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = LOCKED_BYTE,
                         .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) != 0 &&
           (errno == EAGAIN || errno == EACCES);
}

bool path_claim(struct fault *f, const char *op, const char *path, int fd,
                struct stat *st)
{
    if (!S_ISREG(st->st_mode)) {
        return true;
    }
    if (is_taken(fd)) {
        return fault_set(f, ERR_FILE_IN_USE, op, path,
                         "another recording is being written there: choose "
                         "another name");
    }
    if (ftruncate(fd, 0) != 0) {
        return path_fault(f, op, path, errno);
    }
    st->st_size = 0;
    return true;
}

bool file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

bool file_remove(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && unlink(path) == 0;
}

static bool check_folder(const char *path, struct fault *f)
{
    static const char op[] = "check file";
    char folder[PATH_MAX];
    struct stat st;
    size_t n = strlen(path);
    if (path[n - 1] == '/') { /* open(2) says EISDIR to O_CREAT too */
        return path_fault(f, op, path, EISDIR);
    }
    if (!path_folder(folder, sizeof(folder), path)) {
        return path_fault(f, op, path, ENAMETOOLONG);
    }
    if (stat(folder, &st) != 0) {
        return path_fault(f, op, path, errno);
    }
    if (!S_ISDIR(st.st_mode)) {
        return path_fault(f, op, path, ENOTDIR);
    }
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0) {
        return path_fault(f, op, path, errno);
    }
    return true;
}

bool file_check(const char *path, bool overwrite, struct fault *f)
{
    static const char op[] = "check file";
    struct stat st;
    if (path[0] == '\0') {
        return fault_set(f, ERR_USAGE, op, "", "give a file name");
    }
    if (!path_check_owners(f, op, path, overwrite, NULL)) {
        return false;
    }
    if (stat(path, &st) != 0) {
        if (errno != ENOENT) {
            return path_fault(f, op, path, errno);
        }
        if (lstat(path, &st) != 0) {
            return check_folder(path, f);
        }
        /* A dangling link: O_EXCL refuses it; else the target may be made. */
        return overwrite ? true : path_fault(f, op, path, EEXIST);
    }
    if (S_ISDIR(st.st_mode)) {
        return path_fault(f, op, path, EISDIR);
    }
    if (S_ISREG(st.st_mode) && !overwrite) {
        return path_fault(f, op, path, EEXIST);
    }
    if (S_ISBLK(st.st_mode)) {
        return path_refuse_disk(f, op, path);
    }
    if (S_ISSOCK(st.st_mode)) { /* what open(2) says to it */
        return path_fault(f, op, path, ENXIO);
    }
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0) {
        return path_fault(f, op, path, errno);
    }
    return true;
}

int64_t path_free_bytes(const struct statvfs *v)
{
    /* f_bavail, not f_bfree: what is kept for root is not for us. */
    uint64_t unit = v->f_frsize ? v->f_frsize : v->f_bsize;
    if (unit != 0 && v->f_bavail > (uint64_t)INT64_MAX / unit) {
        return INT64_MAX;
    }
    return (int64_t)(v->f_bavail * unit);
}

int64_t file_free_bytes(const char *path)
{
    char folder[PATH_MAX];
    struct statvfs v;
    if (statvfs(path, &v) != 0 && (!path_folder(folder, sizeof(folder), path) ||
                                   statvfs(folder, &v) != 0)) {
        return -1;
    }
    return path_free_bytes(&v);
}

bool file_same_disk(const char *a, const char *b)
{
    struct stat one, two;
    return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev;
}
