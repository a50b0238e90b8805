/* levels: peaks and sums of every channel, at every number of channels and
 * every length, against the plain way. */
#include "core/levels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PI 3.14159265358979323846

static void close_to(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("%.9g is not %.9g", got, want);
    }
}

static void every_channel_and_length(void **state)
{
    (void)state;
    enum { FRAMES = 700 };
    static float in[FRAMES * FORMAT_CHANNELS_MAX + 1];
    uint32_t x = 7;
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
        x = x * 1664525u + 1013904223u;
        in[i] = (float)(int32_t)x / 2147483648.0f;
    }
    for (uint32_t channels = 1; channels <= FORMAT_CHANNELS_MAX; channels++) {
        for (size_t frames = 0; frames <= FRAMES; frames += 1 + frames / 7) {
            struct levels l;
            const float *start = in + 1; /* any alignment */
            levels_init(&l, channels);
            float most = levels_add(&l, start, frames);
            float want_most = 0.0f;
            for (uint32_t c = 0; c < channels; c++) {
                float peak = 0.0f;
                double sum = 0.0;
                for (size_t n = 0; n < frames; n++) {
                    float s = start[n * channels + c];
                    peak = fmaxf(peak, fabsf(s));
                    sum += (double)s * (double)s;
                }
                assert_true(l.peak[c] == peak);
                assert_true(l.window_peak[c] == peak);
                close_to(l.square_sum[c], sum, sum * 1e-5);
                want_most = fmaxf(want_most, peak);
            }
            assert_true(most == want_most);
            assert_true(l.frames == frames);
        }
    }
}

/* One sample that is larger: found wherever it stands, in its channel. */
static void one_peak_anywhere(void **state)
{
    (void)state;
    enum { FRAMES = 130 };
    for (uint32_t channels = 1; channels <= 9; channels++) {
        for (size_t at = 0; at < FRAMES * channels; at++) {
            float in[FRAMES * 9];
            struct levels l;
            memset(in, 0, sizeof in);
            in[at] = at % 2 ? -0.75f : 0.75f;
            levels_init(&l, channels);
            assert_true(levels_add(&l, in, FRAMES) == 0.75f);
            for (uint32_t c = 0; c < channels; c++) {
                bool here = c == at % channels;
                assert_true(l.peak[c] == (here ? 0.75f : 0.0f));
                assert_true(l.square_sum[c] == (here ? 0.5625 : 0.0));
            }
        }
    }
}

static void wild_samples(void **state)
{
    (void)state;
    for (size_t at = 0; at < 100; at++) {
        float in[200];
        struct levels l;
        for (size_t i = 0; i < 200; i++) {
            in[i] = 0.25f;
        }
        in[at * 2] = at % 2 ? NAN : -NAN;
        levels_init(&l, 2);
        assert_true(levels_add(&l, in, 100) == (float)INFINITY);
        assert_true(l.peak[0] == 0.25f);
        close_to(l.square_sum[0], 99.0 / 16, 1e-6);
        close_to(l.square_sum[1], 100.0 / 16, 1e-6);
        in[at * 2] = (float)-INFINITY;
        levels_init(&l, 2);
        assert_true(levels_add(&l, in, 100) > 1e8f);
        assert_true(l.square_sum[0] < 1e300 && l.peak[1] == 0.25f);
        close_to(levels_peak_dbfs(&l), 180.0, 0.01);
        in[at * 2] = 3e38f;
        levels_init(&l, 2);
        levels_add(&l, in, 100);
        assert_true(levels_rms_dbfs(&l) < 1e3);
    }
}

static void windows(void **state)
{
    (void)state;
    const float loud[4] = {0.5f, -0.25f, 0.1f, 0.1f};
    const float soft[4] = {0.01f, -0.02f, 0.0f, 0.0f};
    float peaks[FORMAT_CHANNELS_MAX];
    struct levels l;
    levels_init(&l, 2);
    levels_add(&l, loud, 2);
    levels_add(&l, NULL, 1000);
    levels_add(&l, soft, 2);
    levels_window(&l, peaks);
    assert_true(peaks[0] == 0.5f && peaks[1] == 0.25f);
    levels_add(&l, soft, 2);
    levels_window(&l, peaks);
    assert_true(peaks[0] == 0.01f && peaks[1] == 0.02f);
    levels_window(&l, peaks);
    assert_true(peaks[0] == 0.0f && peaks[1] == 0.0f);
    assert_true(l.peak[0] == 0.5f && l.peak[1] == 0.25f);
    assert_true(l.frames == 1006);
}

static void decibels(void **state)
{
    (void)state;
    enum { FRAMES = 48000 };
    static float in[FRAMES * 2];
    struct levels l;
    levels_init(&l, 2);
    assert_true(levels_peak_dbfs(&l) == LEVELS_FLOOR_DBFS);
    assert_true(levels_rms_dbfs(&l) == LEVELS_FLOOR_DBFS);
    levels_add(&l, NULL, FRAMES);
    assert_true(levels_peak_dbfs(&l) == LEVELS_FLOOR_DBFS);
    assert_true(levels_rms_dbfs(&l) == LEVELS_FLOOR_DBFS);

    for (int i = 0; i < FRAMES * 2; i++) {
        in[i] = i / 2 % 100 < 50 ? 1.0f : -1.0f;
    }
    levels_init(&l, 2);
    levels_add(&l, in, FRAMES);
    close_to(levels_rms_dbfs(&l), 0.0, 1e-6);
    close_to(levels_peak_dbfs(&l), 0.0, 1e-6);
    levels_add(&l, NULL, FRAMES); /* silence counts */
    close_to(levels_rms_dbfs(&l), -3.0103, 1e-4);

    for (int i = 0; i < FRAMES; i++) {
        in[2 * i] = (float)sin(2 * PI * 997 * i / 48000.0);
        in[2 * i + 1] = 0.0f;
    }
    levels_init(&l, 2);
    levels_add(&l, in, FRAMES);
    close_to(levels_rms_dbfs(&l), -6.0206, 1e-4); /* one of two channels */
    close_to(levels_peak_dbfs(&l), 0.0, 1e-3);
    close_to(level_dbfs(0.5), -6.0206, 1e-4);
    assert_true(level_dbfs(0.0) == LEVELS_FLOOR_DBFS);
    char text[16];
    snprintf(text, sizeof text, "%.1f", level_shown(-0.0499));
    assert_string_equal(text, "0.0");
    snprintf(text, sizeof text, "%.1f", level_shown(-0.051));
    assert_string_equal(text, "-0.1");
    assert_true(level_shown(LEVELS_FLOOR_DBFS) == LEVELS_FLOOR_DBFS);
}

/* An hour at one level: the sum does not lose the small among the large. */
static void long_sums(void **state)
{
    (void)state;
    enum { FRAMES = 48000 };
    static float in[FRAMES];
    struct levels l;
    for (int i = 0; i < FRAMES; i++) {
        in[i] = 0.1f;
    }
    levels_init(&l, 1);
    for (int second = 0; second < 3600; second++) {
        levels_add(&l, in, FRAMES);
    }
    close_to(levels_rms_dbfs(&l), -20.0, 1e-4);

    /* in one go too */
    enum { MANY = 1 << 22 };
    float *many = malloc(MANY * sizeof *many);
    for (int i = 0; i < MANY; i++) {
        many[i] = 0.1f;
    }
    levels_init(&l, 1);
    levels_add(&l, many, MANY);
    close_to(levels_rms_dbfs(&l), -20.0, 1e-5);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_channel_and_length),
        cmocka_unit_test(one_peak_anywhere),
        cmocka_unit_test(wild_samples),
        cmocka_unit_test(windows),
        cmocka_unit_test(decibels),
        cmocka_unit_test(long_sums),
    };
    return cmocka_run_group_tests_name("levels", tests, NULL, NULL);
}
