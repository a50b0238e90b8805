/* sink: marks in a file, to the byte: where they are, that the sound is the
 * same with them, and that a full disk costs nothing but them. */
#include "sink/marks.h"
#include "sink/wave_cue.h"
#include "unit/sink_bench.h"

static uint32_t le32(int64_t at)
{
    const unsigned char *p = failing.data + at;

    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* The last chunk of the file has these points and nothing follows it. */
static void has_cue(const uint64_t *frames, unsigned count)
{
    int64_t at = failing.length - 12 - 24 * (int64_t)count;

    assert_memory_equal(failing.data + at, "cue ", 4);
    assert_int_equal(at % 2, 0);
    assert_int_equal(le32(at + 4), 4 + 24 * count);
    assert_int_equal(le32(at + 8), count);
    at += 12;
    for (unsigned i = 0; i < count; i++, at += 24) {
        assert_int_equal(le32(at), i + 1);
        assert_int_equal(le32(at + 4), frames[i]);
        assert_memory_equal(failing.data + at + 8, "data", 4);
        assert_int_equal(le32(at + 12), 0);
        assert_int_equal(le32(at + 16), 0);
        assert_int_equal(le32(at + 20), frames[i]);
    }
}

static bool has_no_cue(void)
{
    for (int64_t i = 0; i + 4 <= failing.length; i++)
        if (memcmp(failing.data + i, "cue ", 4) == 0)
            return false;
    return true;
}

static void marks_stand_behind_the_samples(void **state)
{
    static const uint64_t frames[] = {0, 5, 700, 1001};
    static const enum sample_type samples[] = {SAMPLE_S16, SAMPLE_S24,
                                               SAMPLE_F32};

    (void)state;
    for (int i = 0; i < 12; i++) {
        enum sink_type type = i % 2 == 0 ? SINK_WAV : SINK_RF64;
        struct sink_request r =
            request_for(type, samples[i / 2 % 3], i < 6 ? 1 : 3);
        struct sink *s;

        failing_reset(NULL);
        s = start(&r);
        assert_true(sink_mark(s, 0));
        feed(s, &r, 0, 700);
        assert_true(sink_mark(s, 700)); /* the next */
        assert_true(sink_commit(s, NULL));
        assert_true(has_no_cue()); /* only in a finished one */
        feed(s, &r, 700, 1001);
        assert_true(sink_mark(s, 5));    /* it has passed */
        assert_true(sink_mark(s, 700));  /* again */
        assert_true(sink_mark(s, 1001)); /* the end */
        assert_true(sink_close(s, NULL));
        check_file(&r, 1001, 1001);
        has_cue(frames, 4);
        assert_int_equal(type == SINK_WAV ? le32(4) : le32(20),
                         failing.length - 8);
    }
}

static void without_marks_there_is_no_chunk(void **state)
{
    struct sink_request r = request_for(SINK_WAV, SAMPLE_S16, 2);

    (void)state;
    round_trip(&r, 1000);
    assert_true(has_no_cue());
}

static void types_that_have_none_say_so(void **state)
{
    static const enum sink_type types[] = {SINK_W64, SINK_RAW, SINK_OPUS,
                                           SINK_OGG, SINK_MP3, SINK_NULL};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        enum sink_type type = types[i];
        bool lossy = type == SINK_OPUS || type == SINK_OGG || type == SINK_MP3;
        struct sink_request r =
            request_for(type, lossy ? SAMPLE_F32 : SAMPLE_S16, 2);
        struct sink *s;

        failing_reset(NULL);
        s = start(&r);
        assert_false(sink_mark(s, 0));
        feed(s, &r, 0, 1000);
        assert_true(sink_close(s, NULL));
    }
}

static void a_pipe_gets_none(void **state)
{
    struct sink_request r = request_for(SINK_WAV, SAMPLE_S16, 2);
    struct sink *s;

    (void)state;
    failing_reset(&(struct failing_plan){.stream = true});
    s = start(&r);
    feed(s, &r, 0, 100);
    assert_false(sink_mark(s, 5));
    assert_true(sink_close(s, NULL));
    assert_true(has_no_cue());
}

/* Whatever fails while the marks are written: the sound is whole. */
static void a_full_disk_costs_the_marks_only(void **state)
{
    (void)state;
    for (unsigned call = 1; call <= 40; call++) {
        for (size_t partial = 0; partial < 14; partial += 13) {
            struct sink_request r = request_for(SINK_WAV, SAMPLE_S24, 1);
            struct fault f = {0};
            struct sink *s;
            bool ok;

            failing_reset(NULL);
            s = start(&r);
            feed(s, &r, 0, 1001);
            assert_true(sink_commit(s, NULL));
            for (uint64_t i = 0; i < 30; i++)
                assert_true(sink_mark(s, 10 * i));
            failing.plan = (struct failing_plan){.call = failing.calls + call,
                                                 .how = FAIL_FULL,
                                                 .err = ERR_NO_SPACE,
                                                 .partial = partial};
            ok = sink_close(s, &f);
            assert_int_equal(ok, f.err == ERR_OK);
            assert_int_equal(ok, call > 34);
            /* the first writes the byte behind an odd number of them */
            check_file(&r, call == 1 ? 1000 : 1001, 1001);
            if (call != 33) /* then the header is that of the commit */
                assert_int_equal(le32(4), failing.length - 8);
            assert_int_equal(has_no_cue(), call < 33);
        }
    }
}

static void there_is_an_end_to_them(void **state)
{
    struct sink_request r = request_for(SINK_WAV, SAMPLE_S16, 2);
    uint64_t frames[MARKS_MOST];
    struct sink *s;

    (void)state;
    failing_reset(NULL);
    s = start(&r);
    assert_false(sink_mark(s, UINT64_C(0x100000000))); /* nor is this one */
    for (unsigned i = 0; i < MARKS_MOST; i++) {
        frames[i] = 2 * i;
        assert_true(sink_mark(s, frames[i]));
    }
    assert_false(sink_mark(s, 1));
    feed(s, &r, 0, 2 * MARKS_MOST);
    assert_true(sink_close(s, NULL));
    check_file(&r, 2 * MARKS_MOST, 2 * MARKS_MOST);
    has_cue(frames, MARKS_MOST);
}

/* The samples alone leave it a RIFF, the chunk behind them makes it RF64. */
static void a_wav_that_becomes_rf64_has_them(void **state)
{
    struct sink_request r = request_for(SINK_WAV, SAMPLE_S32, 32);
    int64_t start_bytes;
    uint64_t frames = 0;
    struct sink *s;

    (void)state;
    for (int more = 0; more < 2; more++) {
        failing_reset(&(struct failing_plan){.keep = 4096});
        s = start(&r);
        start_bytes = failing.length;
        for (frames = 0; failing.length < INT64_C(0xFFFFFFFF) - 128;) {
            size_t n =
                failing.length + BLOCK * 128 < INT64_C(0xFFFFFFFF) ? BLOCK : 1;
            assert_true(sink_write(s, block, n, NULL));
            frames += n;
        }
        for (int i = 0; i < more; i++)
            assert_true(sink_mark(s, 1) && sink_mark(s, 2) && sink_mark(s, 3) &&
                        sink_mark(s, 4) && sink_mark(s, 5) && sink_mark(s, 6));
        assert_true(sink_close(s, NULL));
        assert_memory_equal(failing.data, more ? "RF64" : "RIFF", 4);
        assert_int_equal(more ? le32(20) + ((uint64_t)le32(24) << 32) : le32(4),
                         failing.length - 8);
        assert_int_equal(failing.length - start_bytes,
                         (int64_t)frames * 128 + (more ? 12 + 6 * 24 : 0));
    }
    assert_int_equal(le32(28) + ((uint64_t)le32(32) << 32), frames * 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_stand_behind_the_samples),
        cmocka_unit_test(without_marks_there_is_no_chunk),
        cmocka_unit_test(types_that_have_none_say_so),
        cmocka_unit_test(a_pipe_gets_none),
        cmocka_unit_test(a_full_disk_costs_the_marks_only),
        cmocka_unit_test(there_is_an_end_to_them),
        cmocka_unit_test(a_wav_that_becomes_rf64_has_them),
    };
    return cmocka_run_group_tests_name("sink_marks", tests, NULL, NULL);
}
