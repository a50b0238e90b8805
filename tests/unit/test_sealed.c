/* sys/file, sealed: a finished file is removed as long as it is what it was,
 * and only then. */
#include "sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "sys/process.h"

#define A_SECOND INT64_C(1000000000)
#define PATIENCE (30 * A_SECOND)

static char path[64];

/* Its mark, as a recording takes it. */
static struct file_mark make(const char *text)
{
    struct fault f = {0};
    struct file_mark mark;
    struct file *file = file_open(path, FILE_OVERWRITE, &f);
    assert_non_null(file);
    assert_true(file_write(file, text, strlen(text), &f));
    assert_true(file_identify(file, &mark));
    assert_true(file_close(file, &f));
    assert_true(file_seal(path, &mark));
    return mark;
}

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "test_sealed.%lld.tmp",
             (long long)process_id());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    file_remove(path);
    return 0;
}

static void as_it_was(void **state)
{
    (void)state;
    struct file_mark mark = make("sound");
    assert_int_equal(mark.bytes, 5);
    assert_int_equal(file_remove_sealed(path, &mark), FILE_REMOVED);
    assert_false(file_exists(path));
    assert_int_equal(file_remove_sealed(path, &mark), FILE_MISSING);
}

static void write_in_place(const char *text)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Written to, with the same length, as soon as the system's clock of files has
 * moved on. */
static void written_to_at_once(void **state)
{
    (void)state;
    struct file_mark mark = make("sound"), now = mark;
    if (!mark.exact) {
        print_message("skipped: the time is not exact here\n");
        skip();
    }
    for (int64_t end = clock_now_ns() + PATIENCE;
         now.changed_ns == mark.changed_ns && clock_now_ns() < end;) {
        write_in_place("noise");
        assert_true(file_seal(path, &now));
    }
    assert_int_equal(file_remove_sealed(path, &mark), FILE_CHANGED);
    assert_true(file_exists(path));
}

static void of_another_length(void **state)
{
    (void)state;
    struct file_mark mark = make("sound");
    write_in_place("sound and more");
    assert_int_equal(file_remove_sealed(path, &mark), FILE_CHANGED);
    assert_true(file_exists(path));
}

/* The disk tells another time for it, as FAT does; how far off it may be
 * depends on the disk. */
static void of_another_time(void **state)
{
    static const int64_t off[] = {1, A_SECOND, 3 * A_SECOND};
    (void)state;
    for (int exact = 0; exact < 2; exact++) {
        for (int i = 0; i < 6; i++) {
            struct file_mark mark = make("sound");
            mark.exact = exact;
            mark.changed_ns += i % 2 ? off[i / 2] : -off[i / 2];
            bool same = !exact && off[i / 2] < 2 * A_SECOND;
            assert_int_equal(file_remove_sealed(path, &mark),
                             same ? FILE_REMOVED : FILE_CHANGED);
            assert_int_equal(file_exists(path), !same);
        }
    }
}

static void another_file(void **state)
{
    char other[80];
    (void)state;
    struct file_mark mark = make("sound");
    snprintf(other, sizeof other, "%s.other", path);
    assert_int_equal(rename(path, other), 0); /* so its number is not free */
    make("sound");
    struct file_mark wide = mark;
    wide.exact = false;
    assert_int_equal(file_remove_sealed(path, &wide), FILE_CHANGED);
    assert_true(file_exists(path));
    assert_false(file_seal(path, &mark));
    assert_true(file_remove(other));
}

#define WITH_A_FILE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_A_FILE(as_it_was),         WITH_A_FILE(written_to_at_once),
        WITH_A_FILE(of_another_length), WITH_A_FILE(of_another_time),
        WITH_A_FILE(another_file),
    };
    return cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
