/* utf: UTF-8 (everywhere in the program) <-> UTF-16 (Windows). Any thread. */
#ifndef LOOPREC_SYS_WIN_UTF_H
#define LOOPREC_SYS_WIN_UTF_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

/* A malloc'd copy, the caller's to free; NULL: out of memory, or TEXT is not
 * UTF-8 (a name made up of replacement characters would be another file). */
wchar_t *utf8_to_wide(const char *text);

/* A malloc'd copy; NULL: out of memory. A lone surrogate becomes three bytes
 * that are no UTF-8, so that whoever uses the text as more than a text refuses
 * it. */
char *utf8_from_wide(const wchar_t *text);

/* The same into DST (SIZE bytes with the NUL), cut on a character's boundary,
 * to be shown: a lone surrogate becomes U+FFFD. TEXT NULL: an empty string.
 * Allocates nothing. */
void utf8_copy_wide(char *dst, size_t size, const wchar_t *text);

#endif
