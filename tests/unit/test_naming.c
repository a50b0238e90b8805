/* naming: the default name says the local time, and fits or is cut. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "sink/sink.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_is_local_time),
        cmocka_unit_test(ending_is_the_type),
        cmocka_unit_test(short_buffer_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
