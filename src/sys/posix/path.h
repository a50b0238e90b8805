/* path: what lies at a path, and why it could not be opened, in words that
 * help. POSIX only. Any thread. */
#ifndef LOOPREC_SYS_POSIX_PATH_H
#define LOOPREC_SYS_POSIX_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* Fill F for PATH that could not be opened for writing (errno CODE): looks at
 * the disk to name the folder or component at fault. Returns false. */
bool path_fault(struct fault *f, const char *op, const char *path, int code);

/* The folder that PATH's last component lies in ("." if it names none). False:
 * it does not fit. */
bool path_folder(char *folder, size_t size, const char *path);

#endif
