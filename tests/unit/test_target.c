/* test_target: which process a name or a number means, with processes given as
 * data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"
#include "source/target.h"

enum { OWN = 777 };

struct row {
    uint32_t pid, parent;
    uint64_t born;
    const char *name;
};

static struct process_list make(const struct row *rows, size_t count)
{
    struct process_list list = {0};
    for (size_t i = 0; i < count; i++) {
        struct process_entry *p = process_list_add(&list);
        assert_non_null(p);
        p->pid = rows[i].pid;
        p->parent = rows[i].parent;
        p->born = rows[i].born;
        text_copy(p->name, sizeof p->name, rows[i].name);
    }
    return list;
}

#define MAKE(...)                           \
    make((const struct row[]){__VA_ARGS__}, \
         sizeof((const struct row[]){__VA_ARGS__}) / sizeof(struct row))

/* The pid that WANTED means; 0: none, and *F says why. */
static uint32_t means(const struct process_list *list, const char *wanted,
                      struct fault *f)
{
    struct target t = {0};
    *f = (struct fault){0};
    bool ok = target_find(list, wanted, OWN, &t, f);
    assert_true(ok == (f->err == ERR_OK));
    assert_true(ok == (t.pid != 0));
    return t.pid;
}

static void test_names(void **state)
{
    (void)state;
    assert_true(target_is_named("firefox.exe", "firefox"));
    assert_true(target_is_named("Firefox.EXE", "fireFOX"));
    assert_true(target_is_named("firefox.exe", "Firefox.exe"));
    assert_true(target_is_named("a", "a")); /* some have no ending */
    assert_true(target_is_named("a.exe.exe", "a.exe"));
    assert_true(target_is_named("\xc3\xa4.exe", "\xc3\xa4"));
    assert_false(target_is_named("firefox.exe", "fire"));
    assert_false(target_is_named("firefox.exe", "refox.exe"));
    assert_false(target_is_named("firefox.com", "firefox"));
    assert_false(target_is_named("firefox", "firefox.exe"));
    assert_false(target_is_named(".exe", "x"));
    assert_false(target_is_named("", "x"));
}

static void test_the_longest_name(void **state)
{
    (void)state;
    char name[PROCESS_NAME_BYTES], wanted[PROCESS_NAME_BYTES];
    memset(name, 'x', sizeof name);
    memcpy(name + sizeof name - 5, ".exe", 5);
    text_copy(wanted, sizeof name - 4, name);
    assert_int_equal(strlen(wanted), sizeof name - 5);
    assert_true(target_is_named(name, wanted));
    wanted[0] = 'y';
    assert_false(target_is_named(name, wanted));
}

static void test_numbers(void **state)
{
    (void)state;
    uint32_t pid = 0;
    assert_true(target_is_number("4294967295", &pid));
    assert_int_equal(pid, UINT32_MAX);
    assert_true(target_is_number("0", &pid));
    assert_false(target_is_number("4294967296", &pid));
    assert_false(target_is_number("99999999999999999999999", &pid));
    assert_false(target_is_number("", &pid));
    assert_false(target_is_number("-1", &pid));
    assert_false(target_is_number("12a", &pid));
    assert_false(target_is_number("7zip", &pid));
}

static void test_a_number_means_that_process(void **state)
{
    (void)state;
    struct fault f;
    struct process_list list = MAKE({10, 1, 5, "a.exe"}, {11, 10, 6, "a.exe"});
    assert_int_equal(means(&list, "11", &f), 11); /* not its parent */
    assert_int_equal(means(&list, "12", &f), 0);
    assert_int_equal(f.err, ERR_NO_APP);
    assert_non_null(strstr(f.detail, "12"));
    assert_int_equal(means(&list, "0", &f), 0);
    assert_int_equal(f.err, ERR_NO_APP);
    process_list_free(&list);
}

static void test_a_browser_is_one_target(void **state)
{
    (void)state;
    struct fault f;
    /* in no order; the window manager started it */
    struct process_list list =
        MAKE({31, 30, 300, "browser.exe"}, {40, 31, 400, "crashpad.exe"},
             {30, 9, 200, "browser.exe"}, {32, 31, 310, "BROWSER.exe"},
             {9, 1, 100, "explorer.exe"}, {33, 40, 500, "browser.exe"});
    assert_int_equal(means(&list, "browser", &f), 30);
    assert_int_equal(means(&list, "crashpad", &f), 40);
    process_list_free(&list);
}

static void test_independent_trees_are_ambiguous(void **state)
{
    (void)state;
    struct fault f;
    struct process_list list =
        MAKE({30, 9, 200, "player.exe"}, {31, 30, 300, "player.exe"},
             {50, 9, 500, "player.exe"}, {9, 1, 100, "explorer.exe"});
    assert_int_equal(means(&list, "player", &f), 0);
    assert_int_equal(f.err, ERR_APP_AMBIGUOUS);
    assert_non_null(strstr(f.detail, "player.exe (pid 30)"));
    assert_non_null(strstr(f.detail, "player.exe (pid 50)"));
    assert_null(strstr(f.detail, "31")); /* is within 30's tree */
    process_list_free(&list);
}

static void test_a_parent_is_never_younger(void **state)
{
    (void)state;
    struct fault f;
    /* 30's parent 20 has ended, and its number is another's now */
    struct process_list list =
        MAKE({20, 1, 900, "player.exe"}, {30, 20, 200, "player.exe"});
    assert_int_equal(means(&list, "player", &f), 0);
    assert_int_equal(f.err, ERR_APP_AMBIGUOUS);
    /* made within the same tick: it is one */
    list.items[0].born = 200;
    assert_int_equal(means(&list, "player", &f), 20);
    process_list_free(&list);
}

static void test_unknown_times(void **state)
{
    (void)state;
    struct fault f;
    /* the same executable is sign enough, a foreign one in between is not */
    struct process_list list =
        MAKE({20, 1, 0, "player.exe"}, {30, 20, 200, "player.exe"},
             {40, 30, 0, "helper.exe"}, {50, 40, 600, "player.exe"});
    assert_int_equal(means(&list, "player", &f), 0);
    assert_non_null(strstr(f.detail, "(pid 20)"));
    assert_null(strstr(f.detail, "(pid 30)"));
    assert_non_null(strstr(f.detail, "(pid 50)"));
    process_list_free(&list);
}

static void test_rings_of_parents_end(void **state)
{
    (void)state;
    struct fault f;
    struct process_list list =
        MAKE({1, 2, 0, "a.exe"}, {2, 1, 0, "a.exe"}, {3, 3, 0, "b.exe"},
             {0, 0, 0, "[System Process]"}, {4, 0, 0, "c.exe"});
    means(&list, "a", &f); /* whatever: it comes back */
    assert_int_equal(means(&list, "b", &f), 3);
    assert_int_equal(means(&list, "c", &f), 4);
    assert_int_equal(means(&list, "[system process]", &f), 0);
    process_list_free(&list);
}

static void test_nothing_is_taken_for_what_it_resembles(void **state)
{
    (void)state;
    struct fault f;
    struct process_list list = MAKE({30, 9, 200, "firefox.exe"});
    assert_int_equal(means(&list, "fire", &f), 0);
    assert_int_equal(f.err, ERR_NO_APP);
    assert_non_null(strstr(f.detail, "similar: firefox.exe (pid 30)"));
    assert_int_equal(means(&list, "chrome", &f), 0);
    assert_int_equal(f.err, ERR_NO_APP);
    assert_string_equal(f.detail, "chrome");
    assert_non_null(strstr(f.hint, "--wait"));
    assert_int_equal(means(&list, "", &f), 0);
    assert_int_equal(f.err, ERR_USAGE);
    process_list_free(&list);
}

static void test_this_process_is_never_meant(void **state)
{
    (void)state;
    struct fault f;
    struct process_list list =
        MAKE({OWN, 9, 200, "looprec.exe"}, {30, OWN, 300, "looprec.exe"});
    assert_int_equal(means(&list, "777", &f), 0);
    assert_int_equal(f.err, ERR_USAGE);
    assert_int_equal(means(&list, "looprec", &f), 30);
    list.count = 1;
    assert_int_equal(means(&list, "looprec", &f), 0);
    assert_int_equal(f.err, ERR_NO_APP);
    process_list_free(&list);
}

static void test_a_number_given_anew_is_another_process(void **state)
{
    (void)state;
    const struct target t = {.pid = 30, .born = 200, .name = "player.exe"};
    struct process_list list = MAKE({30, 9, 200, "player.exe"});
    assert_true(target_runs(&list, &t));
    list.items[0].born = 201;
    assert_false(target_runs(&list, &t));
    list.items[0].born = 0; /* not to be known: the name decides */
    assert_true(target_runs(&list, &t));
    text_copy(list.items[0].name, 16, "other.exe");
    assert_false(target_runs(&list, &t));
    list.items[0].born = 200; /* it became another program */
    assert_true(target_runs(&list, &t));
    list.items[0].ended = true;
    assert_false(target_runs(&list, &t));
    list.count = 0;
    assert_false(target_runs(&list, &t));
    process_list_free(&list);
}

/* What has ended and is not reaped yet. */
static void test_a_zombie_is_nobody(void **state)
{
    (void)state;
    struct fault f;
    struct process_list list =
        MAKE({30, 9, 200, "player"}, {50, 9, 500, "player"});
    list.items[0].ended = true;
    assert_int_equal(means(&list, "player", &f), 50);
    assert_int_equal(means(&list, "30", &f), 0);
    assert_int_equal(f.err, ERR_NO_APP);
    process_list_free(&list);
}

static void test_the_topmost_above(void **state)
{
    (void)state;
    struct process_list list =
        MAKE({1, 0, 1, "init"}, {10, 1, 10, "shell"}, {20, 10, 20, "player"},
             {30, 20, 30, "helper"}, {40, 30, 40, "Player"},
             {50, 40, 50, "shell"}, {60, 50, 60, "shell"}, {70, 8, 70, "lone"},
             {80, 81, 80, "ring"}, {81, 80, 80, "ring"});

    assert_int_equal(target_above(&list, 60, "player", OWN)->pid, 20);
    assert_int_equal(target_above(&list, 20, "player", OWN)->pid, 20);
    assert_int_equal(target_above(&list, 60, "shell", OWN)->pid, 10);
    assert_int_equal(target_above(&list, 60, "shell", 10)->pid, 50);
    assert_null(target_above(&list, 10, "player", OWN));
    assert_null(target_above(&list, 99, "player", OWN));
    assert_non_null(target_above(&list, 80, "ring", OWN));

    assert_int_equal(target_root(&list, 60)->pid, 50); /* not the other shell */
    assert_int_equal(target_root(&list, 40)->pid, 40);
    assert_int_equal(target_root(&list, 70)->pid, 70);
    assert_non_null(target_root(&list, 80));
    assert_null(target_root(&list, 99));
    process_list_free(&list);
}

static void test_another_one(void **state)
{
    (void)state;
    const struct target t = {.pid = 30, .born = 200, .name = "player.exe"};
    struct process_list list =
        MAKE({30, 9, 200, "player.exe"}, {31, 30, 300, "player.exe"},
             {9, 1, 100, "explorer.exe"}, {OWN, 9, 600, "player.exe"});
    assert_null(target_other(&list, "player", OWN, &t));
    assert_int_equal(target_other(&list, "player", OWN, NULL)->pid, 30);
    list.items[0].born = 250; /* it ended, and its number came back */
    assert_int_equal(target_other(&list, "player", OWN, &t)->pid, 30);
    list.items[0].born = 200;
    list.items[1].parent = 9;
    assert_int_equal(target_other(&list, "player", OWN, &t)->pid, 31);
    process_list_free(&list);
}

static void test_more_candidates_than_fit(void **state)
{
    (void)state;
    struct fault f;
    struct process_list list = {0};
    for (uint32_t i = 0; i < 1000; i++) {
        struct process_entry *p = process_list_add(&list);
        assert_non_null(p);
        p->pid = i + 1000;
        text_copy(p->name, sizeof p->name, "player.exe");
    }
    assert_int_equal(means(&list, "player", &f), 0);
    assert_int_equal(f.err, ERR_APP_AMBIGUOUS);
    const char *end = f.detail + strlen(f.detail);
    assert_string_equal(end - 5, ") ...");
    process_list_free(&list);
    process_list_free(&list); /* fine on an empty one */
}

static void test_what_a_tree_holds(void **state)
{
    (void)state;
    struct process_list list =
        MAKE({10, 1, 100, "player.exe"}, {11, 10, 110, "helper.exe"},
             {12, 11, 120, "decoder.exe"}, {20, 10, 90, "older.exe"},
             {30, 31, 130, "ring.exe"}, {31, 30, 130, "ring.exe"},
             {1, 0, 1, "shell.exe"});
    const struct target t = {.pid = 10, .born = 100, .name = "player.exe"};
    const struct target before = {.pid = 10, .born = 50, .name = "player.exe"};

    assert_true(target_holds(&list, &t, 10));
    assert_true(target_holds(&list, &t, 11));
    assert_true(target_holds(&list, &t, 12));
    assert_false(target_holds(&list, &t, 20)); /* 10 was another's then */
    assert_false(target_holds(&list, &t, 30));
    assert_false(target_holds(&list, &t, 1));
    assert_false(target_holds(&list, &t, 99));
    assert_false(target_holds(&list, &before, 12));
    process_list_free(&list);
}

/* On Linux people know a program by the name that they start it by, too. */
static void test_names_that_were_started(void **state)
{
    (void)state;
    struct fault f;
    static const char *const started[] = {"bash", "paplay", "radio", "radio"};
    struct process_list list =
        MAKE({10, 1, 100, "bash"}, {11, 10, 200, "pacat"},
             {12, 10, 300, "python3.11"}, {13, 12, 400, "python3.11"});
    for (size_t i = 0; i < list.count; i++) {
        text_copy(list.items[i].command, sizeof list.items[i].command,
                  started[i]);
    }
    assert_int_equal(means(&list, "paplay", &f), 11);
    assert_int_equal(means(&list, "pacat", &f), 11);
    assert_int_equal(means(&list, "radio", &f), 12);
    assert_int_equal(target_above(&list, 13, "radio", OWN)->pid, 12);
    assert_null(target_above(&list, 13, "paplay", OWN));
    assert_int_equal(means(&list, "", &f), 0);
    /* one that merely calls itself so makes it ambiguous, and is not chosen */
    struct process_entry *p = process_list_add(&list);
    *p = (struct process_entry){
        .pid = 14, .parent = 1, .born = 500, .name = "evil"};
    text_copy(p->command, sizeof p->command, "pacat");
    assert_int_equal(means(&list, "pacat", &f), 0);
    assert_int_equal(f.err, ERR_APP_AMBIGUOUS);
    process_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_that_were_started),
        cmocka_unit_test(test_the_longest_name),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_a_number_means_that_process),
        cmocka_unit_test(test_a_browser_is_one_target),
        cmocka_unit_test(test_independent_trees_are_ambiguous),
        cmocka_unit_test(test_a_parent_is_never_younger),
        cmocka_unit_test(test_unknown_times),
        cmocka_unit_test(test_rings_of_parents_end),
        cmocka_unit_test(test_nothing_is_taken_for_what_it_resembles),
        cmocka_unit_test(test_this_process_is_never_meant),
        cmocka_unit_test(test_a_number_given_anew_is_another_process),
        cmocka_unit_test(test_a_zombie_is_nobody),
        cmocka_unit_test(test_the_topmost_above),
        cmocka_unit_test(test_another_one),
        cmocka_unit_test(test_more_candidates_than_fit),
        cmocka_unit_test(test_what_a_tree_holds),
    };
    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
