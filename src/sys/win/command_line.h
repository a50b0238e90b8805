/* command_line: words as the one string that CreateProcess takes. Windows only.
 * Any thread. */
#ifndef LOOPREC_SYS_WIN_COMMAND_LINE_H
#define LOOPREC_SYS_WIN_COMMAND_LINE_H

#include <wchar.h>

#include "core/error.h"

/* ARGV (UTF-8, ends with NULL) quoted so that CommandLineToArgvW and the C
 * runtime make the same words of it again. malloc'd. NULL: told in F:
 * ERR_NO_COMMAND for a first word that can name no file; ERR_BAD_COMMAND for
 * words that are not UTF-8, more than 32766 characters, and for batch files
 * with words that cmd.exe would read as more than text; ERR_NO_MEMORY. */
wchar_t *command_line_make(char *const *argv, struct fault *f);

#endif
