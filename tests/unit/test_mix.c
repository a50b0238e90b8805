/* mix: what of which channel goes where, and that no mix exceeds full scale. */
#include "core/mix.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define F(...) ((const float[]){__VA_ARGS__})

#define H 0.70710678f

/* One frame of FROM's shape through to TO's. */
static void mixes(uint32_t from_channels, uint32_t from_mask,
                  uint32_t to_channels, uint32_t to_mask, const float *in,
                  const float *want)
{
    const struct audio_format from = {48000, from_channels, from_mask,
                                      SAMPLE_F32};
    const struct audio_format to = {48000, to_channels, to_mask, SAMPLE_F32};
    struct mix m;
    float out[FORMAT_CHANNELS_MAX];
    mix_init(&m, &from, &to);
    mix_apply(&m, in, 1, out);
    for (uint32_t i = 0; i < to_channels; i++) {
        if (fabsf(out[i] - want[i]) > 1e-5f) {
            fail_msg("%u to %u channels: %u has %g and not %g",
                     (unsigned)from_channels, (unsigned)to_channels,
                     (unsigned)i, (double)out[i], (double)want[i]);
        }
    }
}

static void stereo_and_mono(void **state)
{
    (void)state;
    mixes(1, 0x4, 2, 0x3, F(0.5f), F(0.5f, 0.5f));
    mixes(1, 0, 2, 0, F(0.5f), F(0.5f, 0.5f));
    mixes(1, 0x4, 6, 0x3f, F(0.5f), F(0.5f, 0.5f, 0, 0, 0, 0));
    mixes(2, 0x3, 1, 0x4, F(0.5f, 0.25f), F(0.375f));
    mixes(2, 0x3, 1, 0x4, F(1, 1), F(1));
}

static void speakers_that_are_there_stay(void **state)
{
    (void)state;
    mixes(2, 0x3, 6, 0x3f, F(1, 2), F(1, 2, 0, 0, 0, 0));
    /* 5.1 with side speakers to 5.1 with back speakers */
    mixes(6, 0x60f, 6, 0x3f, F(1, 2, 3, 4, 5, 6), F(1, 2, 3, 4, 5, 6));
    mixes(6, 0x3f, 8, 0x63f, F(1, 2, 3, 4, 5, 6), F(1, 2, 3, 4, 5, 6, 0, 0));
}

/* ITU-R BS.775: centre and surrounds -3 dB, no LFE; lowered by its sum. */
static void fewer_speakers(void **state)
{
    (void)state;
    const float most = 1 + 2 * H;
    mixes(6, 0x3f, 2, 0x3, F(1, 2, 4, 100, 8, 16),
          F((1 + 4 * H + 8 * H) / most, (2 + 4 * H + 16 * H) / most));
    mixes(6, 0x60f, 2, 0x3, F(1, 2, 4, 100, 8, 16),
          F((1 + 4 * H + 8 * H) / most, (2 + 4 * H + 16 * H) / most));
    mixes(8, 0x63f, 2, 0x3, F(1, 2, 4, 100, 8, 16, 32, 64),
          F((1 + 4 * H + 8 * H + 32 * H) / (most + H),
            (2 + 4 * H + 16 * H + 64 * H) / (most + H)));
    mixes(4, 0x33, 2, 0x3, F(1, 2, 4, 8),
          F((1 + 4 * H) / (1 + H), (2 + 8 * H) / (1 + H)));
    /* the mean of both */
    mixes(6, 0x3f, 1, 0x4, F(1, 2, 4, 100, 8, 16),
          F((0.5f + 1 + 4 * H + 4 * H + 8 * H) / most));
    /* 7.1 to 5.1: the sides join the backs */
    mixes(8, 0x63f, 6, 0x3f, F(1, 2, 3, 4, 5, 6, 7, 8),
          F(0.5f, 1, 1.5f, 2, 6, 7));
}

static void without_speakers_by_number(void **state)
{
    (void)state;
    mixes(2, 0x3, 5, 0, F(1, 2), F(1, 2, 0, 0, 0));
    mixes(5, 0, 2, 0x3, F(1, 2, 3, 4, 5), F(1, 2));
    mixes(5, 0, 1, 0, F(1, 2, 3, 4, 5), F(3));
    mixes(1, 0, 5, 0, F(1), F(1, 1, 0, 0, 0));
}

/* Whatever the layouts are: full scale everywhere is full scale, and never
 * more. */
static void nothing_exceeds_full_scale(void **state)
{
    (void)state;
    static const struct {
        uint32_t channels, mask;
    } layouts[] = {{1, 0x4},     {1, 0x100}, {2, 0x3},  {2, 0xc},
                   {3, 0x7},     {3, 0x103}, {4, 0x33}, {4, 0x107},
                   {5, 0x37},    {5, 0},     {6, 0x3f}, {6, 0x60f},
                   {7, 0x70f},   {8, 0x63f}, {8, 0xff}, {12, 0x2d63f},
                   {18, 0x3ffff}};
    enum { COUNT = sizeof layouts / sizeof layouts[0] };
    for (int f = 0; f < COUNT; f++) {
        for (int t = 0; t < COUNT; t++) {
            const struct audio_format from = {48000, layouts[f].channels,
                                              layouts[f].mask, SAMPLE_F32};
            const struct audio_format to = {48000, layouts[t].channels,
                                            layouts[t].mask, SAMPLE_F32};
            struct mix m;
            float in[FORMAT_CHANNELS_MAX], out[FORMAT_CHANNELS_MAX];
            float most = 0;
            for (int i = 0; i < FORMAT_CHANNELS_MAX; i++) {
                in[i] = 1;
            }
            mix_init(&m, &from, &to);
            mix_apply(&m, in, 1, out);
            for (uint32_t o = 0; o < to.channels; o++) {
                assert_true(out[o] >= 0 && out[o] < 1.000001f);
                most = fmaxf(most, out[o]);
            }
            assert_true(most > 0.3f); /* and nobody is silent */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stereo_and_mono),
        cmocka_unit_test(speakers_that_are_there_stay),
        cmocka_unit_test(fewer_speakers),
        cmocka_unit_test(without_speakers_by_number),
        cmocka_unit_test(nothing_exceeds_full_scale),
    };
    return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
