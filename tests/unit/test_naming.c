/* naming: the default name says the local time, and fits or is cut. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "sink/segments.h"
#include "sink/sink.h"
#include "sys/clock.h"

/* 2026-11-20 15:05:25 UTC; no clock change is near it anywhere. */
#define SECONDS 1795187125LL

static int number(const char *digits, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        assert_true(isdigit((unsigned char)digits[i]));
        value = value * 10 + digits[i] - '0';
    }
    return value;
}

/* The name's time, read as local time, is the time it was made for. */
static void name_is_local_time(void **state)
{
    struct tm tm = {.tm_isdst = -1};
    char name[64];

    (void)state;
    sink_default_name(name, sizeof name, SINK_FLAC,
                      SECONDS * 1000000000 + 999999999);
    assert_int_equal(strlen(name), strlen("looprec-20261120-160525.flac"));
    assert_memory_equal(name, "looprec-", 8);
    assert_int_equal(name[16], '-');
    assert_string_equal(name + 23, ".flac");
    tm.tm_year = number(name + 8, 4) - 1900;
    tm.tm_mon = number(name + 12, 2) - 1;
    tm.tm_mday = number(name + 14, 2);
    tm.tm_hour = number(name + 17, 2);
    tm.tm_min = number(name + 19, 2);
    tm.tm_sec = number(name + 21, 2);
    assert_true((long long)mktime(&tm) == SECONDS);
}

static void ending_is_the_type(void **state)
{
    char name[64];

    (void)state;
    sink_default_name(name, sizeof name, SINK_WAV, SECONDS * 1000000000);
    assert_string_equal(name + 23, ".wav");
    assert_int_equal(sink_type_from_path(name), SINK_WAV);
    sink_default_name(name, sizeof name, SINK_RAW, SECONDS * 1000000000);
    assert_int_equal(sink_type_from_path(name), SINK_RAW);
}

static void short_buffer_is_kept(void **state)
{
    char name[12];

    (void)state;
    memset(name, 'x', sizeof name);
    sink_default_name(name, 10, SINK_WAV, SECONDS * 1000000000);
    assert_string_equal(name, "looprec-2");
    assert_int_equal(name[10], 'x');
}

static void check(const char *path, unsigned n, unsigned again,
                  const char *expected)
{
    char *name = naming_segment(path, n, again, SECONDS * 1000000000 + 5);

    assert_string_equal(name, expected);
    free(name);
}

static void check_segment(const char *path, unsigned n, const char *expected)
{
    check(path, n, 1, expected);
    check(path, n, 7, expected); /* its number tells it apart */
}

static void segments_are_numbered_before_the_ending(void **state)
{
    (void)state;
    check_segment("take.flac", 1, "take.flac");
    check_segment("take.flac", 2, "take-2.flac");
    check_segment("take.flac", 4000000000U, "take-4000000000.flac");
    check_segment("a.b/take", 3, "a.b/take-3");
    check_segment("C:\\a.b\\take", 3, "C:\\a.b\\take-3");
    check_segment("/x/.wav", 2, "/x/.wav-2");
    check_segment("song.tar.wav", 2, "song.tar-2.wav");
    check_segment("", 2, "-2");
}

static void a_field_is_the_number(void **state)
{
    (void)state;
    check_segment("%n.wav", 1, "1.wav");
    check_segment("take-%n.wav", 12, "take-12.wav");
    check_segment("%n/%n", 999999, "999999/999999");
    check_segment("%03n.wav", 7, "007.wav");
    check_segment("%3n.wav", 7, "007.wav");
    check_segment("%03n.wav", 1234, "1234.wav");
    check_segment("%99n", 4000000000U, "4000000000");
    check_segment("%99n", 1, "000000001");
}

static void the_clocks_fields_are_the_moment(void **state)
{
    struct tm local = {0};
    char text[64];

    (void)state;
    clock_local(SECONDS * 1000000000, &local);
    strftime(text, sizeof text, "x-%Y%m%d-%H%M%S.wav", &local);
    check("x-%Y%m%d-%H%M%S.wav", 5, 1, text);
    strftime(text, sizeof text, "%a %A %b %B %d%j%p%I%M", &local);
    check("%a %A %b %B %d%j%p%I%M", 5, 1, text);
    strftime(text, sizeof text, "%U%W%w", &local);
    check("%U%W%w", 5, 1, text);
    strftime(text, sizeof text, "%Y-%m-%d.wav", &local);
    check("%F.wav", 1, 1, text);
    check("%y.wav", 1, 1, "26.wav");
    strftime(text, sizeof text, "%H:%M:%S", &local);
    check("%T", 1, 1, text);
    check("%s.wav", 1, 1, "1795187125.wav");
    check("a/%Y/%n", 3, 1, "a/2026/3");
}

static void the_same_moment_again_is_told_apart(void **state)
{
    (void)state;
    check("%s.wav", 5, 2, "1795187125-2.wav");
    check("%s.wav", 5, 30, "1795187125-30.wav");
    check("%s-%n.wav", 5, 2, "1795187125-5.wav");
}

static void other_percent_signs_stay(void **state)
{
    (void)state;
    check_segment("100%.wav", 2, "100%-2.wav");
    check_segment("100% %v %5 %5H %c %x %123n %-d %", 1,
                  "100% %v %5 %5H %c %x %123n %-d %");
    check_segment("%%n.wav", 2, "%n-2.wav");
    check_segment("%%%n%", 2, "%2%");
    check_segment("%%%%", 1, "%%");
}

static void what_a_name_tells(void **state)
{
    (void)state;
    assert_int_equal(naming_of("a.wav"), NAMING_PLAIN);
    assert_int_equal(naming_of("100%.wav %%n %%H %"), NAMING_PLAIN);
    assert_int_equal(naming_of("%H.wav"), NAMING_TIME);
    assert_int_equal(naming_of("%%%H.wav"), NAMING_TIME);
    assert_int_equal(naming_of("%H%04n.wav"), NAMING_NUMBER);
}

static void a_pattern_gets_a_number(void **state)
{
    static const char *const names[][3] = {
        {"take.flac", "take-%03n.flac", "take.flac"},
        {"a.b/take", "a.b/take-%03n", "a.b/take"},
        {"%H.wav", "%H.wav", "%H.wav"},
        {"x%n.wav", "x%n.wav", "x%n.wav"},
        {"5%.wav", "5%-%03n.wav", "5%.wav"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (unsigned plain = 0; plain < 2; plain++) {
            char *pattern = naming_pattern(names[i][0], plain == 0);
            assert_string_equal(pattern, names[i][1 + plain]);
            free(pattern);
        }
    check_segment("5%-%03n.wav", 2, "5%-002.wav");
}

static void check_folder(const char *folder, const char *path,
                         const char *expected)
{
    char *name = naming_in_folder(folder, path);

    assert_string_equal(name, expected);
    free(name);
}

static void the_same_name_in_another_folder(void **state)
{
    (void)state;
    check_folder("/b", "a.wav", "/b/a.wav");
    check_folder("/b/", "/x/y/a-%n.wav", "/b/a-%n.wav");
    check_folder("D:\\b\\", "C:\\x\\a.wav", "D:\\b\\a.wav");
    check_folder("D:\\b", "C:a.wav", "D:\\b/a.wav");
    check_folder("%n", "%n/a.wav", "%%n/a.wav");
    check_folder("/", "a", "/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_is_local_time),
        cmocka_unit_test(ending_is_the_type),
        cmocka_unit_test(short_buffer_is_kept),
        cmocka_unit_test(segments_are_numbered_before_the_ending),
        cmocka_unit_test(a_field_is_the_number),
        cmocka_unit_test(the_clocks_fields_are_the_moment),
        cmocka_unit_test(the_same_moment_again_is_told_apart),
        cmocka_unit_test(other_percent_signs_stay),
        cmocka_unit_test(what_a_name_tells),
        cmocka_unit_test(a_pattern_gets_a_number),
        cmocka_unit_test(the_same_name_in_another_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
