/* sink: marks in a FLAC file: its CUESHEET block, to the byte; and that the
 * file is a good one whatever fails while they are put in. */
#include "sink/flac_cue.h"
#include "unit/sink_bench.h"

enum {
    AT = 42, /* behind STREAMINFO */
    BODY = AT + 4,
    TRACKS_AT = BODY + 396,
    PADDING = 1,
    CUESHEET = 5,
    TRACK = 36,
    INDEX = 12,
};

static uint64_t be(int64_t at, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | failing.data[at + i];
    return value;
}

/* The blocks are one after the other up to the first frame; LAST is that one's.
 */
static void blocks_are_whole(void)
{
    int64_t at = 4;
    bool last = false;

    while (!last) {
        last = (failing.data[at] & 0x80) != 0;
        assert_in_range(failing.data[at] & 0x7F, 0, 6);
        at += 4 + (int64_t)be(at + 1, 3);
        assert_in_range(at, 0, failing.length);
    }
    if (at < failing.length)
        assert_int_equal(be(at, 2) & 0xFFFE, 0xFFF8);
}

static void has_marks(const uint64_t *frames, unsigned count, uint64_t samples)
{
    int64_t at = TRACKS_AT;

    blocks_are_whole();
    if (count == 0) {
        assert_int_equal(failing.data[AT], PADDING);
        assert_int_equal(be(AT + 1, 3), FLAC_CUE_BYTES - 4);
        return;
    }
    assert_int_equal(failing.data[AT], CUESHEET);
    assert_int_equal(be(AT + 1, 3),
                     396 + count * (TRACK + INDEX) + (unsigned)TRACK);
    assert_int_equal(failing.data[TRACKS_AT - 1], count + 1);
    for (unsigned i = 0; i < count; i++, at += TRACK + INDEX) {
        assert_int_equal(be(at, 8), frames[i]);
        assert_int_equal(be(at + 8, 1), i + 1);
        assert_int_equal(be(at + TRACK - 1, 1), 1);
        assert_int_equal(be(at + TRACK, 8), 0);
        assert_int_equal(be(at + TRACK + 8, 1), 1);
    }
    assert_int_equal(be(at, 8), samples);
    assert_int_equal(be(at + 8, 1), 255);
    assert_int_equal(be(at + TRACK - 1, 1), 0);
}

static void marks_are_tracks(void **state)
{
    static const uint64_t frames[] = {0, 5, 7000, 10001};
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S16, 2);
    struct sink *s;

    (void)state;
    for (int committed = 0; committed < 2; committed++) {
        failing_reset(NULL);
        s = start(&r);
        assert_true(sink_mark(s, 7000));
        feed(s, &r, 0, 8000);
        for (int i = 0; i < committed; i++)
            assert_true(sink_commit(s, NULL));
        assert_true(sink_mark(s, 10001)); /* to come */
        assert_true(sink_mark(s, 5));     /* has passed */
        feed(s, &r, 8000, 12000);
        for (int i = 0; i < committed; i++)
            assert_true(sink_commit(s, NULL));
        assert_true(sink_mark(s, 5)); /* again */
        assert_true(sink_mark(s, 0));
        assert_int_equal(sink_bytes(s), failing.length);
        assert_true(sink_close(s, NULL));
        check_file(&r, 12000, 12000);
        has_marks(frames, 4, 12000);
    }
}

/* Unlike those of a WAV. */
static void a_killed_file_has_them(void **state)
{
    static const uint64_t frames[] = {77};
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S16, 2);
    struct sink *s;

    (void)state;
    failing_reset(NULL);
    s = start(&r);
    feed(s, &r, 0, 20000);
    assert_true(sink_mark(s, 77));
    assert_true(sink_commit(s, NULL));
    check_file(&r, 10000, 20000);
    has_marks(frames, 1, (uint64_t)back.frames);
    assert_true(sink_close(s, NULL));
    has_marks(frames, 1, 20000);
}

static void without_marks_it_is_padding(void **state)
{
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S24, 1);

    (void)state;
    round_trip(&r, 10000);
    has_marks(NULL, 0, 0);
    round_trip(&r, 0);
    has_marks(NULL, 0, 0);
}

static void a_pipe_gets_none(void **state)
{
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S16, 2);
    struct sink *s;

    (void)state;
    failing_reset(&(struct failing_plan){.stream = true});
    s = start(&r);
    feed(s, &r, 0, 100);
    assert_false(sink_mark(s, 5));
    assert_true(sink_close(s, NULL));
    blocks_are_whole();
    assert_true(failing.length < FLAC_CUE_BYTES);
}

static void there_is_an_end_to_them(void **state)
{
    struct sink_request r = request_for(SINK_FLAC, SAMPLE_S16, 2);
    uint64_t frames[FLAC_CUE_MARKS];
    struct sink *s;

    (void)state;
    failing_reset(NULL);
    s = start(&r);
    feed(s, &r, 0, 10000);
    for (unsigned i = 0; i < FLAC_CUE_MARKS; i++) {
        frames[i] = 10 * i;
        assert_true(sink_mark(s, frames[i]));
    }
    assert_false(sink_mark(s, 1));
    assert_true(sink_close(s, NULL));
    check_file(&r, 10000, 10000);
    has_marks(frames, FLAC_CUE_MARKS, 10000);
}

/* Whatever is the last call that works. */
static void a_crash_leaves_a_good_file(void **state)
{
    (void)state;
    for (unsigned call = 1; call <= 12; call++) {
        for (size_t partial = 0; partial <= 4000; partial += 2000) {
            struct sink_request r = request_for(SINK_FLAC, SAMPLE_S16, 2);
            struct sink *s;

            failing_reset(NULL);
            s = start(&r);
            feed(s, &r, 0, 20000);
            assert_true(sink_mark(s, 10) && sink_mark(s, 20));
            assert_true(sink_commit(s, NULL));
            assert_true(sink_mark(s, 30) && sink_mark(s, 40));
            failing.plan = (struct failing_plan){.call = failing.calls + call,
                                                 .how = FAIL_FOR_GOOD,
                                                 .err = ERR_IO,
                                                 .partial = partial};
            sink_commit(s, NULL);
            check_file(&r, 12288, 20000);
            blocks_are_whole();
            sink_close(s, NULL);
            check_file(&r, 12288, 20000);
            blocks_are_whole();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_tracks),
        cmocka_unit_test(a_killed_file_has_them),
        cmocka_unit_test(without_marks_it_is_padding),
        cmocka_unit_test(a_pipe_gets_none),
        cmocka_unit_test(there_is_an_end_to_them),
        cmocka_unit_test(a_crash_leaves_a_good_file),
    };
    return cmocka_run_group_tests_name("sink_flac_marks", tests, NULL, NULL);
}
