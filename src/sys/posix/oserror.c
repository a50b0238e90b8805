/* oserror: errno -> the program's kinds of error. Any thread. */
#include "sys/posix/oserror.h"

#include <errno.h>
#include <string.h>

enum error oserror_kind(int code)
{
    switch (code) {
    case 0: return ERR_OK;
    case EEXIST: return ERR_FILE_EXISTS;
    case ENOTDIR: return ERR_NOT_A_DIRECTORY;
    case ENOENT:
        return ERR_NO_SUCH_DIRECTORY; /* O_CREAT fails so for the folder only */
    case EISDIR: return ERR_IS_A_DIRECTORY;
    case EACCES:
    case EPERM:
    case EROFS:
    case ETXTBSY: return ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* the file system's or RLIMIT_FSIZE's largest file */
        return ERR_NO_SPACE;
    case EPIPE:
    case ECONNRESET: /* a socket as standard output (socat, inetd) */
        return ERR_PIPE_CLOSED;
    case ENOMEM: return ERR_NO_MEMORY;
    default: return ERR_IO;
    }
}

static const char *general_hint(int code)
{
    switch (code) {
    case EEXIST: return "use --overwrite or another name";
    case EISDIR: return "give a file name inside it";
    case EROFS: return "the file system is read-only: choose another place";
    case ETXTBSY: return "the file is a running program: choose another name";
    case EACCES:
    case EPERM: return "choose a place where you may write";
    case ENOSPC: return "free some space or choose another disk";
    case EDQUOT:
        return "your quota is used up: free some space or choose another disk";
    case EFBIG:
        return "the file reached the largest size allowed here: choose another "
               "disk or raise the limit (ulimit -f)";
    case ENAMETOOLONG: return "use a shorter name";
    case ELOOP: return "symbolic links lead in a circle here: use another name";
    case EMFILE:
    case ENFILE:
        return "too many files are open: close some or raise ulimit -n";
    default: return NULL;
    }
}

bool oserror_fault(struct fault *f, const char *op, int code,
                   const char *subject, const char *hint)
{
    enum error kind = oserror_kind(code);
    if (!hint) {
        hint = general_hint(code);
    }
    if (!subject) {
        return fault_setf(f, kind, op, code, hint, "%s", strerror(code));
    }
    if (kind == ERR_IO) {
        return fault_setf(f, kind, op, code, hint, "%s: %s", subject,
                          strerror(code));
    }
    return fault_setf(f, kind, op, code, hint, "%s", subject);
}
