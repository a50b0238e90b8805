/* json: every line is JSON, whatever names and locales there are. */
#include "core/json.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void whole_line(void **state)
{
    (void)state;
    char buffer[400];
    struct json j;
    json_init(&j, buffer, sizeof buffer);
    json_open_object(&j, NULL);
    json_string(&j, "event", "finished");
    json_uint(&j, "frames", UINT64_MAX);
    json_int(&j, "skew", INT64_MIN);
    json_bool(&j, "ok", true);
    json_bool(&j, "bad", false);
    json_null(&j, "peak_dbfs");
    json_string(&j, "none", NULL);
    json_open_array(&j, "files");
    json_string(&j, NULL, "a");
    json_string(&j, NULL, "b");
    json_open_object(&j, NULL);
    json_close_object(&j);
    json_open_array(&j, NULL);
    json_close_array(&j);
    json_close_array(&j);
    json_open_object(&j, "format");
    json_uint(&j, "rate", 48000);
    json_close_object(&j);
    json_number(&j, "rms", -3.0103, 2);
    json_close_object(&j);
    assert_string_equal(
        json_line(&j),
        "{\"event\":\"finished\",\"frames\":18446744073709551615,"
        "\"skew\":-9223372036854775808,\"ok\":true,\"bad\":false,"
        "\"peak_dbfs\":null,\"none\":null,\"files\":[\"a\",\"b\",{},[]],"
        "\"format\":{\"rate\":48000},\"rms\":-3.01}");
}

static const char *string(const char *value)
{
    static char buffer[200];
    struct json j;
    json_init(&j, buffer, sizeof buffer);
    json_string(&j, NULL, value);
    return json_line(&j);
}

#define BAD "\xef\xbf\xbd"

static void hostile_strings(void **state)
{
    (void)state;
    assert_string_equal(string(""), "\"\"");
    assert_string_equal(string("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
    assert_string_equal(string("\n\t\b\x1b[31m\x7f"),
                        "\"\\u000a\\u0009\\u0008\\u001b[31m\\u007f\"");
    /* C1, as UTF-8 and as a bare byte */
    assert_string_equal(string("\xc2\x9b"
                               "1m\xc2\x80\xc2\x9f"),
                        "\"\\u009b1m\\u0080\\u009f\"");
    assert_string_equal(string("\x9b"), "\"" BAD "\"");
    /* good ones of every length, and the ends of the ranges */
    assert_string_equal(string("\xc2\xa0\xc3\xb6\xe2\x82\xac\xf0\x9f\x8e\xb5"),
                        "\"\xc2\xa0\xc3\xb6\xe2\x82\xac\xf0\x9f\x8e\xb5\"");
    assert_string_equal(string("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"),
                        "\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"");
    /* overlong '/', NUL and others */
    assert_string_equal(string("\xc0\xaf"), "\"" BAD BAD "\"");
    assert_string_equal(string("\xc0\x80"), "\"" BAD BAD "\"");
    assert_string_equal(string("\xe0\x80\xaf"), "\"" BAD BAD BAD "\"");
    assert_string_equal(string("\xe0\x9f\xbf"), "\"" BAD BAD BAD "\"");
    assert_string_equal(string("\xf0\x8f\xbf\xbf"), "\"" BAD BAD BAD BAD "\"");
    /* surrogates, beyond the end, bytes that never are */
    assert_string_equal(string("\xed\xa0\x80"), "\"" BAD BAD BAD "\"");
    assert_string_equal(string("\xed\xbf\xbf"), "\"" BAD BAD BAD "\"");
    assert_string_equal(string("\xf4\x90\x80\x80"), "\"" BAD BAD BAD BAD "\"");
    assert_string_equal(string("\xf5\xfe\xff"), "\"" BAD BAD BAD "\"");
    /* cut short: by the end, by a quote, by another character */
    assert_string_equal(string("\xe2\x82"), "\"" BAD BAD "\"");
    assert_string_equal(string("\xf0\x9f\x8e\""), "\"" BAD BAD BAD "\\\"\"");
    assert_string_equal(string("\xc3\xc3\xb6"), "\"" BAD "\xc3\xb6\"");
}

static void hostile_keys(void **state)
{
    (void)state;
    char buffer[100];
    struct json j;
    json_init(&j, buffer, sizeof buffer);
    json_uint(&j, "a\"b\n", 1);
    assert_string_equal(json_line(&j), "\"a\\\"b\\u000a\":1");
}

static const char *number(double value, int decimals)
{
    static char buffer[400];
    struct json j;
    json_init(&j, buffer, sizeof buffer);
    json_number(&j, NULL, value, decimals);
    return json_line(&j);
}

static void numbers(void **state)
{
    (void)state;
    /* A locale with a comma, where there is one; else the plain one. */
    static const char *const locales[] = {"C", "de_DE.UTF-8", "fr_FR.UTF-8",
                                          "German", "ps_AF.UTF-8"};
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        setlocale(LC_ALL, locales[i]);
        assert_string_equal(number(0.5, 3), "0.500");
        assert_string_equal(number(-12.345, 2), "-12.35");
        assert_string_equal(number(1234567.0, 0), "1234567");
        assert_string_equal(number(1e-9, 2), "0.00");
        assert_string_equal(number(-0.004, 2), "0.00");
        assert_string_equal(number(-0.4, 0), "0");
        assert_string_equal(number(-0.006, 2), "-0.01");
        assert_string_equal(number((double)NAN, 2), "null");
        assert_string_equal(number(-(double)INFINITY, 2), "null");
        assert_string_equal(number(1.0, -1), "1");
        assert_int_equal(strlen(number(-1.7e308, 99)), 1 + 309 + 1 + 17);
    }
    setlocale(LC_ALL, "C");
}

/* At every size: the whole line, or NULL and nothing beyond the end. */
static void overflow(void **state)
{
    (void)state;
    const char *const whole = "{\"name\":\"\xc3\xb6\\\"\",\"n\":12.5}";
    for (size_t size = 0; size < 40; size++) {
        char buffer[64];
        struct json j;
        memset(buffer, 0x55, sizeof buffer);
        json_init(&j, buffer, size);
        json_open_object(&j, NULL);
        json_string(&j, "name", "\xc3\xb6\"");
        json_number(&j, "n", 12.5, 1);
        json_close_object(&j);
        const char *line = json_line(&j);
        if (size > strlen(whole)) {
            assert_string_equal(line, whole);
        } else {
            assert_null(line);
            assert_true(j.overflow);
        }
        assert_int_equal(buffer[size], 0x55);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_line),   cmocka_unit_test(hostile_strings),
        cmocka_unit_test(hostile_keys), cmocka_unit_test(numbers),
        cmocka_unit_test(overflow),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
