/* oserror: errno -> the program's kinds of error, in one place. Any thread. */
#ifndef LOOPREC_SYS_POSIX_OSERROR_H
#define LOOPREC_SYS_POSIX_OSERROR_H

#include "core/error.h"

/* What errno's CODE means; ERR_IO for what has no kind of its own. */
enum error oserror_kind(int code);

/* Fill F (may be NULL) with CODE's kind. SUBJECT, the thing's name, becomes
 * the detail; where the kind does not say it all (ERR_IO) the system's words
 * follow it. HINT may be NULL: a general remedy then, where there is one.
 * Returns false. */
bool oserror_fault(struct fault *f, const char *op, int code,
                   const char *subject, const char *hint);

#endif
