/* text: names from outside made safe to show. Any thread. */
#ifndef LOOPREC_CORE_TEXT_H
#define LOOPREC_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at TEXT (not at its end) to *CODE; returns its bytes, 1..4.
 * 0: the byte begins no valid UTF-8 (overlong forms, surrogates and what lies
 * beyond U+10FFFF are not valid); step over it alone. */
unsigned text_decode(const char *text, uint32_t *code);

/* All of it? */
bool text_is_utf8(const char *text);

/* SRC (NULL: empty) to DST (SIZE bytes with the NUL) as it is, cut on a
 * character's boundary. Returns DST. */
char *text_copy(char *dst, size_t size, const char *src);

/* The same, but of what is too long the middle is left out, for "...": the
 * last name of a path tells most. They must not overlap. Returns DST. */
char *text_shorten(char *dst, size_t size, const char *src);

/* SRC to DST (SIZE bytes with the NUL): control characters (C0, DEL, C1, line
 * and paragraph separators, bidirectional overrides) and bytes that are not
 * UTF-8 become '?'; cut on a character's boundary. Returns DST. */
char *text_printable(char *dst, size_t size, const char *src);

/* Append to TEXT (SIZE bytes with the NUL) one more item of a list, made by
 * printf: the first behind a colon, others behind a comma. One that does not
 * fit whole is not begun: " ..." says then that there are more, and false that
 * the list is closed. */
bool text_list(char *text, size_t size, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* The columns a terminal needs for SRC: a plain count of UTF-8 characters. */
size_t text_columns(const char *src);

/* Case-insensitive (ASCII letters) search for NEEDLE in HAYSTACK. */
bool text_contains(const char *haystack, const char *needle);

/* Case-insensitive (ASCII letters) equality. */
bool text_same(const char *a, const char *b);

#endif
