/* Tests of sys/file: what is no disk (pipes, devices, standard output). Each
 * in a process of its own, whose standard output is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/file.h"

#ifdef _WIN32

static void nul_takes_everything(void **state)
{
    (void)state;
    struct fault f = {0};
    assert_false(file_exists("NUL"));
    assert_true(file_check("NUL", false, &f));
    struct file *file = file_open("NUL", FILE_NEW, &f);
    assert_non_null(file);
    assert_true(file_is_stream(file));
    assert_true(file_write(file, "abc", 3, &f));
    assert_int_equal(file_tell(file), 3);
    assert_int_equal(file_length(file), 3);
    assert_true(file_sync(file, &f));
    assert_true(file_close(file, &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nul_takes_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/console.h"
#include "sys/stop.h"
#include "sys/wake.h"
#include "unit/child.h"

enum { MUCH = 1 << 20 }; /* more than a pipe holds */

static char folder[64], fifo[96];

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/looprec-stream-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
    return mkfifo(fifo, 0600);
}

static int teardown(void **state)
{
    (void)state;
    unlink(fifo);
    return rmdir(folder);
}

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i ^ (i >> 8) ^ (i >> 16));
}

static char *much(void)
{
    static char data[MUCH];
    for (size_t i = 0; i < MUCH; i++) {
        data[i] = (char)pattern(i);
    }
    return data;
}

/* Read to the end, in odd pieces; true when it is exactly what much() made. */
static bool all_arrives(int fd)
{
    unsigned char part[777];
    size_t sum = 0;
    bool same = true;
    ssize_t n;
    while ((n = read(fd, part, sizeof(part))) > 0) {
        for (size_t i = 0; i < (size_t)n; i++) {
            same = same && part[i] == pattern(sum + i);
        }
        sum += (size_t)n;
    }
    return n == 0 && same && sum == MUCH;
}

static void check_device(const char *path, enum file_mode mode)
{
    struct fault f = {0};
    assert_true(file_check(path, false, &f));
    struct file *file = file_open(path, mode, &f);
    assert_non_null(file);
    assert_true(file_is_stream(file));
    assert_true(file_write(file, "abc", 3, &f));
    assert_int_equal(file_tell(file), 3);
    assert_int_equal(file_length(file), 3);
    assert_false(file_seek(file, 0, &f));
    assert_int_equal(f.err, ERR_UNSUPPORTED);
    assert_false(file_truncate(file, 0, &f));
    assert_true(file_sync(file, &f));
    assert_int_equal(file_fault(file)->err, ERR_OK);
    assert_true(file_close(file, &f));
}

static void dev_null_is_a_stream_that_exists(void **state)
{
    (void)state;
    check_device("/dev/null", FILE_NEW);
    check_device("/dev/null", FILE_OVERWRITE);
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void a_full_device_is_no_space(void **state)
{
    (void)state;
    struct fault f = {0};
    struct file *file = file_open("/dev/full", FILE_NEW, &f);
    assert_non_null(file);
    assert_false(file_write(file, "abc", 3, &f));
    assert_int_equal(f.err, ERR_NO_SPACE);
    assert_string_equal(f.detail, "/dev/full");
    assert_non_null(strstr(f.hint, "free some space"));
    assert_int_equal(f.os_code, ENOSPC);
    assert_int_equal(file_tell(file), 0);
    assert_int_equal(file_fault(file)->err, ERR_NO_SPACE);
    assert_true(file_close(file, NULL));
}

/* --- named pipes --- */

static int writes_to_fifo(void *argument)
{
    struct fault f = {0};
    struct file *file = file_open(fifo, *(enum file_mode *)argument, &f);
    CHECK(file != NULL);
    CHECK(file_is_stream(file));
    CHECK(file_write(file, much(), MUCH, &f));
    CHECK(file_tell(file) == MUCH);
    CHECK(file_close(file, &f));
    return 0;
}

static void a_fifo_waits_for_its_reader(void **state)
{
    (void)state;
    enum file_mode modes[] = {FILE_NEW, FILE_OVERWRITE};
    for (size_t i = 0; i < 2; i++) {
        pid_t pid = child_start(writes_to_fifo, &modes[i]);
        int fd = open(fifo, O_RDONLY);
        bool same = all_arrives(fd);
        close(fd);
        assert_int_equal(child_wait(pid), 0);
        assert_true(same);
    }
}

static int waits_for_nobody(void *argument)
{
    struct fault f = {0};
    struct wake *w = wake_create(NULL);
    CHECK(w && stop_install(w, NULL));
    CHECK(write(*(int *)argument, "r", 1) == 1);
    CHECK(file_open(fifo, FILE_NEW, &f) == NULL);
    CHECK(f.err == ERR_IO);
    CHECK(strstr(f.detail, fifo) != NULL);
    CHECK(strstr(f.hint, "reader") != NULL);
    return 0;
}

static void waiting_for_a_reader_can_be_stopped(void **state)
{
    (void)state;
    int ends[2];
    char ready;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = child_start(waits_for_nobody, &ends[1]);
    assert_int_equal(read(ends[0], &ready, 1), 1);
    kill(pid, SIGINT);
    assert_int_equal(child_wait(pid), 0);
    close(ends[0]);
    close(ends[1]);
}

/* --- standard output --- */

struct output {
    int ends[2];
    bool nonblocking;
};

static void become_writer(struct output *o)
{
    close(o->ends[0]);
    if (o->nonblocking) {
        fcntl(o->ends[1], F_SETFL, O_NONBLOCK);
    }
    dup2(o->ends[1], STDOUT_FILENO);
    close(o->ends[1]);
    signal(SIGPIPE, SIG_IGN);
}

static int writes_much(void *argument)
{
    struct output *o = argument;
    struct fault f = {0};
    become_writer(o);
    struct file *file = file_stdout(&f);
    CHECK(file != NULL);
    CHECK(file_is_stream(file));
    CHECK(file_write(file, much(), MUCH, &f));
    CHECK(file_length(file) == MUCH);
    CHECK(file_close(file, &f));
    /* Not closed, and its mode is as it was: it is shared. */
    int flags = fcntl(STDOUT_FILENO, F_GETFL);
    CHECK(flags >= 0);
    CHECK(((flags & O_NONBLOCK) != 0) == o->nonblocking);
    return 0;
}

static void a_pipe_gets_everything(void **state)
{
    (void)state;
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        struct output o = {.nonblocking = nonblocking};
        assert_int_equal(pipe(o.ends), 0);
        pid_t pid = child_start(writes_much, &o);
        close(o.ends[1]);
        bool same = all_arrives(o.ends[0]);
        close(o.ends[0]);
        assert_int_equal(child_wait(pid), 0);
        assert_true(same);
    }
}

static int loses_its_reader(void *argument)
{
    struct fault f = {0};
    become_writer(argument);
    struct file *file = file_stdout(&f);
    CHECK(file != NULL);
    CHECK(!file_write(file, much(), MUCH, &f));
    CHECK(f.err == ERR_PIPE_CLOSED);
    CHECK(file_tell(file) >= 1000 && file_tell(file) < MUCH);
    CHECK(file_fault(file)->err == ERR_PIPE_CLOSED);
    CHECK(!file_write(file, "x", 1, NULL));
    CHECK(file_close(file, &f));
    return 0;
}

static void a_reader_that_leaves_is_told(void **state)
{
    (void)state;
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        struct output o = {.nonblocking = nonblocking};
        char part[1000];
        size_t got = 0;
        assert_int_equal(pipe(o.ends), 0);
        pid_t pid = child_start(loses_its_reader, &o);
        close(o.ends[1]);
        while (got < sizeof(part)) {
            ssize_t n = read(o.ends[0], part, sizeof(part) - got);
            assert_true(n > 0);
            got += (size_t)n;
        }
        close(o.ends[0]);
        assert_int_equal(child_wait(pid), 0);
    }
}

static int has_no_output(void *argument)
{
    struct fault f = {0};
    (void)argument;
    close(STDOUT_FILENO);
    CHECK(file_stdout(&f) == NULL);
    CHECK(f.err == ERR_IO);
    CHECK(f.hint[0] != '\0');
    /* What is opened next must not become standard output. */
    close(STDIN_FILENO);
    console_setup_streams();
    int next = open("/dev/full", O_RDWR);
    CHECK(next > STDERR_FILENO);
    CHECK(file_stdout(&f) == NULL);
    CHECK(f.err == ERR_IO);
    CHECK(write(STDOUT_FILENO, "x", 1) < 0);
    char byte;
    CHECK(read(STDIN_FILENO, &byte, 1) < 0);
    return 0;
}

static void a_closed_output_is_refused(void **state)
{
    (void)state;
    assert_int_equal(child_run(has_no_output, NULL), 0);
}

static int has_a_terminal(void *argument)
{
    struct fault f = {0};
    int host = posix_openpt(O_RDWR | O_NOCTTY);
    (void)argument;
    if (host < 0 || grantpt(host) != 0 || unlockpt(host) != 0) {
        return 77;
    }
    char name[64];
    snprintf(name, sizeof(name), "%s", ptsname(host));
    int terminal = open(name, O_RDWR | O_NOCTTY);
    if (terminal < 0) {
        return 77;
    }
    dup2(terminal, STDOUT_FILENO);
    CHECK(file_stdout(&f) == NULL);
    CHECK(f.err == ERR_USAGE);
    CHECK(strstr(f.hint, "FILE") != NULL);
    f.err = ERR_OK;
    CHECK(file_open(name, FILE_NEW, &f) == NULL);
    CHECK(f.err == ERR_USAGE);
    return 0;
}

static void a_terminal_is_refused(void **state)
{
    (void)state;
    int code = child_run(has_a_terminal, NULL);
    if (code == 77) {
        skip();
    }
    assert_int_equal(code, 0);
}

/* Standard output as a file, at a place, to append or not. */
struct redirected {
    int flags;
    const char *before; /* what is in it and was written already */
    bool stream;
};

static int writes_redirected(void *argument)
{
    const struct redirected *r = argument;
    struct fault f = {0};
    char name[] = "/tmp/looprec-stream-XXXXXX", text[64] = {0};
    int fd = mkstemp(name);
    CHECK(fd >= 0);
    dup2(fd, STDOUT_FILENO);
    CHECK(fcntl(STDOUT_FILENO, F_SETFL, r->flags) == 0);
    CHECK(unlink(name) == 0);
    CHECK(write(fd, r->before, strlen(r->before)) >= 0);
    struct file *file = file_stdout(&f);
    CHECK(file != NULL);
    CHECK(file_is_stream(file) == r->stream);
    CHECK(file_write(file, "0000data", 8, &f));
    CHECK(file_tell(file) == 8);
    CHECK(file_seek(file, 0, &f) == !r->stream);
    if (!r->stream) {
        CHECK(file_write(file, "head", 4, &f));
    }
    CHECK(file_length(file) == 8);
    CHECK(file_close(file, &f));
    /* The next writer goes on behind. */
    CHECK(write(STDOUT_FILENO, "+next", 5) == 5);
    CHECK(pread(fd, text, sizeof(text) - 1, 0) > 0);
    char expected[64];
    snprintf(expected, sizeof(expected), "%s%s+next", r->before,
             r->stream ? "0000data" : "headdata");
    CHECK(strcmp(text, expected) == 0);
    return 0;
}

static void a_redirected_output_is_a_file_where_it_may(void **state)
{
    (void)state;
    struct redirected all[] = {
        {0, "", false},         /* > x */
        {O_APPEND, "", true},   /* >> x, new */
        {O_APPEND, "ab", true}, /* >> x */
        {0, "ab", true},        /* (echo ab; looprec -) > x */
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_int_equal(child_run(writes_redirected, &all[i]), 0);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dev_null_is_a_stream_that_exists),
        cmocka_unit_test(a_full_device_is_no_space),
        IN_FOLDER(a_fifo_waits_for_its_reader),
        IN_FOLDER(waiting_for_a_reader_can_be_stopped),
        cmocka_unit_test(a_pipe_gets_everything),
        cmocka_unit_test(a_reader_that_leaves_is_told),
        cmocka_unit_test(a_closed_output_is_refused),
        cmocka_unit_test(a_terminal_is_refused),
        cmocka_unit_test(a_redirected_output_is_a_file_where_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
