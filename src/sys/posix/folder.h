/* folder: a folder of this process alone, for what has to lie in the file
 * system while it runs, a socket above all. POSIX only. Any thread.
 *
 * It is called looprec-MARK-RANDOM (see mark.h) and lies in XDG_RUNTIME_DIR, or
 * in /tmp where that is not set, not ours alone, or its path too long. The
 * random part is for /tmp, where anybody may take a name that can be told
 * beforehand. */
#ifndef LOOPREC_SYS_POSIX_FOLDER_H
#define LOOPREC_SYS_POSIX_FOLDER_H

#include <stdbool.h>

#include "core/error.h"

/* The most that its path takes: the path of a socket (unix(7): 107 bytes) has
 * room for a short name in it. */
enum { FOLDER_BYTES = 96 };

/* Choose a path; nothing is made. False: INTERNAL in F (no /proc, no random
 * numbers). */
bool folder_choose(char path[FOLDER_BYTES], struct fault *f);

/* Make it, for this user only. False: PERMISSION, NO_SPACE, IO ... in F. */
bool folder_make(const char *path, struct fault *f);

/* Remove it and the files in it. Folders in it are left, and it with them. */
void folder_remove(const char *path);

/* Remove those that processes which ended have left: of this user, with a mark
 * that says so, for this user only. Nothing else is touched, and no link is
 * followed. */
void folder_sweep(void);

#endif
