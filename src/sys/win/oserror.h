/* oserror: GetLastError and HRESULT -> the program's kinds of error, in one
 * place. Any thread. */
#ifndef LOOPREC_SYS_WIN_OSERROR_H
#define LOOPREC_SYS_WIN_OSERROR_H

#include <stddef.h>

#include "core/error.h"

/* What CODE means: a Win32 error (0..65535) or an HRESULT (negative as a long);
 * an HRESULT made of a Win32 error counts as that. ERR_IO for what has no kind
 * of its own. */
enum error oserror_kind(long code);

/* The system's own words for CODE, one line of UTF-8; "error 0x..." where it
 * has none. Returns BUFFER. */
char *oserror_words(char *buffer, size_t size, long code);

/* Fill F (may be NULL) with CODE's kind. SUBJECT, the thing's name, becomes
 * the detail; where the kind does not say it all (ERR_IO) the system's words
 * follow it. HINT may be NULL: a general remedy then, where there is one.
 * Returns false. */
bool oserror_fault(struct fault *f, const char *op, long code,
                   const char *subject, const char *hint);

#endif
