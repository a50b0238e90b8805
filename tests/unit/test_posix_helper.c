/* Tests of what a private server needs: sys/posix/helper, mark and folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "sys/clock.h"
#include "sys/posix/folder.h"
#include "sys/posix/helper.h"
#include "sys/posix/mark.h"

#include "unit/child.h"

#define LONG_NS INT64_C(20000000000) /* ends a test that would hang */

/* A base of its own for each test, as the user's runtime folder. */
static char base[64];

static int setup(void **state)
{
    (void)state;
    strcpy(base, "/tmp/lrh-XXXXXX");
    return mkdtemp(base) == NULL || setenv("XDG_RUNTIME_DIR", base, 1) != 0;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", base);
    return system(command);
}

static const char *in_base(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", base, name);
    return path;
}

static bool exists(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* --- mark --- */

static int leave_mark(void *argument)
{
    return !mark_make(argument);
}

/* The mark of a process that has ended; ZOMBIE is to be reaped, or 0. */
static void dead_mark(char mark[MARK_BYTES], pid_t *zombie)
{
    int ends[2];
    char text[MARK_BYTES] = "";
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int code = leave_mark(text);
        (void)!write(ends[1], text, sizeof(text));
        _exit(code);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], mark, MARK_BYTES), MARK_BYTES);
    close(ends[0]);
    siginfo_t i;
    assert_int_equal(waitid(P_PID, (id_t)pid, &i, WEXITED | WNOWAIT), 0);
    if (zombie) {
        *zombie = pid;
    } else {
        assert_int_equal(child_wait(pid), 0);
    }
}

static void a_living_process_is_not_dead(void **state)
{
    char mark[MARK_BYTES], again[MARK_BYTES];
    (void)state;
    assert_true(mark_make(mark));
    assert_true(mark_make(again));
    assert_string_equal(mark, again);
    assert_int_equal(atoi(mark), getpid());
    assert_int_equal(strspn(mark, "0123456789abcdef."), strlen(mark));
    assert_false(mark_is_dead(mark));
}

static void a_dead_process_is_dead_reaped_or_not(void **state)
{
    char mark[MARK_BYTES];
    pid_t zombie;
    (void)state;
    dead_mark(mark, &zombie);
    assert_true(mark_is_dead(mark));
    child_wait(zombie);
    assert_true(mark_is_dead(mark));
}

/* The number went to another process, which began at another time. */
static void a_number_given_anew_is_dead(void **state)
{
    char mark[MARK_BYTES], changed[2 * MARK_BYTES];
    unsigned long long start;
    int used;
    (void)state;
    assert_true(mark_make(mark));
    assert_int_equal(sscanf(mark, "%*d.%llu%n", &start, &used), 1);
    snprintf(changed, sizeof(changed), "%d.%llu%s", (int)getpid(), start - 1,
             mark + used);
    assert_true(mark_is_dead(changed));
}

static void what_cannot_be_proven_is_not_dead(void **state)
{
    char mark[MARK_BYTES];
    (void)state;
    dead_mark(mark, NULL);
    size_t last = strlen(mark) - 1;
    mark[last] = mark[last] == '0' ? '1' : '0'; /* another boot */
    assert_false(mark_is_dead(mark));
    static const char *const odd[] = {
        "", "1", "1.2", "1.2.", "1.2.3", "-1.2.3.4", "server.1", "0.0.0.0"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        assert_false(mark_is_dead(odd[i]));
    }
    char longest[4 * MARK_BYTES];
    memset(longest, '1', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_false(mark_is_dead(longest));
}

/* --- folder --- */

static void a_folder_is_made_for_us_alone_and_removed(void **state)
{
    char path[FOLDER_BYTES], file[2 * FOLDER_BYTES];
    struct stat s;
    (void)state;
    mode_t before = umask(0);
    assert_true(folder_choose(path, NULL));
    assert_memory_equal(path, base, strlen(base));
    assert_false(exists(path));
    assert_true(folder_make(path, NULL));
    umask(before);
    assert_int_equal(lstat(path, &s), 0);
    assert_int_equal(s.st_mode & 07777, 0700);
    struct fault f = {0};
    assert_false(folder_make(path, &f)); /* never one that is there */
    assert_int_equal(f.err, ERR_FILE_EXISTS);
    snprintf(file, sizeof(file), "%s/log", path);
    put(file, "x");
    folder_sweep(); /* we live */
    assert_true(exists(file));
    folder_remove(path);
    assert_false(exists(path));
}

static void without_a_good_runtime_folder_it_is_tmp(void **state)
{
    char path[FOLDER_BYTES], deep[256];
    (void)state;
    static const char *const bad[] = {"", "relative", "/no/such/folder"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        setenv("XDG_RUNTIME_DIR", bad[i], 1);
        assert_true(folder_choose(path, NULL));
        assert_memory_equal(path, "/tmp/looprec-", 13);
    }
    setenv("XDG_RUNTIME_DIR", base, 1);
    assert_int_equal(chmod(base, 0770), 0); /* others may write in it */
    assert_true(folder_choose(path, NULL));
    assert_memory_equal(path, "/tmp/looprec-", 13);
    assert_int_equal(chmod(base, 0700), 0);
    snprintf(deep, sizeof(deep), "%s/%080d", base, 1);
    assert_int_equal(mkdir(deep, 0700), 0);
    setenv("XDG_RUNTIME_DIR", deep, 1); /* no room for a socket's path */
    assert_true(folder_choose(path, NULL));
    assert_memory_equal(path, "/tmp/looprec-", 13);
    unsetenv("XDG_RUNTIME_DIR");
    assert_true(folder_choose(path, NULL));
    assert_memory_equal(path, "/tmp/looprec-", 13);
}

static void what_the_dead_left_is_swept(void **state)
{
    char mark[MARK_BYTES], name[2 * MARK_BYTES];
    (void)state;
    dead_mark(mark, NULL);
    snprintf(name, sizeof(name), "looprec-%s-0123abcd", mark);
    assert_int_equal(mkdir(in_base(name), 0700), 0);
    strcat(name, "/log");
    put(in_base(name), "x");
    folder_sweep();
    name[strlen(name) - strlen("/log")] = '\0';
    assert_false(exists(in_base(name)));
}

/* Names like ours that are none of ours, or are traps. */
static void nothing_else_is_swept(void **state)
{
    char mark[MARK_BYTES], name[2 * MARK_BYTES], treasure[256];
    (void)state;
    dead_mark(mark, NULL);
    snprintf(treasure, sizeof(treasure), "%s", in_base("treasure"));
    assert_int_equal(mkdir(treasure, 0700), 0);
    put(in_base("treasure/gold"), "x");

    snprintf(name, sizeof(name), "looprec-%s-1", mark); /* a link to a folder */
    assert_int_equal(symlink(treasure, in_base(name)), 0);
    snprintf(name, sizeof(name), "looprec-%s-2", mark); /* others may read it */
    assert_int_equal(mkdir(in_base(name), 0755), 0);
    snprintf(name, sizeof(name), "looprec-%s-3", mark); /* no folder */
    put(in_base(name), "x");
    snprintf(name, sizeof(name), "looprec-%s-4", mark); /* a folder inside */
    assert_int_equal(mkdir(in_base(name), 0700), 0);
    strcat(name, "/deep");
    assert_int_equal(mkdir(in_base(name), 0700), 0);
    strcat(name, "/down");
    put(in_base(name), "x");
    snprintf(name, sizeof(name), "looprec-%s-6", mark); /* a link inside */
    assert_int_equal(mkdir(in_base(name), 0700), 0);
    strcat(name, "/in");
    assert_int_equal(symlink(treasure, in_base(name)), 0);
    assert_int_equal(mkdir(in_base("looprec-server.x"), 0700), 0);
    if (geteuid() == 0) { /* another user's */
        snprintf(name, sizeof(name), "looprec-%s-5", mark);
        assert_int_equal(mkdir(in_base(name), 0700), 0);
        assert_int_equal(chown(in_base(name), 65534, 65534), 0);
    }
    folder_sweep();
    assert_true(exists(in_base("treasure/gold")));
    for (int i = 1; i <= (geteuid() == 0 ? 5 : 4); i++) {
        snprintf(name, sizeof(name), "looprec-%s-%d", mark, i);
        assert_true(exists(in_base(name)));
    }
    snprintf(name, sizeof(name), "looprec-%s-4/deep/down", mark);
    assert_true(exists(in_base(name)));
    snprintf(name, sizeof(name), "looprec-%s-6", mark);
    assert_false(exists(in_base(name)));
    assert_true(exists(in_base("looprec-server.x")));
}

/* --- helper --- */

static struct helper *start(const char *script)
{
    static const char *const environment[] = {"PATH=/usr/bin:/bin", "X=y",
                                              NULL};
    const char *const argv[] = {"sh", "-c", script, NULL};
    char log[256];
    struct fault f = {0};
    snprintf(log, sizeof(log), "%s", in_base("log"));
    const struct helper_setup setup = {.path = "/bin/sh",
                                       .argv = argv,
                                       .environment = environment,
                                       .log = log};
    struct helper *h = helper_start(&setup, &f);
    if (!h) {
        fail_msg("not started: %s", f.detail);
    }
    return h;
}

static void await_file(const char *path)
{
    for (int64_t until = clock_now_ns() + LONG_NS; !exists(path);) {
        assert_true(clock_now_ns() < until);
        clock_sleep_ns(5000000);
    }
}

static void await_end(const struct helper *h)
{
    for (int64_t until = clock_now_ns() + LONG_NS; !helper_ended(h);) {
        assert_true(clock_now_ns() < until);
        clock_sleep_ns(5000000);
    }
}

static void its_words_are_in_the_log_and_its_environment_is_given(void **state)
{
    char text[64] = "";
    (void)state;
    struct helper *h = start("echo out $X; echo err $HOME >&2; cat");
    await_end(h);
    assert_true(helper_ended(h)); /* looking reaps nothing */
    helper_end(h);
    FILE *log = fopen(in_base("log"), "r");
    assert_non_null(log);
    assert_true(fread(text, 1, sizeof(text) - 1, log) > 0);
    fclose(log);
    assert_string_equal(text, "out y\nerr\n");
}

static void it_holds_nothing_open_and_hears_no_terminal(void **state)
{
    int ends[2];
    char byte, script[1024];
    (void)state;
    assert_int_equal(pipe(ends), 0); /* without close-on-exec */
    snprintf(script, sizeof(script),
             "ps -o pgid= -p $$ | tr -d ' ' >%s/group.part; mv %s/group.part "
             "%s/group; exec sleep 60",
             base, base, base);
    struct helper *h = start(script);
    await_file(in_base("group"));
    FILE *file = fopen(in_base("group"), "r");
    int group = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &group), 1);
    fclose(file);
    assert_true(group > 0 && group != getpgrp());
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0); /* nobody else writes */
    close(ends[0]);
    assert_false(helper_ended(h));
    helper_end(h);
    assert_true(kill(group, 0) < 0);
}

static void one_that_will_not_end_is_killed(void **state)
{
    char script[1024];
    (void)state;
    snprintf(script, sizeof(script),
             "trap '' TERM; : >%s/ready; while :; do sleep 1; done", base);
    struct helper *h = start(script);
    await_file(in_base("ready"));
    helper_end(h);
    assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void one_that_cannot_run_ends_at_once(void **state)
{
    const char *const argv[] = {"x", NULL};
    char log[256];
    (void)state;
    snprintf(log, sizeof(log), "%s", in_base("log"));
    struct helper_setup setup = {.path = "/no/such/program",
                                 .argv = argv,
                                 .environment = argv + 1,
                                 .log = log};
    struct helper *h = helper_start(&setup, NULL);
    assert_non_null(h);
    await_end(h);
    helper_end(h);
    struct fault f = {0};
    assert_null(helper_start(&setup, &f)); /* the log is there */
    assert_int_equal(f.err, ERR_FILE_EXISTS);
    helper_end(NULL);
}

static int be_killed(void *argument)
{
    char script[1024];
    (void)argument;
    snprintf(script, sizeof(script),
             "trap '' TERM HUP; echo $$ >%s/part; mv %s/part %s/ready; "
             "exec sleep 60",
             base, base, base);
    start(script);
    await_file(in_base("ready"));
    kill(getpid(), SIGKILL);
    return 0;
}

static void it_does_not_outlive_a_killed_process(void **state)
{
    int id = 0;
    (void)state;
    /* so that it becomes our child, and its end can be waited for */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    assert_int_equal(child_run(be_killed, NULL), 128 + SIGKILL);
    FILE *file = fopen(in_base("ready"), "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &id), 1);
    fclose(file);
    alarm(20);
    assert_int_equal(child_wait(id), 128 + SIGKILL);
    alarm(0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_living_process_is_not_dead),
        TEST(a_dead_process_is_dead_reaped_or_not),
        TEST(a_number_given_anew_is_dead),
        TEST(what_cannot_be_proven_is_not_dead),
        TEST(a_folder_is_made_for_us_alone_and_removed),
        TEST(without_a_good_runtime_folder_it_is_tmp),
        TEST(what_the_dead_left_is_swept),
        TEST(nothing_else_is_swept),
        TEST(its_words_are_in_the_log_and_its_environment_is_given),
        TEST(it_holds_nothing_open_and_hears_no_terminal),
        TEST(one_that_will_not_end_is_killed),
        TEST(one_that_cannot_run_ends_at_once),
        TEST(it_does_not_outlive_a_killed_process),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
