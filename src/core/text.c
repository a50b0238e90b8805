/* text: see text.h. Any thread; nothing here is shared. */
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

unsigned text_decode(const char *text, uint32_t *code)
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t least;
    unsigned bytes;
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    } else if (s[0] >= 0xc2 && s[0] < 0xe0) {
        bytes = 2;
        least = 0x80;
        *code = s[0] & 0x1fu;
    } else if (s[0] >= 0xe0 && s[0] < 0xf0) {
        bytes = 3;
        least = 0x800;
        *code = s[0] & 0x0fu;
    } else if (s[0] >= 0xf0 && s[0] < 0xf5) {
        bytes = 4;
        least = 0x10000;
        *code = s[0] & 0x07u;
    } else {
        return 0;
    }
    for (unsigned i = 1; i < bytes; i++) {
        if ((s[i] & 0xc0) != 0x80) { /* the final NUL ends here too */
            return 0;
        }
        *code = *code << 6 | (s[i] & 0x3fu);
    }
    bool surrogate = *code >= 0xd800 && *code < 0xe000;
    return *code < least || surrogate || *code > 0x10ffff ? 0 : bytes;
}

bool text_is_utf8(const char *text)
{
    uint32_t code;
    unsigned bytes = 1;
    for (; *text && bytes > 0; text += bytes) {
        bytes = text_decode(text, &code);
    }
    return bytes > 0;
}

char *text_copy(char *dst, size_t size, const char *src)
{
    if (size == 0) {
        return dst;
    }
    size_t length = src ? strlen(src) : 0;
    if (length >= size) {
        length = size - 1;
        /* Step back over the character that the end would cut, if it is one
         * (what is no UTF-8 is cut anywhere). */
        for (size_t back = 0; back < 4 && back <= length; back++) {
            uint32_t code;
            unsigned bytes = text_decode(src + length - back, &code);
            if (bytes > back) {
                length -= back;
                break;
            }
        }
    }
    if (length > 0) {
        memmove(dst, src, length);
    }
    dst[length] = '\0';
    return dst;
}

/* Characters that act on a terminal instead of being shown. */
static bool acts(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || /* C0, DEL, C1 */
           code == 0x2028 || code == 0x2029 ||             /* separators */
           (code >= 0x202a && code <= 0x202e) || /* embeddings, overrides */
           (code >= 0x2066 && code <= 0x2069);   /* isolates */
}

char *text_printable(char *dst, size_t size, const char *src)
{
    size_t at = 0;
    while (src && *src) {
        uint32_t code;
        unsigned bytes = text_decode(src, &code);
        bool shown = bytes > 0 && !acts(code);
        size_t needed = shown ? bytes : 1;
        if (at + needed >= size) {
            break;
        }
        if (shown) {
            memcpy(dst + at, src, needed);
        } else {
            dst[at] = '?';
        }
        at += needed;
        src += bytes > 0 ? bytes : 1;
    }
    if (size > 0) {
        dst[at] = '\0';
    }
    return dst;
}

bool text_list(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text), left = size - length;
    const char *between = length == 0               ? ""
                          : text[length - 1] == ':' ? " "
                                                    : ", ";
    size_t begin = strlen(between);
    int added = -1;
    if (begin < left) {
        va_list arguments;
        memcpy(text + length, between, begin);
        va_start(arguments, format);
        added =
            vsnprintf(text + length + begin, left - begin, format, arguments);
        va_end(arguments);
    }
    if (added < 0 || (size_t)added >= left - begin) {
        text_copy(text + length, left, " ...");
        return false;
    }
    return true;
}

char *text_shorten(char *dst, size_t size, const char *src)
{
    static const char omission[] = "...";
    size_t length = src ? strlen(src) : 0;
    if (length < size || size < 3 * sizeof omission) {
        return text_copy(dst, size, src);
    }
    size_t half = (size - sizeof omission) / 2;
    const char *rest = src + length - half;
    while (((unsigned char)*rest & 0xC0) == 0x80) {
        rest++; /* not within a character */
    }
    text_copy(dst, half + 1, src);
    size_t used = strlen(dst);
    snprintf(dst + used, size - used, "%s%s", omission, rest);
    return dst;
}

size_t text_columns(const char *src)
{
    size_t columns = 0;
    while (*src) {
        uint32_t code;
        unsigned bytes = text_decode(src, &code);
        src += bytes > 0 ? bytes : 1;
        columns++;
    }
    return columns;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_contains(const char *haystack, const char *needle)
{
    for (;; haystack++) {
        size_t i = 0;
        while (needle[i] && lower(haystack[i]) == lower(needle[i])) {
            i++;
        }
        if (!needle[i]) {
            return true;
        }
        if (!*haystack) {
            return false;
        }
    }
}

bool text_same(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}
