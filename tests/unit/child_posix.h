/* The tests of test_child.c that only POSIX has. */
#ifndef LOOPREC_TESTS_CHILD_POSIX_H
#define LOOPREC_TESTS_CHILD_POSIX_H

#include <errno.h>
#include <sys/wait.h>

static void make_script(const char *name, const char *text)
{
    put(name, text);
    assert_int_equal(chmod(name, 0777), 0);
}

static void a_script_without_a_first_line_runs_in_sh(void **state)
{
    struct world *w = *state;
    char *argv[] = {(char[]){"./script"}, (char[]){"4"}, NULL};
    const struct child_setup setup = {.argv = argv, .wake = w->wake};
    make_script("script", "exit $(($1 + 5))\n");
    w->child = child_start(&setup, NULL);
    assert_non_null(w->child);
    let_go(w);
    assert_int_equal(status(w), 9);
}

static void a_missing_interpreter_is_told(void **state)
{
    struct world *w = *state;
    char *argv[] = {(char[]){"./script"}, NULL};
    const struct child_setup setup = {.argv = argv, .wake = w->wake};
    struct fault f = {0};
    make_script("script", "#!/no/such/interpreter\n");
    w->child = child_start(&setup, NULL);
    assert_non_null(w->child);
    assert_false(child_release(w->child, &f));
    assert_int_equal(f.err, ERR_BAD_COMMAND);
    assert_non_null(strstr(f.detail, "./script"));
    assert_non_null(strstr(f.hint, "#!"));
}

/* PATH is searched, in its order, and an empty folder in it is this one. */
static void the_path_is_searched(void **state)
{
    struct world *w = *state;
    char before[4096];
    char *argv[] = {(char[]){"#"}, NULL};
    const struct child_setup setup = {.argv = argv, .wake = w->wake};
    snprintf(before, sizeof(before), "%s", getenv("PATH"));
    make_script("#", "#!/bin/sh\nexit 5\n");
    setenv("PATH", "/no/such:/bin:", 1);
    w->child = child_start(&setup, NULL);
    setenv("PATH", before, 1);
    assert_non_null(w->child);
    let_go(w);
    assert_int_equal(status(w), 5);
    chmod("#", 0666);
    setenv("PATH", "/no/such:", 1);
    struct fault f = {0};
    child_destroy(w->child);
    w->child = child_start(&setup, &f);
    setenv("PATH", before, 1);
    assert_null(w->child);
    assert_int_equal(f.err, ERR_BAD_COMMAND);
}

/* What a program is born with: our own ignored signals, handlers and masks are
 * none of its business, and SIGCHLD is as it was. */
static void signals_are_as_they_were(void **state)
{
    struct world *w = *state;
    struct fault f = {0};
    char *argv[] = {(char[]){"cp"}, (char[]){"/proc/self/status"},
                    (char[]){"out"}, NULL};
    const struct child_setup setup = {.argv = argv, .wake = w->wake};
    char text[4096];
    sigset_t mask;
    signal(SIGCHLD, SIG_IGN);
    signal(SIGINT, SIG_IGN); /* as in a script's background job */
    w->child = child_start(&setup, &f);
    assert_non_null(w->child);
    assert_true(stop_install(w->wake, &f)); /* ignores SIGPIPE and SIGXFSZ */
    let_go(w);
    assert_int_equal(status(w), 0);
    child_destroy(w->child);
    w->child = NULL;
    stop_uninstall();
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_false(sigismember(&mask, SIGCHLD));
    assert_true(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
    read_all("out", text, sizeof(text));
    const char *line = strstr(text, "SigBlk:");
    unsigned long long blocked, ignored;
    assert_non_null(line);
    assert_int_equal(
        sscanf(line, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_true(blocked == 0);
    assert_true(ignored & (1ULL << (SIGCHLD - 1)));
    assert_true(signal(SIGINT, SIG_DFL) == SIG_IGN);
    assert_false(ignored & (1ULL << (SIGINT - 1)));
    assert_false(ignored & (1ULL << (SIGPIPE - 1)));
    assert_false(ignored & (1ULL << (SIGXFSZ - 1)));
}

static void requests_are_passed_on(void **state)
{
    struct world *w = *state;
    static const struct {
        enum stop_cause cause;
        int status;
    } all[] = {{STOP_INTERRUPT, 128 + SIGINT},
               {STOP_TERMINATE, 128 + SIGTERM},
               {STOP_HANGUP, 128 + SIGHUP}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        start(w, AS("linger", "began", "go"));
        grandchild();
        child_pass_on(w->child, all[i].cause);
        assert_int_equal(status(w), all[i].status);
        child_destroy(w->child);
        w->child = NULL;
        remove("began");
    }
}

static void requests_reach_what_is_left_of_the_tree(void **state)
{
    struct world *w = *state;
    start_and_leave(w, false);
    int64_t id = grandchild();
    child_pass_on(w->child, STOP_TERMINATE);
    await(w, child_tree_ended);
    assert_false(program_runs(id));
    assert_false(exists("b"));
}

/* Many orphans, which end before and after the program does: all are reaped. */
static void orphans_are_reaped(void **state)
{
    struct world *w = *state;
    char *argv[] = {
        (char[]){"/bin/sh"}, (char[]){"-c"},
        (char[]){"for i in 1 2 3 4 5 6 7 8; do (sh -c : & sleep 0.05 & :); "
                 "done; exit 6"},
        NULL};
    const struct child_setup setup = {.argv = argv, .wake = w->wake};
    while (waitpid(-1, NULL, 0) > 0) { /* what earlier tests left alone */
    }
    w->child = child_start(&setup, NULL);
    assert_non_null(w->child);
    let_go(w);
    assert_int_equal(status(w), 6);
    await(w, child_tree_ended);
    child_destroy(w->child);
    w->child = NULL;
    assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static pid_t fork_one_that_stays(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    return pid;
}

/* As where a shell with a job in the background becomes this program, or this
 * program starts something else while the command is held. */
static void other_children_are_none_of_its_tree(void **state)
{
    struct world *w = *state;
    pid_t before = fork_one_that_stays();
    pid_t ended_before = fork();
    if (ended_before == 0) {
        _exit(0);
    }
    siginfo_t i;
    assert_int_equal(waitid(P_PID, (id_t)ended_before, &i, WEXITED | WNOWAIT),
                     0);
    hold(w, AS("leave", "began", "go", "b"), false);
    pid_t meanwhile = fork_one_that_stays();
    let_go(w);
    assert_int_equal(status(w), 3);
    int64_t id = grandchild();
    child_kill(w->child);
    assert_true(child_tree_ended(w->child));
    assert_false(program_runs(id));
    assert_true(program_runs(before));
    assert_true(program_runs(meanwhile));
    kill(before, SIGKILL);
    kill(meanwhile, SIGKILL);
    child_destroy(w->child);
    w->child = NULL;
    assert_int_equal(waitpid(before, NULL, 0), before);
    assert_int_equal(waitpid(meanwhile, NULL, 0), meanwhile);
    assert_int_equal(waitpid(ended_before, NULL, 0), ended_before);
}

/* The end of the process that started it, before the gate and behind it. */
static void dies_at(bool gate, struct world *w, int64_t *id)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct words made = words(w, AS("linger", "began", "go", "b"));
        const struct child_setup setup = {
            .argv = made.argv, .kill_with_us = true, .wake = w->wake};
        struct child *c = child_start(&setup, NULL);
        *id = c ? child_id(c) : 0;
        if (!gate && child_release(c, NULL)) {
            grandchild();
        }
        (void)!write(ends[1], id, sizeof(*id));
        kill(getpid(), SIGKILL);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], id, sizeof(*id)), sizeof(*id));
    close(ends[0]);
    waitpid(pid, NULL, 0);
}

static void nothing_outlives_a_killed_parent(void **state)
{
    struct world *w = *state;
    for (int gate = 1; gate >= 0; gate--) {
        int64_t id = 0, until = clock_now_ns() + LONG_NS;
        dies_at(gate, w, &id);
        assert_true(id > 0);
        while (program_runs(id)) {
            assert_true(clock_now_ns() < until);
            clock_sleep_ns(10000000);
        }
        assert_int_equal(exists("began"), !gate);
        assert_false(exists("b"));
    }
}

#define SYSTEM_TESTS                                                         \
    TEST(a_script_without_a_first_line_runs_in_sh),                          \
        TEST(a_missing_interpreter_is_told), TEST(the_path_is_searched),     \
        TEST(signals_are_as_they_were), TEST(requests_are_passed_on),        \
        TEST(requests_reach_what_is_left_of_the_tree),                       \
        TEST(orphans_are_reaped), TEST(other_children_are_none_of_its_tree), \
        TEST(nothing_outlives_a_killed_parent),

#endif
