/* Tests of sys/clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "sys/clock.h"

#define MS INT64_C(1000000)

static void set_zone(const char *zone)
{
#ifdef _WIN32
    char text[64];
    snprintf(text, sizeof(text), "TZ=%s", zone);
    _putenv(text);
    _tzset();
#else
    setenv("TZ", zone, 1);
    tzset();
#endif
}

static void now_never_goes_back(void **state)
{
    (void)state;
    int64_t first = clock_now_ns(), before = first;
    int steps = 0;
    while (before - first < 5 * MS) {
        int64_t now = clock_now_ns();
        assert_true(now >= before);
        steps += now > before;
        before = now;
    }
    /* Finer than a tick of the system's (15 ms, 10 ms, 4 ms, 1 ms). */
    assert_true(steps > 10);
}

static void sleep_is_never_short(void **state)
{
    (void)state;
    static const int64_t lengths[] = {-1, 0, 1, MS / 2, 3 * MS, 20 * MS};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        int64_t start = clock_now_ns();
        clock_sleep_ns(lengths[i]);
        assert_true(clock_now_ns() - start >= lengths[i]);
    }
}

static void awake_is_not_asleep(void **state)
{
    (void)state;
    int64_t first = clock_asleep_ns();
    for (int i = 0; i < 200; i++) {
        /* a tick of each of two clocks */
        assert_true(llabs(clock_asleep_ns() - first) < 40 * MS);
        clock_sleep_ns(MS / 10);
    }
#ifdef _WIN32
    assert_true(clock_counts_sleep());
#else
    assert_false(clock_counts_sleep());
    struct timespec boot, awake;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_MONOTONIC, &awake);
    int64_t asleep = (boot.tv_sec - awake.tv_sec) * 1000 * MS +
                     (boot.tv_nsec - awake.tv_nsec);
    assert_true(llabs(asleep - first) < 1000 * MS);
#endif
}

static void wall_is_the_systems(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL);
    int64_t wall = clock_wall_ns() / 1000000000;
    int64_t after = (int64_t)time(NULL);
    /* time() may count in coarse ticks: a second of tolerance. */
    assert_true(wall >= before - 1 && wall <= after + 1);
}

static void check_text(const char *zone, int64_t wall_ns, const char *expected)
{
    char text[32];
    set_zone(zone);
    clock_format_rfc3339(text, sizeof(text), wall_ns);
    assert_string_equal(text, expected);
}

static void rfc3339_has_milliseconds_and_offset(void **state)
{
    (void)state;
    int64_t t = INT64_C(1795187125123999999); /* not rounded up: .123 */
    check_text("UTC0", t, "2026-11-20T15:05:25.123+00:00");
    check_text("CET-1", t, "2026-11-20T16:05:25.123+01:00");
    check_text("NST3:30", t, "2026-11-20T11:35:25.123-03:30");
    check_text("IST-5:30", t, "2026-11-20T20:35:25.123+05:30");
    check_text("UTC0", 0, "1970-01-01T00:00:00.000+00:00");
    check_text("UTC0", 999999999, "1970-01-01T00:00:00.999+00:00");
#ifndef _WIN32 /* its library begins in 1970 */
    check_text("UTC0", -1, "1969-12-31T23:59:59.999+00:00");
#endif
}

static void rfc3339_is_cut_to_size(void **state)
{
    (void)state;
    char text[12];
    memset(text, 'x', sizeof(text));
    set_zone("UTC0");
    clock_format_rfc3339(text, 11, 0);
    assert_string_equal(text, "1970-01-01");
    assert_int_equal(text[11], 'x');
}

static void local_is_broken_down(void **state)
{
    (void)state;
    struct tm tm;
    set_zone("CET-1");
    clock_local(INT64_C(1795187125123999999), &tm);
    assert_int_equal(tm.tm_year, 126);
    assert_int_equal(tm.tm_mon, 10);
    assert_int_equal(tm.tm_mday, 20);
    assert_int_equal(tm.tm_hour, 16);
    assert_int_equal(tm.tm_min, 5);
    assert_int_equal(tm.tm_sec, 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(now_never_goes_back),
        cmocka_unit_test(sleep_is_never_short),
        cmocka_unit_test(awake_is_not_asleep),
        cmocka_unit_test(wall_is_the_systems),
        cmocka_unit_test(rfc3339_has_milliseconds_and_offset),
        cmocka_unit_test(rfc3339_is_cut_to_size),
        cmocka_unit_test(local_is_broken_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
