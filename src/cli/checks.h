/* checks: do the options of a command line fit together? Main thread. */
#ifndef LOOPREC_CLI_CHECKS_H
#define LOOPREC_CLI_CHECKS_H

#include <stdbool.h>

#include "cli/options.h"

/* A fault of usage whose detail is a sentence. */
#define usage(f, ...) fault_setf(f, ERR_USAGE, "options", 0, NULL, __VA_ARGS__)

/* O, as it was typed. Fills in the type where the file's ending tells it.
 * False: ERR_USAGE or ERR_FORMAT in F. */
bool checks_pass(struct options *o, struct fault *f);

#endif
