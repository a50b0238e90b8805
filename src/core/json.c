/* json: see json.h. Any thread; the state is the caller's. */
#include "core/json.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

void json_init(struct json *j, char *buffer, size_t size)
{
    *j = (struct json){.buffer = buffer, .size = size, .overflow = size == 0};
}

/* Once something did not fit nothing more is added: what is there is always
 * the line's beginning. */
static void add(struct json *j, const char *text, size_t length)
{
    if (j->overflow || length >= j->size - j->length) {
        j->overflow = true;
        return;
    }
    memcpy(j->buffer + j->length, text, length);
    j->length += length;
}

static void add_text(struct json *j, const char *text)
{
    add(j, text, strlen(text));
}

static void add_quoted(struct json *j, const char *text)
{
    add_text(j, "\"");
    while (*text) {
        uint32_t code;
        unsigned bytes = text_decode(text, &code);
        char escape[8];
        if (bytes == 0) {
            add_text(j, "\xef\xbf\xbd"); /* U+FFFD */
            bytes = 1;
        } else if (code == '"' || code == '\\') {
            snprintf(escape, sizeof escape, "\\%c", (int)code);
            add_text(j, escape);
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)code);
            add_text(j, escape);
        } else {
            add(j, text, bytes);
        }
        text += bytes;
    }
    add_text(j, "\"");
}

/* The comma and the key that go before any value. */
static void begin(struct json *j, const char *key)
{
    if (j->need_comma) {
        add_text(j, ",");
    }
    if (key) {
        add_quoted(j, key);
        add_text(j, ":");
    }
    j->need_comma = true;
}

static void open_bracket(struct json *j, const char *key, const char *bracket)
{
    begin(j, key);
    add_text(j, bracket);
    j->need_comma = false;
}

static void close_bracket(struct json *j, const char *bracket)
{
    add_text(j, bracket);
    j->need_comma = true;
}

void json_open_object(struct json *j, const char *key)
{
    open_bracket(j, key, "{");
}

void json_close_object(struct json *j)
{
    close_bracket(j, "}");
}

void json_open_array(struct json *j, const char *key)
{
    open_bracket(j, key, "[");
}

void json_close_array(struct json *j)
{
    close_bracket(j, "]");
}

void json_string(struct json *j, const char *key, const char *value)
{
    if (!value) {
        json_null(j, key);
        return;
    }
    begin(j, key);
    add_quoted(j, value);
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    begin(j, key);
    add_text(j, digits);
}

void json_int(struct json *j, const char *key, int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    begin(j, key);
    add_text(j, digits);
}

void json_bool(struct json *j, const char *key, bool value)
{
    begin(j, key);
    add_text(j, value ? "true" : "false");
}

void json_number(struct json *j, const char *key, double value, int decimals)
{
    char digits[400];                /* DBL_MAX has 309 before the point */
    if (!(fabs(value) <= DBL_MAX)) { /* NaN too */
        json_null(j, key);
        return;
    }
    decimals = decimals < 0 ? 0 : decimals > 17 ? 17 : decimals;
    snprintf(digits, sizeof digits, "%.*f", decimals, value);
    if (digits[0] == '-' && strpbrk(digits, "123456789") == NULL) {
        memmove(digits, digits + 1, strlen(digits)); /* no -0.00 */
    }
    begin(j, key);
    /* The locale's point, whatever bytes it has, lies between the digits. */
    size_t whole = strspn(digits, "-0123456789");
    size_t tail = strlen(digits) - (size_t)decimals;
    add(j, digits, whole);
    if (decimals > 0) {
        add_text(j, ".");
        add_text(j, digits + tail);
    }
}

void json_null(struct json *j, const char *key)
{
    begin(j, key);
    add_text(j, "null");
}

const char *json_line(struct json *j)
{
    if (j->overflow) {
        return NULL;
    }
    j->buffer[j->length] = '\0';
    return j->buffer;
}
