/* Tests of sys/file: names that stand for something else than a file of that
 * name. What is refused, and with which remedy, differs between systems. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/file.h"
#include "sys/process.h"

/* Neither the look before nor the opening takes NAME, whether it is to be new
 * or written over; both name it, and HINT is in the remedy. */
static void assert_refused(const char *name, enum error err, const char *hint)
{
    for (int overwrite = 0; overwrite < 2; overwrite++) {
        struct fault f = {0}, g = {0};
        enum file_mode mode = overwrite ? FILE_OVERWRITE : FILE_NEW;
        assert_null(file_open(name, mode, &f));
        if (file_check(name, overwrite != 0, &g)) {
            g = f; /* can be known by opening only */
        }
        assert_int_equal(f.err, err);
        assert_int_equal(g.err, err);
        assert_non_null(strstr(f.detail, name));
        assert_non_null(strstr(g.detail, name));
        if (!strstr(f.hint, hint) || !strstr(g.hint, hint)) {
            fail_msg("%s: no '%s' in '%s' or '%s'", name, hint, f.hint, g.hint);
        }
    }
}

#ifdef _WIN32

#include <direct.h>

static const char *temporary_folder(void)
{
    const char *named = getenv("TEMP");
    return named ? named : ".";
}

#define make_folder(path) _mkdir(path)

static void a_device_is_no_file(void **state)
{
    (void)state;
    static const char hint[] = "device";
    assert_refused("con.wav", ERR_IO, hint);
    assert_refused("nul.flac", ERR_IO, hint);
    assert_refused("Com1", ERR_IO, hint);
    assert_refused("lpt9.wav", ERR_IO, hint);
    assert_refused("aux", ERR_IO, hint);
    assert_true(file_check("nul", false, NULL));
}

static void a_colon_makes_no_hidden_stream(void **state)
{
    char literal[300], here[200];
    (void)state;
    assert_refused("12:30.wav", ERR_IO, "may not hold");
    assert_false(file_exists("12"));
    assert_non_null(getcwd(here, sizeof here));
    snprintf(literal, sizeof literal, "\\\\?\\%s\\12:30.wav", here);
    assert_refused(literal, ERR_IO, "may not hold");
}

static void a_drive_that_is_not_there_is_told(void **state)
{
    (void)state;
    assert_refused("q:b.wav", ERR_NO_SUCH_DIRECTORY, "no drive q:");
    assert_refused("Q:\\d\\b.wav", ERR_NO_SUCH_DIRECTORY, "no drive Q:");
    assert_refused("\\\\nowhere.invalid\\share\\b.wav", ERR_NO_SUCH_DIRECTORY,
                   "share's name");
}

static void what_windows_would_drop_is_refused(void **state)
{
    (void)state;
    assert_refused("a.wav.", ERR_IO, "drops");
    assert_refused("a.wav ", ERR_IO, "drops");
    assert_refused("a. .", ERR_IO, "drops");
    assert_refused(".", ERR_IS_A_DIRECTORY, "inside");
    assert_refused("..", ERR_IS_A_DIRECTORY, "inside");
    assert_false(file_exists("a.wav"));
}

static void a_pipe_that_nobody_made_has_a_remedy(void **state)
{
    struct fault f = {0};
    (void)state;
    assert_null(file_open("\\\\.\\pipe\\looprec-nobody", FILE_NEW, &f));
    assert_non_null(strstr(f.hint, "reads"));
}

static void the_literal_prefix_works(void **state)
{
    char literal[300], here[200];
    struct fault f = {0};
    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    snprintf(literal, sizeof literal, "\\\\?\\%s\\a", here);
    struct file *file = file_open(literal, FILE_NEW, &f);
    assert_non_null(file);
    assert_true(file_close(file, &f));
    assert_true(file_exists("a"));
    assert_false(file_check(literal, false, &f));
    assert_int_equal(f.err, ERR_FILE_EXISTS);
    assert_int_equal(remove("a"), 0);
}

#else

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

static const char *temporary_folder(void)
{
    return "/tmp";
}

#define make_folder(path) mkdir(path, 0700)

static void a_socket_is_no_file(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_refused("socket", ERR_IO, "| socat");
    close(fd);
    unlink("socket");
}

static void links_in_a_circle_are_told(void **state)
{
    (void)state;
    assert_int_equal(symlink("b", "a"), 0);
    assert_int_equal(symlink("a", "b"), 0);
    assert_refused("a", ERR_IO, "circle");
    assert_refused("a/c.wav", ERR_IO, "circle");
    unlink("a");
    unlink("b");
}

/* A node for no driver: whoever opened it would fail in another way. */
static void a_whole_disk_is_never_written(void **state)
{
    (void)state;
    if (mknod("disk", S_IFBLK | 0600, makedev(240, 77)) != 0) {
        skip(); /* for root only */
    }
    struct fault f = {0};
    assert_false(file_check("disk", false, &f));
    assert_int_equal(f.err, ERR_USAGE);
    assert_non_null(strstr(f.hint, "whole disk"));
    assert_false(file_check("disk", true, &f));
    assert_int_equal(f.err, ERR_USAGE);
    unlink("disk");
}

static void a_device_takes_a_stream(void **state)
{
    (void)state;
    struct fault f = {0};
    assert_true(file_check("/dev/null", false, &f));
    struct file *file = file_open("/dev/null", FILE_NEW, &f);
    assert_non_null(file);
    assert_true(file_is_stream(file));
    assert_true(file_close(file, &f));
}

#endif

static char home[4096], name[64];

static int enter(void **state)
{
    (void)state;
    snprintf(name, sizeof name, "looprec-names-%d.tmp", (int)process_id());
    if (!getcwd(home, sizeof home) || chdir(temporary_folder()) != 0 ||
        make_folder(name) != 0) {
        return -1;
    }
    return chdir(name);
}

static int leave(void **state)
{
    (void)state;
    return chdir("..") == 0 && rmdir(name) == 0 && chdir(home) == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef _WIN32
        cmocka_unit_test(a_device_is_no_file),
        cmocka_unit_test(a_colon_makes_no_hidden_stream),
        cmocka_unit_test(a_drive_that_is_not_there_is_told),
        cmocka_unit_test(what_windows_would_drop_is_refused),
        cmocka_unit_test(a_pipe_that_nobody_made_has_a_remedy),
        cmocka_unit_test(the_literal_prefix_works),
#else
        cmocka_unit_test(a_socket_is_no_file),
        cmocka_unit_test(links_in_a_circle_are_told),
        cmocka_unit_test(a_whole_disk_is_never_written),
        cmocka_unit_test(a_device_takes_a_stream),
#endif
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
