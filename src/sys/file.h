/* file: one file that is being recorded to, or standard output. Paths are
 * UTF-8 on every system. Writer thread (one at a time). The first failure of
 * an open file is kept and file_fault() tells it from then on; later calls are
 * tried all the same, because on a full disk a header can still be rewritten
 * and the tail be cut off. Who calls decides what is worth trying. */
#ifndef LOOPREC_SYS_FILE_H
#define LOOPREC_SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct file;

enum file_mode {
    FILE_NEW,       /* must not exist (O_EXCL / CREATE_NEW) */
    FILE_OVERWRITE, /* emptied when it exists */
    FILE_READ,      /* for reading only */
    FILE_CHANGE,    /* an existing regular file, for reading and writing */
};

/* Open PATH. In F: ERR_FILE_EXISTS, NOT_A_DIRECTORY, NO_SUCH_DIRECTORY,
 * NO_SUCH_FILE (READ, CHANGE), IS_A_DIRECTORY, PERMISSION, FILE_IN_USE,
 * NO_SPACE, IO, NO_MEMORY with PATH as detail and a remedy as hint.
 * Permissions 0666 less umask; close-on-exec. A path that is no regular file (a
 * FIFO, /dev/null, a device) is opened as it is by NEW and OVERWRITE and
 * treated as a stream, and refused by CHANGE (UNSUPPORTED); a terminal, a whole
 * disk (a block device) or an empty PATH is ERR_USAGE. A link (or FIFO, socket,
 * device) that another user has put into a folder that is open to all is not
 * written or read through, and a file of theirs in one like /tmp is not emptied
 * by OVERWRITE (POSIX; PERMISSION). On Windows a name that Windows would take
 * for something else (a device, a hidden stream, a name that ends earlier) is
 * ERR_IO, but for NUL. A regular file that somebody has open by NEW or
 * OVERWRITE is refused by both, and stays as it is (FILE_IN_USE), where the
 * file system has locks. Waits for a FIFO's reader until stop_requested (ERR_IO
 * then). */
struct file *file_open(const char *path, enum file_mode mode, struct fault *f);

/* file_open(PATH, FILE_NEW), with the permissions of LIKE less umask (POSIX).
 */
struct file *file_open_like(const char *path, const struct file *like,
                            struct fault *f);

/* Does it belong to this user, or to root? Windows: always true. */
bool file_is_ours(const struct file *file);

/* Standard output; it is not closed by file_close. A stream, unless it is a
 * regular file at its beginning (">", not ">>"). Refused (ERR_USAGE) when it
 * is a terminal, (ERR_IO) when it is closed. */
struct file *file_stdout(struct fault *f);

/* True for pipes, sockets, character devices: no seek, no truncate. */
bool file_is_stream(const struct file *file);

/* Write all of it at the position, waiting as long as it takes. ERR_NO_SPACE,
 * PIPE_CLOSED, IO in F, with PATH as detail. What could be written before the
 * failure stays: file_tell says where it ends. */
bool file_write(struct file *file, const void *data, size_t bytes,
                struct fault *f);

/* Read up to BYTES; -1: error. */
int64_t file_read(struct file *file, void *data, size_t bytes, struct fault *f);

/* Set / get the position in bytes, from the start. False on streams. */
bool file_seek(struct file *file, int64_t offset, struct fault *f);
int64_t file_tell(const struct file *file);

/* Length in bytes (of a stream: what was written). */
int64_t file_length(const struct file *file);

/* Cut to BYTES; the position stays. */
bool file_truncate(struct file *file, int64_t bytes, struct fault *f);

/* fsync / FlushFileBuffers, the file's name included. True where the medium
 * knows no such thing (a stream, a file system without it). */
bool file_sync(struct file *file, struct fault *f);

/* False, with ERR_FILE_GONE in F: somebody has deleted it, and what is written
 * to it will be nobody's. True where that can not be told, and for streams and
 * standard output. */
bool file_is_there(const struct file *file, struct fault *f);

/* Bytes free for us where FILE lies; -1: unknown, or a stream. */
int64_t file_room(const struct file *file);

/* What tells a file from another one that has, or gets, its name. */
struct file_mark {
    uint64_t device, number;
    int64_t bytes;      /* as it lies there */
    int64_t changed_ns; /* the last time, by a clock of the system's choice */
    bool exact; /* of a sealed one: to the last digit, as local disks keep it;
                 * else within 2 s: FAT keeps even seconds, and a server may
                 * tell another time once it has the whole file */
};

/* Which file is it, and what at this moment? False: a stream, or the system
 * does not say. */
bool file_identify(const struct file *file, struct file_mark *mark);

/* Is FILE, opened for reading, certainly open for writing somewhere? Linux: a
 * read lease is refused then (F_SETLEASE, fcntl(2)). False where that tells
 * nothing: another user's file, a file system without leases or of another
 * machine. Always false on Windows, where the share mode refuses us:
 * FILE_CHANGE is FILE_IN_USE while another program writes. */
bool file_has_writer(const struct file *file);

/* The first failure; err ERR_OK when there is none. */
const struct fault *file_fault(const struct file *file);

/* Close. False with F when the system reports a failure only now. Frees in any
 * case; NULL is fine. */
bool file_close(struct file *file, struct fault *f);

/* --- without opening --- */

/* Does anything lie at PATH (a dangling link counts)? */
bool file_exists(const char *path);

/* Remove PATH where it is a regular file, and no link to one. False: it is
 * something else, or the system refused. */
bool file_remove(const char *path);

/* PATH's file was closed: bring its MARK up to date. False: another file lies
 * there. */
bool file_seal(const char *path, struct file_mark *mark);

enum file_removal {
    FILE_REMOVED,
    FILE_MISSING, /* nothing lies there */
    FILE_CHANGED, /* it is another file, or another size, or was written to */
    FILE_STUCK,   /* the system refuses it */
};

/* Remove PATH where it is still the file of MARK, as it was sealed. */
enum file_removal file_remove_sealed(const char *path,
                                     const struct file_mark *mark);

/* Would file_open(PATH, NEW or OVERWRITE) work, as far as can be told without
 * making anything: existence, the folder, its permission. */
bool file_check(const char *path, bool overwrite, struct fault *f);

/* Bytes free for us on PATH's file system; -1: unknown. */
int64_t file_free_bytes(const char *path);

/* Do A and B, files or folders, lie on the same file system? False also where
 * one is not there, or the system does not say. */
bool file_same_disk(const char *a, const char *b);

#endif
