/* dither: what is quieter than the last bit is heard, nothing is distorted, and
 * what has 16 bits already is not touched. */
#include "core/dither.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/convert.h"

#define PI   3.14159265358979323846
#define STEP (1.0 / 32768.0)

enum { COUNT = 1 << 20, RATE = 48000 };

/* IN through the dither and to 16 bits; the error in steps to ERROR. */
static void errors(const float *in, size_t count, double *error)
{
    struct dither d;
    float *noisy = malloc(count * sizeof *noisy);
    int16_t *out = malloc(count * sizeof *out);
    dither_begin(&d);
    assert_true(dither_apply(&d, noisy, in, count));
    assert_int_equal(convert_from_float(out, noisy, SAMPLE_S16, count), 0);
    for (size_t i = 0; i < count; i++) {
        error[i] = out[i] - (double)in[i] / STEP;
    }
    free(noisy);
    free(out);
}

static double *room(void)
{
    double *error = malloc(COUNT * sizeof *error);
    assert_non_null(error);
    return error;
}

/* A value between two steps: its mean is there, and the error's power is that
 * of rounding and noise: 1/12 + 1/6 of a step's square, wherever it lies. */
static void mean_and_power_are_steady(void **state)
{
    (void)state;
    static float in[COUNT];
    double *error = room();
    static const double places[] = {0.25, 0.5, 0.123, -0.4, 1000.5, -20000.25};
    for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
        double sum = 0, power = 0, most = 0;
        for (size_t i = 0; i < COUNT; i++) {
            in[i] = (float)(places[p] * STEP);
        }
        errors(in, COUNT, error);
        for (size_t i = 0; i < COUNT; i++) {
            sum += error[i];
            power += error[i] * error[i];
            most = fmax(most, fabs(error[i]));
        }
        /* 0.005: ten standard deviations of such a mean */
        if (fabs(sum / COUNT) > 0.005 || fabs(power / COUNT - 0.25) > 0.005 ||
            most > 1.5 + 1e-6) {
            fail_msg("%g: mean %g, power %g, at most %g", places[p],
                     sum / COUNT, power / COUNT, most);
        }
    }
    free(error);
}

/* The part of ERROR that is a tone of HZ: its amplitude. */
static double tone_in(const double *error, double hz)
{
    double c = 0, s = 0;
    for (size_t i = 0; i < COUNT; i++) {
        c += error[i] * cos(2 * PI * hz * (double)i / RATE);
        s += error[i] * sin(2 * PI * hz * (double)i / RATE);
    }
    return 2 * sqrt(c * c + s * s) / COUNT;
}

/* A tone of a quarter of a step would be zeros without dither; one of a few
 * steps would have harmonics. With it the error holds nothing of the tone. */
static void quiet_tones_are_whole(void **state)
{
    (void)state;
    static float in[COUNT];
    double *error = room();
    const double hz = 750.0;
    static const double sizes[] = {0.25, 1.6};
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < COUNT; i++) {
            in[i] =
                (float)(sizes[k] * STEP * sin(2 * PI * hz * (double)i / RATE));
        }
        errors(in, COUNT, error);
        for (int harmonic = 1; harmonic < 10; harmonic++) {
            double size = tone_in(error, hz * harmonic);
            if (size > 0.004) {
                fail_msg("of %g steps, harmonic %d is %g", sizes[k], harmonic,
                         size);
            }
        }
    }
    free(error);
}

/* White: sixteen bands of the spectrum have the same power, and neighbours in
 * a channel of one, two or more have nothing to do with each other. */
static void noise_is_white(void **state)
{
    (void)state;
    static float in[COUNT];
    double *error = room();
    for (size_t i = 0; i < COUNT; i++) {
        in[i] = (float)(0.3 * STEP);
    }
    errors(in, COUNT, error);
    for (size_t lag = 1; lag <= 64; lag++) {
        double sum = 0;
        for (size_t i = 0; i + lag < COUNT; i++) {
            sum += error[i] * error[i + lag];
        }
        if (fabs(sum / COUNT) > 0.25 * 0.006) {
            fail_msg("%u apart: %g", (unsigned)lag, sum / COUNT);
        }
    }
    enum { LENGTH = 512, BANDS = 16 };
    double band[BANDS] = {0};
    for (size_t at = 0; at + LENGTH <= COUNT / 4; at += LENGTH) {
        for (int k = 1; k < LENGTH / 2; k += 5) {
            double c = 0, s = 0;
            for (int i = 0; i < LENGTH; i++) {
                c += error[at + (size_t)i] * cos(2 * PI * k * i / LENGTH);
                s += error[at + (size_t)i] * sin(2 * PI * k * i / LENGTH);
            }
            band[k * BANDS / (LENGTH / 2)] += c * c + s * s;
        }
    }
    for (int b = 0; b < BANDS; b++) {
        int bins = 0;
        for (int k = 1; k < LENGTH / 2; k += 5) {
            bins += k * BANDS / (LENGTH / 2) == b;
        }
        double blocks = COUNT / 4 / LENGTH;
        double db = 10 * log10(band[b] / bins / blocks / (0.25 * LENGTH));
        if (fabs(db) > 1.0) {
            fail_msg("band %d: %g dB", b, db);
        }
    }
    free(error);
}

static void sixteen_bits_stay(void **state)
{
    (void)state;
    struct dither d, before;
    static float in[65536], out[65536];
    dither_begin(&d);
    before = d;
    for (int i = 0; i < 65536; i++) {
        in[i] = (float)((i - 32768) * STEP);
    }
    assert_false(dither_apply(&d, out, in, 65536));
    assert_false(dither_apply(&d, out, in + 3, 1)); /* and no matter how many */
    assert_false(dither_apply(&d, out, in, 7));
    assert_false(dither_apply(&d, out, in, 0));
    assert_memory_equal(&d, &before, sizeof d);
    for (int i = 0; i < 65536; i++) {
        assert_true(out[i] == 0.0f); /* nothing was written */
    }
    /* one sample, anywhere, that has more */
    for (size_t count = 1; count < 40; count++) {
        for (size_t at = 0; at < count; at++) {
            memset(in, 0, sizeof in);
            in[at] = (float)(0.25 * STEP);
            assert_true(dither_apply(&d, out, in, count));
        }
    }
}

/* Noise never makes a sample clip that did not by itself. */
static void full_scale_stays(void **state)
{
    (void)state;
    struct dither d;
    enum { SOME = 4000 };
    static float in[SOME], out[SOME];
    static int16_t whole[SOME];
    dither_begin(&d);
    for (int i = 0; i < SOME; i++) {
        in[i] = i % 2 ? 0.99999f : -0.99999f;
    }
    assert_true(dither_apply(&d, out, in, SOME));
    assert_int_equal(convert_from_float(whole, out, SAMPLE_S16, SOME), 0);
    for (int i = 0; i < SOME; i++) {
        in[i] = i % 4 == 0 ? 1.5f : i % 4 == 1 ? -1.001f : 0.3f * (float)STEP;
    }
    assert_true(dither_apply(&d, out, in, SOME));
    assert_int_equal(convert_from_float(whole, out, SAMPLE_S16, SOME),
                     SOME / 2);
    in[1] = NAN;
    in[2] = INFINITY;
    assert_true(dither_apply(&d, in, in, SOME)); /* in place */
    assert_true(in[1] != in[1] && in[0] == 1.5f && in[2] == INFINITY);
}

/* The same each time, whatever the pieces (of whole lanes) are. */
static void same_each_time(void **state)
{
    (void)state;
    struct dither d;
    enum { SOME = 1200 };
    static float in[SOME], one[SOME], two[SOME];
    for (int i = 0; i < SOME; i++) {
        in[i] = (float)(0.3 * STEP);
    }
    dither_begin(&d);
    assert_true(dither_apply(&d, one, in, SOME));
    dither_begin(&d);
    for (int i = 0; i < SOME; i += 400) {
        assert_true(dither_apply(&d, two + i, in + i, 400));
    }
    assert_memory_equal(one, two, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_power_are_steady),
        cmocka_unit_test(quiet_tones_are_whole),
        cmocka_unit_test(noise_is_white),
        cmocka_unit_test(sixteen_bits_stay),
        cmocka_unit_test(full_scale_stays),
        cmocka_unit_test(same_each_time),
    };
    return cmocka_run_group_tests_name("dither", tests, NULL, NULL);
}
