/* environment: a program's, made from our own. POSIX only. Main thread, as
 * getenv. */
#ifndef LOOPREC_SYS_POSIX_ENVIRONMENT_H
#define LOOPREC_SYS_POSIX_ENVIRONMENT_H

/* Ours, with CHANGES ("NAME=VALUE", ends with NULL; NULL: none) in the place of
 * what has those names. malloc'd; the strings are ours and CHANGES'. NULL: out
 * of memory. */
char **environment_with(const char *const *changes);

#endif
