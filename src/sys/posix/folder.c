/* folder: see folder.h. Any thread. */
#include "sys/posix/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/posix/mark.h"
#include "sys/posix/oserror.h"

static const char prefix[] = "looprec-";
static const char shared_base[] = "/tmp";

/* The user's runtime folder, "owned by the user, and he MUST be the only one
 * having read and write access" (XDG Base Directory Specification). NULL:
 * there is none that is so. */
static const char *runtime_base(void)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    struct stat s;
    bool good = base && base[0] == '/' && stat(base, &s) == 0 &&
                S_ISDIR(s.st_mode) && s.st_uid == geteuid() &&
                (s.st_mode & 077) == 0;
    return good ? base : NULL;
}

bool folder_choose(char path[FOLDER_BYTES], struct fault *f)
{
    char mark[MARK_BYTES];
    uint32_t random;
    if (!mark_make(mark) ||
        getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return fault_set(f, ERR_INTERNAL, "name a folder",
                         "/proc or random numbers are missing", NULL);
    }
    const char *bases[] = {runtime_base(), shared_base};
    for (int i = 0; i < 2; i++) {
        int n = bases[i] ? snprintf(path, FOLDER_BYTES, "%s/%s%s-%08x",
                                    bases[i], prefix, mark, random)
                         : -1;
        if (n > 0 && n < FOLDER_BYTES) {
            return true;
        }
    }
    return fault_set(f, ERR_INTERNAL, "name a folder", mark, NULL);
}

bool folder_make(const char *path, struct fault *f)
{
    /* Fails where anything is there, a link that leads nowhere too. */
    return mkdir(path, 0700) == 0 ||
           oserror_fault(f, "make a private folder", errno, path, NULL);
}

/* Everything in the folder FD (closed here), then NAME in BASE. */
static void empty_and_remove(int fd, int base, const char *name)
{
    DIR *folder = fdopendir(fd);
    const struct dirent *entry;
    if (!folder) {
        close(fd);
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        unlinkat(dirfd(folder), entry->d_name, 0); /* refuses folders */
    }
    closedir(folder);
    unlinkat(base, name, AT_REMOVEDIR);
}

/* NAME in BASE, if it is a folder of this user's and for this user only. -1: it
 * is not. */
static int open_own(int base, const char *name)
{
    struct stat s;
    int fd =
        openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &s) != 0 || s.st_uid != geteuid() ||
                    (s.st_mode & 07777) != 0700)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void folder_remove(const char *path)
{
    int fd = open_own(AT_FDCWD, path);
    if (fd >= 0) {
        empty_and_remove(fd, AT_FDCWD, path);
    }
}

/* looprec-MARK-RANDOM, of a process that has ended. */
static bool is_left(const char *name)
{
    char mark[MARK_BYTES];
    size_t length = sizeof(prefix) - 1;
    if (strncmp(name, prefix, length) != 0) {
        return false;
    }
    snprintf(mark, sizeof(mark), "%s", name + length);
    mark[strcspn(mark, "-")] = '\0';
    return mark_is_dead(mark);
}

static void sweep(const char *base)
{
    DIR *folder = opendir(base);
    const struct dirent *entry;
    if (!folder) {
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (is_left(entry->d_name)) {
            int fd = open_own(dirfd(folder), entry->d_name);
            if (fd >= 0) {
                empty_and_remove(fd, dirfd(folder), entry->d_name);
            }
        }
    }
    closedir(folder);
}

void folder_sweep(void)
{
    const char *base = runtime_base();
    if (base) {
        sweep(base);
    }
    sweep(shared_base);
}
