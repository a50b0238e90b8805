/* sink: the headers of WAV, RF64 and Wave64, to the byte, from the first frame
 * to beyond 4 GiB. */
#include "unit/sink_bench.h"

static uint32_t le32(size_t at)
{
    const unsigned char *p = failing.data + at;

    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static uint64_t le64(size_t at)
{
    return le32(at) | (uint64_t)le32(at + 4) << 32;
}

/* What RF64 says, of 32 channels of s32. */
static void check_rf64(uint64_t frames, int64_t start_bytes)
{
    assert_memory_equal(failing.data, "RF64\xff\xff\xff\xffWAVEds64", 16);
    assert_int_equal(le32(16), 28);
    assert_int_equal(le64(20), failing.length - 8);
    assert_int_equal(le64(28), frames * 128);
    assert_int_equal(le64(36), frames);
    assert_int_equal(le32(44), 0);
    assert_memory_equal(failing.data + start_bytes - 8, "data\xff\xff\xff\xff",
                        8);
    assert_int_equal(failing.length, start_bytes + (int64_t)frames * 128);
}

/* A small WAV is plain RIFF with room for RF64's sizes; 4 GiB later it is
 * RF64, after a commit as after close. */
static void wav_grows_into_rf64(void **state)
{
    struct sink_request r = request_for(SINK_WAV, SAMPLE_S32, 32);
    uint64_t frames = 0;
    int64_t start_bytes;
    struct sink *s;

    (void)state;
    failing_reset(&(struct failing_plan){.keep = 4096});
    s = start(&r);
    start_bytes = failing.length;
    /* To the last block below the limit of 2^32 - 1 bytes. */
    while (failing.length + BLOCK * 128 < INT64_C(0xFFFFFFFF)) {
        assert_true(sink_write(s, block, BLOCK, NULL));
        frames += BLOCK;
    }
    assert_true(sink_commit(s, NULL));
    assert_memory_equal(failing.data, "RIFF", 4);
    assert_memory_equal(failing.data + 8, "WAVEJUNK", 8);
    assert_int_equal(le32(4), failing.length - 8);
    assert_int_equal(le32((size_t)start_bytes - 4), frames * 128);
    for (int i = 0; i < 2; i++)
        assert_true(sink_write(s, block, BLOCK, NULL));
    frames += 2 * BLOCK;
    for (int closed = 0; closed < 2; closed++) {
        assert_true(closed ? sink_close(s, NULL) : sink_commit(s, NULL));
        check_rf64(frames, start_bytes);
    }
}

/* RF64 by name is RF64 from the first byte on. */
static void rf64_always_is(void **state)
{
    struct sink_request r = request_for(SINK_RF64, SAMPLE_S32, 32);
    int64_t start_bytes;
    struct sink *s;

    (void)state;
    failing_reset(&(struct failing_plan){.keep = 100000});
    s = start(&r);
    start_bytes = failing.length;
    check_rf64(0, start_bytes);
    assert_true(sink_write(s, block, 100, NULL));
    assert_true(sink_commit(s, NULL));
    check_rf64(100, start_bytes);
    assert_true(sink_close(s, NULL));
    check_rf64(100, start_bytes);
}

/* Wave64 has sizes of 64 bits from the beginning. */
static void w64_beyond_4_gib(void **state)
{
    struct sink_request r = request_for(SINK_W64, SAMPLE_S32, 32);
    int64_t start_bytes;
    uint64_t bytes = 0;
    struct sink *s;

    (void)state;
    failing_reset(&(struct failing_plan){.keep = 4096});
    s = start(&r);
    start_bytes = failing.length;
    for (; bytes < UINT64_C(0x100000000); bytes += BLOCK * 128)
        assert_true(sink_write(s, block, BLOCK, NULL));
    assert_true(sink_commit(s, NULL));
    assert_int_equal(le64(16), failing.length);
    assert_int_equal(le64((size_t)start_bytes - 8), bytes + 24);
    assert_true(sink_close(s, NULL));
    assert_int_equal(le64(16), failing.length);
    assert_int_equal(failing.length, start_bytes + (int64_t)bytes);
}

/* RIFF's chunks end on an even byte. (Wave64's on a multiple of 8; but of the
 * last one its readers take that for sound.) */
static void chunks_are_padded(void **state)
{
    (void)state;
    for (int type = SINK_WAV; type <= SINK_W64; type++)
        for (size_t frames = 0; frames < 9; frames++) {
            struct sink_request r =
                request_for((enum sink_type)type, SAMPLE_S24, 1);
            round_trip(&r, frames);
            if (type != SINK_W64)
                assert_int_equal(failing.length % 2, 0);
            assert_int_equal(type == SINK_WAV    ? le32(4) + 8
                             : type == SINK_RF64 ? le64(20) + 8
                                                 : le64(16),
                             failing.length);
        }
}

static void places_are_kept(void **state)
{
    static const struct {
        uint32_t channels, mask, expect;
    } cases[] = {
        {1, 0x1, 0x1},     {2, 0x600, 0x600}, {3, 0, 0x7},       {3, 0xB, 0xB},
        {6, 0, 0x3F},      {6, 0x3F, 0x3F},   {6, 0x60F, 0x60F}, {8, 0, 0x63F},
        {8, 0x63F, 0x63F}, {8, 0xFF, 0xFF},   {7, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sink_request r =
            request_for(SINK_WAV, SAMPLE_S24, cases[i].channels);
        r.format.channel_mask = cases[i].mask;
        round_trip(&r, 100);
        /* RIFF 12, JUNK 36, "fmt " 8, then dwChannelMask at 20. */
        assert_memory_equal(failing.data + 48, "fmt ", 4);
        assert_int_equal(le32(56 + 20), cases[i].expect);
        r.type = SINK_W64;
        round_trip(&r, 100);
        /* riff 24, wave 16, fmt 24 */
        assert_memory_equal(failing.data + 40, "fmt ", 4);
        assert_int_equal(le32(64 + 20), cases[i].expect);
    }
}

/* One or two channels in their customary places are what every reader knows:
 * format 1, or 3 for floating point, and no WAVEFORMATEXTENSIBLE. */
static void a_wav_is_plain_where_it_can_be(void **state)
{
    static const struct {
        enum sample_type sample;
        uint32_t channels, mask, tag;
    } cases[] = {
        {SAMPLE_S16, 2, 0, 1},      {SAMPLE_S24, 2, 0x3, 1},
        {SAMPLE_S32, 1, 0x4, 1},    {SAMPLE_F32, 2, 0, 3},
        {SAMPLE_S16, 3, 0, 0xFFFE}, {SAMPLE_S16, 2, 0x600, 0xFFFE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int type = SINK_WAV; type <= SINK_W64; type++) {
            struct sink_request r = request_for(
                (enum sink_type)type, cases[i].sample, cases[i].channels);
            size_t at = type == SINK_W64 ? 64 : 56;
            r.format.channel_mask = cases[i].mask;
            round_trip(&r, 101);
            assert_int_equal(le32(at) & 0xFFFF, cases[i].tag);
        }
}

/* --- streams --- */

static void check_wav_header(const struct sink_request *r, uint32_t tag,
                             uint32_t mask, size_t header)
{
    unsigned channels = r->format.channels;
    size_t bytes = sample_bytes(r->sample);

    assert_memory_equal(failing.data, "RIFF\xff\xff\xff\xffWAVEfmt ", 16);
    assert_int_equal(le32(20) & 0xFFFF, tag);
    assert_int_equal(le32(20) >> 16, channels);
    assert_int_equal(le32(24), r->format.rate);
    assert_int_equal(le32(28), r->format.rate * channels * bytes);
    assert_int_equal(le32(32) & 0xFFFF, channels * bytes);
    assert_int_equal(le32(32) >> 16, bytes * 8);
    assert_int_equal(le32(16), header - 28);
    if (tag == 0xFFFE) {
        assert_int_equal(le32(36), 22 | bytes * 8 << 16);
        assert_int_equal(le32(40), mask);
        assert_int_equal(failing.data[44], r->sample == SAMPLE_F32 ? 3 : 1);
        assert_memory_equal(failing.data + 45,
                            "\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", 15);
    }
    assert_memory_equal(failing.data + header - 8, "data\xff\xff\xff\xff", 8);
}

/* Open-ended sizes, then the same bytes as raw. */
static void wav_streams(void **state)
{
    static const struct {
        enum sample_type sample;
        uint32_t channels, mask, tag, told;
    } cases[] = {
        {SAMPLE_S16, 1, 0, 1, 0},
        {SAMPLE_S16, 2, 0x3, 1, 0},
        {SAMPLE_S16, 2, 0x600, 0xFFFE, 0x600},
        {SAMPLE_S16, 6, 0, 0xFFFE, 0x3F},
        {SAMPLE_S24, 2, 0, 1, 0},
        {SAMPLE_S32, 8, 0, 0xFFFE, 0x63F},
        {SAMPLE_F32, 2, 0x600, 0xFFFE, 0x600},
        {SAMPLE_F32, 2, 0, 3, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sink_request r =
            request_for(SINK_WAV, cases[i].sample, cases[i].channels);
        size_t header = cases[i].tag == 1 ? 44 : cases[i].tag == 3 ? 46 : 68;
        struct sink *s;
        r.format.channel_mask = cases[i].mask;
        r.path = "-";
        failing_reset(NULL);
        s = start(&r);
        assert_int_equal(failing.length, header); /* at once */
        feed(s, &r, 0, 5001);
        assert_int_equal(sink_frames(s), 5001);
        assert_true(sink_commit(s, NULL));
        assert_true(sink_close(s, NULL));
        assert_false(failing.misused);
        check_wav_header(&r, cases[i].tag, cases[i].told, header);
        failing.length -= (int64_t)header;
        memmove(failing.data, failing.data + header, (size_t)failing.length);
        r.type = SINK_RAW;
        check_file(&r, 5001, 5001);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wav_grows_into_rf64),
        cmocka_unit_test(rf64_always_is),
        cmocka_unit_test(w64_beyond_4_gib),
        cmocka_unit_test(chunks_are_padded),
        cmocka_unit_test(places_are_kept),
        cmocka_unit_test(a_wav_is_plain_where_it_can_be),
        cmocka_unit_test(wav_streams),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    failing_reset(NULL);
    return failures;
}
