/* The tests of test_child.c that only Windows has. */
#ifndef LOOPREC_TESTS_CHILD_WINDOWS_H
#define LOOPREC_TESTS_CHILD_WINDOWS_H

#include "sys/win/command_line.h"

/* All 32 bits, and 259, which is STILL_ACTIVE. */
static void whole_statuses_are_passed(void **state)
{
    struct world *w = *state;
    start(w, AS("exit", "-1073741510")); /* STATUS_CONTROL_C_EXIT */
    assert_true(status(w) == INT64_C(0xC000013A));
    child_destroy(w->child);
    start(w, AS("exit", "259"));
    assert_int_equal(status(w), 259);
}

static void line_is(const char *const *words, const wchar_t *expected)
{
    char *argv[8];
    int n = 0;
    while ((argv[n] = (char *)(uintptr_t)words[n]) != NULL) {
        n++;
    }
    wchar_t *line = command_line_make(argv, NULL);
    assert_non_null(line);
    assert_int_equal(wcscmp(line, expected), 0);
    free(line);
}

static void lines_are_quoted_as_documented(void **state)
{
    (void)state;
    line_is(AS("a"), L"\"a\"");
    line_is(AS("C:\\Program Files\\x.exe", "y"),
            L"\"C:\\Program Files\\x.exe\" y");
    line_is(AS("C:\\x\\", "a\\\\b", "a\\"), L"\"C:\\x\\\" a\\\\b a\\");
    line_is(AS("a", "b c\\", "", "d\\\"e"),
            L"\"a\" \"b c\\\\\" \"\" \"d\\\\\\\"e\"");
    line_is(AS("x.bat", "a&b"), L"\"x.bat\" \"a&b\"");
}

static void no_line(const char *const *words, enum error err)
{
    char *argv[8];
    struct fault f = {0};
    int n = 0;
    while ((argv[n] = (char *)(uintptr_t)words[n]) != NULL) {
        n++;
    }
    assert_null(command_line_make(argv, &f));
    assert_int_equal(f.err, err);
}

static void words_that_cannot_be_sent_are_refused(void **state)
{
    static char longest[40000];
    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    no_line(AS("a\"b"), ERR_NO_COMMAND);
    no_line(AS("a", longest), ERR_BAD_COMMAND);
    no_line(AS("a", "\xff"), ERR_BAD_COMMAND);
    no_line(AS("x.bat", "%PATH%"), ERR_BAD_COMMAND);
    no_line(AS("X.CMD. .", "a\"b"), ERR_BAD_COMMAND);
}

/* The job knows a process whose parent has ended. */
static void the_tree_holds_who_was_left(void **state)
{
    struct world *w = *state;
    start_and_leave(w, false);
    int64_t id = grandchild();
    assert_true(child_holds(w->child, id));
    assert_false(child_holds(w->child, process_id()));
    assert_false(child_holds(w->child, 0));
    put("go", "");
    await(w, child_tree_ended);
    assert_false(child_holds(w->child, id));
}

#define SYSTEM_TESTS                                                       \
    TEST(whole_statuses_are_passed), TEST(lines_are_quoted_as_documented), \
        TEST(words_that_cannot_be_sent_are_refused),                       \
        TEST(the_tree_holds_who_was_left),

#endif
