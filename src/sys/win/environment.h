/* environment: a program's, made from our own. Windows only. Main thread. */
#ifndef LOOPREC_SYS_WIN_ENVIRONMENT_H
#define LOOPREC_SYS_WIN_ENVIRONMENT_H

#include <wchar.h>

#include "core/error.h"

/* Ours as a block for CreateProcess (CREATE_UNICODE_ENVIRONMENT), with CHANGES
 * ("NAME=VALUE" in UTF-8, ends with NULL) in the place of what has those
 * names. malloc'd. NULL: ERR_NO_MEMORY, or BAD_COMMAND for what is not UTF-8,
 * in F. */
wchar_t *environment_with(const char *const *changes, struct fault *f);

#endif
