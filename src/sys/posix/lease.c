/* lease: see lease.h. Any thread. */
#include "sys/posix/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/vfs.h>

#include <linux/magic.h>

/* Not in every linux/magic.h: fs/smb/client. */
#define CIFS_MAGIC UINT32_C(0xFF534D42)
#define SMB2_MAGIC UINT32_C(0xFE534D42)

/* On another machine's disk the refusal of a lease may only mean that the
 * server has not put the file into our hands (Linux: nfs4_add_lease,
 * cifs_setlease). */
static bool is_remote(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) != 0 || fs.f_type == NFS_SUPER_MAGIC ||
           (uint32_t)fs.f_type == CIFS_MAGIC ||
           (uint32_t)fs.f_type == SMB2_MAGIC;
}

bool lease_tells_writer(int fd)
{
    /* Who opens it for writing while we have the lease sends a signal, which
     * would be SIGIO and end us; SIGURG is ignored. */
    if (is_remote(fd) || fcntl(fd, F_SETSIG, SIGURG) != 0) {
        return false;
    }
    /* EAGAIN: somebody has it open for writing */
    if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) {
        return errno == EAGAIN;
    }
    fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}
