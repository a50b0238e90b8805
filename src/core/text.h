/* text: names from outside made safe to show. Any thread. */
#ifndef LOOPREC_CORE_TEXT_H
#define LOOPREC_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* SRC to DST (SIZE bytes with the NUL): control characters (C0, DEL, C1, line
 * and paragraph separators, bidirectional overrides) and bytes that are not
 * UTF-8 become '?'; cut on a character's boundary. Returns DST. */
char *text_printable(char *dst, size_t size, const char *src);

/* The columns a terminal needs for SRC: a plain count of UTF-8 characters. */
size_t text_columns(const char *src);

/* Case-insensitive (ASCII letters) search for NEEDLE in HAYSTACK. */
bool text_contains(const char *haystack, const char *needle);

/* Case-insensitive (ASCII letters) equality. */
bool text_same(const char *a, const char *b);

#endif
