/* values: what options say of times and files, made into values; the others are
 * small and lie in options.c. Main thread. */
#ifndef LOOPREC_CLI_VALUES_H
#define LOOPREC_CLI_VALUES_H

#include <stdbool.h>

#include "cli/options.h"

/* Each reads VALUE into O, where the last one counts. False: ERR_USAGE in F. */

/* --duration=TIME */
bool value_duration(struct options *o, const char *value, struct fault *f);

/* --wait[=TIME]; VALUE may be NULL. */
bool value_wait(struct options *o, const char *value, struct fault *f);

/* --sync=TIME */
bool value_sync(struct options *o, const char *value, struct fault *f);

/* --buffer=TIME */
bool value_buffer(struct options *o, const char *value, struct fault *f);

/* --split=TIME|SIZE */
bool value_split(struct options *o, const char *value, struct fault *f);

/* --keep=N|SIZE|TIME */
bool value_keep(struct options *o, const char *value, struct fault *f);

/* --fallback=DIR */
bool value_fallback(struct options *o, const char *value, struct fault *f);

/* --tag=KEY=VALUE; the last of a KEY counts. */
bool value_tag(struct options *o, const char *value, struct fault *f);

#endif
