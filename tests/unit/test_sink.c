/* sink: what each file type accepts, and what those without loss keep bit for
 * bit and look like while they grow, on a file and on a stream. The medium is
 * memory. The others: test_sink_lossy. */
#include "unit/sink_bench.h"

/* What these hold comes out as it went in. */
static const enum sink_type exact[] = {SINK_WAV, SINK_RF64, SINK_W64, SINK_FLAC,
                                       SINK_RAW};

enum { EXACT = sizeof exact / sizeof exact[0] };

/* --- names and limits --- */

static void types_by_name_and_ending(void **state)
{
    (void)state;
    assert_int_equal(sink_type_parse("FLAC"), SINK_FLAC);
    assert_int_equal(sink_type_parse("wav"), SINK_WAV);
    assert_int_equal(sink_type_parse("raw"), SINK_RAW);
    assert_int_equal(sink_type_parse("null"), SINK_NULL);
    assert_int_equal(sink_type_parse("aiff"), SINK_AUTO);
    assert_int_equal(sink_type_parse(""), SINK_AUTO);
    for (int t = SINK_WAV; t <= SINK_NULL; t++) {
        const char *name = sink_type_name((enum sink_type)t);
        assert_int_equal(sink_type_parse(name), t);
        assert_non_null(strstr(sink_type_names(), name));
    }
    assert_int_equal(sink_type_from_path("a.b/c.Wav"), SINK_WAV);
    assert_int_equal(sink_type_from_path("c.flac"), SINK_FLAC);
    assert_int_equal(sink_type_from_path("c.flac.pcm"), SINK_RAW);
    assert_int_equal(sink_type_from_path("a.oga"), SINK_OGG);
    assert_int_equal(sink_type_from_path("a.ogg"), SINK_OGG);
    assert_int_equal(sink_type_from_path("a.opus"), SINK_OPUS);
    assert_int_equal(sink_type_from_path("a.mp3"), SINK_MP3);
    assert_int_equal(sink_type_from_path("a.w64"), SINK_W64);
    assert_int_equal(sink_type_from_path("a.rf64"), SINK_RF64);
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
            "flac holds 1 to 8 channels; choose by -c");
    refused(SINK_RAW, SAMPLE_S16, 48000, 33, "33 channels",
            "raw holds 1 to 32 channels; choose by -c");
    refused(SINK_FLAC, SAMPLE_S16, 705600, 2, "705600 Hz",
            "flac holds 1000 to 655350 Hz; choose by -r");
    refused(SINK_FLAC, SAMPLE_S16, 96001, 2, "96001 Hz",
            "flac holds 1000 to 655350 Hz, above 65535 multiples of 10 only; "
            "choose by -r");
    refused(SINK_OPUS, SAMPLE_S16, 48000, 2, "s16 samples", "opus holds f32");
    refused(SINK_OPUS, SAMPLE_F32, 44100, 2, "44100 Hz",
            "opus holds 8000, 12000, 16000, 24000 and 48000 Hz; choose by -r");
    refused(SINK_OPUS, SAMPLE_F32, 48000, 9, "9 channels",
            "opus holds 1 to 8 channels; choose by -c");
    refused(SINK_MP3, SAMPLE_F32, 96000, 2, "96000 Hz",
            "mp3 holds 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100 "
            "and 48000 Hz; choose by -r");
    refused(SINK_MP3, SAMPLE_F32, 48000, 3, "3 channels",
            "mp3 holds 1 to 2 channels; choose by -c");
    refused(SINK_OGG, SAMPLE_F32, 200001, 2, "200001 Hz",
            "ogg holds 1000 to 200000 Hz; choose by -r");
    refused(SINK_OGG, SAMPLE_S24, 48000, 2, "s24 samples", "ogg holds f32");
    assert_true(sink_check(SINK_FLAC, SAMPLE_S24, &fine, NULL));
    /* what is not known yet is not refused */
    struct audio_format some = {.channels = 8};
    assert_true(sink_check(SINK_FLAC, SAMPLE_NONE, &some, NULL));
    some.channels = 9;
    assert_false(sink_check(SINK_FLAC, SAMPLE_NONE, &some, NULL));
    some = (struct audio_format){.rate = 44100};
    assert_true(sink_check(SINK_FLAC, SAMPLE_NONE, &some, NULL));
    assert_false(sink_check(SINK_OPUS, SAMPLE_NONE, &some, NULL));
    assert_true(sink_check(SINK_FLAC, SAMPLE_S24, NULL, NULL));
    assert_false(sink_check(SINK_FLAC, SAMPLE_F32, NULL, NULL));
    assert_false(sink_check(SINK_AUTO, SAMPLE_S16, NULL, NULL));
}

/* CONTEXT counts them. */
static void count_caveat(void *context, const char *text)
{
    assert_true(strlen(text) > 20);
    ++*(unsigned *)context;
}

static unsigned caveats(const struct sink_request *r)
{
    unsigned count = 0;

    sink_caveats(r, count_caveat, &count);
    return count;
}

/* What is not held is told, and nothing else. */
static void caveats_are_told(void **state)
{
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S16, 3);

    (void)state;
    assert_int_equal(caveats(&r), 0);
    r.format.channel_mask = 0xB; /* 2.1 */
    assert_int_equal(caveats(&r), 1);
    r.type = SINK_OPUS;
    assert_int_equal(caveats(&r), 1);
    r.type = SINK_WAV;
    assert_int_equal(caveats(&r), 0);
    r.tags.value[SINK_TAG_LICENCE] = "";
    r.tags.value[SINK_TAG_TITLE] = "x";
    assert_int_equal(caveats(&r), 0);
    r.tags.value[SINK_TAG_LICENCE] = "CC0";
    assert_int_equal(caveats(&r), 1);
    r.type = SINK_OGG;
    assert_int_equal(caveats(&r), 1);
    r.type = SINK_RAW; /* tags, but nobody expects places of it */
    assert_int_equal(caveats(&r), 1);
}

static void default_sample(void **state)
{
    (void)state;
    assert_int_equal(sink_default_sample(SINK_FLAC, SAMPLE_S16), SAMPLE_S16);
    assert_int_equal(sink_default_sample(SINK_WAV, SAMPLE_U8), SAMPLE_S16);
    assert_int_equal(sink_default_sample(SINK_FLAC, SAMPLE_F32), SAMPLE_S24);
    assert_int_equal(sink_default_sample(SINK_WAV, SAMPLE_S32), SAMPLE_S24);
    assert_int_equal(sink_default_sample(SINK_WAV, SAMPLE_NONE), SAMPLE_S24);
    assert_int_equal(sink_default_sample(SINK_OGG, SAMPLE_S16), SAMPLE_F32);
    assert_int_equal(sink_default_sample(SINK_MP3, SAMPLE_F32), SAMPLE_F32);
}

/* --- what goes in comes out --- */

static void every_type_is_exact(void **state)
{
    static const enum sample_type samples[] = {SAMPLE_S16, SAMPLE_S24,
                                               SAMPLE_S32, SAMPLE_F32};
    static const size_t lengths[] = {0, 1, 479, 4096, 10001};

    (void)state;
    for (size_t type = 0; type < EXACT; type++)
        for (size_t i = 0; i < 4; i++)
            for (unsigned channels = 1; channels <= 8; channels++)
                for (size_t n = 0; n < 5; n++) {
                    struct sink_request r =
                        request_for(exact[type], samples[i], channels);
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
        r.type = SINK_W64;
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

/* What an ear heard. */
struct heard {
    size_t frames, calls;
    int32_t last;
    uint32_t rate;
};

static void hear(void *context, const struct audio_format *format,
                 const void *data, size_t frames)
{
    struct heard *h = context;

    h->frames += frames;
    h->calls++;
    h->last = ((const int32_t *)data)[frames * format->channels - 1];
    h->rate = format->rate;
}

static void null_tells_an_ear(void **state)
{
    static const int32_t frames[] = {1 << 8, 2 << 8, 3 << 8, 4 << 8};
    struct heard heard = {0};
    const struct sink_ear ear = {.context = &heard, .hear = hear};
    struct sink_request r = request_for(SINK_NULL, SAMPLE_S24, 2);
    struct sink *s;

    (void)state;
    r.path = NULL;
    r.ear = &ear;
    s = start(&r);
    assert_true(sink_write(s, frames, 1, NULL));
    assert_true(sink_write(s, frames + 2, 1, NULL));
    assert_true(sink_close(s, NULL));
    assert_int_equal(heard.calls, 2);
    assert_int_equal(heard.frames, 2);
    assert_int_equal(heard.last, 4 << 8);
    assert_int_equal(heard.rate, r.format.rate);
}

/* --- a file that grows --- */

/* After a commit the file is right as it lies there, and goes on from there:
 * what a crash at any later moment leaves begins with that. */
static void commit_makes_readable(void **state)
{
    static const enum sample_type samples[] = {SAMPLE_S16, SAMPLE_S24};

    (void)state;
    for (size_t type = 0; type < EXACT; type++)
        for (size_t i = 0; i < 2; i++) {
            struct sink_request r = request_for(exact[type], samples[i], 2);
            size_t held = r.type == SINK_FLAC ? 4096 : 0;
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

static void hostile_names_are_tamed(void **state)
{
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S16, 2);
    char name[2000] = "Boxes \x1b]0;x\x07\nof ";

    (void)state;
    r.date = "2026-11-20T16:05:25.123+01:00";
    for (size_t type = 0; type < EXACT; type++) {
        r.type = exact[type];
        if (r.type == SINK_W64 || r.type == SINK_RAW)
            continue; /* they hold no texts */
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
 * at the end, and the room for marks behind it: the encoder's way back to it
 * must leave no trace. */
static void flac_streams(void **state)
{
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S24, 2);
    enum { HEAD = 42, ROOM = 8196, COPY_MAX = 200000 };
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
    assert_int_equal(failing.length, length - ROOM);
    assert_memory_equal(failing.data + HEAD, file + HEAD + ROOM,
                        (size_t)failing.length - HEAD);
    read_back(&back, r.type, r.sample, 2);
    assert_int_equal(back.frames, 15000);
    assert_true(read_back_equal(&back, r.sample, 2, 15000));
}

/* What has its length at its beginning and no word for "not known" refuses a
 * stream, and says what to take. */
static void some_refuse_streams(void **state)
{
    (void)state;
    for (int type = SINK_RF64; type <= SINK_W64; type++) {
        struct sink_request r =
            request_for((enum sink_type)type, SAMPLE_S16, 2);
        struct fault f = {0};
        failing_reset(&(struct failing_plan){.stream = true});
        assert_null(sink_open(&r, &f));
        assert_int_equal(f.err, ERR_FORMAT);
        assert_non_null(strstr(f.hint, "use wav"));
        assert_int_equal(failing.length, 0);
        assert_false(failing.open);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_by_name_and_ending),
        cmocka_unit_test(limits_are_told),
        cmocka_unit_test(caveats_are_told),
        cmocka_unit_test(default_sample),
        cmocka_unit_test(every_type_is_exact),
        cmocka_unit_test(rates_hold),
        cmocka_unit_test(compression_counts),
        cmocka_unit_test(null_counts),
        cmocka_unit_test(null_tells_an_ear),
        cmocka_unit_test(commit_makes_readable),
        cmocka_unit_test(flac_header_is_finished),
        cmocka_unit_test(hostile_names_are_tamed),
        cmocka_unit_test(flac_streams),
        cmocka_unit_test(some_refuse_streams),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    failing_reset(NULL);
    return failures;
}
