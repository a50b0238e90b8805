/* convert: samples survive, clip and round as promised; a stream's converter
 * keeps frequency, place and length whatever the pieces are. */
#include "core/convert.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PI 3.14159265358979323846

/* --- samples --- */

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

/* --- streams --- */

static const struct audio_format mono48 = {48000, 1, 0x4, SAMPLE_F32};
static const struct audio_format stereo48 = {48000, 2, 0x3, SAMPLE_F32};
static const struct audio_format stereo44 = {44100, 2, 0x3, SAMPLE_F32};

/* IN through a converter in pieces of PIECE frames (0: of changing sizes);
 * *COUNT frames come back. */
static float *through(struct converter *c, const float *in, size_t channels_in,
                      size_t channels_out, size_t frames, size_t piece,
                      size_t *count)
{
    size_t room = (size_t)converter_expect(c, frames) + 100;
    float *all = malloc(room * channels_out * sizeof *all);
    size_t have = 0;
    const float *out;
    size_t got;
    for (size_t at = 0; at < frames;) {
        size_t now = piece ? piece : 1 + at * 7 % 9001;
        now = now < frames - at ? now : frames - at;
        assert_true(
            converter_push(c, in + at * channels_in, now, &out, &got, NULL));
        at += now;
        memcpy(all + have * channels_out, out,
               got * channels_out * sizeof *all);
        have += got;
        assert_true(have <= converter_expect(c, at));
    }
    do {
        assert_true(converter_flush(c, &out, &got, NULL));
        assert_true(have + got < room);
        if (got > 0) {
            memcpy(all + have * channels_out, out,
                   got * channels_out * sizeof *all);
        }
        have += got;
    } while (got > 0);
    *count = have;
    return all;
}

static void identity_is_free(void **state)
{
    (void)state;
    struct audio_format native16 = stereo48;
    native16.native = SAMPLE_S16;
    struct converter *c = converter_create(&stereo48, &native16, NULL);
    assert_true(converter_is_identity(c));
    const float in[4] = {1, 2, 3, 4};
    const float *out;
    size_t got;
    assert_true(converter_push(c, in, 2, &out, &got, NULL));
    assert_ptr_equal(out, in);
    assert_int_equal(got, 2);
    assert_true(converter_flush(c, &out, &got, NULL));
    assert_int_equal(got, 0);
    converter_destroy(c);
    converter_destroy(NULL);
}

static void expectation_is_exact(void **state)
{
    (void)state;
    struct converter *c = converter_create(&stereo48, &stereo44, NULL);
    assert_int_equal(converter_expect(c, 48000), 44100);
    assert_int_equal(converter_expect(c, 1), 0);
    assert_int_equal(converter_expect(c, 2), 1);
    /* A thousand years, and one frame. */
    uint64_t seconds = UINT64_C(31557600000);
    assert_true(converter_expect(c, seconds * 48000 + 1) == seconds * 44100);
    converter_destroy(c);
}

/* A step in the phase or the frequency of a sine shows as an error. */
static void sine_keeps_place_and_frequency(void **state)
{
    (void)state;
    enum { FRAMES = 48000 * 3 + 17 };
    float *in = malloc(FRAMES * 2 * sizeof *in);
    for (int i = 0; i < FRAMES; i++) {
        in[2 * i] = (float)(0.5 * sin(2 * PI * 1000.0 * i / 48000.0));
        in[2 * i + 1] = (float)(0.25 * cos(2 * PI * 333.0 * i / 48000.0));
    }
    struct converter *c = converter_create(&stereo48, &stereo44, NULL);
    assert_false(converter_is_identity(c));
    size_t count;
    float *out = through(c, in, 2, 2, FRAMES, 480, &count);
    assert_int_equal(count, converter_expect(c, FRAMES));
    double worst = 0.0;
    for (size_t i = 500; i < count - 500; i++) {
        double t = (double)i / 44100.0;
        double left = 0.5 * sin(2 * PI * 1000.0 * t);
        double right = 0.25 * cos(2 * PI * 333.0 * t);
        worst = fmax(worst, fabs((double)out[2 * i] - left));
        worst = fmax(worst, fabs((double)out[2 * i + 1] - right));
    }
    assert_true(worst < 1e-4);
    free(out);
    converter_destroy(c);
    free(in);
}

/* What the lower rate cannot hold does not come back as something else, and
 * what it can hold is untouched close to its end. */
static void no_aliases(void **state)
{
    (void)state;
    enum { FRAMES = 48000 };
    static float in[FRAMES];
    const double hz[] = {23500.0, 19000.0};
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < FRAMES; i++) {
            in[i] = (float)(0.5 * sin(2 * PI * hz[k] * i / 48000.0));
        }
        struct audio_format to = mono48;
        to.rate = 44100;
        struct converter *c = converter_create(&mono48, &to, NULL);
        size_t count;
        float *out = through(c, in, 1, 1, FRAMES, 480, &count);
        double worst = 0.0;
        for (size_t i = 1000; i < count - 1000; i++) {
            double t = (double)i / 44100.0;
            double want = k == 0 ? 0.0 : 0.5 * sin(2 * PI * hz[k] * t);
            worst = fmax(worst, fabs((double)out[i] - want));
        }
        assert_true(worst < (k == 0 ? 1e-6 : 1e-3));
        free(out);
        converter_destroy(c);
    }
}

static void step_stays_where_it_is(void **state)
{
    (void)state;
    enum { FRAMES = 24000 };
    static float in[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        in[i] = i < 12000 ? 0.0f : 0.5f;
    }
    struct audio_format to = mono48;
    to.rate = 44100;
    struct converter *c = converter_create(&mono48, &to, NULL);
    size_t count;
    float *out = through(c, in, 1, 1, FRAMES, 333, &count);
    size_t at = 0;
    while (at < count && out[at] < 0.25f) {
        at++;
    }
    assert_in_range(at, 11024, 11026); /* 12000 * 44100 / 48000 = 11025 */
    free(out);
    converter_destroy(c);
}

static void pieces_make_no_difference(void **state)
{
    (void)state;
    enum { FRAMES = 30011 };
    static float in[FRAMES * 2];
    uint32_t x = 1;
    for (int i = 0; i < FRAMES * 2; i++) {
        x = x * 1664525u + 1013904223u;
        in[i] = (float)(int32_t)x / 4294967296.0f;
    }
    const uint32_t rates[][2] = {{48000, 44100}, {44100, 48000},
                                 {8000, 192000}, {192000, 8000},
                                 {48000, 47999}, {96000, 48000}};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        struct audio_format from = stereo48, to = stereo48;
        from.rate = rates[r][0];
        to.rate = rates[r][1];
        struct converter *c = converter_create(&from, &to, NULL);
        size_t first_count, count;
        float *first = through(c, in, 2, 2, FRAMES, FRAMES, &first_count);
        assert_int_equal(first_count, converter_expect(c, FRAMES));
        const size_t pieces[] = {1, 480, 4097, 0};
        for (size_t p = 0; p < 4; p++) {
            /* The same object: after a flush it is as new. */
            float *out = through(c, in, 2, 2, FRAMES, pieces[p], &count);
            assert_int_equal(count, first_count);
            assert_memory_equal(out, first, count * 2 * sizeof *out);
            free(out);
        }
        for (size_t length = 0; length < 40; length++) {
            float *out = through(c, in, 2, 2, length, 7, &count);
            assert_int_equal(count, converter_expect(c, length));
            free(out);
        }
        free(first);
        converter_destroy(c);
    }
}

/* One frame of FROM's shape through to TO's. */
static void mixes(uint32_t from_channels, uint32_t from_mask,
                  uint32_t to_channels, uint32_t to_mask, const float *in,
                  const float *want)
{
    struct audio_format from = {48000, from_channels, from_mask, SAMPLE_F32};
    struct audio_format to = {48000, to_channels, to_mask, SAMPLE_F32};
    struct converter *c = converter_create(&from, &to, NULL);
    const float *out;
    size_t got;
    assert_true(converter_push(c, in, 1, &out, &got, NULL));
    assert_int_equal(got, 1);
    for (uint32_t i = 0; i < to_channels; i++) {
        assert_true(fabsf(out[i] - want[i]) < 1e-4f);
    }
    converter_destroy(c);
}

#define F(...) ((const float[]){__VA_ARGS__})

static void channels_are_mapped(void **state)
{
    (void)state;
    const float h = 0.70710678f;
    mixes(1, 0x4, 2, 0x3, F(0.5f), F(0.5f, 0.5f));
    mixes(1, 0, 2, 0, F(0.5f), F(0.5f, 0.5f));
    mixes(1, 0x4, 6, 0x3f, F(0.5f), F(0.5f, 0.5f, 0, 0, 0, 0));
    mixes(2, 0x3, 1, 0x4, F(0.5f, 0.25f), F(0.375f));
    mixes(2, 0x3, 6, 0x3f, F(1, 2), F(1, 2, 0, 0, 0, 0));
    mixes(2, 0x3, 5, 0, F(1, 2), F(1, 2, 0, 0, 0));
    mixes(5, 0, 2, 0x3, F(1, 2, 3, 4, 5), F(1, 2));
    mixes(5, 0, 1, 0, F(1, 2, 3, 4, 5), F(3));
    /* 5.1 to stereo: centre and surrounds -3 dB, LFE dropped */
    mixes(6, 0x3f, 2, 0x3, F(1, 2, 4, 100, 8, 16),
          F(1 + 4 * h + 8 * h, 2 + 4 * h + 16 * h));
    /* 5.1 with side speakers to 5.1 with back speakers */
    mixes(6, 0x60f, 6, 0x3f, F(1, 2, 3, 4, 5, 6), F(1, 2, 3, 4, 5, 6));
    /* 7.1 to 5.1: the sides join the backs */
    mixes(8, 0x63f, 6, 0x3f, F(1, 2, 3, 4, 5, 6, 7, 8), F(1, 2, 3, 4, 12, 14));
    mixes(6, 0x3f, 8, 0x63f, F(1, 2, 3, 4, 5, 6), F(1, 2, 3, 4, 5, 6, 0, 0));
}

static void mixing_and_resampling(void **state)
{
    (void)state;
    enum { FRAMES = 20000 };
    static float in[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        in[i] = 0.25f;
    }
    struct converter *c = converter_create(&mono48, &stereo44, NULL);
    size_t count;
    float *out = through(c, in, 1, 2, FRAMES, 480, &count);
    assert_int_equal(count, converter_expect(c, FRAMES));
    for (size_t i = 2000; i < count * 2 - 2000; i++) {
        assert_true(fabsf(out[i] - 0.25f) < 1e-4f);
    }
    free(out);
    converter_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_s16_survives),
        cmocka_unit_test(every_s24_survives),
        cmocka_unit_test(wild_ones_among_many),
        cmocka_unit_test(other_types_to_float),
        cmocka_unit_test(lengths_and_alignments),
        cmocka_unit_test(rounding_and_clipping),
        cmocka_unit_test(identity_is_free),
        cmocka_unit_test(expectation_is_exact),
        cmocka_unit_test(sine_keeps_place_and_frequency),
        cmocka_unit_test(no_aliases),
        cmocka_unit_test(step_stays_where_it_is),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(channels_are_mapped),
        cmocka_unit_test(mixing_and_resampling),
    };
    return cmocka_run_group_tests_name("convert", tests, NULL, NULL);
}
