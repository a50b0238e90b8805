/* convert: samples survive, clip and round as promised. */
#include "core/convert.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void every_s16_survives(void **state)
{
    (void)state;
    enum { COUNT = 65536 };
    int16_t *in = malloc(COUNT * sizeof *in);
    int16_t *out = malloc(COUNT * sizeof *out);
    float *middle = malloc(COUNT * sizeof *middle);
    for (int i = 0; i < COUNT; i++) {
        in[i] = (int16_t)(i - 32768);
    }
    convert_to_float(middle, in, SAMPLE_S16, COUNT);
    assert_true(middle[0] == -1.0f);
    assert_true(middle[32768 + 1] == 1.0f / 32768.0f);
    assert_int_equal(convert_from_float(out, middle, SAMPLE_S16, COUNT), 0);
    assert_memory_equal(in, out, COUNT * sizeof *in);
    free(in);
    free(out);
    free(middle);
}

static void every_s24_survives(void **state)
{
    (void)state;
    enum { COUNT = 1 << 24, PIECE = 1 << 16 };
    static unsigned char packed[PIECE * 3];
    static int32_t low[PIECE], high[PIECE], out[PIECE];
    static float from_packed[PIECE], from_low[PIECE], from_high[PIECE];
    for (int32_t start = -COUNT / 2; start < COUNT / 2; start += PIECE) {
        for (int32_t i = 0; i < PIECE; i++) {
            uint32_t x = (uint32_t)(start + i);
            packed[i * 3] = (unsigned char)x;
            packed[i * 3 + 1] = (unsigned char)(x >> 8);
            packed[i * 3 + 2] = (unsigned char)(x >> 16);
            low[i] = (int32_t)(x & 0xffffff); /* the top byte is not ours */
            high[i] = (int32_t)(x << 8);
        }
        convert_to_float(from_packed, packed, SAMPLE_S24, PIECE);
        convert_to_float(from_low, low, SAMPLE_S24LOW32, PIECE);
        convert_to_float(from_high, high, SAMPLE_S32, PIECE);
        assert_memory_equal(from_packed, from_low, sizeof from_low);
        assert_memory_equal(from_packed, from_high, sizeof from_high);
        assert_int_equal(convert_from_float(out, from_low, SAMPLE_S24, PIECE),
                         0);
        assert_memory_equal(out, high, sizeof out);
        assert_int_equal(convert_from_float(out, from_low, SAMPLE_S32, PIECE),
                         0);
        assert_memory_equal(out, high, sizeof out);
    }
}

/* Samples that are not plain, anywhere in a long block, change nothing but
 * themselves: as if each sample were converted by itself. */
static void wild_ones_among_many(void **state)
{
    (void)state;
    enum { COUNT = 4099 };
    static const float wild[] = {1.0f,      -1.0f,       1.5f,
                                 -7e30f,    NAN,         INFINITY,
                                 -INFINITY, 0.99999997f, -0.99999997f};
    static const enum sample_type types[] = {SAMPLE_S16, SAMPLE_S24,
                                             SAMPLE_S32};
    static float in[COUNT];
    static unsigned char many[COUNT * 4], one[4];
    uint32_t random = 1;
    for (size_t i = 0; i < COUNT; i++) {
        random = random * 1664525 + 1013904223;
        in[i] = (float)(int32_t)random / 2147483904.0f;
    }
    for (size_t w = 0; w < sizeof wild / sizeof wild[0]; w++) {
        in[w * 457 + w] = wild[w];
        for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
            size_t bytes = convert_sink_bytes(types[t]);
            size_t clips = 0;
            size_t all = convert_from_float(many, in, types[t], COUNT);
            for (size_t i = 0; i < COUNT; i++) {
                clips += convert_from_float(one, in + i, types[t], 1);
                assert_memory_equal(many + i * bytes, one, bytes);
            }
            assert_int_equal(all, clips);
        }
    }
}

static void other_types_to_float(void **state)
{
    (void)state;
    const unsigned char u8[] = {0, 128, 255};
    float out[5];
    convert_to_float(out, u8, SAMPLE_U8, 3);
    assert_true(out[0] == -1.0f && out[1] == 0.0f && out[2] == 127.0f / 128);
    const double f64[] = {0.25, -1e300, (double)NAN, 1e-320, -1.5};
    convert_to_float(out, f64, SAMPLE_F64, 5);
    assert_true(out[0] == 0.25f && out[1] == -1.0f && out[2] == 0.0f);
    assert_true(out[3] == 0.0f && out[4] == -1.5f);
    const float f32[] = {NAN, INFINITY, -INFINITY, 3.0f, -NAN};
    convert_to_float(out, f32, SAMPLE_F32, 5);
    assert_true(out[0] == 0.0f && out[1] == 1.0f && out[2] == -1.0f);
    assert_true(out[3] == 3.0f && out[4] == 0.0f);
}

/* Wherever one stands that is no number, it alone becomes one. */
static void odd_floats_anywhere(void **state)
{
    (void)state;
    enum { COUNT = 75 };
    static const struct {
        float odd, want;
    } cases[] = {
        {NAN, 0.0f}, {-NAN, 0.0f}, {INFINITY, 1.0f}, {-INFINITY, -1.0f}};
    for (size_t at = 0; at < COUNT; at++) {
        for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
            float in[COUNT], out[COUNT];
            for (size_t i = 0; i < COUNT; i++) {
                in[i] = i % 2 ? 3.4e38f : -1e-45f;
            }
            in[at] = cases[c].odd;
            convert_to_float(out, in, SAMPLE_F32, COUNT);
            in[at] = cases[c].want;
            assert_memory_equal(out, in, sizeof in);
        }
    }
}

/* Below full scale nothing has to be looked at, and the result is the same. */
static void plain_samples(void **state)
{
    (void)state;
    enum { COUNT = 50 };
    static const enum sample_type types[] = {SAMPLE_S16, SAMPLE_S24, SAMPLE_S32,
                                             SAMPLE_F32};
    float in[COUNT];
    uint32_t random = 3;
    for (size_t i = 0; i < COUNT; i++) {
        random = random * 1664525 + 1013904223;
        in[i] = (float)(int32_t)random / 2147483904.0f;
    }
    in[3] = 0.99999994f, in[4] = -0.99999994f, in[19] = 0.0f;
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        for (size_t length = 0; length <= COUNT; length++) {
            unsigned char want[COUNT * 4 + 1], out[COUNT * 4 + 1];
            memset(want, 0xee, sizeof want);
            memset(out, 0xee, sizeof out);
            assert_int_equal(convert_from_float(want, in, types[t], length), 0);
            convert_plain(out, in, types[t], length);
            assert_memory_equal(out, want, sizeof out);
        }
    }
}

/* At every length and alignment: the vector's rest is the same code. */
static void lengths_and_alignments(void **state)
{
    (void)state;
    unsigned char bytes[40 * 8 + 1];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(i * 37 + 11);
    }
    const enum sample_type types[] = {SAMPLE_U8,  SAMPLE_S16, SAMPLE_S24,
                                      SAMPLE_S32, SAMPLE_F32, SAMPLE_F64};
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        float whole[40];
        convert_to_float(whole, bytes + 1, types[t], 40);
        for (size_t length = 0; length < 40; length++) {
            float part[41];
            part[length] = 77.0f;
            convert_to_float(part, bytes + 1, types[t], length);
            assert_memory_equal(part, whole, length * sizeof *part);
            assert_true(part[length] == 77.0f);
        }
    }
    float in[40];
    for (int i = 0; i < 40; i++) {
        in[i] = (float)(i - 20) / 15.0f; /* 0..4 and 36..39 clip */
    }
    const enum sample_type sinks[] = {SAMPLE_S16, SAMPLE_S24, SAMPLE_S32,
                                      SAMPLE_F32};
    for (size_t t = 0; t < 4; t++) {
        size_t size = convert_sink_bytes(sinks[t]);
        unsigned char whole[41 * 4], part[41 * 4];
        convert_from_float(whole, in, sinks[t], 40);
        for (size_t length = 0; length < 40; length++) {
            memset(part, 0xee, sizeof part);
            size_t clips = convert_from_float(part + 1, in, sinks[t], length);
            size_t low = length < 5 ? length : 5;
            size_t high = length < 36 ? 0 : length - 36;
            assert_int_equal(clips, sinks[t] == SAMPLE_F32 ? 0 : low + high);
            assert_memory_equal(part + 1, whole, length * size);
            assert_int_equal(part[1 + length * size], 0xee);
        }
    }
}

static void rounding_and_clipping(void **state)
{
    (void)state;
    const float x[] = {0.5f / 32768,
                       1.5f / 32768,
                       2.5f / 32768,
                       -0.5f / 32768,
                       -1.5f / 32768,
                       0.49f / 32768,
                       1.0f,
                       -1.0f,
                       1.0001f,
                       -1.0001f,
                       INFINITY,
                       -INFINITY,
                       NAN,
                       -NAN,
                       32767.4f / 32768,
                       -32767.6f / 32768,
                       1e30f};
    enum { N = sizeof x / sizeof x[0] };
    const int16_t want[N] = {0,     2,      2,     0,      -2,    0,
                             32767, -32768, 32767, -32768, 32767, -32768,
                             0,     0,      32767, -32768, 32767};
    int16_t s16[N];
    assert_int_equal(convert_from_float(s16, x, SAMPLE_S16, N), 5);
    assert_memory_equal(s16, want, sizeof want);

    int32_t s32[N];
    assert_int_equal(convert_from_float(s32, x, SAMPLE_S24, N), 5);
    assert_int_equal(s32[6], 0x7fffff00);
    assert_int_equal(s32[7], INT32_MIN);
    assert_int_equal(s32[10], 0x7fffff00);
    assert_int_equal(s32[11], INT32_MIN);
    assert_int_equal(s32[12], 0);
    assert_int_equal(s32[0], 128 << 8);
    assert_int_equal(convert_from_float(s32, x, SAMPLE_S32, N), 5);
    assert_int_equal(s32[6], INT32_MAX);
    assert_int_equal(s32[7], INT32_MIN);
    assert_int_equal(s32[9], INT32_MIN);
    assert_int_equal(s32[10], INT32_MAX);
    assert_int_equal(s32[13], 0);
    assert_int_equal(s32[1], 3 << 15);

    /* 24 bit: a value between two integers, near full scale and near 0. */
    const float fine[] = {0.5f / 8388608,       1.5f / 8388608,
                          -2.5f / 8388608,      8388606.5f / 8388608,
                          4194303.5f / 8388608, 4194302.5f / 8388608};
    const int32_t fine_want[] = {0, 2, -2, 8388606, 4194304, 4194302};
    int32_t fine_out[6];
    convert_from_float(fine_out, fine, SAMPLE_S24, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(fine_out[i] / 256, fine_want[i]);
    }

    float f32[N];
    assert_int_equal(convert_from_float(f32, x, SAMPLE_F32, N), 0);
    assert_true(f32[8] == 1.0001f && f32[10] == 1.0f && f32[11] == -1.0f);
    assert_true(f32[12] == 0.0f && f32[13] == 0.0f && f32[16] == 1e30f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_s16_survives),
        cmocka_unit_test(every_s24_survives),
        cmocka_unit_test(wild_ones_among_many),
        cmocka_unit_test(other_types_to_float),
        cmocka_unit_test(odd_floats_anywhere),
        cmocka_unit_test(plain_samples),
        cmocka_unit_test(lengths_and_alignments),
        cmocka_unit_test(rounding_and_clipping),
    };
    return cmocka_run_group_tests_name("convert", tests, NULL, NULL);
}
