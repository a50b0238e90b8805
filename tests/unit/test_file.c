/* Tests of sys/file: files on a disk; for pipes see test_file_stream.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "sys/file.h"
#include "unit/own_folder.h"

#ifdef _WIN32
#include "sys/win/utf.h"

static void remove_name(const char *name)
{
    wchar_t *wide = utf8_to_wide(name);
    _wremove(wide);
    free(wide);
}
#else
#define remove_name(name) remove(name)
#endif

static int setup(void **state)
{
    (void)state;
    return own_folder_enter("file") ? 0 : -1;
}

static int teardown(void **state)
{
    /* Names that tests leave; what is not there does no harm. */
    static const char *const names[] = {"a", "b", "link", "d/a",
                                        "gr\xc3\xb6\xc3\x9f"
                                        "e \xe2\x99\xab.wav"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        remove_name(names[i]);
    }
    rmdir("d");
    return own_folder_leave() ? 0 : -1;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_content(const char *name, const char *expected)
{
    char text[256] = {0};
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    assert_int_equal(n, strlen(expected));
    assert_string_equal(text, expected);
}

/* NAME can't be opened, and the fault tells all that it should. */
static void assert_refused(const char *name, enum file_mode mode,
                           enum error err, const char *hint)
{
    struct fault f = {0};
    struct file *file = file_open(name, mode, &f);
    assert_null(file);
    assert_int_equal(f.err, err);
    assert_non_null(strstr(f.detail, name));
    assert_non_null(strstr(f.hint, hint));
    assert_true(f.op[0] != '\0');
    assert_null(file_open(name, mode, NULL)); /* nobody wants to know */
    if (mode == FILE_NEW || mode == FILE_OVERWRITE) {
        struct fault g = {0};
        assert_false(file_check(name, mode == FILE_OVERWRITE, &g));
        assert_int_equal(g.err, err);
        assert_non_null(strstr(g.hint, hint));
    }
}

static void a_new_file_holds_what_was_written(void **state)
{
    (void)state;
    struct fault f = {0};
    assert_false(file_exists("a"));
    assert_true(file_check("a", false, &f));
    assert_false(file_exists("a")); /* a check makes nothing */
    struct file *file = file_open("a", FILE_NEW, &f);
    assert_non_null(file);
    assert_true(file_exists("a"));
    assert_false(file_is_stream(file));
    assert_int_equal(file_length(file), 0);
    assert_true(file_write(file, "hello ", 6, &f));
    assert_true(file_write(file, "", 0, &f));
    assert_true(file_write(file, "world", 5, &f));
    assert_int_equal(file_tell(file), 11);
    assert_int_equal(file_length(file), 11);
    assert_true(file_sync(file, &f));
    assert_int_equal(file_fault(file)->err, ERR_OK);
    assert_true(file_close(file, &f));
    assert_int_equal(f.err, ERR_OK);
    assert_content("a", "hello world");
}

static void writing_goes_on_at_the_position(void **state)
{
    (void)state;
    struct file *file = file_open("a", FILE_NEW, NULL);
    assert_non_null(file);
    assert_true(file_write(file, "HEAD0123456789", 14, NULL));
    assert_true(file_seek(file, 0, NULL));
    assert_int_equal(file_tell(file), 0);
    assert_true(file_write(file, "head", 4, NULL));
    assert_int_equal(file_tell(file), 4);
    assert_int_equal(file_length(file), 14);
    assert_true(file_seek(file, 14, NULL));
    assert_true(file_write(file, "!", 1, NULL));
    assert_int_equal(file_length(file), 15);
    assert_true(file_truncate(file, 9, NULL));
    assert_int_equal(file_length(file), 9);
    assert_int_equal(file_tell(file), 15);
    assert_true(file_seek(file, 9, NULL));
    assert_true(file_write(file, "end", 3, NULL));
    assert_true(file_close(file, NULL));
    assert_content("a", "head01234end");
}

static void a_bad_position_is_refused(void **state)
{
    (void)state;
    struct fault f = {0};
    struct file *file = file_open("a", FILE_NEW, NULL);
    assert_non_null(file);
    assert_true(file_write(file, "abc", 3, NULL));
    assert_false(file_seek(file, -1, &f));
    assert_int_equal(f.err, ERR_UNSUPPORTED);
    assert_int_equal(file_tell(file), 3);
    assert_false(file_truncate(file, -1, &f));
    assert_int_equal(file_length(file), 3);
    assert_int_equal(file_fault(file)->err, ERR_OK); /* the caller's mistake */
    assert_true(file_close(file, NULL));
}

/* Beyond what 32 bits hold; sparse, so it takes no room. */
static void positions_have_64_bits(void **state)
{
    (void)state;
    char text[4] = {0};
    int64_t far = INT64_C(0x100000010);
    struct fault f = {0};
    struct file *file = file_open("a", FILE_NEW, NULL);
    assert_non_null(file);
    assert_true(file_write(file, "low", 3, NULL));
    assert_true(file_seek(file, far, NULL));
    if (!file_write(file, "far", 3, &f)) {
        assert_int_equal(f.err, ERR_NO_SPACE); /* a file system of old */
        assert_true(file_close(file, NULL));
        skip();
    }
    assert_int_equal(file_length(file), far + 3);
    assert_true(file_close(file, NULL));
    file = file_open("a", FILE_READ, NULL);
    assert_non_null(file);
    assert_int_equal(file_length(file), far + 3);
    assert_int_equal(file_read(file, text, 3, NULL), 3);
    assert_string_equal(text, "low");
    assert_true(file_seek(file, far, NULL));
    assert_int_equal(file_read(file, text, 4, NULL), 3);
    assert_string_equal(text, "far");
    assert_int_equal(file_read(file, text, 4, NULL), 0);
    assert_true(file_close(file, NULL));
}

static void an_existing_file_is_not_touched(void **state)
{
    (void)state;
    put("a", "precious");
    assert_refused("a", FILE_NEW, ERR_FILE_EXISTS, "--overwrite");
    assert_content("a", "precious");
}

static void overwriting_empties_only_when_asked(void **state)
{
    (void)state;
    struct fault f = {0};
    put("a", "a long old text");
    assert_true(file_check("a", true, &f));
    assert_content("a", "a long old text");
    struct file *file = file_open("a", FILE_OVERWRITE, &f);
    assert_non_null(file);
    assert_int_equal(file_length(file), 0);
    assert_true(file_write(file, "new", 3, &f));
    assert_true(file_close(file, &f));
    assert_content("a", "new");
    /* and makes what is not there */
    file = file_open("b", FILE_OVERWRITE, &f);
    assert_non_null(file);
    assert_true(file_close(file, &f));
    assert_content("b", "");
}

static void what_somebody_writes_is_not_overwritten(void **state)
{
    (void)state;
    struct fault f = {0};
    struct file *file = file_open("a", FILE_NEW, &f);
    assert_true(file_write(file, "first", 5, &f));
    assert_null(file_open("a", FILE_OVERWRITE, &f));
    assert_non_null(strstr(f.hint, "another name"));
    assert_true(file_close(file, &f));
    assert_content("a", "first");
    file = file_open("a", FILE_OVERWRITE, &f);
    assert_null(file_open("a", FILE_OVERWRITE, &f));
    assert_true(file_close(file, &f));
}

static void a_missing_folder_is_named_with_its_remedy(void **state)
{
    (void)state;
    assert_refused("d/a", FILE_NEW, ERR_NO_SUCH_DIRECTORY, "mkdir ");
    assert_refused("d/a", FILE_OVERWRITE, ERR_NO_SUCH_DIRECTORY, "mkdir ");
    assert_refused("d/e/f/a", FILE_NEW, ERR_NO_SUCH_DIRECTORY, "mkdir ");
    assert_false(file_exists("d"));
}

static void a_file_in_the_way_is_named(void **state)
{
    (void)state;
    put("a", "precious");
    assert_refused("a/b", FILE_NEW, ERR_NOT_A_DIRECTORY, "is a file");
    assert_refused("a/b/c", FILE_OVERWRITE, ERR_NOT_A_DIRECTORY, "is a file");
    assert_content("a", "precious");
}

static void a_folder_is_no_file(void **state)
{
    (void)state;
    assert_int_equal(make_folder("d"), 0);
    assert_refused("d", FILE_NEW, ERR_IS_A_DIRECTORY, "inside it");
    assert_refused("d", FILE_OVERWRITE, ERR_IS_A_DIRECTORY, "inside it");
    assert_refused("d/", FILE_OVERWRITE, ERR_IS_A_DIRECTORY, "inside it");
    assert_refused("d", FILE_READ, ERR_IS_A_DIRECTORY, "inside it");
}

static void no_name_is_wrong_usage(void **state)
{
    (void)state;
    assert_refused("", FILE_NEW, ERR_USAGE, "file name");
    assert_refused("", FILE_OVERWRITE, ERR_USAGE, "file name");
}

static void a_missing_file_cannot_be_read(void **state)
{
    (void)state;
    assert_refused("a", FILE_READ, ERR_NO_SUCH_FILE, "");
    assert_refused("a", FILE_CHANGE, ERR_NO_SUCH_FILE, "");
    assert_refused("d/a", FILE_READ, ERR_NO_SUCH_FILE, "");
    assert_false(file_exists("a"));
}

static void reading_writes_nothing(void **state)
{
    (void)state;
    struct fault f = {0};
    put("a", "precious");
    struct file *file = file_open("a", FILE_READ, NULL);
    assert_non_null(file);
    assert_false(file_write(file, "x", 1, &f));
    assert_true(f.err != ERR_OK);
    assert_int_equal(file_fault(file)->err, f.err); /* kept */
    assert_true(file_close(file, NULL));
    assert_content("a", "precious");
}

static void names_are_utf8(void **state)
{
    (void)state;
    const char *name = "gr\xc3\xb6\xc3\x9f"
                       "e \xe2\x99\xab.wav";
    struct file *file = file_open(name, FILE_NEW, NULL);
    assert_non_null(file);
    assert_true(file_write(file, "x", 1, NULL));
    assert_true(file_close(file, NULL));
    assert_true(file_exists(name));
    assert_refused(name, FILE_NEW, ERR_FILE_EXISTS, "--overwrite");
}

static void a_very_long_path_is_no_crash(void **state)
{
    (void)state;
    static char name[9000];
    struct fault f = {0};
    memset(name, 'x', sizeof(name) - 1);
    assert_null(file_open(name, FILE_NEW, &f));
    assert_int_equal(f.err, ERR_IO);
    for (size_t i = 100; i < sizeof(name) - 1; i += 100) {
        name[i] = '/';
    }
    assert_null(file_open(name, FILE_NEW, &f));
    assert_true(f.err != ERR_OK);
    assert_false(file_check(name, false, &f));
    assert_true(f.err != ERR_OK);
    assert_false(file_exists(name));
}

static void free_room_is_known(void **state)
{
    (void)state;
    assert_true(file_free_bytes("a") > 0);
    assert_true(file_free_bytes(".") > 0);
    assert_int_equal(file_free_bytes("no/such/folder/a"), -1);
    put("a", "x");
    assert_true(file_same_disk("a", "."));
    assert_false(file_same_disk("a", "no/such/folder"));
}

static void closing_nothing_is_fine(void **state)
{
    struct fault f = {0};
    (void)state;
    assert_true(file_close(NULL, &f));
    assert_int_equal(f.err, ERR_OK);
}

static void only_a_file_is_removed(void **state)
{
    (void)state;
    put("a", "x");
    assert_true(file_remove("a"));
    assert_false(file_exists("a"));
    assert_false(file_remove("a"));
    assert_int_equal(make_folder("d"), 0);
    assert_false(file_remove("d"));
    assert_true(file_exists("d"));
}

#ifndef _WIN32

#include <sys/resource.h>
#include <unistd.h>

#include "unit/child.h"

static void a_mkdir_hint_can_be_pasted(void **state)
{
    (void)state;
    assert_refused("d e/it's/a", FILE_NEW, ERR_NO_SUCH_DIRECTORY,
                   "mkdir -p 'd e/it'\\''s'");
    assert_refused("-d/a", FILE_NEW, ERR_NO_SUCH_DIRECTORY, "mkdir -p -- '-d'");
}

static void a_link_is_not_removed(void **state)
{
    (void)state;
    put("b", "mine");
    assert_int_equal(symlink("b", "link"), 0);
    assert_false(file_remove("link"));
    assert_true(file_exists("link"));
    assert_content("b", "mine");
}

static void a_link_to_nowhere_exists(void **state)
{
    (void)state;
    assert_int_equal(symlink("b", "link"), 0);
    assert_true(file_exists("link"));
    assert_refused("link", FILE_NEW, ERR_FILE_EXISTS, "--overwrite");
    assert_false(file_exists("b"));
    assert_true(file_check("link", true, NULL));
}

/* root may write anywhere: for it the look is somebody else's. */
static void a_closed_folder_is_told(void **state)
{
    (void)state;
    put("a", "precious");
    assert_int_equal(chmod("a", 0444), 0);
    assert_int_equal(make_folder("d"), 0);
    assert_int_equal(chmod("d", 0555), 0);
    bool root = geteuid() == 0;
    if (root && seteuid(65534) != 0) {
        skip();
    }
    if (!file_exists("a")) { /* a closed folder above: nothing to see */
        assert_int_equal(seteuid(0), 0);
        skip();
    }
    assert_refused("d/a", FILE_NEW, ERR_PERMISSION, "folder");
    assert_refused("a", FILE_OVERWRITE, ERR_PERMISSION, "another name");
    assert_refused("a", FILE_NEW, ERR_FILE_EXISTS, "--overwrite");
    assert_true(!root || seteuid(0) == 0);
    assert_content("a", "precious");
}

/* A file system's largest file, by a limit. */
static int writes_beyond_the_limit(void *argument)
{
    (void)argument;
    static char block[1500];
    struct rlimit limit = {1000, 1000};
    struct fault f = {0}, again = {0};
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    struct file *file = file_open("a", FILE_NEW, NULL);
    CHECK(file != NULL);
    memset(block, 'x', sizeof(block));
    CHECK(!file_write(file, block, sizeof(block), &f));
    CHECK(f.err == ERR_NO_SPACE);
    CHECK(strcmp(f.detail, "a") == 0);
    CHECK(strstr(f.hint, "disk") != NULL);
    CHECK(f.os_code == EFBIG);
    CHECK(file_tell(file) == 1000); /* what could be written stays */
    CHECK(file_length(file) == 1000);
    CHECK(file_fault(file)->err == ERR_NO_SPACE);
    /* A failed file can still be finished. */
    CHECK(file_truncate(file, 900, &again));
    CHECK(file_seek(file, 0, &again));
    CHECK(file_write(file, "head", 4, &again));
    CHECK(again.err == ERR_OK);
    CHECK(file_read(file, block, 1, &again) < 0); /* opened for writing */
    CHECK(again.err == ERR_IO);
    CHECK(file_fault(file)->err == ERR_NO_SPACE); /* still the first */
    CHECK(file_close(file, &again));
    struct stat st;
    CHECK(stat("a", &st) == 0 && st.st_size == 900);
    return 0;
}

static void no_room_leaves_a_file_to_finish(void **state)
{
    (void)state;
    assert_int_equal(child_run(writes_beyond_the_limit, NULL), 0);
}

#endif

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_new_file_holds_what_was_written),
        IN_FOLDER(writing_goes_on_at_the_position),
        IN_FOLDER(a_bad_position_is_refused),
        IN_FOLDER(positions_have_64_bits),
        IN_FOLDER(an_existing_file_is_not_touched),
        IN_FOLDER(overwriting_empties_only_when_asked),
        IN_FOLDER(what_somebody_writes_is_not_overwritten),
        IN_FOLDER(a_missing_folder_is_named_with_its_remedy),
        IN_FOLDER(a_file_in_the_way_is_named),
        IN_FOLDER(a_folder_is_no_file),
        IN_FOLDER(no_name_is_wrong_usage),
        IN_FOLDER(a_missing_file_cannot_be_read),
        IN_FOLDER(reading_writes_nothing),
        IN_FOLDER(only_a_file_is_removed),
        IN_FOLDER(names_are_utf8),
        IN_FOLDER(a_very_long_path_is_no_crash),
        IN_FOLDER(free_room_is_known),
        IN_FOLDER(closing_nothing_is_fine),
#ifndef _WIN32
        IN_FOLDER(a_mkdir_hint_can_be_pasted),
        IN_FOLDER(a_link_to_nowhere_exists),
        IN_FOLDER(a_link_is_not_removed),
        IN_FOLDER(a_closed_folder_is_told),
        IN_FOLDER(no_room_leaves_a_file_to_finish),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
