/* sealed: a finished file that is still what it was. Writer thread. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

/* FAT keeps even seconds only, and so tells another time once it was read
 * anew from the disk. */
#define TIME_AGREES_NS INT64_C(2000000000)

static int64_t changed_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static bool is_the_same(const struct stat *st, const struct file_mark *mark)
{
    return S_ISREG(st->st_mode) && st->st_dev == (dev_t)mark->device &&
           st->st_ino == (ino_t)mark->number;
}

bool file_seal(const char *path, struct file_mark *mark)
{
    struct stat st;
    if (lstat(path, &st) != 0 || !is_the_same(&st, mark)) {
        return false;
    }
    mark->bytes = st.st_size;
    mark->changed_ns = changed_ns(&st);
    return true;
}

enum file_removal file_remove_sealed(const char *path,
                                     const struct file_mark *mark)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        return errno == ENOENT || errno == ENOTDIR ? FILE_MISSING : FILE_STUCK;
    }
    int64_t apart = changed_ns(&st) - mark->changed_ns;
    if (!is_the_same(&st, mark) || st.st_size != mark->bytes ||
        apart > TIME_AGREES_NS || apart < -TIME_AGREES_NS) {
        return FILE_CHANGED;
    }
    if (unlink(path) != 0) {
        return errno == ENOENT ? FILE_MISSING : FILE_STUCK;
    }
    return FILE_REMOVED;
}
