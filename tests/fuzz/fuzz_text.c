/* fuzz_text: text from outside, on its way to a terminal and into JSON. The
 * input: the room for it (2 bytes), then the text. */
#include <stdbool.h>

#include "core/json.h"
#include "core/text.h"
#include "fuzz/fuzz.h"

/* What a terminal must never get, written down a second time. */
static bool is_harmful(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 ||
           code == 0x2029 || (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

static void check_printable(const char *text, size_t room)
{
    char *shown = malloc(room);
    char *again = malloc(room);
    size_t columns = 0;

    REQUIRE(shown != NULL && again != NULL);
    REQUIRE(text_printable(shown, room, text) == shown);
    REQUIRE(strlen(shown) < room);
    for (const char *p = shown; *p != '\0';) {
        uint32_t code = 0;
        unsigned bytes = text_decode(p, &code);
        REQUIRE(bytes > 0 && !is_harmful(code));
        p += bytes;
        columns++;
    }
    REQUIRE(text_columns(shown) == columns);
    REQUIRE(strcmp(text_printable(again, room, shown), shown) == 0);
    free(shown);
    free(again);
}

/* A copy is the text's beginning, and as much of it as there is room for but
 * one cut character. */
static void check_copy(const char *text, size_t room)
{
    char *copy = malloc(room);
    size_t whole = strlen(text);

    REQUIRE(copy != NULL && text_copy(copy, room, text) == copy);
    size_t length = strlen(copy);
    REQUIRE(length < room && strncmp(copy, text, length) == 0);
    REQUIRE(length == whole || length + 4 >= room);
    if (length < whole) {
        uint32_t code;
        unsigned bytes = text_decode(text + length, &code);
        REQUIRE(length + (bytes > 0 ? bytes : 1) >= room);
    }
    REQUIRE(text_contains(text, copy) && text_same(copy, copy));
    free(copy);
}

static void check_list(const char *text, size_t room)
{
    char *list = malloc(room);
    REQUIRE(list != NULL);
    list[0] = '\0';
    for (int i = 0; i < 4 && text_list(list, room, "%s", text); i++) {
        REQUIRE(strlen(list) < room);
    }
    REQUIRE(strlen(list) < room);
    free(list);
}

static unsigned digit(char c)
{
    REQUIRE((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The string that begins at *P with a quote is TEXT, where what is no UTF-8 is
 * U+FFFD; steps over it. Its bytes are fit to be shown. */
static void check_string(const char **p, const char *text)
{
    REQUIRE(*(*p)++ == '"');
    while (**p != '"') {
        uint32_t code = 0;
        uint32_t expected = 0;
        unsigned bytes = text_decode(*p, &code);
        unsigned of_text = text_decode(text, &expected);
        REQUIRE(bytes > 0 && code >= 0x20);
        REQUIRE(code < 0x7f || code > 0x9f);
        *p += bytes;
        if (code == '\\' && **p == 'u') {
            code = 0;
            for (int i = 1; i <= 4; i++) {
                code = code << 4 | digit((*p)[i]);
            }
            *p += 5;
        } else if (code == '\\') {
            REQUIRE(**p == '"' || **p == '\\');
            code = (unsigned char)*(*p)++;
        }
        REQUIRE(*text != '\0');
        REQUIRE(code == (of_text > 0 ? expected : 0xfffd));
        text += of_text > 0 ? of_text : 1;
    }
    REQUIRE(*text == '\0');
    (*p)++;
}

static void check_json(const char *text, size_t room)
{
    char *buffer = malloc(room);
    struct json j;

    REQUIRE(buffer != NULL);
    json_init(&j, buffer, room);
    json_open_object(&j, NULL);
    json_string(&j, "a", text);
    json_string(&j, text, "b");
    json_open_array(&j, "c");
    json_string(&j, NULL, text);
    json_number(&j, NULL, -1.5, 2);
    json_close_array(&j);
    json_close_object(&j);
    const char *line = json_line(&j);
    REQUIRE((line == NULL) == j.overflow);
    /* each byte becomes six at most */
    REQUIRE(line != NULL || room <= 18 * strlen(text) + 30);
    if (line != NULL) {
        const char *p = line;
        REQUIRE(strlen(line) == j.length && j.length < room);
        REQUIRE(strncmp(p, "{\"a\":", 5) == 0);
        p += 5;
        check_string(&p, text);
        REQUIRE(*p++ == ',');
        check_string(&p, text);
        REQUIRE(strncmp(p, ":\"b\",\"c\":[", 10) == 0);
        p += 10;
        check_string(&p, text);
        REQUIRE(strcmp(p, ",-1.50]}") == 0);
    }
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    size_t room = 1 + (size_t)input_number(&in, 2) % 4096;
    char *text = input_text(&in, '\0');

    check_printable(text, room);
    check_copy(text, room);
    check_list(text, room);
    check_json(text, room);
    free(text);
    return 0;
}
