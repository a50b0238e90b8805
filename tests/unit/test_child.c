/* Tests of sys/child. The programs that are started are this one again, with
 * "--as" and what it is to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sys/child.h"
#include "sys/clock.h"
#include "sys/process.h"

#include "unit/child_program.h"

#define LONG_NS  INT64_C(30000000000) /* ends a test that would hang */
#define SHORT_NS INT64_C(300000000)

struct world {
    char home[512];
    char self[1024];
    struct wake *wake;
    struct child *child;
};

/* Each test has a folder of its own, and works in it by relative names. */
static int setup(void **state)
{
    static int number;
    static struct world world;
    char name[64];
    memset(&world, 0, sizeof(world));
    snprintf(name, sizeof(name), "looprec-child-%d-%d.tmp", (int)process_id(),
             number++);
    world.wake = wake_create(NULL);
    *state = &world;
    return !world.wake || !program_self(world.self, sizeof(world.self)) ||
           !getcwd(world.home, sizeof(world.home)) ||
           chdir(program_temporary()) != 0 || make_folder(name) != 0 ||
           chdir(name) != 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"a",  "b",       "go",        "words",
                                        "in", "out",     "err",       "script",
                                        "#",  "x y.bat", "began.part"};
    struct world *w = *state;
    char here[600];
    child_destroy(w->child);
    wake_destroy(w->wake);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        remove(names[i]);
    }
    remove("began");
    return !getcwd(here, sizeof(here)) || chdir(w->home) != 0 ||
           rmdir(here) != 0;
}

/* --- start this program as something --- */

enum { WORDS_MAX = 24 };

struct words {
    char *argv[WORDS_MAX];
};

static struct words words(struct world *w, const char *const *more)
{
    static char as[] = "--as";
    struct words made = {.argv = {w->self, as}};
    for (int i = 0; more[i]; i++) {
        assert_true(i + 3 < WORDS_MAX);
        made.argv[i + 2] = (char *)(uintptr_t)more[i];
    }
    return made;
}

#define AS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void hold(struct world *w, const char *const *more, bool kill_with_us)
{
    struct words made = words(w, more);
    struct fault f = {0};
    const struct child_setup setup = {
        .argv = made.argv, .kill_with_us = kill_with_us, .wake = w->wake};
    w->child = child_start(&setup, &f);
    if (!w->child) {
        fail_msg("not started: %s", f.detail);
    }
}

static void let_go(struct world *w)
{
    struct fault f = {0};
    if (!child_release(w->child, &f)) {
        fail_msg("not released: %s", f.detail);
    }
}

static void start(struct world *w, const char *const *more)
{
    struct words made = words(w, more);
    const struct child_setup setup = {.argv = made.argv, .wake = w->wake};
    w->child = child_start(&setup, NULL);
    assert_non_null(w->child);
    let_go(w);
}

/* Wait for WAKE until it is so; the wake alone must be enough. */
static void await(struct world *w, bool (*is_so)(const struct child *))
{
    int64_t until = clock_now_ns() + LONG_NS;
    while (!is_so(w->child)) {
        if (!wake_wait(w->wake, until - clock_now_ns())) {
            fail_msg("nothing happened");
        }
    }
}

static bool ended(const struct child *c)
{
    return child_ended(c, NULL);
}

static int64_t status(struct world *w)
{
    int64_t value = -1;
    await(w, ended);
    assert_true(child_ended(w->child, &value));
    return value;
}

static bool exists(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (file) {
        fclose(file);
    }
    return file != NULL;
}

static void await_file(const char *name)
{
    for (int64_t until = clock_now_ns() + LONG_NS; !exists(name);) {
        if (clock_now_ns() > until) {
            fail_msg("no file '%s' came", name);
        }
        clock_sleep_ns(10000000);
    }
}

static size_t read_all(const char *name, char *buffer, size_t size)
{
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    size_t n = fread(buffer, 1, size - 1, file);
    fclose(file);
    buffer[n] = '\0';
    return n;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* --- status --- */

static void statuses_are_passed(void **state)
{
    struct world *w = *state;
    static const char *const all[] = {"0", "1", "7", "255"};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        start(w, AS("exit", all[i]));
        assert_true(child_id(w->child) > 0);
        assert_int_equal(status(w), atoi(all[i]));
        await(w, child_tree_ended);
        child_destroy(w->child);
        w->child = NULL;
    }
}

/* A program that dies of what the system does to it. */
static void crashes_have_a_status(void **state)
{
    struct world *w = *state;
    start(w, AS("crash"));
    assert_int_equal(status(w), PROGRAM_CRASH_STATUS);
}

/* --- the gate --- */

static void nothing_runs_at_the_gate(void **state)
{
    struct world *w = *state;
    hold(w, AS("touch", "a"), false);
    assert_true(child_id(w->child) > 0);
    assert_false(wake_wait(w->wake, SHORT_NS));
    assert_false(child_ended(w->child, NULL));
    assert_false(child_tree_ended(w->child));
    assert_false(exists("a"));
    let_go(w);
    assert_int_equal(status(w), 0);
    assert_true(exists("a"));
}

static void one_at_the_gate_ends_without_having_run(void **state)
{
    struct world *w = *state;
    hold(w, AS("touch", "a"), false);
    int64_t id = child_id(w->child);
    child_destroy(w->child);
    w->child = NULL;
    assert_false(program_runs(id));
    assert_false(exists("a"));
}

/* Its number is the program's own. */
static void the_number_is_known_at_the_gate(void **state)
{
    struct world *w = *state;
    char text[64];
    hold(w, AS("linger", "a", "go"), false);
    int64_t id = child_id(w->child);
    let_go(w);
    await_file("a");
    read_all("a", text, sizeof(text));
    assert_true(strtoll(text, NULL, 10) == id);
    put("go", "");
    status(w);
}

/* --- what cannot be started --- */

static void refused(struct world *w, const char *name, enum error err,
                    const char *word)
{
    struct fault f = {0};
    char *argv[] = {(char *)(uintptr_t)name, NULL};
    const struct child_setup setup = {.argv = argv, .wake = w->wake};
    w->child = child_start(&setup, &f);
    if (w->child) {
        fail_msg("'%s' was started", name);
    }
    assert_int_equal(f.err, err);
    assert_int_equal(error_exit_code(f.err), err == ERR_NO_COMMAND ? 127 : 126);
    if (strstr(f.detail, word) == NULL) {
        fail_msg("'%s': \"%s\" lacks '%s'", name, f.detail, word);
    }
}

static void what_is_not_there_is_not_found(void **state)
{
    struct world *w = *state;
    refused(w, "no-such-program-of-looprec", ERR_NO_COMMAND, "no-such");
    refused(w, "./a", ERR_NO_COMMAND, "./a");
    refused(w, "no/such/folder/a", ERR_NO_COMMAND, "folder/a");
    refused(w, "", ERR_NO_COMMAND, "");
}

static void what_is_no_program_cannot_be_run(void **state)
{
    struct world *w = *state;
    put("script", "no program");
#ifndef _WIN32
    refused(w, "./script", ERR_BAD_COMMAND, "./script");
    refused(w, "/", ERR_BAD_COMMAND, "folder");
#else
    rename("script", "a.exe");
    refused(w, "a.exe", ERR_BAD_COMMAND, "a.exe");
    remove("a.exe");
#endif
}

/* --- arguments and streams --- */

static void arguments_arrive_exactly(void **state)
{
    struct world *w = *state;
    const char *const *sent =
        AS("words", "words", "", "a b", "tab\there", "\"", "\\", "\\\\", "a\\",
           "a b\\", "a b\\\\", "\\\"", "\\\\\"", "a\\b", "say \"hi\" twice",
           "gr\xc3\xbc\xc3\x9f"
           "e",
           "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x8e\xb5", "%PATH%", "*", "'x'",
           "--");
    char got[2048];
    start(w, sent);
    assert_int_equal(status(w), 0);
    size_t n = read_all("words", got, sizeof(got));
    const char *at = got;
    for (int i = 2; sent[i]; i++) {
        assert_true(at < got + n);
        assert_string_equal(at, sent[i]);
        at += strlen(at) + 1;
    }
    assert_true(at == got + n);
}

/* What is new, what takes another's place, and what only resembles it; on
 * Windows names are the same in capitals or not. */
static void its_environment_is_ours_with_changes(void **state)
{
    struct world *w = *state;
    static const char *const changes[] = {"LOOPREC_B=new=2",
                                          "LOOPREC_D=", NULL};
    static const char expected[] = "a\0new=2\0bb\0-";
    struct words made = words(w, AS("environment", "out", "LOOPREC_A",
                                    "LOOPREC_B", "LOOPREC_BB", "LOOPREC_C"));
    const struct child_setup setup = {
        .argv = made.argv, .environment = changes, .wake = w->wake};
    char got[64];
    program_set("LOOPREC_A", "a");
    program_set("LOOPREC_BB", "bb");
#ifdef _WIN32
    program_set("looprec_b", "old");
#else
    program_set("LOOPREC_B", "old");
#endif
    w->child = child_start(&setup, NULL);
    assert_non_null(w->child);
    let_go(w);
    assert_int_equal(status(w), 0);
    assert_int_equal(read_all("out", got, sizeof(got)), sizeof(expected));
    assert_memory_equal(got, expected, sizeof(expected));
    assert_string_equal(getenv("LOOPREC_B"), "old");
}

/* The three streams from and to files while the child is started. */
static void run_with_streams(struct world *w, bool output_to_stderr)
{
    struct words made = words(w, AS("echo"));
    const struct child_setup setup = {.argv = made.argv,
                                      .output_to_stderr = output_to_stderr,
                                      .wake = w->wake};
    struct program_streams before;
    put("in", "hello");
    program_redirect(&before, "in", "out", "err");
    w->child = child_start(&setup, NULL);
    program_put_back(&before);
    assert_non_null(w->child);
    let_go(w);
    assert_int_equal(status(w), 0);
}

static void streams_are_inherited(void **state)
{
    struct world *w = *state;
    char text[64];
    run_with_streams(w, false);
    read_all("out", text, sizeof(text));
    assert_string_equal(text, "out:hello");
    read_all("err", text, sizeof(text));
    assert_string_equal(text, "err");
}

static void output_can_go_to_standard_error(void **state)
{
    struct world *w = *state;
    char text[64];
    run_with_streams(w, true);
    read_all("out", text, sizeof(text));
    assert_string_equal(text, "");
    read_all("err", text, sizeof(text));
    assert_string_equal(text, "out:helloerr");
}

/* --- the tree --- */

static int64_t grandchild(void)
{
    char text[64];
    await_file("began");
    read_all("began", text, sizeof(text));
    return strtoll(text, NULL, 10);
}

/* The program ends at once with 3 and leaves one that waits for "go". */
static void start_and_leave(struct world *w, bool kill_with_us)
{
    hold(w, AS("leave", "began", "go", "b"), kill_with_us);
    let_go(w);
    assert_int_equal(status(w), 3);
}

static void the_tree_ends_with_its_last(void **state)
{
    struct world *w = *state;
    start_and_leave(w, false);
    int64_t id = grandchild();
    assert_true(program_runs(id));
    /* nothing ends, so nothing is told for long */
    while (wake_wait(w->wake, SHORT_NS)) {
    }
    assert_false(child_tree_ended(w->child));
    put("go", "");
    await(w, child_tree_ended);
    assert_false(program_runs(id));
    assert_true(exists("b"));
}

static void what_outlives_it_is_left_alone(void **state)
{
    struct world *w = *state;
    start_and_leave(w, false);
    int64_t id = grandchild();
    child_destroy(w->child);
    w->child = NULL;
    assert_true(program_runs(id));
    put("go", "");
    await_file("b");
}

static void one_that_runs_is_left_alone(void **state)
{
    struct world *w = *state;
    start(w, AS("linger", "began", "go", "b"));
    int64_t id = grandchild();
    child_destroy(w->child);
    w->child = NULL;
    assert_true(program_runs(id));
    put("go", "");
    await_file("b");
}

static void killing_reaches_the_whole_tree(void **state)
{
    struct world *w = *state;
    start_and_leave(w, true);
    int64_t id = grandchild();
    child_kill(w->child);
    assert_true(child_tree_ended(w->child));
    assert_false(program_runs(id));
    assert_false(exists("b"));
    child_kill(w->child); /* nothing is left: nothing happens */
}

static void killing_ends_one_that_will_not(void **state)
{
    struct world *w = *state;
    start(w, AS("deaf", "began", "go"));
    int64_t id = grandchild();
    child_kill(w->child);
    assert_true(child_tree_ended(w->child));
    assert_true(child_ended(w->child, NULL));
    assert_false(program_runs(id));
}

#ifdef _WIN32
#include "unit/child_windows.h"
#else
#include "unit/child_posix.h"
#endif

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--as") == 0) {
        return program_main(argc - 2, argv + 2);
    }
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(statuses_are_passed),
        TEST(crashes_have_a_status),
        TEST(nothing_runs_at_the_gate),
        TEST(one_at_the_gate_ends_without_having_run),
        TEST(the_number_is_known_at_the_gate),
        TEST(what_is_not_there_is_not_found),
        TEST(what_is_no_program_cannot_be_run),
        TEST(arguments_arrive_exactly),
        TEST(its_environment_is_ours_with_changes),
        TEST(streams_are_inherited),
        TEST(output_can_go_to_standard_error),
        TEST(the_tree_ends_with_its_last),
        TEST(what_outlives_it_is_left_alone),
        TEST(one_that_runs_is_left_alone),
        TEST(killing_reaches_the_whole_tree),
        TEST(killing_ends_one_that_will_not),
        SYSTEM_TESTS
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
