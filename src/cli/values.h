/* values: what options say of files, made into values; the others are small and
 * lie in options.c. Main thread. */
#ifndef LOOPREC_CLI_VALUES_H
#define LOOPREC_CLI_VALUES_H

#include <stdbool.h>

#include "cli/options.h"

/* Each reads VALUE into O, where the last one counts. False: ERR_USAGE in F. */

/* --split=TIME|SIZE */
bool value_split(struct options *o, const char *value, struct fault *f);

/* --keep=N|SIZE|TIME */
bool value_keep(struct options *o, const char *value, struct fault *f);

/* --fallback=DIR */
bool value_fallback(struct options *o, const char *value, struct fault *f);

/* --tag=KEY=VALUE; the last of a KEY counts. */
bool value_tag(struct options *o, const char *value, struct fault *f);

#endif
