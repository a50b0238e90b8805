/* path: what lies at a path, and why it could not be opened, in words that
 * help. Windows only. Any thread. */
#ifndef LOOPREC_SYS_WIN_PATH_H
#define LOOPREC_SYS_WIN_PATH_H

#include <stdbool.h>
#include <wchar.h>

#include "core/error.h"

/* PATH (UTF-8) in full and for the wide calls, malloc'd; with the \\?\ prefix
 * where it is long. NULL: told in F: no memory, not UTF-8, a name that Windows
 * would take for something else. */
wchar_t *path_full(const char *path, const char *op, struct fault *f);

/* Is FULL a device (\\.\NUL, \\.\pipe\x) and no place in a file system? */
bool path_is_device(const wchar_t *full);

/* Fill F for PATH that could not be opened (Win32 error CODE): looks at the
 * disk to name the folder or component at fault. Returns false. */
bool path_fault(struct fault *f, const char *op, const char *path, long code);

#endif
