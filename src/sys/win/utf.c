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

char *utf8_from_wide(const wchar_t *text)
{
    int n = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    if (n <= 0) {
        return NULL;
    }
    char *narrow = malloc((size_t)n);
    if (narrow) {
        WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, n, NULL, NULL);
    }
    return narrow;
}

/* The character at *TEXT, which moves behind it. */
static uint32_t next_character(const wchar_t **text)
{
    uint32_t c = (uint16_t) * (*text)++;
    if (c < 0xD800 || c > 0xDFFF) {
        return c;
    }
    uint32_t low = (uint16_t) * *text;
    if (c > 0xDBFF || low < 0xDC00 || low > 0xDFFF) {
        return 0xFFFD;
    }
    (*text)++;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

/* By hand: WideCharToMultiByte fails as a whole where the room is short. */
void utf8_copy_wide(char *dst, size_t size, const wchar_t *text)
{
    size_t n = 0;
    while (text && *text) {
        uint32_t c = next_character(&text);
        size_t bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (n + bytes + 1 > size) {
            break;
        }
        static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
        for (size_t i = bytes - 1; i > 0; i--) {
            dst[n + i] = (char)(0x80 | (c & 0x3F));
            c >>= 6;
        }
        dst[n] = (char)(lead[bytes] | c);
        n += bytes;
    }
    if (size > 0) {
        dst[n] = '\0';
    }
}
