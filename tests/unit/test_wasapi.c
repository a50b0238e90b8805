/* wasapi's pure parts, on every system: what a WAVEFORMATEX says, however
 * broken, and which stamps and positions are believed. The files are taken in
 * as they are, because the native library does not hold them. */
#include "source/wasapi/stamp.c"
#include "source/wasapi/wave.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS       INT64_C(1000000)
#define NOW      (INT64_C(5000) * MS)
#define BUFFER   (500 * MS)
#define LENGTH   (10 * MS) /* 480 frames at 48000 */
#define FRAMES   UINT32_C(480)
#define ARRAY(a) (sizeof(a) / sizeof *(a))

/* --- wave --- */

static void put(uint8_t *at, size_t bytes, uint32_t value)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

/* A WAVEFORMATEXTENSIBLE that is right in itself. */
static void make(uint8_t w[WAVE_EXTENSIBLE_BYTES], uint32_t tag,
                 uint32_t channels, uint32_t rate, uint32_t bits,
                 uint32_t valid, uint32_t mask)
{
    memset(w, 0, WAVE_EXTENSIBLE_BYTES);
    put(w + AT_TAG, 2, TAG_EXTENSIBLE);
    put(w + AT_CHANNELS, 2, channels);
    put(w + AT_RATE, 4, rate);
    put(w + AT_BLOCK, 2, channels * bits / 8);
    put(w + AT_BITS, 2, bits);
    put(w + AT_EXTRA, 2, WAVE_EXTENSIBLE_BYTES - WAVE_EX_BYTES);
    put(w + AT_VALID_BITS, 2, valid);
    put(w + AT_MASK, 4, mask);
    put(w + AT_SUBFORMAT, 2, tag);
    memcpy(w + AT_SUBFORMAT + 2, subtype_tail, sizeof subtype_tail);
}

static bool parse(const uint8_t *w, size_t size, struct audio_format *f)
{
    const char *why = NULL;
    bool ok = wave_parse(w, size, f, &why);
    assert_true(ok == !why); /* a refusal says why, and nothing else does */
    return ok;
}

static void test_sample_types(void **state)
{
    (void)state;
    static const struct {
        uint32_t tag, bits, valid;
        enum sample_type type;
    } rows[] = {
        {TAG_FLOAT, 32, 32, SAMPLE_F32},  {TAG_FLOAT, 32, 0, SAMPLE_F32},
        {TAG_FLOAT, 64, 64, SAMPLE_F64},  {TAG_PCM, 16, 16, SAMPLE_S16},
        {TAG_PCM, 24, 24, SAMPLE_S24},    {TAG_PCM, 32, 24, SAMPLE_S32},
        {TAG_PCM, 32, 32, SAMPLE_S32},    {TAG_PCM, 8, 8, SAMPLE_U8},
        {TAG_FLOAT, 16, 16, SAMPLE_NONE}, {TAG_PCM, 64, 64, SAMPLE_NONE},
        {TAG_PCM, 16, 24, SAMPLE_NONE},   {TAG_PCM, 0, 0, SAMPLE_NONE},
        {0x55, 16, 16, SAMPLE_NONE},
    };
    for (size_t i = 0; i < ARRAY(rows); i++) {
        uint8_t w[WAVE_EXTENSIBLE_BYTES];
        struct audio_format f = {0};
        make(w, rows[i].tag, 6, 96000, rows[i].bits, rows[i].valid, 0x60f);
        bool ok = parse(w, sizeof w, &f);
        assert_true(ok == (rows[i].type != SAMPLE_NONE));
        assert_int_equal(f.native, rows[i].type);
        if (ok) {
            assert_int_equal(f.channels, 6);
            assert_int_equal(f.rate, 96000);
            assert_int_equal(f.channel_mask, 0x60f);
        }
    }
}

static void test_plain_formats_need_no_extension(void **state)
{
    (void)state;
    uint8_t w[WAVE_EXTENSIBLE_BYTES];
    struct audio_format f = {0};
    make(w, 0, 2, 44100, 16, 16, 0);
    put(w + AT_TAG, 2, TAG_PCM);
    put(w + AT_EXTRA, 2, 0xFFFF); /* not looked at: the tag decides */
    assert_true(parse(w, WAVE_BASIC_BYTES, &f));
    assert_int_equal(f.native, SAMPLE_S16);
    assert_int_equal(f.channel_mask, 0x3);
    assert_false(parse(w, WAVE_BASIC_BYTES - 1, &f));
    assert_false(parse(NULL, 0, &f));
}

static void test_extension_must_be_there(void **state)
{
    (void)state;
    uint8_t w[WAVE_EXTENSIBLE_BYTES];
    struct audio_format f = {0};
    make(w, TAG_FLOAT, 2, 48000, 32, 32, 3);
    assert_true(parse(w, sizeof w, &f));
    for (size_t size = 0; size < sizeof w; size++) {
        uint8_t *exact = malloc(size ? size : 1); /* ASan sees a step beyond */
        memcpy(exact, w, size);
        assert_false(parse(exact, size, &f));
        free(exact);
    }
    put(w + AT_EXTRA, 2, 21);
    assert_int_equal(wave_claimed_bytes(w), 39);
    assert_false(parse(w, sizeof w, &f));
    put(w + AT_EXTRA, 2, 0xFFFF); /* more than needed is fine */
    assert_true(parse(w, sizeof w, &f));
    w[AT_SUBFORMAT + 9] ^= 1; /* some other GUID */
    assert_false(parse(w, sizeof w, &f));
}

static void test_limits_and_contradictions(void **state)
{
    (void)state;
    uint8_t w[WAVE_EXTENSIBLE_BYTES];
    struct audio_format f = {0};
    make(w, TAG_FLOAT, FORMAT_CHANNELS_MAX, 48000, 32, 32, 0);
    assert_true(parse(w, sizeof w, &f));
    make(w, TAG_FLOAT, FORMAT_CHANNELS_MAX + 1, 48000, 32, 32, 0);
    assert_false(parse(w, sizeof w, &f));
    make(w, TAG_FLOAT, 0, 48000, 32, 32, 0);
    assert_false(parse(w, sizeof w, &f));
    make(w, TAG_FLOAT, 2, 0, 32, 32, 0);
    assert_false(parse(w, sizeof w, &f));
    make(w, TAG_FLOAT, 2, 0xFFFFFFFF, 32, 32, 0);
    assert_false(parse(w, sizeof w, &f));
    make(w, TAG_FLOAT, 2, 48000, 32, 32, 0);
    put(w + AT_BLOCK, 2, 4);
    assert_false(parse(w, sizeof w, &f));
}

static void test_mask_has_no_more_places_than_channels(void **state)
{
    (void)state;
    uint8_t w[WAVE_EXTENSIBLE_BYTES];
    struct audio_format f = {0};
    make(w, TAG_FLOAT, 2, 48000, 32, 32, 0x63f);
    assert_true(parse(w, sizeof w, &f));
    assert_int_equal(f.channel_mask, 0x3);
    make(w, TAG_FLOAT, 8, 48000, 32, 32, 0x80000003);
    assert_true(parse(w, sizeof w, &f));
    assert_int_equal(f.channel_mask, 0x3);
}

/* --- stamp --- */

static struct stamper fresh(void)
{
    struct stamper s;
    stamper_init(&s, 48000, BUFFER);
    return s;
}

static int64_t at(struct stamper *s, int64_t raw_ns, int64_t now_ns)
{
    return stamper_time(s, raw_ns, false, FRAMES, now_ns);
}

static void test_good_stamps_pass(void **state)
{
    (void)state;
    struct stamper s = fresh();
    for (int64_t t = NOW; t < NOW + 1000 * MS; t += LENGTH) {
        assert_int_equal(at(&s, t, t + 12 * MS), t);
    }
    assert_int_equal(stamper_time(&s, NOW, true, FRAMES, NOW + 1000 * MS),
                     PACKET_NO_TIME);
}

static void test_no_first_frame_is_younger_than_its_packet(void **state)
{
    (void)state;
    struct stamper s = fresh();
    assert_int_equal(at(&s, NOW, NOW), NOW - LENGTH); /* Wine's */
    assert_int_equal(at(&s, NOW + 4 * MS, NOW), NOW - LENGTH);
    assert_int_equal(at(&s, NOW + 5 * MS, NOW + 11 * MS), NOW + 1 * MS);
    assert_false(s.astray);
}

static void test_nonsense_is_replaced_and_forgiven_after_a_second(void **state)
{
    (void)state;
    static const int64_t nonsense[] = {
        0, -1, INT64_MAX, NOW + 200 * MS, NOW - BUFFER - 600 * MS, 1};
    for (size_t i = 0; i < ARRAY(nonsense); i++) {
        struct stamper s = fresh();
        assert_int_equal(at(&s, nonsense[i], NOW), NOW - LENGTH);
        int64_t t = NOW;
        for (int n = 1; n < GOOD_ENOUGH; n++, t += LENGTH) {
            assert_int_equal(at(&s, t, t + 30 * MS), t + 20 * MS);
        }
        /* one more where the first good one looked like a step back */
        at(&s, t, t + 30 * MS);
        t += LENGTH;
        assert_int_equal(at(&s, t, t + 30 * MS), t);
        assert_int_equal(at(&s, nonsense[i], t), t - LENGTH);
    }
}

static void test_stamps_far_ahead_are_not_believed(void **state)
{
    (void)state;
    struct stamper s = fresh();
    assert_int_equal(at(&s, NOW + 90 * MS, NOW), NOW - LENGTH);
    assert_false(s.astray);
    assert_int_equal(at(&s, NOW + 200 * MS, NOW + 10 * MS), NOW);
    assert_true(s.astray);
}

static void test_now_and_then_nonsense_is_not_forgiven(void **state)
{
    (void)state;
    struct stamper s = fresh();
    for (int64_t t = NOW; t < NOW + 4000 * MS; t += LENGTH) {
        bool good = (t - NOW) / LENGTH % 50 != 0;
        assert_int_equal(at(&s, good ? t : 0, t + 30 * MS), t + 20 * MS);
    }
}

static void test_stamps_that_step_back_are_not_believed(void **state)
{
    (void)state;
    struct stamper s = fresh();
    assert_int_equal(at(&s, NOW, NOW + 12 * MS), NOW);
    assert_int_equal(at(&s, NOW, NOW + 22 * MS), NOW); /* a burst's twin */
    assert_int_equal(at(&s, NOW - 1, NOW + 32 * MS), NOW + 22 * MS);
}

/* This process stood still for an hour; its packets waited in the buffer. */
static void test_old_packets_keep_their_place(void **state)
{
    (void)state;
    const int64_t later = NOW + INT64_C(3600000) * MS;
    struct stamper s = fresh();
    int64_t t = NOW;
    assert_int_equal(at(&s, t, t + 12 * MS), t);
    for (int i = 0; i < 50; i++) {
        t += LENGTH;
        assert_int_equal(at(&s, t, later), t);
    }
    /* but no more than a buffer can hold is believed like that */
    for (int i = 0; i < 60; i++) {
        t += LENGTH;
        at(&s, t, later);
    }
    assert_true(s.astray);
}

static void test_positions(void **state)
{
    (void)state;
    struct stamper s = fresh();
    assert_int_equal(stamper_position(&s, 7, FRAMES), 7);
    assert_int_equal(stamper_position(&s, 487, FRAMES), 487);
    assert_int_equal(stamper_position(&s, 4800, FRAMES), 4800); /* a gap */
    assert_int_equal(stamper_position(&s, 5000, FRAMES), PACKET_NO_POSITION);
    assert_int_equal(stamper_position(&s, 9000, FRAMES), PACKET_NO_POSITION);

    s = fresh(); /* always 0 */
    assert_int_equal(stamper_position(&s, 0, FRAMES), 0);
    assert_int_equal(stamper_position(&s, 0, FRAMES), PACKET_NO_POSITION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_types),
        cmocka_unit_test(test_plain_formats_need_no_extension),
        cmocka_unit_test(test_extension_must_be_there),
        cmocka_unit_test(test_limits_and_contradictions),
        cmocka_unit_test(test_mask_has_no_more_places_than_channels),
        cmocka_unit_test(test_good_stamps_pass),
        cmocka_unit_test(test_no_first_frame_is_younger_than_its_packet),
        cmocka_unit_test(test_nonsense_is_replaced_and_forgiven_after_a_second),
        cmocka_unit_test(test_stamps_far_ahead_are_not_believed),
        cmocka_unit_test(test_now_and_then_nonsense_is_not_forgiven),
        cmocka_unit_test(test_stamps_that_step_back_are_not_believed),
        cmocka_unit_test(test_old_packets_keep_their_place),
        cmocka_unit_test(test_positions),
    };
    return cmocka_run_group_tests_name("wasapi", tests, NULL, NULL);
}
