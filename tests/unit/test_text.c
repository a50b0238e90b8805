/* text: nothing hostile gets through, nothing good is lost; and the log. */
#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/log.h"

static const char *printable(const char *src)
{
    static char out[100];
    return text_printable(out, sizeof out, src);
}

static void made_printable(void **state)
{
    (void)state;
    assert_string_equal(printable("Built-in Audio"), "Built-in Audio");
    assert_string_equal(printable(""), "");
    assert_string_equal(printable(NULL), "");
    assert_string_equal(printable("Kopfh\xc3\xb6rer \xe2\x82\xac "
                                  "\xf0\x9f\x8e\xb5"),
                        "Kopfh\xc3\xb6rer \xe2\x82\xac \xf0\x9f\x8e\xb5");
    assert_string_equal(printable("\x1b]0;title\a\r\n\t\x7f"),
                        "?]0;title?????");
    assert_string_equal(printable("\xc2\x9b"
                                  "31m\xc2\x80\xc2\x9f\xc2\xa0"),
                        "?31m??\xc2\xa0");
    /* line and paragraph separators, overrides, isolates; not their
     * neighbours */
    assert_string_equal(printable("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"
                                  "\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9"),
                        "??????");
    assert_string_equal(printable("\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5"),
                        "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5");
    /* not UTF-8: bare C1, overlong ESC, surrogate, cut short */
    assert_string_equal(printable("\x9b[a\xc0\x9b\xed\xa0\x80z\xe2\x82"),
                        "?[a?????z??");
}

/* Cut on a character's boundary, never beyond the end, at every size. */
static void cut_to_size(void **state)
{
    (void)state;
    const char *src = "a\xc3\xb6\xe2\x82\xac\x1b\xf0\x9f\x8e\xb5\xff";
    const size_t ends[] = {0, 1, 3, 6, 7, 11, 12};
    for (size_t size = 0; size < 20; size++) {
        char shown[24], copied[24];
        memset(shown, 0x55, sizeof shown);
        memset(copied, 0x55, sizeof copied);
        assert_ptr_equal(text_printable(shown, size, src), shown);
        assert_ptr_equal(text_copy(copied, size, src), copied);
        assert_int_equal(shown[size], 0x55);
        assert_int_equal(copied[size], 0x55);
        if (size == 0) {
            continue;
        }
        size_t want = 0;
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            want = ends[i] < size ? ends[i] : want;
        }
        assert_int_equal(strlen(shown), want);
        assert_int_equal(strlen(copied), want);
        assert_memory_equal(copied, src, want);
    }
    char out[4];
    assert_string_equal(text_copy(out, sizeof out, NULL), "");
    /* what is no UTF-8 is cut anywhere */
    assert_string_equal(text_copy(out, sizeof out, "\x80\x80\x80\x80\x80"),
                        "\x80\x80\x80");
}

static void the_middle_left_out(void **state)
{
    (void)state;
    char out[16];
    assert_string_equal(text_shorten(out, sizeof out, NULL), "");
    assert_string_equal(text_shorten(out, sizeof out, "fifteen letters"),
                        "fifteen letters");
    assert_string_equal(text_shorten(out, sizeof out, "folder/of/song.wav"),
                        "folder...ng.wav");
    /* between characters on both sides, what is none anywhere */
    assert_string_equal(text_shorten(out, sizeof out,
                                     "12345\xc3\xb6/7/9\xc3\xb6"
                                     "12345"),
                        "12345...12345");
    assert_string_equal(text_shorten(out, sizeof out,
                                     "\xff\xff\xff\xff\xff\xff"
                                     "--------0123456789"),
                        "\xff\xff\xff\xff\xff\xff...456789");
    /* too little room for it */
    char few[8];
    assert_string_equal(text_shorten(few, sizeof few, "123456789"), "1234567");
    assert_ptr_equal(text_shorten(out, 0, "x"), out);
}

static void decoded(void **state)
{
    (void)state;
    /* Every character there is, through the encoding's definition. */
    for (uint32_t code = 1; code < 0x110000; code++) {
        char s[5] = {0};
        unsigned bytes = code < 0x80      ? 1
                         : code < 0x800   ? 2
                         : code < 0x10000 ? 3
                                          : 4;
        uint32_t rest = code;
        for (unsigned i = bytes - 1; i > 0; i--, rest >>= 6) {
            s[i] = (char)(0x80 | (rest & 0x3f));
        }
        s[0] = (char)(bytes == 1 ? rest : (0xf00u >> bytes & 0xff) | rest);
        uint32_t got = 0;
        bool surrogate = code >= 0xd800 && code < 0xe000;
        assert_int_equal(text_decode(s, &got), surrogate ? 0 : bytes);
        assert_true(surrogate || got == code);
    }
}

static void columns(void **state)
{
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("abc"), 3);
    assert_int_equal(text_columns("\xc3\xb6\xe2\x82\xac\xf0\x9f\x8e\xb5"), 3);
    assert_int_equal(text_columns("\xff\xff"), 2);
}

static void listed(void **state)
{
    (void)state;
    char text[24] = "found:";
    assert_true(text_list(text, sizeof text, "%s %d", "a", 1));
    assert_string_equal(text, "found: a 1");
    assert_true(text_list(text, sizeof text, "%s", "bcdefghijk"));
    assert_string_equal(text, "found: a 1, bcdefghijk"); /* one byte is left */
    assert_false(text_list(text, sizeof text, "%s", "l"));
    assert_string_equal(text, "found: a 1, bcdefghijk ");
    char room[16] = "";
    assert_true(text_list(room, sizeof room, "%s", "ab"));
    assert_string_equal(room, "ab");
    assert_false(text_list(room, sizeof room, "%s", "0123456789ab"));
    assert_string_equal(room, "ab ...");
    char full[4] = "abc";
    assert_false(text_list(full, sizeof full, "%s", ""));
    assert_string_equal(full, "abc");
}

static void searched_and_compared(void **state)
{
    (void)state;
    assert_true(text_contains("Built-in Audio", "in au"));
    assert_true(text_contains("aab", "AB"));
    assert_true(text_contains("x", ""));
    assert_true(text_contains("", ""));
    assert_false(text_contains("", "x"));
    assert_false(text_contains("ab", "abc"));
    assert_false(text_contains("[", "{")); /* only letters have two cases */
    assert_true(text_contains("\xc3\x96x", "\xc3\x96X"));
    assert_false(text_contains("\xc3\x96", "\xc3\xb6"));
    assert_true(text_same("WaV", "wAv"));
    assert_false(text_same("wav", "wave"));
    assert_false(text_same("wave", "wav"));
    assert_false(text_same("@", "`"));
    assert_true(text_same("", ""));
}

static void keep_line(void *context, const char *line)
{
    strcpy(context, line);
}

static void logged(void **state)
{
    (void)state;
    char line[2000] = "untouched";
    log_line("nobody listens %d", 1);
    assert_false(log_enabled());
    log_set_sink(keep_line, line);
    assert_true(log_enabled());
    log_line("%s: %d\n", "a\x1b[2J", 7);
    assert_string_equal(line, "a?[2J: 7?");
    log_line("%01999d", 5);
    assert_in_range(strlen(line), 500, 1023);
    log_set_sink(NULL, NULL);
    line[0] = '\0';
    log_line("again nobody");
    assert_string_equal(line, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_printable),
        cmocka_unit_test(cut_to_size),
        cmocka_unit_test(the_middle_left_out),
        cmocka_unit_test(decoded),
        cmocka_unit_test(columns),
        cmocka_unit_test(listed),
        cmocka_unit_test(searched_and_compared),
        cmocka_unit_test(logged),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
