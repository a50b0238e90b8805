/* utf: UTF-8 <-> UTF-16. Any thread. */
#include "sys/win/utf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

wchar_t *utf8_to_wide(const char *text)
{
    int n =
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    if (n <= 0) {
        return NULL;
    }
    wchar_t *wide = malloc((size_t)n * sizeof(*wide));
    if (wide) {
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, n);
    }
    return wide;
}

/* The character at *TEXT, which moves behind it; a lone surrogate as it is. */
static uint32_t next_character(const wchar_t **text)
{
    uint32_t c = (uint16_t) * (*text)++;
    uint32_t low = (uint16_t) * *text;
    if (c < 0xD800 || c > 0xDBFF || low < 0xDC00 || low > 0xDFFF) {
        return c;
    }
    (*text)++;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

static size_t character_bytes(uint32_t c)
{
    return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

/* Returns where the next one goes. */
static char *put_character(char *dst, uint32_t c)
{
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t bytes = character_bytes(c);
    for (size_t i = bytes - 1; i > 0; i--) {
        dst[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    dst[0] = (char)(lead[bytes] | c);
    return dst + bytes;
}

/* By hand: WideCharToMultiByte makes U+FFFD of a lone surrogate, and what
 * somebody meant by it would be another name. */
char *utf8_from_wide(const wchar_t *text)
{
    char *narrow = malloc(3 * wcslen(text) + 1);
    if (narrow) {
        char *to = narrow;
        while (*text) {
            to = put_character(to, next_character(&text));
        }
        *to = '\0';
    }
    return narrow;
}

/* By hand: WideCharToMultiByte fails as a whole where the room is short. */
void utf8_copy_wide(char *dst, size_t size, const wchar_t *text)
{
    char *to = dst;
    while (text && *text) {
        uint32_t c = next_character(&text);
        if (c >= 0xD800 && c <= 0xDFFF) {
            c = 0xFFFD;
        }
        if ((size_t)(to - dst) + character_bytes(c) + 1 > size) {
            break;
        }
        to = put_character(to, c);
    }
    if (size > 0) {
        *to = '\0';
    }
}
