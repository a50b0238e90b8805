/* sink: Ogg Vorbis, Opus and MP3: their length to the frame, the sound where it
 * belongs, and how much of a file that grows can be read. */
#include <math.h>

#include "unit/sink_bench.h"

/* Every one of the three knows it; 20000 frames are 2.5 s. */
enum { RATE = 8000 };

static const enum sink_type types[] = {SINK_OGG, SINK_OPUS, SINK_MP3};

enum { TYPES = 3 };

static float sound[READ_BACK_MAX_FRAMES * READ_BACK_MAX_CHANNELS];

static struct sink_request lossy(enum sink_type type, unsigned channels)
{
    struct sink_request r = request_for(type, SAMPLE_F32, channels);

    r.format.rate = RATE;
    r.compression = 0;
    return r;
}

/* Each channel its own tone, low enough for an LFE, that changes its loudness
 * so that no part is like another. */
static void make_sound(unsigned channels, float loud)
{
    for (size_t i = 0; i < READ_BACK_MAX_FRAMES; i++)
        for (unsigned c = 0; c < channels; c++) {
            double t = (double)i / RATE;
            double swell = 0.6 + 0.4 * sin(t * 3.1 + c);
            double hz = 50.0 + 12.0 * c;
            sound[i * channels + c] =
                loud * (float)(swell * sin(2 * 3.14159265358979 * hz * t));
        }
}

static void give(struct sink *s, unsigned channels, size_t from, size_t to)
{
    while (from < to) {
        size_t part = to - from < BLOCK ? to - from : BLOCK;
        assert_true(sink_write(s, sound + from * channels, part, NULL));
        from += part;
    }
}

static void read_it(const struct sink_request *r)
{
    read_back(&back, r->type, SAMPLE_F32, r->format.channels);
    assert_true(back.readable);
    assert_int_equal(back.info.samplerate, RATE);
    assert_int_equal(back.info.channels, r->format.channels);
}

/* How far channel TO of what was read is from channel FROM of what was given,
 * in decibels below it, over FRAMES frames. */
static double distance(unsigned channels, unsigned to, unsigned from,
                       size_t frames)
{
    const float *got = (const float *)back.samples;
    double error = 0;
    double power = 0;

    for (size_t i = 0; i < frames; i++) {
        double want = sound[i * channels + from];
        double e = got[i * channels + to] - want;
        error += e * e;
        power += want * want;
    }
    return 10 * log10(error / power);
}

static void record_all(const struct sink_request *r, size_t frames)
{
    struct sink_total total;
    struct sink *s;

    failing_reset(NULL);
    s = start(r);
    give(s, r->format.channels, 0, frames);
    assert_int_equal(sink_frames(s), frames);
    assert_true(sink_close_total(s, &total, NULL));
    assert_int_equal(total.frames, frames);
    assert_int_equal(total.bytes, failing.length);
    assert_false(failing.misused);
    read_it(r);
}

static void length_and_sound(void **state)
{
    static const size_t lengths[] = {1, 479, 4096, 10001};

    (void)state;
    for (size_t t = 0; t < TYPES; t++)
        for (unsigned channels = 1; channels <= 2; channels++)
            for (size_t n = 0; n < 4 && read_back_knows(types[t]); n++) {
                struct sink_request r = lossy(types[t], channels);
                make_sound(channels, 0.5f);
                record_all(&r, lengths[n]);
                assert_int_equal(back.said, lengths[n]);
                assert_int_equal(back.frames, lengths[n]);
                for (unsigned c = 0; c < channels && n == 3; c++)
                    assert_true(distance(channels, c, c, lengths[n]) < -20);
            }
}

/* Nothing but a file without sound: that is no failure. */
static void no_sound(void **state)
{
    (void)state;
    for (size_t t = 0; t < TYPES; t++) {
        struct sink_request r = lossy(types[t], 2);
        struct sink *s;
        failing_reset(NULL);
        s = start(&r);
        assert_true(sink_commit(s, NULL));
        assert_true(sink_close(s, NULL));
    }
}

static void rates_and_levels(void **state)
{
    static const uint32_t rates[TYPES][4] = {
        {1000, 44100, 192000, 200000},
        {8000, 12000, 24000, 48000},
        {11025, 24000, 44100, 48000},
    };

    (void)state;
    make_sound(2, 0.5f);
    for (size_t t = 0; t < TYPES && read_back_knows(types[t]); t++) {
        struct sink_request r = lossy(types[t], 2);
        int64_t last = INT64_MAX;
        for (r.compression = 0; r.compression <= 8; r.compression++) {
            record_all(&r, 20000);
            assert_true(failing.length < last);
            last = failing.length;
        }
        r.compression = SINK_COMPRESSION_DEFAULT;
        record_all(&r, 20000);
        for (size_t i = 0; i < 4; i++) {
            struct sink *s;
            r.format.rate = rates[t][i];
            failing_reset(NULL);
            s = start(&r);
            give(s, 2, 0, 10000);
            assert_true(sink_close(s, NULL));
            read_back(&back, r.type, SAMPLE_F32, 2);
            assert_int_equal(back.info.samplerate, rates[t][i]);
            assert_int_equal(back.frames, 10000);
        }
    }
}

/* Vorbis and Opus have an order of their own: theirs of 5.1 is left, centre,
 * right, back left, back right, LFE. What is in another place than they know
 * keeps its order. */
static void channels_are_where_they_belong(void **state)
{
    static const struct {
        uint32_t channels, mask;
        uint8_t order[8];
    } cases[] = {
        {3, 0, {0, 2, 1}},
        {4, 0, {0, 1, 2, 3}},
        {5, 0x37, {0, 2, 1, 3, 4}},
        {6, 0, {0, 2, 1, 4, 5, 3}},
        {6, 0x60F, {0, 2, 1, 4, 5, 3}},
        {7, 0x70F, {0, 2, 1, 5, 6, 4, 3}},
        {8, 0x63F, {0, 2, 1, 6, 7, 4, 5, 3}},
        {3, 0xB, {0, 1, 2}},
        {8, 0xFF, {0, 1, 2, 3, 4, 5, 6, 7}},
    };

    (void)state;
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            unsigned channels = cases[i].channels;
            struct sink_request r = lossy(types[t], channels);
            r.format.channel_mask = cases[i].mask;
            make_sound(channels, 0.3f);
            record_all(&r, 8000);
            for (unsigned c = 0; c < channels; c++) {
                double db =
                    distance(channels, c, cases[i].order[c], back.frames);
                assert_true(db < -6);
            }
        }
}

/* The file as it lies there at any moment, of sound and of silence, which fills
 * no page: readable, its length told, not much missing. (LAME holds back eight
 * frames of silence, which are 0.6 s at this rate and 0.2 s at 48 kHz.) */
static void growing_files_can_be_read(void **state)
{
    (void)state;
    for (int loud = 0; loud < 2; loud++) {
        make_sound(2, loud ? 0.5f : 0.0f);
        for (size_t t = 0; t < TYPES && read_back_knows(types[t]); t++) {
            struct sink_request r = lossy(types[t], 2);
            size_t held = r.type == SINK_MP3 ? 8 * 576 + 500 : RATE / 2;
            struct sink *s;
            failing_reset(NULL);
            s = start(&r);
            for (size_t at = 0; at < 18000; at += 1000) {
                give(s, 2, at, at + 1000);
                assert_true(sink_commit(s, NULL));
                if (at < held)
                    continue;
                read_it(&r);
                assert_int_equal(back.said, back.frames);
                assert_in_range(back.frames, at + 1000 - held, at + 1000);
                if (loud)
                    assert_true(distance(2, 1, 1, back.frames) < -15);
            }
            assert_true(sink_close(s, NULL));
            read_it(&r);
            assert_int_equal(back.frames, 18000);
        }
    }
}

/* An Ogg stream is what a file is. MP3's is without the frame that tells the
 * length, and of constant bit rate, so that the length can be guessed. */
static void streams(void **state)
{
    (void)state;
    make_sound(2, 0.5f);
    for (size_t t = 0; t < TYPES && read_back_knows(types[t]); t++) {
        struct sink_request r = lossy(types[t], 2);
        int64_t length;
        struct sink *s;
        record_all(&r, 15000);
        length = failing.length;
        failing_reset(&(struct failing_plan){.stream = true});
        s = start(&r);
        give(s, 2, 0, 15000);
        assert_true(sink_commit(s, NULL));
        assert_true(sink_close(s, NULL));
        assert_false(failing.misused);
        read_it(&r);
        if (r.type == SINK_MP3) { /* where the sound ends nobody says */
            assert_in_range(back.said, 15000, 15000 + 4 * 576);
            assert_in_range(back.frames, 15000, 15000 + 4 * 576);
        } else {
            assert_int_equal(failing.length, length);
            assert_int_equal(back.frames, 15000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_and_sound),
        cmocka_unit_test(no_sound),
        cmocka_unit_test(rates_and_levels),
        cmocka_unit_test(channels_are_where_they_belong),
        cmocka_unit_test(growing_files_can_be_read),
        cmocka_unit_test(streams),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    failing_reset(NULL);
    return failures;
}
