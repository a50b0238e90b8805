/* sys/file where several people write to one folder: permissions, and what
 * another user has laid in the way. Only root can play two users; without that
 * these tests are passed over. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/file.h"

enum { OTHER = 12345 };

/* A folder open to all as /tmp is, one that is ours alone beside it, both with
 * the test's folder as the current one. */
static char home[64];

static int setup(void **state)
{
    (void)state;
    strcpy(home, "/tmp/looprec-owners-XXXXXX");
    if (mkdtemp(home) == NULL || chdir(home) != 0 || mkdir("open", 0777) != 0 ||
        mkdir("own", 0755) != 0 || chmod("open", 01777) != 0) {
        return -1;
    }
    FILE *file = fopen("own/precious", "w");
    fputs("old", file);
    return fclose(file);
}

static int teardown(void **state)
{
    static const char *const names[] = {"open/x", "open/y",       "open/pipe",
                                        "own/x",  "own/precious", "own/link"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(names[i]);
    }
    rmdir("open");
    rmdir("own");
    return chdir("/") != 0 || rmdir(home) != 0;
}

static void need_root(void)
{
    if (geteuid() != 0) {
        print_message("skipped: only root can be two users\n");
        skip();
    }
}

/* LINK to TARGET, made by USER. */
static void lay_link(const char *target, const char *link, uid_t user)
{
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(lchown(link, user, (gid_t)-1), 0);
}

/* Both ways of writing PATH are refused, by the check too, and nothing that
 * exists is touched. */
static void refused(const char *path, const char *culprit)
{
    for (int mode = FILE_NEW; mode <= FILE_OVERWRITE; mode++) {
        struct fault f = {0};
        assert_false(file_check(path, mode == FILE_OVERWRITE, &f));
        assert_int_equal(f.err, ERR_PERMISSION);
        memset(&f, 0, sizeof(f));
        assert_null(file_open(path, (enum file_mode)mode, &f));
        assert_int_equal(f.err, ERR_PERMISSION);
        assert_non_null(strstr(f.detail, culprit));
        assert_non_null(strstr(f.detail, "another user"));
        assert_true(f.hint[0] != '\0');
    }
    struct stat st;
    assert_int_equal(stat("own/precious", &st), 0);
    assert_int_equal(st.st_size, 3);
}

static void taken(const char *path)
{
    struct fault f = {0};
    assert_true(file_check(path, true, &f));
    struct file *file = file_open(path, FILE_OVERWRITE, &f);
    assert_non_null(file);
    assert_true(file_write(file, "new", 3, &f));
    assert_true(file_close(file, &f));
}

static void lay_file(const char *path, uid_t user)
{
    FILE *file = fopen(path, "w");
    fputs("old", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chown(path, user, (gid_t)-1), 0);
}

static void replacing_refused(const char *path)
{
    struct fault f = {0};
    assert_false(file_check(path, true, &f));
    assert_int_equal(f.err, ERR_PERMISSION);
    assert_null(file_open(path, FILE_OVERWRITE, &f));
    assert_int_equal(f.err, ERR_PERMISSION);
    assert_non_null(strstr(f.detail, "open/x: another user has put this file"));
    assert_string_equal(f.hint, "use another name");
}

static void permissions_follow_umask(void **state)
{
    static const mode_t masks[] = {0022, 0077, 0, 0027};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct fault f = {0};
        struct stat st;
        mode_t before = umask(masks[i]);
        struct file *file = file_open("own/x", FILE_NEW, &f);
        umask(before);
        assert_non_null(file);
        assert_true(file_close(file, &f));
        assert_int_equal(stat("own/x", &st), 0);
        assert_int_equal(st.st_mode & 07777, 0666 & ~masks[i]);
        unlink("own/x");
    }
}

static void a_link_of_anothers(void **state)
{
    (void)state;
    need_root();
    lay_link("../own/precious", "open/x", OTHER);
    refused("open/x", "open/x");
    /* leading nowhere as yet: a file would be made for them */
    lay_link("../own/x", "open/y", OTHER);
    refused("open/y", "open/y");
    assert_false(file_exists("own/x"));
}

static void a_link_of_anothers_on_the_way(void **state)
{
    char whole[128];
    (void)state;
    need_root();
    lay_link("../own", "open/x", OTHER);
    refused("open/x/precious", "open/x");
    refused("open/x/new", "open/x");
    snprintf(whole, sizeof(whole), "%s/open/x/new", home);
    refused(whole, "open/x");
    /* and behind a link of ours */
    assert_int_equal(symlink("../open/x/precious", "own/link"), 0);
    refused("own/link", "open/x");
    assert_int_equal(chdir("open"), 0);
    struct fault f = {0};
    assert_null(file_open("x/precious", FILE_OVERWRITE, &f));
    assert_int_equal(f.err, ERR_PERMISSION);
    assert_int_equal(chdir(".."), 0);
}

/* What others have laid there is not read either: it would be copied to where
 * they can read it. */
static void nothing_of_anothers_is_read(void **state)
{
    struct fault f = {0};
    (void)state;
    need_root();
    lay_link("../own/precious", "open/x", OTHER);
    assert_null(file_open("open/x", FILE_READ, &f));
    assert_int_equal(f.err, ERR_PERMISSION);
    assert_non_null(strstr(f.detail, "open/x"));
    lay_link("../own/precious", "open/y", geteuid());
    struct file *file = file_open("open/y", FILE_READ, &f);
    assert_non_null(file);
    assert_true(file_close(file, &f));
    /* a FIFO of ours is not waited for */
    assert_int_equal(mkfifo("own/x", 0600), 0);
    file = file_open("own/x", FILE_READ, &f);
    assert_non_null(file);
    assert_true(file_is_stream(file));
    assert_true(file_close(file, &f));
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

/* A copy is no wider than what it is of, and no wider than umask lets it. */
static void a_copy_has_the_permissions_of_the_other(void **state)
{
    static const mode_t modes[] = {0600, 0644, 0660, 0440, 0664};
    struct fault f = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod("own/precious", modes[i]), 0);
        struct file *old = file_open("own/precious", FILE_READ, &f);
        assert_non_null(old);
        mode_t before = umask(0022);
        struct file *file = file_open_like("own/x", old, &f);
        assert_non_null(file);
        assert_null(file_open_like("own/x", old, &f));
        assert_int_equal(f.err, ERR_FILE_EXISTS);
        umask(before);
        assert_true(file_write(file, "new", 3, &f));
        assert_true(file_close(file, &f) && file_close(old, &f));
        assert_int_equal(mode_of("own/x"), modes[i] & ~0022U);
        unlink("own/x");
    }
}

/* What a group may that is not the copy's, the copy's may not. */
static void a_copy_of_another_group_is_not_for_its_own(void **state)
{
    struct fault f = {0};
    (void)state;
    need_root();
    assert_int_equal(chown("own/precious", (uid_t)-1, OTHER), 0);
    assert_int_equal(chmod("own/precious", 0640), 0);
    struct file *old = file_open("own/precious", FILE_READ, &f);
    assert_non_null(old);
    struct file *file = file_open_like("own/x", old, &f);
    assert_non_null(file);
    assert_true(file_close(file, &f) && file_close(old, &f));
    assert_int_equal(mode_of("own/x"), 0600);
}

static void whose_it_is(void **state)
{
    struct fault f = {0};
    (void)state;
    need_root();
    struct file *file = file_open("own/precious", FILE_READ, &f);
    assert_non_null(file);
    assert_true(file_is_ours(file));
    assert_int_equal(chown("own/precious", OTHER, (gid_t)-1), 0);
    assert_false(file_is_ours(file));
    assert_true(file_close(file, &f));
}

/* A FIFO would hand them what is recorded. */
static void a_fifo_of_anothers(void **state)
{
    (void)state;
    need_root();
    assert_int_equal(mkfifo("open/pipe", 0666), 0);
    assert_int_equal(chown("open/pipe", OTHER, (gid_t)-1), 0);
    refused("open/pipe", "open/pipe");
}

/* They would have what is recorded in hand, and could change it. */
static void a_file_of_anothers(void **state)
{
    struct fault f = {0};
    struct stat st;
    (void)state;
    need_root();
    lay_file("open/x", OTHER);
    replacing_refused("open/x");
    assert_int_equal(symlink("../open/x", "own/link"), 0);
    replacing_refused("own/link");
    assert_int_equal(stat("open/x", &st), 0);
    assert_int_equal(st.st_size, 3);
    /* without leave to overwrite it is there, as any file is */
    assert_null(file_open("open/x", FILE_NEW, &f));
    assert_int_equal(f.err, ERR_FILE_EXISTS);
}

static void files_that_may_be_replaced(void **state)
{
    (void)state;
    lay_file("open/x", geteuid());
    taken("open/x");
    need_root();
    lay_file("own/x", OTHER); /* nobody but we could put it there */
    taken("own/x");
    lay_file("open/y", 0);
    taken("open/y");
    /* who owns the folder could have put in what they liked */
    lay_file("open/x", OTHER);
    assert_int_equal(chown("open", OTHER, (gid_t)-1), 0);
    taken("open/x");
    /* where all may take away all there is nothing to protect */
    lay_file("open/y", OTHER);
    assert_int_equal(chown("open", 0, (gid_t)-1), 0);
    assert_int_equal(chmod("open", 0777), 0);
    taken("open/y");
}

static void what_is_fine(void **state)
{
    (void)state;
    /* of our own, in the same folder */
    assert_int_equal(symlink("../own/precious", "open/x"), 0);
    taken("open/x");
    assert_int_equal(mkfifo("own/x", 0666), 0);
    struct fault f = {0};
    assert_true(file_check("own/x", false, &f));
    taken("/dev/null");
    if (geteuid() == 0) {
        /* of another, where only he or we can put it; by root in any place */
        lay_link("precious", "own/link", OTHER);
        taken("own/link");
        lay_link("../own/precious", "open/y", 0);
        taken("open/y");
    }
    /* a link that is fine is still not written through as a new file */
    assert_null(file_open("open/x", FILE_NEW, &f));
    assert_int_equal(f.err, ERR_FILE_EXISTS);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(permissions_follow_umask),
        IN_FOLDER(a_link_of_anothers),
        IN_FOLDER(a_link_of_anothers_on_the_way),
        IN_FOLDER(nothing_of_anothers_is_read),
        IN_FOLDER(a_copy_has_the_permissions_of_the_other),
        IN_FOLDER(a_copy_of_another_group_is_not_for_its_own),
        IN_FOLDER(whose_it_is),
        IN_FOLDER(a_fifo_of_anothers),
        IN_FOLDER(a_file_of_anothers),
        IN_FOLDER(files_that_may_be_replaced),
        IN_FOLDER(what_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
