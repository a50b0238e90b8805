/* format: names, limits, and frames that are exact after a century. */
#include "core/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

__extension__ typedef __int128 wide;

static void types(void **state)
{
    (void)state;
    assert_int_equal(sample_bytes(SAMPLE_NONE), 0);
    assert_int_equal(sample_bytes(SAMPLE_U8), 1);
    assert_int_equal(sample_bytes(SAMPLE_S16), 2);
    assert_int_equal(sample_bytes(SAMPLE_S24), 3);
    assert_int_equal(sample_bytes(SAMPLE_S24LOW32), 4);
    assert_int_equal(sample_bytes(SAMPLE_S32), 4);
    assert_int_equal(sample_bytes(SAMPLE_F32), 4);
    assert_int_equal(sample_bytes(SAMPLE_F64), 8);
    assert_int_equal(sample_bytes((enum sample_type)99), 0);
    assert_string_equal(sample_name(SAMPLE_NONE), "?");
    assert_string_equal(sample_name(SAMPLE_S24), "s24");
    assert_string_equal(sample_name((enum sample_type)99), "?");
    assert_int_equal(sample_parse("s16"), SAMPLE_S16);
    assert_int_equal(sample_parse("S24"), SAMPLE_S24);
    assert_int_equal(sample_parse("s32"), SAMPLE_S32);
    assert_int_equal(sample_parse("F32"), SAMPLE_F32);
    static const char *const none[] = {"",     "?",  "u8", "f64",
                                       "s16 ", "s1", "16"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(sample_parse(none[i]), SAMPLE_NONE);
    }
}

static void limits(void **state)
{
    (void)state;
    static const struct {
        struct audio_format format;
        bool valid;
    } cases[] = {
        {{48000, 2, 0x3, SAMPLE_F32}, true},
        {{1000, 1, 0, SAMPLE_NONE}, true},
        {{768000, 32, UINT32_MAX, SAMPLE_F32}, true},
        {{48000, 8, 0x3, SAMPLE_F32}, true}, /* some places unknown */
        {{999, 2, 0x3, SAMPLE_F32}, false},
        {{768001, 2, 0x3, SAMPLE_F32}, false},
        {{48000, 0, 0, SAMPLE_F32}, false},
        {{48000, 33, 0, SAMPLE_F32}, false},
        {{48000, 2, 0x7, SAMPLE_F32}, false},
        {{48000, 1, 0x80000001, SAMPLE_F32}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(format_valid(&cases[i].format), cases[i].valid);
    }
    struct audio_format a = {48000, 2, 0x3, SAMPLE_F32}, b = a;
    b.native = SAMPLE_S16;
    assert_true(format_same(&a, &b));
    b.rate = 44100;
    assert_false(format_same(&a, &b));
    b = a;
    b.channels = 3;
    assert_false(format_same(&a, &b));
    b = a;
    b.channel_mask = 0;
    assert_false(format_same(&a, &b));
}

static void masks(void **state)
{
    (void)state;
    const uint32_t want[] = {0, 0x4, 0x3, 0x7, 0x33, 0, 0x3f, 0, 0x63f, 0};
    for (uint32_t c = 0; c < 10; c++) {
        assert_int_equal(format_default_mask(c), want[c]);
        struct audio_format f = {48000, c, want[c], SAMPLE_F32};
        assert_true(c == 0 || format_valid(&f));
    }
}

static void changes(void **state)
{
    (void)state;
    const struct audio_format from = {44100, 6, 0x60f, SAMPLE_S16};
    const uint32_t want[] = {0x60f, 0x4,   0x3,   0x7,  0x33,
                             0x37,  0x60f, 0x70f, 0x63f};
    for (uint32_t c = 0; c < 9; c++) {
        struct audio_format f = from;
        format_change(&f, c == 0 ? 0 : 8000, c);
        assert_int_equal(f.rate, c == 0 ? 44100 : 8000);
        assert_int_equal(f.channels, c == 0 ? 6 : c);
        assert_int_equal(f.channel_mask, want[c]);
        assert_int_equal(f.native, SAMPLE_S16);
        assert_true(format_valid(&f));
    }
}

static int64_t rounded(wide value, int64_t to, int64_t from)
{
    wide twice = value * to * 2;
    twice += twice < 0 ? -from : from;
    return (int64_t)(twice / (2 * (wide)from));
}

static void frames_and_time(void **state)
{
    (void)state;
    assert_int_equal(frames_from_ns(10000000000, 48000), 480000);
    assert_int_equal(frames_to_ns(480000, 48000), 10000000000);
    assert_int_equal(frames_to_ns(1, 48000), 20833);
    assert_int_equal(frames_to_ns(2, 48000), 41667);
    assert_int_equal(frames_from_ns(10416, 48000), 0);
    assert_int_equal(frames_from_ns(10417, 48000), 1);
    assert_int_equal(frames_from_ns(500000, 1000), 1); /* the half: away */
    assert_int_equal(frames_from_ns(-500000, 1000), -1);
    assert_int_equal(frames_from_ns(-10416, 48000), 0);
    assert_int_equal(frames_from_ns(5, 0), 0);
    const uint32_t rates[] = {1000,  8000,  11025,  44100, 48000,
                              47999, 96000, 352800, 768000};
    int64_t ns = 1;
    uint64_t x = 1;
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        for (int i = 0; i < 20000; i++) {
            x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
            ns = (int64_t)(x >> (2 + i % 60)) * (i % 2 ? -1 : 1);
            int64_t frames = frames_from_ns(ns, rates[r]);
            assert_true(frames == rounded(ns, rates[r], 1000000000));
            assert_true(frames_to_ns(frames, rates[r]) ==
                        rounded(frames, 1000000000, rates[r]));
            /* a frame's time leads back to it */
            int64_t back = frames_to_ns(frames, rates[r]);
            assert_true(frames_from_ns(back, rates[r]) == frames);
        }
    }
    assert_true(frames_to_ns(INT64_MAX, 1000) == INT64_MAX);
    assert_true(frames_to_ns(INT64_MIN, 1000) == INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),           cmocka_unit_test(limits),
        cmocka_unit_test(masks),           cmocka_unit_test(changes),
        cmocka_unit_test(frames_and_time),
    };
    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
