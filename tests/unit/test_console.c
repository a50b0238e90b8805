/* Tests of sys/console on POSIX: a process with a terminal of its own (a
 * pseudo-terminal that the test types into). On Windows: without a console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "sys/console.h"
#include "sys/wake.h"

#define MS      INT64_C(1000000)
#define LONG_NS (30000 * MS) /* ends a test that would hang */

#ifdef _WIN32

static void waiting_needs_no_console(void **state)
{
    (void)state;
    struct wake *w = wake_create(NULL);
    struct console *c = console_open();
    assert_non_null(c);
    wake_set(w);
    assert_int_equal(console_wait(c, w, LONG_NS), 0);
    assert_false(wake_wait(w, 0));
    int64_t start = clock_now_ns();
    assert_int_equal(console_wait(c, w, 20 * MS), 0);
    assert_true(clock_now_ns() - start >= 20 * MS);
    assert_true(console_columns() > 0);
    console_close(c);
    wake_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_needs_no_console),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "unit/child.h"

/* --- the process under test: it leads a session on the terminal --- */

enum { NO_TERMINAL = 77 };

struct stage {
    int host;       /* the end that types */
    char name[64];  /* the terminal */
    int to_test[2]; /* what the process says */
};

static int setup(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    *state = s;
    if (!s || pipe(s->to_test) != 0) {
        return -1;
    }
    s->host = posix_openpt(O_RDWR | O_NOCTTY);
    if (s->host >= 0 && grantpt(s->host) == 0 && unlockpt(s->host) == 0) {
        snprintf(s->name, sizeof(s->name), "%s", ptsname(s->host));
    }
    return 0;
}

static int teardown(void **state)
{
    struct stage *s = *state;
    close(s->host);
    close(s->to_test[0]);
    close(s->to_test[1]);
    free(s);
    return 0;
}

/* Make the terminal ours, on standard input. False: there is none here. */
static bool take_stage(struct stage *s)
{
    setsid();
    int fd = s->name[0] ? open(s->name, O_RDWR) : -1;
    if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) != 0) {
        return false;
    }
    close(s->host);
    return dup2(fd, STDIN_FILENO) == STDIN_FILENO;
}

static void say(struct stage *s, char c)
{
    CHECK(write(s->to_test[1], &c, 1) == 1);
}

static char hear(struct stage *s)
{
    char c = 0;
    return read(s->to_test[0], &c, 1) == 1 ? c : 0;
}

static tcflag_t modes(void)
{
    struct termios t;
    CHECK(tcgetattr(STDIN_FILENO, &t) == 0);
    return t.c_lflag & (ICANON | ECHO | ISIG);
}

static void run_on_stage(void **state, child_fn *fn, const char *typed)
{
    struct stage *s = *state;
    pid_t pid = child_start(fn, s);
    close(s->to_test[1]);
    s->to_test[1] = -1;
    char ready = hear(s);
    if (ready == 'r') {
        assert_int_equal(write(s->host, typed, strlen(typed)), strlen(typed));
    }
    int code = child_wait(pid);
    if (code == NO_TERMINAL) {
        skip();
    }
    assert_int_equal(code, 0);
}

/* --- tests --- */

static int reads_keys(void *argument)
{
    struct stage *s = argument;
    struct wake *w = wake_create(NULL);
    if (!take_stage(s)) {
        return NO_TERMINAL;
    }
    tcflag_t before = modes();
    CHECK(before == (ICANON | ECHO | ISIG));
    struct console *c = console_open();
    CHECK(c != NULL);
    CHECK(modes() == ISIG); /* single keys, unechoed, Ctrl-C a signal */
    CHECK(console_wait(c, w, 0) == 0);
    say(s, 'r');
    CHECK(console_wait(c, w, LONG_NS) == 'q'); /* no Enter needed */
    CHECK(console_wait(c, w, LONG_NS) == ' ');
    CHECK(console_wait(c, NULL, LONG_NS) == 'x');
    CHECK(console_wait(c, w, 0) == 0);
    wake_set(w);
    CHECK(console_wait(c, w, LONG_NS) == 0);
    CHECK(!wake_wait(w, 0)); /* cleared */
    console_close(c);
    CHECK(modes() == before);
    return 0;
}

static void keys_come_singly_and_modes_go_back(void **state)
{
    run_on_stage(state, reads_keys, "q x");
}

static int reads_past_an_arrow(void *argument)
{
    struct stage *s = argument;
    if (!take_stage(s)) {
        return NO_TERMINAL;
    }
    struct console *c = console_open();
    say(s, 'r');
    /* Alt-q arrives whole, and is not 'q'. */
    CHECK(console_wait(c, NULL, 200 * MS) == 0);
    console_close(c);
    return 0;
}

static void an_escape_sequence_is_no_key(void **state)
{
    run_on_stage(state, reads_past_an_arrow, "\033q");
}

/* A shell moved us to the background: no key, no touch, and no stop. */
static int runs_in_background(void *argument)
{
    struct stage *s = argument;
    if (!take_stage(s)) {
        return NO_TERMINAL;
    }
    pid_t pid = fork();
    if (pid == 0) {
        struct wake *w = wake_create(NULL);
        alarm(60);
        setpgid(0, 0);
        tcflag_t before = modes();
        struct console *c = console_open();
        CHECK(modes() == before);
        say(s, 'r');
        CHECK(console_wait(c, w, 100 * MS) == 0);
        wake_set(w);
        CHECK(console_wait(c, w, LONG_NS) == 0);
        console_close(c);
        CHECK(modes() == before);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, WUNTRACED) == pid);
    CHECK(!WIFSTOPPED(status));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return 0;
}

static void a_background_process_is_not_stopped(void **state)
{
    run_on_stage(state, runs_in_background, "q\n");
}

/* ... and back: the shell put its own modes in force meanwhile. */
static int comes_back(void *argument)
{
    struct stage *s = argument;
    struct termios t;
    if (!take_stage(s)) {
        return NO_TERMINAL;
    }
    struct console *c = console_open();
    CHECK(modes() == ISIG);
    tcgetattr(STDIN_FILENO, &t);
    t.c_lflag |= ICANON | ECHO;
    tcsetattr(STDIN_FILENO, TCSANOW, &t);
    CHECK(console_wait(c, NULL, 0) == 0);
    CHECK(modes() == ISIG);
    say(s, 'r');
    CHECK(console_wait(c, NULL, LONG_NS) == 'q');
    console_close(c);
    CHECK(modes() == (ICANON | ECHO | ISIG));
    return 0;
}

static void modes_are_taken_again_after_a_stop(void **state)
{
    run_on_stage(state, comes_back, "q");
}

static int64_t cpu_ns(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 * MS +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
}

/* The terminal hangs up: a wait is still a wait. */
static int is_hung_up(void *argument)
{
    struct stage *s = argument;
    if (!take_stage(s)) {
        return NO_TERMINAL;
    }
    struct wake *w = wake_create(NULL);
    signal(SIGHUP, SIG_IGN);
    struct console *c = console_open();
    say(s, 'r');
    /* until the other side is gone */
    while (write(STDIN_FILENO, "x", 1) == 1) {
        clock_sleep_ns(MS);
    }
    int64_t start = clock_now_ns(), cpu = cpu_ns();
    CHECK(console_wait(c, w, 300 * MS) == 0);
    CHECK(clock_now_ns() - start >= 300 * MS);
    CHECK(cpu_ns() - cpu < 150 * MS);
    wake_set(w);
    CHECK(console_wait(c, w, LONG_NS) == 0);
    console_close(c);
    return 0;
}

static void a_hang_up_is_no_busy_loop(void **state)
{
    struct stage *s = *state;
    pid_t pid = child_start(is_hung_up, s);
    if (hear(s) == 'r') {
        close(s->host);
        s->host = -1;
    }
    int code = child_wait(pid);
    if (code == NO_TERMINAL) {
        skip();
    }
    assert_int_equal(code, 0);
}

static int has_no_terminal(void *argument)
{
    struct wake *w = wake_create(NULL);
    int fd = open((const char *)argument, O_RDONLY);
    CHECK(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    struct console *c = console_open();
    CHECK(c != NULL);
    int64_t start = clock_now_ns(), cpu = cpu_ns();
    CHECK(console_wait(c, w, 200 * MS) ==
          0); /* neither EOF nor bytes are keys */
    CHECK(clock_now_ns() - start >= 200 * MS);
    CHECK(cpu_ns() - cpu < 100 * MS);
    wake_set(w);
    CHECK(console_wait(c, w, -1) == 0);
    CHECK(!wake_wait(w, 0));
    CHECK(console_wait(NULL, w, 0) == 0);
    console_close(c);
    console_close(NULL);
    CHECK(console_columns() > 0);
    return 0;
}

static void without_a_terminal_no_key_comes(void **state)
{
    (void)state;
    char null[] = "/dev/null", zero[] = "/dev/zero";
    assert_int_equal(child_run(has_no_terminal, null), 0);
    assert_int_equal(child_run(has_no_terminal, zero), 0);
}

static int looks_at_output(void *argument)
{
    struct stage *s = argument;
    struct winsize w = {.ws_col = 123, .ws_row = 40};
    int kept = dup(STDERR_FILENO);
    if (!take_stage(s)) {
        return NO_TERMINAL;
    }
    CHECK(kept >= 0 && ioctl(STDIN_FILENO, TIOCSWINSZ, &w) == 0);
    setenv("TERM", "xterm", 1);
    dup2(s->to_test[1], STDERR_FILENO);
    bool piped = console_stderr_is_terminal();
    unsigned narrow = console_columns();
    dup2(STDIN_FILENO, STDERR_FILENO);
    bool real = console_stderr_is_terminal();
    unsigned wide = console_columns();
    setenv("TERM", "dumb", 1);
    bool dumb = console_stderr_is_terminal();
    unsetenv("TERM");
    bool none = console_stderr_is_terminal();
    dup2(kept, STDERR_FILENO);
    CHECK(!piped && real && !dumb && !none);
    CHECK(narrow == 80 && wide == 123);
    return 0;
}

static void a_terminal_is_known_and_measured(void **state)
{
    run_on_stage(state, looks_at_output, "");
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(keys_come_singly_and_modes_go_back),
        ON_STAGE(an_escape_sequence_is_no_key),
        ON_STAGE(a_background_process_is_not_stopped),
        ON_STAGE(modes_are_taken_again_after_a_stop),
        ON_STAGE(a_hang_up_is_no_busy_loop),
        ON_STAGE(a_terminal_is_known_and_measured),
        cmocka_unit_test(without_a_terminal_no_key_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
