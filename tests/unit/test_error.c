/* error: names follow the list, faults hold what fits. */
#include "core/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void names_follow_the_list(void **state)
{
    (void)state;
    static const struct {
        enum error err;
        const char *name, *sentence;
        int exit_code;
    } all[] = {
#define X(name, sentence, exit_code) {ERR_##name, #name, sentence, exit_code},
        ERROR_LIST(X)
#undef X
    };
    assert_int_equal(sizeof all / sizeof all[0], ERR_COUNT);
    for (int i = 0; i < ERR_COUNT; i++) {
        char name[64] = {0};
        assert_int_equal(all[i].err, i);
        for (size_t c = 0; all[i].name[c]; c++) {
            char upper = all[i].name[c];
            name[c] = upper == '_' ? '-' : (char)(upper - 'A' + 'a');
        }
        assert_string_equal(error_name(all[i].err), name);
        assert_string_equal(error_sentence(all[i].err), all[i].sentence);
        assert_int_equal(error_exit_code(all[i].err), all[i].exit_code);
    }
    assert_string_equal(error_name(ERR_COUNT), "internal");
    assert_string_equal(error_sentence((enum error)999), "internal error");
    assert_int_equal(error_exit_code((enum error) - 1), 1);
}

static void filled_as_told(void **state)
{
    (void)state;
    struct fault f;
    memset(&f, 0x55, sizeof f);
    assert_false(fault_set(&f, ERR_IO, "write file", "a.wav", NULL));
    assert_int_equal(f.err, ERR_IO);
    assert_string_equal(f.op, "write file");
    assert_string_equal(f.detail, "a.wav");
    assert_string_equal(f.hint, "");
    assert_int_equal(f.os_code, 0);
    assert_false(
        fault_setf(&f, ERR_NO_SPACE, "open", 28, "make room", "%s:%d", "b", 7));
    assert_int_equal(f.err, ERR_NO_SPACE);
    assert_string_equal(f.op, "open");
    assert_string_equal(f.detail, "b:7");
    assert_string_equal(f.hint, "make room");
    assert_int_equal(f.os_code, 28);
    assert_false(fault_set(NULL, ERR_IO, "x", "y", "z"));
    assert_false(fault_setf(NULL, ERR_IO, "x", 1, "z", "%d", 1));
}

static void its_own_strings_may_be_given(void **state)
{
    (void)state;
    struct fault f;
    fault_set(&f, ERR_IO, "op", "detail", "hint");
    fault_set(&f, ERR_ENCODER, f.detail, f.hint, f.op);
    assert_string_equal(f.op, "detail");
    assert_string_equal(f.detail, "hint");
    assert_string_equal(f.hint, "op");
    fault_setf(&f, ERR_ENCODER, f.op, 0, f.hint, "%s, %s", f.detail, f.detail);
    assert_string_equal(f.detail, "hint, hint");
}

/* Every field, at every phase of two-, three- and four-byte characters. */
static void cut_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "\xc3\xb6", "\xe2\x82\xac",
                                             "\xf0\x9f\x8e\xb5"};
    for (size_t k = 0; k < 4; k++) {
        size_t bytes = strlen(characters[k]);
        for (size_t phase = 0; phase < 4; phase++) {
            char text[1000];
            struct fault f;
            memset(text, 'x', phase);
            size_t length = phase;
            while (length + bytes < sizeof text) {
                memcpy(text + length, characters[k], bytes);
                length += bytes;
            }
            text[length] = '\0';
            for (int way = 0; way < 2; way++) {
                if (way == 0) {
                    fault_set(&f, ERR_IO, text, text, text);
                } else {
                    fault_setf(&f, ERR_IO, text, 0, text, "%s", text);
                }
                const char *const fields[] = {f.op, f.hint};
                const size_t sizes[] = {sizeof f.op, sizeof f.hint};
                for (size_t i = 0; i < 2; i++) {
                    size_t got = strlen(fields[i]);
                    assert_int_equal((got - phase) % bytes, 0);
                    assert_in_range(got, sizes[i] - bytes, sizes[i] - 1);
                    assert_memory_equal(fields[i], text, got);
                }
                const char *rest = strstr(f.detail, "...");
                assert_non_null(rest);
                assert_int_equal(((size_t)(rest - f.detail) - phase) % bytes,
                                 0);
                assert_memory_equal(f.detail, text, (size_t)(rest - f.detail));
                size_t after = strlen(rest + 3);
                assert_int_equal(after % bytes, 0);
                assert_string_equal(rest + 3, text + length - after);
                assert_in_range(strlen(f.detail), sizeof f.detail - 2 * bytes,
                                sizeof f.detail - 1);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_the_list),
        cmocka_unit_test(filled_as_told),
        cmocka_unit_test(its_own_strings_may_be_given),
        cmocka_unit_test(cut_between_characters),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
