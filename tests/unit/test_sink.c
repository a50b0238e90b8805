/* sink: what each file type accepts, keeps bit for bit, and looks like while
 * it grows, on a file and on a stream. The medium is memory. */
#include "sink/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fakes/failing_file.h"
#include "fakes/read_back.h"

enum { BLOCK = 480 };

static struct read_back back;
static int32_t block[BLOCK * FORMAT_CHANNELS_MAX];

static struct sink_request request_for(enum sink_type type,
                                       enum sample_type sample,
                                       unsigned channels)
{
    struct sink_request r = {
        .path = "x",
        .type = type,
        .format = {.rate = 48000, .channels = channels},
        .sample = sample,
        .compression = SINK_COMPRESSION_DEFAULT,
    };

    return r;
}

static struct sink *start(const struct sink_request *r)
{
    struct fault f = {0};
    struct sink *s = sink_open(r, &f);

    assert_non_null(s);
    assert_int_equal(f.err, ERR_OK);
    return s;
}

/* Frames FROM up to TO of the test's audio. */
static void feed(struct sink *s, const struct sink_request *r, size_t from,
                 size_t to)
{
    while (from < to) {
        size_t part = to - from < BLOCK ? to - from : BLOCK;
        read_back_fill(block, r->sample, r->format.channels, from, part);
        assert_true(sink_write(s, block, part, NULL));
        from += part;
    }
}

/* What lies on the medium now holds LEAST to MOST frames of the audio. */
static void check_file(const struct sink_request *r, size_t least, size_t most)
{
    read_back(&back, r->type, r->sample, r->format.channels);
    assert_true(back.readable);
    assert_in_range(back.frames, least, most);
    /* In FLAC "no samples" and "number not known" are the same. */
    if (r->type != SINK_FLAC || back.frames > 0)
        assert_int_equal(back.said, back.frames);
    if (r->type != SINK_RAW) {
        assert_int_equal(back.info.samplerate, r->format.rate);
        assert_int_equal(back.info.channels, r->format.channels);
    }
    assert_true(
        read_back_equal(&back, r->sample, r->format.channels, back.frames));
}

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

/* --- names and limits --- */

static void types_by_name_and_ending(void **state)
{
    (void)state;
    assert_int_equal(sink_type_parse("FLAC"), SINK_FLAC);
    assert_int_equal(sink_type_parse("wav"), SINK_WAV);
    assert_int_equal(sink_type_parse("raw"), SINK_RAW);
    assert_int_equal(sink_type_parse("null"), SINK_NULL);
    assert_int_equal(sink_type_parse("mp3"), SINK_AUTO);
    assert_int_equal(sink_type_parse(""), SINK_AUTO);
    for (int t = SINK_WAV; t <= SINK_NULL; t++) {
        const char *name = sink_type_name((enum sink_type)t);
        assert_int_equal(sink_type_parse(name), t);
        assert_non_null(strstr(sink_type_names(), name));
    }
    assert_int_equal(sink_type_from_path("a.b/c.Wav"), SINK_WAV);
    assert_int_equal(sink_type_from_path("c.flac"), SINK_FLAC);
    assert_int_equal(sink_type_from_path("c.flac.pcm"), SINK_RAW);
    assert_int_equal(sink_type_from_path("c:\\a.wav\\song"), SINK_AUTO);
    assert_int_equal(sink_type_from_path("a.wav/song"), SINK_AUTO);
    assert_int_equal(sink_type_from_path("/a/.wav"), SINK_AUTO);
    assert_int_equal(sink_type_from_path("song."), SINK_AUTO);
    assert_int_equal(sink_type_from_path("song.null"), SINK_AUTO);
    assert_int_equal(sink_type_from_path("-"), SINK_AUTO);
    assert_int_equal(sink_type_from_path(""), SINK_AUTO);
}

static void refused(enum sink_type type, enum sample_type sample, uint32_t rate,
                    uint32_t channels, const char *detail, const char *hint)
{
    struct audio_format format = {.rate = rate, .channels = channels};
    struct sink_request r = request_for(type, sample, channels);
    struct fault f = {0};

    assert_false(sink_check(type, sample, &format, &f));
    assert_int_equal(f.err, ERR_FORMAT);
    assert_string_equal(f.detail, detail);
    assert_string_equal(f.hint, hint);
    r.format.rate = rate;
    failing_reset(NULL);
    assert_null(sink_open(&r, &f));
    assert_int_equal(failing.calls, 0);
    assert_false(failing.open); /* no file was made for nothing */
}

static void limits_are_told(void **state)
{
    struct audio_format fine = {.rate = 655350, .channels = 8};

    (void)state;
    refused(SINK_FLAC, SAMPLE_F32, 48000, 2, "f32 samples",
            "flac holds s16 and s24");
    refused(SINK_FLAC, SAMPLE_S32, 48000, 2, "s32 samples",
            "flac holds s16 and s24");
    refused(SINK_WAV, SAMPLE_U8, 48000, 2, "u8 samples",
            "wav holds s16, s24, s32 and f32");
    refused(SINK_FLAC, SAMPLE_S16, 48000, 9, "9 channels",
            "flac holds 1 to 8 channels");
    refused(SINK_RAW, SAMPLE_S16, 48000, 0, "0 channels",
            "raw holds 1 to 32 channels");
    refused(SINK_FLAC, SAMPLE_S16, 705600, 2, "705600 Hz",
            "flac holds 1000 to 655350 Hz");
    refused(SINK_FLAC, SAMPLE_S16, 96001, 2, "96001 Hz",
            "flac holds 1000 to 655350 Hz, above 65535 multiples of 10 only");
    assert_true(sink_check(SINK_FLAC, SAMPLE_S24, &fine, NULL));
    assert_true(sink_check(SINK_FLAC, SAMPLE_S24, NULL, NULL));
    assert_false(sink_check(SINK_FLAC, SAMPLE_F32, NULL, NULL));
    assert_false(sink_check(SINK_AUTO, SAMPLE_S16, NULL, NULL));
}

static void default_sample(void **state)
{
    (void)state;
    assert_int_equal(sink_default_sample(SINK_FLAC, SAMPLE_S16), SAMPLE_S16);
    assert_int_equal(sink_default_sample(SINK_WAV, SAMPLE_U8), SAMPLE_S16);
    assert_int_equal(sink_default_sample(SINK_FLAC, SAMPLE_F32), SAMPLE_S24);
    assert_int_equal(sink_default_sample(SINK_WAV, SAMPLE_S32), SAMPLE_S24);
    assert_int_equal(sink_default_sample(SINK_WAV, SAMPLE_NONE), SAMPLE_S24);
}

/* --- what goes in comes out --- */

static void round_trip(const struct sink_request *r, size_t frames)
{
    struct sink *s;

    failing_reset(NULL);
    s = start(r);
    feed(s, r, 0, frames);
    assert_int_equal(sink_frames(s), frames);
    assert_int_equal(sink_bytes(s), failing.length);
    assert_true(sink_close(s, NULL));
    assert_false(failing.open);
    assert_false(failing.misused);
    check_file(r, frames, frames);
}

static void every_type_is_exact(void **state)
{
    static const enum sample_type samples[] = {SAMPLE_S16, SAMPLE_S24,
                                               SAMPLE_S32, SAMPLE_F32};
    static const size_t lengths[] = {0, 1, 479, 4096, 10001};

    (void)state;
    for (int type = SINK_WAV; type <= SINK_RAW; type++)
        for (size_t i = 0; i < 4; i++)
            for (unsigned channels = 1; channels <= 8; channels++)
                for (size_t n = 0; n < 5; n++) {
                    struct sink_request r =
                        request_for((enum sink_type)type, samples[i], channels);
                    if (sink_check(r.type, r.sample, NULL, NULL))
                        round_trip(&r, lengths[n]);
                }
}

/* Rates at and beside the limits really open and write. */
static void rates_hold(void **state)
{
    static const uint32_t rates[] = {1000,  8000,   44101, 65535,
                                     65540, 192000, 655350};

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct sink_request r = request_for(SINK_FLAC, SAMPLE_S24, 2);
        r.format.rate = rates[i];
        round_trip(&r, 5000);
        r.type = SINK_WAV;
        round_trip(&r, 5000);
    }
}

static void compression_counts(void **state)
{
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S16, 2);
    int64_t sizes[9];

    (void)state;
    for (r.compression = 0; r.compression <= 8; r.compression++) {
        round_trip(&r, 10000);
        sizes[r.compression] = failing.length;
    }
    assert_true(sizes[0] > sizes[5]);
    assert_true(sizes[5] >= sizes[8]);
}

static void null_counts(void **state)
{
    struct sink_request r = request_for(SINK_NULL, SAMPLE_S24, 2);
    struct sink *s;

    (void)state;
    r.path = NULL;
    failing_reset(NULL);
    s = start(&r);
    feed(s, &r, 0, 1000);
    assert_true(sink_commit(s, NULL));
    assert_int_equal(sink_frames(s), 1000);
    assert_int_equal(sink_bytes(s), 6000);
    assert_true(sink_close(s, NULL));
    assert_int_equal(failing.calls, 0);
    assert_true(sink_close(NULL, NULL));
}

/* --- a file that grows --- */

/* After a commit the file is right as it lies there, and goes on from there:
 * what a crash at any later moment leaves begins with that. */
static void commit_makes_readable(void **state)
{
    static const enum sample_type samples[] = {SAMPLE_S16, SAMPLE_S24};

    (void)state;
    for (int type = SINK_WAV; type <= SINK_RAW; type++)
        for (size_t i = 0; i < 2; i++) {
            struct sink_request r =
                request_for((enum sink_type)type, samples[i], 2);
            size_t held = type == SINK_FLAC ? 4096 : 0;
            struct sink *s;
            failing_reset(NULL);
            s = start(&r);
            assert_true(sink_commit(s, NULL));
            for (size_t at = 0; at < 14400; at += 4800) {
                feed(s, &r, at, at + 4800);
                assert_true(sink_commit(s, NULL));
                check_file(&r, at + 4800 - held, at + 4800);
            }
            feed(s, &r, 14400, 15001);
            assert_true(sink_close(s, NULL));
            check_file(&r, 15001, 15001);
        }
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
        assert_memory_equal(failing.data, "RF64\xff\xff\xff\xffWAVEds64", 16);
        assert_int_equal(le64(20), failing.length - 8);
        assert_int_equal(le64(28), frames * 128);
        assert_int_equal(le64(36), frames);
        assert_memory_equal(failing.data + start_bytes - 8,
                            "data\xff\xff\xff\xff", 8);
    }
    assert_int_equal(failing.length, start_bytes + (int64_t)frames * 128);
}

static void flac_header_is_finished(void **state)
{
    static const unsigned char zeros[16];
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S16, 2);

    (void)state;
    round_trip(&r, 10000);
    assert_memory_equal(failing.data, "fLaC", 4);
    /* The smallest and largest block; the checksum of all samples. */
    assert_int_equal(failing.data[8] << 8 | failing.data[9], 4096);
    assert_int_equal(failing.data[10] << 8 | failing.data[11], 4096);
    assert_memory_not_equal(failing.data + 26, zeros, 16);
}

/* --- places and texts --- */

static void places_are_kept(void **state)
{
    static const struct {
        uint32_t channels, mask, expect;
    } cases[] = {
        {1, 0, 0x4},       {2, 0, 0x3},     {2, 0x600, 0x600}, {3, 0xB, 0xB},
        {6, 0, 0x3F},      {6, 0x3F, 0x3F}, {6, 0x60F, 0x60F}, {8, 0, 0x63F},
        {8, 0x63F, 0x63F}, {8, 0xFF, 0xFF},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sink_request r =
            request_for(SINK_WAV, SAMPLE_S24, cases[i].channels);
        r.format.channel_mask = cases[i].mask;
        round_trip(&r, 100);
        /* RIFF 12, JUNK 32, "fmt " 8, then dwChannelMask at 20. */
        assert_memory_equal(failing.data + 44, "fmt ", 4);
        assert_int_equal(le32(52 + 20), cases[i].expect);
    }
}

static void hostile_names_are_tamed(void **state)
{
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S16, 2);
    char name[2000] = "Boxes \x1b]0;x\x07\nof ";

    (void)state;
    r.date = "2026-11-20T16:05:25.123+01:00";
    for (int type = SINK_WAV; type <= SINK_FLAC; type++) {
        r.type = (enum sink_type)type;
        r.device_name = "Boxes \x1b]0;x\x07\nof M\xc3\xbcller";
        round_trip(&r, 100);
        assert_string_equal(back.comment,
                            "recorded from Boxes ?]0;x??of M\xc3\xbcller");
        memset(name + strlen(name), 'y', sizeof name - 1 - strlen(name));
        r.device_name = name;
        round_trip(&r, 100);
        assert_memory_equal(back.comment, "recorded from Boxes ?]0;x??of yy",
                            32);
        name[20] = '\0';
    }
}

/* --- streams --- */

/* A stream is the same bytes as a file, but for what is put into the header
 * at the end: the encoder's way back to it must leave no trace. */
static void flac_streams(void **state)
{
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S24, 2);
    enum { HEAD = 42, COPY_MAX = 200000 };
    static unsigned char file[COPY_MAX];
    int64_t length;
    struct sink *s;

    (void)state;
    round_trip(&r, 15000);
    length = failing.length;
    assert_in_range(length, HEAD, COPY_MAX);
    memcpy(file, failing.data, (size_t)length);
    failing_reset(&(struct failing_plan){.stream = true});
    s = start(&r);
    feed(s, &r, 0, 10000);
    assert_true(sink_commit(s, NULL));
    feed(s, &r, 10000, 15000);
    assert_int_equal(sink_frames(s), 15000);
    assert_true(sink_close(s, NULL));
    assert_false(failing.misused);
    assert_int_equal(failing.length, length);
    assert_memory_equal(failing.data + HEAD, file + HEAD,
                        (size_t)length - HEAD);
    read_back(&back, r.type, r.sample, 2);
    assert_int_equal(back.frames, 15000);
    assert_true(read_back_equal(&back, r.sample, 2, 15000));
}

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
        {SAMPLE_S24, 2, 0, 0xFFFE, 0x3},
        {SAMPLE_S32, 8, 0, 0xFFFE, 0x63F},
        {SAMPLE_F32, 2, 0, 0xFFFE, 0x3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sink_request r =
            request_for(SINK_WAV, cases[i].sample, cases[i].channels);
        size_t header = cases[i].tag == 1 ? 44 : 68;
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
        cmocka_unit_test(types_by_name_and_ending),
        cmocka_unit_test(limits_are_told),
        cmocka_unit_test(default_sample),
        cmocka_unit_test(every_type_is_exact),
        cmocka_unit_test(rates_hold),
        cmocka_unit_test(compression_counts),
        cmocka_unit_test(null_counts),
        cmocka_unit_test(commit_makes_readable),
        cmocka_unit_test(wav_grows_into_rf64),
        cmocka_unit_test(flac_header_is_finished),
        cmocka_unit_test(places_are_kept),
        cmocka_unit_test(hostile_names_are_tamed),
        cmocka_unit_test(flac_streams),
        cmocka_unit_test(wav_streams),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    failing_reset(NULL);
    return failures;
}
