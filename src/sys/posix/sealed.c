/* sealed: a finished file that is still what it was. Writer thread. */
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "sys/file.h"

/* FAT keeps even seconds only, and so tells another time once it was read
 * anew from the disk. */
#define TIME_AGREES_NS INT64_C(2000000000)

/* Not in every linux/magic.h: fs/zfs, fs/bcachefs, fs/ntfs3. */
enum { ZFS_MAGIC = 0x2FC12FC1, NTFS3_MAGIC = 0x7366746E };

/* Does what lies at PATH tell the same time as long as nobody changes it? Local
 * disks whose time in memory is the one on the disk; of what is not known here
 * (networks, FUSE) it is not said. */
static bool keeps_time(const char *path)
{
    static const uint32_t kinds[] = {
        EXT4_SUPER_MAGIC,      XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
        F2FS_SUPER_MAGIC,      TMPFS_MAGIC,     RAMFS_MAGIC,
        OVERLAYFS_SUPER_MAGIC, ZFS_MAGIC,       NTFS3_MAGIC};
    struct statfs fs;
    if (statfs(path, &fs) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if ((uint32_t)fs.f_type == kinds[i]) {
            return true;
        }
    }
    return false;
}

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
    mark->exact = keeps_time(path);
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
    int64_t most = mark->exact ? 0 : TIME_AGREES_NS;
    if (!is_the_same(&st, mark) || st.st_size != mark->bytes || apart > most ||
        apart < -most) {
        return FILE_CHANGED;
    }
    if (unlink(path) != 0) {
        return errno == ENOENT ? FILE_MISSING : FILE_STUCK;
    }
    return FILE_REMOVED;
}
