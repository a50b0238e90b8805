/* converter: a stream keeps frequency, level, place and length whatever the
 * pieces are, and nothing appears that was not there. */
#include "core/convert.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PI 3.14159265358979323846

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

/* The level in OUT of the tone HZ, and of all else there (dB of a full-scale
 * sine), by a least-squares fit in a Hann window. */
static void measure_tone(const float *out, size_t count, double hz, double rate,
                         double *level, double *rest)
{
    double cc = 0, ss = 0, cs = 0, xc = 0, xs = 0;
    double error = 0, weight = 0;
    for (size_t i = 0; i < count; i++) {
        double w = 0.5 - 0.5 * cos(2 * PI * ((double)i + 0.5) / (double)count);
        double c = cos(2 * PI * hz * (double)i / rate);
        double s = sin(2 * PI * hz * (double)i / rate);
        double x = (double)out[i];
        cc += w * c * c;
        ss += w * s * s;
        cs += w * c * s;
        xc += w * x * c;
        xs += w * x * s;
    }
    double a = (xc * ss - xs * cs) / (cc * ss - cs * cs);
    double b = (xs * cc - xc * cs) / (cc * ss - cs * cs);
    for (size_t i = 0; i < count; i++) {
        double w = 0.5 - 0.5 * cos(2 * PI * ((double)i + 0.5) / (double)count);
        double d = (double)out[i] - a * cos(2 * PI * hz * (double)i / rate) -
                   b * sin(2 * PI * hz * (double)i / rate);
        error += w * d * d;
        weight += w;
    }
    *level = 10 * log10(a * a + b * b + 1e-30);
    *rest = 10 * log10(2 * error / weight + 1e-30);
}

/* Tones from the bottom to what the source can hold: up to 0.9 of what both
 * rates hold they keep their level within 0.05 dB, with nothing beside them
 * above -110 dB; what the lower rate cannot hold is below that too. */
static void tones_and_nothing_else(void **state)
{
    (void)state;
    enum { FROM_MOST = 96000, TONES = 60 };
    static float in[FROM_MOST];
    static const uint32_t rates[][2] = {{48000, 44100}, {44100, 48000},
                                        {48000, 16000}, {48000, 96000},
                                        {44100, 16000}, {96000, 48000}};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        struct audio_format from = mono48, to = mono48;
        from.rate = rates[r][0];
        to.rate = rates[r][1];
        double least = fmin(from.rate, to.rate) / 2;
        struct converter *c = converter_create(&from, &to, NULL);
        for (int k = 0; k < TONES; k++) {
            double hz = 20 + (from.rate / 2.0 - 40) * k / (TONES - 1);
            if (hz > 0.9 * least && hz < least) {
                continue; /* the filter's slope */
            }
            for (uint32_t i = 0; i < from.rate; i++) {
                in[i] = (float)sin(2 * PI * hz * i / from.rate);
            }
            size_t count;
            float *out = through(c, in, 1, 1, from.rate, 480, &count);
            double level, rest;
            measure_tone(out + count / 4, count / 2, hz, to.rate, &level,
                         &rest);
            double loud = hz < least ? 0 : -200;
            if (fabs(level - loud) > (hz < least ? 0.05 : 90) || rest > -110) {
                fail_msg("%u to %u Hz: %g Hz has %g dB, all else %g dB",
                         (unsigned)from.rate, (unsigned)to.rate, hz, level,
                         rest);
            }
            free(out);
        }
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
        cmocka_unit_test(identity_is_free),
        cmocka_unit_test(expectation_is_exact),
        cmocka_unit_test(sine_keeps_place_and_frequency),
        cmocka_unit_test(tones_and_nothing_else),
        cmocka_unit_test(step_stays_where_it_is),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(mixing_and_resampling),
    };
    return cmocka_run_group_tests_name("converter", tests, NULL, NULL);
}
