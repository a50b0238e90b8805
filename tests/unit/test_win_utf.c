/* utf: UTF-16 to UTF-8 and back, and what is neither. */
#include "sys/win/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"

static void there_and_back(void **state)
{
    static const wchar_t *const texts[] = {L"", L"a.wav",
                                           L"\x7f\x80\x7ff\x800\xffff",
                                           L"\xd83c\xdfb5!\xdbff\xdfff"};
    static const char *const same[] = {
        "", "a.wav", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf",
        "\xf0\x9f\x8e\xb5!\xf4\x8f\xbf\xbf"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char copy[40];
        char *narrow = utf8_from_wide(texts[i]);
        wchar_t *wide = utf8_to_wide(narrow);
        assert_string_equal(narrow, same[i]);
        assert_int_equal(wcscmp(wide, texts[i]), 0);
        utf8_copy_wide(copy, sizeof copy, texts[i]);
        assert_string_equal(copy, same[i]);
        free(narrow);
        free(wide);
    }
}

/* A name with one is no name of another file, nor a text to keep. */
static void a_lone_surrogate_is_refused(void **state)
{
    static const wchar_t *const texts[] = {L"a\xd800", L"\xdc00z",
                                           L"\xdc00\xd800", L"\xd800\xd801!"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char *narrow = utf8_from_wide(texts[i]);
        char copy[40];
        assert_false(text_is_utf8(narrow));
        assert_null(utf8_to_wide(narrow));
        free(narrow);
        utf8_copy_wide(copy, sizeof copy, texts[i]); /* to be shown */
        assert_true(text_is_utf8(copy));
        assert_non_null(strstr(copy, "\xef\xbf\xbd"));
    }
}

static void a_copy_is_cut_between_characters(void **state)
{
    char copy[6];
    (void)state;
    utf8_copy_wide(copy, sizeof copy, L"abc\x20ac");
    assert_string_equal(copy, "abc");
    utf8_copy_wide(copy, sizeof copy, L"ab\x20ac");
    assert_string_equal(copy, "ab\xe2\x82\xac");
    utf8_copy_wide(copy, sizeof copy, NULL);
    assert_string_equal(copy, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(a_lone_surrogate_is_refused),
        cmocka_unit_test(a_copy_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("win_utf", tests, NULL, NULL);
}
