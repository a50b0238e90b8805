/* program: the file behind a command's name. POSIX only. Any thread. */
#ifndef LOOPREC_SYS_POSIX_PROGRAM_H
#define LOOPREC_SYS_POSIX_PROGRAM_H

#include "core/error.h"

/* The path of NAME, found as execvp finds it: as it is where it holds a '/',
 * else in the folders of PATH, of which an empty one is the current folder.
 * malloc'd. NULL: ERR_NO_COMMAND, ERR_BAD_COMMAND (a folder, or nothing that we
 * may run) or ERR_NO_MEMORY in F. */
char *program_find(const char *name, struct fault *f);

#endif
