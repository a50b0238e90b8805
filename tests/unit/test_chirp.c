/* chirp: it is found where it is, whatever was done to it, and nowhere else. */
#include "core/chirp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/convert.h"

enum { RATE = 48000, SECONDS = 3, COUNT = RATE * SECONDS };

/* --- recordings --- */

static float *silence(size_t count)
{
    float *samples = calloc(count, sizeof *samples);
    assert_non_null(samples);
    return samples;
}

/* A chirp of GAIN at frame AT. */
static void add_chirp(float *samples, size_t count, uint32_t rate, size_t at,
                      double gain)
{
    for (size_t i = 0; i < chirp_frames(rate) && at + i < count; i++) {
        samples[at + i] += (float)gain * chirp_sample(rate, i);
    }
}

/* White, of this root mean square; the same in every run. */
static void add_noise(float *samples, size_t count, double rms, uint64_t seed)
{
    double scale = rms * sqrt(12.0) / 4294967296.0;
    for (size_t i = 0; i < count; i++) {
        seed = seed * UINT64_C(6364136223846793005) +
               UINT64_C(1442695040888963407);
        samples[i] += (float)(scale * ((double)(seed >> 32) - 2147483648.0));
    }
}

static void add_tone(float *samples, size_t count, double hz, double amplitude)
{
    for (size_t i = 0; i < count; i++) {
        samples[i] += (float)(amplitude * sin(2.0 * 3.14159265358979 * hz *
                                              (double)i / RATE));
    }
}

/* Notes that come and go, with pauses. */
static void add_notes(float *samples, size_t count, double amplitude)
{
    float *one = silence(count);
    for (size_t note = 0; (note + 1) * 11000 < count; note++) {
        memset(one, 0, count * sizeof *one);
        add_tone(one, count, 440.0 * pow(2.0, (double)(note * 7 % 24) / 12.0),
                 amplitude);
        for (size_t i = note * 11000; i < note * 11000 + 9000; i++) {
            samples[i] += one[i];
        }
    }
    free(one);
}

static struct chirp_found find(const float *samples, size_t count,
                               uint32_t rate)
{
    struct chirp_found found;
    assert_true(chirp_find(samples, 1, count, rate, &found));
    return found;
}

static void is_at(const struct chirp_found *f, double at, double off,
                  double gain)
{
    if (!f->found || fabs(f->at_frames - at) > off ||
        fabs(f->gain / gain - 1.0) > 0.1) {
        fail_msg("%s at %.2f with %.5f, like %.3f, and not at %.2f with %.5f",
                 f->found ? "found" : "not found", f->at_frames, f->gain,
                 f->likeness, at, gain);
    }
}

/* --- where it is --- */

static void alone_it_is_found_to_the_frame(void **state)
{
    (void)state;
    static const size_t places[] = {0, 1, 4801, 50000,
                                    COUNT - RATE / 2 /* up to the end */};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        float *samples = silence(COUNT);
        add_chirp(samples, COUNT, RATE, places[i], 1.0);
        struct chirp_found f = find(samples, COUNT, RATE);
        is_at(&f, (double)places[i], 2.0, 1.0);
        assert_true(f.likeness > 0.99);
        free(samples);
    }
}

static void at_every_rate(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 44100, 96000, 192000};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        size_t count = (size_t)rates[i] * 2;
        float *samples = silence(count);
        add_chirp(samples, count, rates[i], count / 3, 1.0);
        struct chirp_found f = find(samples, count, rates[i]);
        /* a tenth of 1 ms */
        is_at(&f, (double)(count / 3), (double)rates[i] / 1e4, 1.0);
        free(samples);
    }
}

/* A sink at -40 dB; and with it all that is left of it in 16 bits. */
static void quiet_it_is_found(void **state)
{
    (void)state;
    float *samples = silence(COUNT);
    add_chirp(samples, COUNT, RATE, 30000, 0.01);
    struct chirp_found f = find(samples, COUNT, RATE);
    is_at(&f, 30000, 2.0, 0.01);
    for (size_t i = 0; i < COUNT; i++) {
        samples[i] = rintf(samples[i] * 32768.0f) / 32768.0f;
    }
    f = find(samples, COUNT, RATE);
    is_at(&f, 30000, 2.0, 0.01);
    free(samples);
}

static void inverted_it_is_found_and_told(void **state)
{
    (void)state;
    float *samples = silence(COUNT);
    add_chirp(samples, COUNT, RATE, 77777, -0.5);
    struct chirp_found f = find(samples, COUNT, RATE);
    is_at(&f, 77777, 2.0, -0.5);
    free(samples);
}

/* Its root mean square is -29 dB of full scale less the ramps: the noise is
 * 20 dB above it. */
static void in_noise_it_is_found(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        float *samples = silence(COUNT);
        add_chirp(samples, COUNT, RATE, 60000, 1.0);
        add_noise(samples, COUNT, 0.3, seed);
        struct chirp_found f = find(samples, COUNT, RATE);
        if (!f.found || fabs(f.at_frames - 60000) > 5) {
            fail_msg("seed %d: %s at %.1f, like %.3f", (int)seed,
                     f.found ? "found" : "not found", f.at_frames, f.likeness);
        }
        free(samples);
    }
}

/* 20 dB above it; as clean as a tone is, and as a melody is. */
static void beside_loud_tones_it_is_found(void **state)
{
    (void)state;
    float *samples = silence(COUNT);
    add_chirp(samples, COUNT, RATE, 60000, 1.0);
    add_tone(samples, COUNT, 997, 0.5);
    struct chirp_found f = find(samples, COUNT, RATE);
    if (!f.found || fabs(f.at_frames - 60000) > 5) {
        fail_msg("beside a tone: %s at %.1f, like %.3f",
                 f.found ? "found" : "not found", f.at_frames, f.likeness);
    }
    free(samples);
    samples = silence(COUNT);
    add_chirp(samples, COUNT, RATE, 60000, 1.0);
    add_notes(samples, COUNT, 0.3);
    f = find(samples, COUNT, RATE);
    if (!f.found || fabs(f.at_frames - 60000) > 5) {
        fail_msg("beside notes: %s at %.1f, like %.3f",
                 f.found ? "found" : "not found", f.at_frames, f.likeness);
    }
    free(samples);
}

/* Played at 48000 and recorded at 44100. */
static void resampled_it_is_found(void **state)
{
    (void)state;
    const struct audio_format from = {RATE, 1, 0, SAMPLE_F32};
    const struct audio_format to = {44100, 1, 0, SAMPLE_F32};
    struct fault fault = {0};
    float *samples = silence(COUNT), *resampled = silence(COUNT);
    size_t total = 0;
    const float *out;
    size_t frames;

    add_chirp(samples, COUNT, RATE, 48000, 1.0);
    struct converter *c = converter_create(&from, &to, &fault);
    assert_non_null(c);
    assert_true(converter_push(c, samples, COUNT, &out, &frames, &fault));
    do {
        for (size_t i = 0; i < frames; i++) {
            resampled[total++] = out[i];
        }
        assert_true(converter_flush(c, &out, &frames, &fault));
    } while (frames > 0);
    converter_destroy(c);
    assert_int_equal(total, 44100 * SECONDS);
    struct chirp_found f = find(resampled, total, 44100);
    is_at(&f, 44100, 2.0, 1.0);
    free(samples);
    free(resampled);
}

/* Another crystal than the player's: 200 ppm are 5 frames in its length. */
static void with_a_clock_that_runs_away_it_is_found(void **state)
{
    (void)state;
    float *samples = silence(COUNT);
    for (size_t i = 0; i < chirp_frames(RATE); i++) {
        /* linear between two frames: 3 kHz is far below half the rate */
        double at = (double)i * 1.0002;
        size_t whole = (size_t)at;
        double part = at - (double)whole;
        samples[20000 + i] =
            (float)((1.0 - part) * (double)chirp_sample(RATE, whole) +
                    part * (double)chirp_sample(RATE, whole + 1));
    }
    struct chirp_found f = find(samples, COUNT, RATE);
    is_at(&f, 20000, 10.0, 1.0);
    free(samples);
}

static void in_one_channel_of_several(void **state)
{
    (void)state;
    float *samples = silence(COUNT);
    struct chirp_found f;
    for (size_t i = 0; i < chirp_frames(RATE); i++) {
        samples[(10000 + i) * 2 + 1] = chirp_sample(RATE, i);
    }
    assert_true(chirp_find(samples, 2, COUNT / 2, RATE, &f));
    assert_false(f.found);
    assert_true(chirp_find(samples + 1, 2, COUNT / 2 - 1, RATE, &f));
    is_at(&f, 10000, 2.0, 1.0);
    free(samples);
}

/* --- where it is not --- */

static void is_nowhere(const char *what, float *samples, size_t count)
{
    struct chirp_found f = find(samples, count, RATE);
    if (f.found) {
        fail_msg("in %s one was found at %.1f, like %.3f", what, f.at_frames,
                 f.likeness);
    }
    free(samples);
}

static void in_other_sound_it_is_not(void **state)
{
    (void)state;
    is_nowhere("nothing", silence(1), 0);
    is_nowhere("silence", silence(COUNT), COUNT);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        float *samples = silence(COUNT);
        add_noise(samples, COUNT, 0.1, seed);
        is_nowhere("noise", samples, COUNT);
    }
    float *samples = silence(COUNT);
    add_tone(samples, COUNT, 1000, 0.5);
    is_nowhere("a tone", samples, COUNT);

    samples = silence(COUNT);
    add_notes(samples, COUNT, 0.3);
    is_nowhere("notes", samples, COUNT);
}

/* One that was cut off, or plays backwards. */
static void half_of_it_is_not_enough(void **state)
{
    (void)state;
    float *samples = silence(COUNT);
    for (size_t i = 0; i < chirp_frames(RATE); i++) {
        samples[30000 + i] = chirp_sample(RATE, chirp_frames(RATE) - 1 - i);
    }
    struct chirp_found f = find(samples, COUNT, RATE);
    assert_true(f.likeness < 0.2);
    free(samples);
    is_nowhere("less than its length", silence(1000), 1000);
}

static void what_is_no_number_does_no_harm(void **state)
{
    (void)state;
    float *samples = silence(COUNT);
    add_chirp(samples, COUNT, RATE, 48000, 1.0);
    samples[100] = (float)NAN;
    samples[48100] = (float)INFINITY;
    struct chirp_found f = find(samples, COUNT, RATE);
    is_at(&f, 48000, 2.0, 1.0);
    free(samples);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_it_is_found_to_the_frame),
        cmocka_unit_test(at_every_rate),
        cmocka_unit_test(quiet_it_is_found),
        cmocka_unit_test(inverted_it_is_found_and_told),
        cmocka_unit_test(in_noise_it_is_found),
        cmocka_unit_test(beside_loud_tones_it_is_found),
        cmocka_unit_test(resampled_it_is_found),
        cmocka_unit_test(with_a_clock_that_runs_away_it_is_found),
        cmocka_unit_test(in_one_channel_of_several),
        cmocka_unit_test(in_other_sound_it_is_not),
        cmocka_unit_test(half_of_it_is_not_enough),
        cmocka_unit_test(what_is_no_number_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
