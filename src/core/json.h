/* json: one JSON object a line, built in a caller's buffer. Strings are
 * escaped; bytes that are not UTF-8 become U+FFFD; control characters (C0,
 * DEL, C1) are written as \u00XX. Any thread. */
#ifndef LOOPREC_CORE_JSON_H
#define LOOPREC_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    char *buffer;
    size_t size;
    size_t length;
    bool overflow; /* something did not fit: the line must not be sent */
    bool need_comma;
};

void json_init(struct json *j, char *buffer, size_t size);
/* KEY NULL inside arrays and at the top. */
void json_open_object(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);
void json_string(struct json *j, const char *key, const char *value);
void json_uint(struct json *j, const char *key, uint64_t value);
void json_int(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);
/* DECIMALS digits after the point, '.' in every locale; not finite: null. */
void json_number(struct json *j, const char *key, double value, int decimals);
void json_null(struct json *j, const char *key);
/* The finished line without its newline, or NULL when it overflowed. */
const char *json_line(struct json *j);

#endif
