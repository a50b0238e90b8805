/* path: what lies at a path, and why it could not be opened, in words that
 * help. POSIX only. Any thread. */
#ifndef LOOPREC_SYS_POSIX_PATH_H
#define LOOPREC_SYS_POSIX_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Fill F for PATH that could not be opened for writing (errno CODE): looks at
 * the disk to name the folder or component at fault. Returns false. */
bool path_fault(struct fault *f, const char *op, const char *path, int code);

/* PATH is a block device: fill F (ERR_USAGE). Returns false. */
bool path_refuse_disk(struct fault *f, const char *op, const char *path);

/* Is FILE, which lies at PATH, a regular one that another user (but root, and
 * the folder's owner) has put into a sticky folder that everybody may write to?
 * What is written there they would have in hand. The same as Linux refuses
 * where fs.protected_regular is set (proc_sys_fs(5)). */
struct stat;
bool path_is_anothers(const struct stat *file, const char *path);

/* Fill F (ERR_PERMISSION) for what another user has put at PATH. Returns false.
 */
bool path_refuse_anothers(struct fault *f, const char *op, const char *path);

/* Does the way to PATH lead through what another user (but root) has put into
 * a folder that everybody may write to: a link anywhere on it, or at its end a
 * FIFO, a socket, a device? Then fill F (ERR_PERMISSION) and return false: what
 * is recorded would go to them, or over a file of ours. The same where PATH is
 * a file that is to be REPLACED and path_is_anothers. True also where nothing
 * is there. *IS_LINK (may be NULL): PATH itself is a link, of whose owner there
 * is no doubt; else it should be opened as none (O_NOFOLLOW), since it may
 * become one meanwhile.
 *
 * Linux does so by itself where fs.protected_symlinks and _fifos are set
 * (proc_sys_fs(5)), but only in sticky folders, and they can be off. */
bool path_check_owners(struct fault *f, const char *op, const char *path,
                       bool replaced, bool *is_link);

/* FD, whose ST is, was opened to write PATH anew. Lock it as long as it is
 * open, and empty it. False with F: somebody else who records has done so
 * (ERR_FILE_IN_USE). Of what is no regular file, and where the file system has
 * no locks, nothing is locked. */
bool path_claim(struct fault *f, const char *op, const char *path, int fd,
                struct stat *st);

/* The folder that PATH's last component lies in ("." if it names none). False:
 * it does not fit. */
bool path_folder(char *folder, size_t size, const char *path);

/* Bytes free for us on a file system. */
struct statvfs;
int64_t path_free_bytes(const struct statvfs *v);

#endif
