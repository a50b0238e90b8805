/* duration: what people type means what they mean, or is refused. */
#include "core/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S  (1000 * MS)

static void lengths_of_time(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"90", 90 * S},
        {"90s", 90 * S},
        {"1.5", 1500 * MS},
        {"1.5s", 1500 * MS},
        {".5s", 500 * MS},
        {"100ms", 100 * MS},
        {"0.5ms", MS / 2},
        {"1h30m", 5400 * S},
        {"1h0.5m", 3630 * S},
        {"1m30.5s", 90500 * MS},
        {"2d", 172800 * S},
        {"1d2h3m4s5ms", (86400 + 7200 + 180 + 4) * S + 5 * MS},
        {"1h5ms", 3600 * S + 5 * MS},
        {"01:30:00", 5400 * S},
        {"01:30.250", 90250 * MS},
        {"90:00", 5400 * S},
        {"100:00:00", 360000 * S},
        {"0.000000001", 1},
        {"0.1", 100 * MS},
        {"0.3", 300 * MS},
        {"1.123456789s", 1123456789},
        {"0.0000000019999999999999999999999999", 1},
        {"0.123456789m", 7407407340},
        {"0001s", S},
        {"36525d", INT64_C(36525) * 86400 * S},
        {"3155760000", INT64_C(3155760000) * S},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duration d;
        memset(&d, 0xff, sizeof d);
        if (!duration_parse(cases[i].text, false, &d) || d.is_frames ||
            d.frames != 0 || d.ns != cases[i].ns) {
            fail_msg("%s: %lld", cases[i].text, (long long)d.ns);
        }
    }
}

static void lengths_in_frames(void **state)
{
    (void)state;
    struct duration d;
    assert_true(duration_parse("48000f", false, &d));
    assert_true(d.is_frames && d.frames == 48000 && d.ns == 0);
    assert_int_equal(duration_frames(&d, 44100), 48000);
    assert_true(duration_parse("1.5", false, &d));
    assert_int_equal(duration_frames(&d, 44100), 66150);
    /* to nearest: 10.0000104 ms are 480.0005, 10.0105 ms are 480.504 */
    assert_true(duration_parse("10.0000104ms", false, &d));
    assert_int_equal(duration_frames(&d, 48000), 480);
    assert_true(duration_parse("10.0105ms", false, &d));
    assert_int_equal(duration_frames(&d, 48000), 481);
    /* what is not 0 is no file of nothing: 10 us are 0.48 frames */
    assert_true(duration_parse("0.00001", false, &d));
    assert_int_equal(duration_frames(&d, 48000), 1);
    assert_int_equal(duration_frames(&d, 1000), 1);
    assert_true(duration_parse("0", true, &d));
    assert_int_equal(duration_frames(&d, 48000), 0);
}

static void too_long(void **state)
{
    (void)state;
    static const char *const longer[] = {
        "36526d",
        "1000000h",
        "3155760000.1",
        "99999999999999",
        "99999999999999999999999999",
        "99999999999999999999999999f",
        "99999999999999999999999999m1s",
        "99999999999999999999999999d99999999999999999999h",
        "18446744073709551616s",
        "876600h1s",
        "876600:00:00.000000001",
        "2562047788015216:00:00",
    };
    static const char *const others[] = {
        "36525d",  "3155760000", "876600:00:00",           "48000f", "0", "",
        "36526d1", "1000000hh",  "99999999999999999999 s", "1h30",
    };
    for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++) {
        if (!duration_is_too_long(longer[i])) {
            fail_msg("\"%s\" is said not to be too long", longer[i]);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (duration_is_too_long(others[i])) {
            fail_msg("\"%s\" is said to be too long", others[i]);
        }
    }
}

static void refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        " ",
        "s",
        "f",
        ".",
        ".s",
        "1.",
        "1.s",
        "1h30",
        "1.5h30m",
        "30m1h",
        "1s1s",
        "1m1m",
        "1ms1s",
        "-1",
        "+1",
        "-1s",
        "nan",
        "inf",
        "1e3",
        "0x10",
        "1 s",
        "1s ",
        " 1s",
        "1,5s",
        "1.5.5s",
        "1.5f",
        "5f5s",
        "1s5f",
        "5ff",
        "-5f",
        "1:5",
        "1:60",
        "1:60:00",
        ":30",
        "1:",
        "1:30:",
        "::",
        "1:00:00:00",
        "1:30s",
        "1h:30",
        "1:3.5",
        "1.5:30",
        "01:030",
        "1hm",
        "h1",
        "1w",
        "1S",
        "1H",
        "36526d",
        "3155760000.1",
        "3155760001",
        "99999999999999999999999999",
        "99999999999999999999999999f",
        "18446744073709551617",
        "18446744073709551617f",
        "18446744073709551616s",
        "9223372036854775808",
        "307445734561825861m",
        "876600h1s",
        "2562047788015216:00:00",
        "1s\n",
        "1\xc2\xa0s",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duration d = {false, 7, 7};
        if (duration_parse(cases[i], true, &d)) {
            fail_msg("\"%s\" was taken for %lld", cases[i], (long long)d.ns);
        }
        assert_true(d.frames == 7 && d.ns == 7);
    }
}

static void zero_only_where_allowed(void **state)
{
    (void)state;
    static const char *const cases[] = {"0",     "0s",  "0f",
                                        "00:00", "0.0", "0.0000000001"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct duration d;
        assert_false(duration_parse(cases[i], false, &d));
        assert_true(duration_parse(cases[i], true, &d));
        assert_true(d.ns == 0 && d.frames == 0);
    }
}

static const char *shown(int64_t ns)
{
    static char buffer[40];
    duration_format(buffer, sizeof buffer, ns);
    return buffer;
}

static void formatted(void **state)
{
    (void)state;
    assert_string_equal(shown(0), "00:00:00.000");
    assert_string_equal(shown(62345 * MS), "00:01:02.345");
    assert_string_equal(shown(S - 1), "00:00:00.999");
    assert_string_equal(shown(INT64_C(360000) * S), "100:00:00.000");
    assert_string_equal(shown(-90500 * MS), "-00:01:30.500");
    assert_string_equal(shown(INT64_MIN), "-2562047:47:16.854");
    char small[4];
    duration_format(small, sizeof small, 0);
    assert_string_equal(small, "00:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_of_time),
        cmocka_unit_test(lengths_in_frames),
        cmocka_unit_test(refused),
        cmocka_unit_test(too_long),
        cmocka_unit_test(zero_only_where_allowed),
        cmocka_unit_test(formatted),
    };
    return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
