/* segments faults: each call that a small recording with marks makes to the
 * file fails in turn. With a fallback all marks are in the files, each in the
 * one that holds its frame, and no frame is lost; without one what is saved is
 * a valid file, and its marks are marks. */
#include "sink/segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "fakes/read_back.h"
#include "unit/segments_bench.h"
#include "unit/segments_failing.h"

enum { FRAMES = 12000, BLOCK = 480, SPLIT = 5000, FILES_MAX = 4 };
enum { CALLS_MAX = 2000, MARKS = 8 };

/* Each is set when the recording has come there. */
static const uint64_t marked[MARKS] = {0,     700,  1990,  4999,
                                       SPLIT, 5001, 10000, FRAMES - 1};

struct shape {
    enum sink_type type;
    enum sample_type sample;
    unsigned channels;
    uint64_t split_frames;
};

static const struct shape shapes[] = {
    {SINK_WAV, SAMPLE_S16, 2, 0},  {SINK_WAV, SAMPLE_S24, 1, SPLIT},
    {SINK_RF64, SAMPLE_S24, 3, 0}, {SINK_WAV, SAMPLE_S16, 1, SPLIT},
    {SINK_FLAC, SAMPLE_S16, 2, 0}, {SINK_FLAC, SAMPLE_S24, 1, SPLIT},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* What one recording came to. */
static struct {
    const struct shape *shape;
    bool lawless; /* nothing can be expected of the first file */
    unsigned begun, ended, warned;
    uint64_t at_frame;         /* of the latest file */
    uint64_t second;           /* that of the second; 0: there is none */
    uint64_t frames;           /* of all files */
    uint64_t found[2 * MARKS]; /* marks, of the recording */
    unsigned count;
    bool refused; /* a mark was */
    bool good;    /* at each other call */
    struct fault fault;
} heard;

static struct read_back back;

static void begun(void *context, const char *path, unsigned number,
                  uint64_t at_frame)
{
    (void)context;
    (void)path;
    assert_int_equal(number, ++heard.begun);
    assert_true(heard.begun <= FILES_MAX);
    heard.at_frame = at_frame;
    heard.second = heard.begun == 2 ? at_frame : heard.second;
}

static void found(uint64_t frame, uint64_t frames)
{
    assert_true(heard.count < 2 * MARKS);
    if (frame >= frames)
        fail_msg("a mark at %d of %d (call %u, file %u)", (int)frame,
                 (int)frames, failing.plan.call, heard.begun);
    heard.found[heard.count++] = heard.at_frame + frame;
}

static uint64_t le(int64_t at, unsigned bytes)
{
    uint64_t value = 0;

    assert_true(at + bytes <= failing.length);
    for (unsigned i = bytes; i > 0; i--)
        value = value << 8 | failing.data[at + i - 1];
    return value;
}

/* The chunks are one after the other up to the file's end. */
static void read_wave(uint64_t frames)
{
    int64_t at = 12;

    while (at < failing.length) {
        const unsigned char *chunk = failing.data + at;
        uint64_t size = le(at + 4, 4);
        if (memcmp(chunk, "data", 4) == 0 && size == UINT32_MAX)
            size = le(28, 8); /* as ds64 tells */
        if (memcmp(chunk, "cue ", 4) == 0)
            for (uint64_t i = 0; i < le(at + 8, 4); i++)
                found(le(at + 12 + 24 * (int64_t)i + 20, 4), frames);
        at += 8 + (int64_t)(size + size % 2);
    }
    assert_int_equal(at, failing.length);
}

static void read_flac(uint64_t frames)
{
    enum { AT = 42, TRACKS_AT = AT + 4 + 396, TRACK = 48 };

    if (failing.length < TRACKS_AT || failing.data[AT] != 5)
        return; /* no CUESHEET */
    for (int i = 0; i < failing.data[TRACKS_AT - 1] - 1; i++)
        found(bytes_get_be(failing.data + TRACKS_AT + i * TRACK, 8), frames);
}

/* It lies there, closed. */
static void ended(void *context, const struct sink_total *total)
{
    const struct shape *s = heard.shape;

    (void)context;
    heard.frames += total->frames;
    heard.ended++;
    if (failing.opened == 1 && heard.lawless)
        return;
    if (total->frames == 0 && s->type == SINK_FLAC)
        return; /* perhaps not even a header */
    read_back(&back, s->type, s->sample, s->channels);
    assert_true(back.readable);
    assert_int_equal(back.frames, total->frames);
    assert_int_equal(back.said, total->frames);
    assert_int_equal(failing.length, total->bytes);
    assert_true(read_back_equal_from(&back, s->sample, s->channels,
                                     (size_t)heard.at_frame,
                                     (size_t)total->frames));
    if (s->type == SINK_FLAC)
        read_flac(total->frames);
    else
        read_wave(total->frames);
}

static void vanished(void *context)
{
    (void)context;
}

static void warn(void *context, const char *text)
{
    (void)context;
    assert_non_null(strstr(text, "; the recording goes on in other/x"));
    heard.warned++;
}

/* Set the marks whose time has come, and tell how many frames to write until
 * the next one. */
static size_t set_marks(struct sink *s, uint64_t at, unsigned *next)
{
    while (*next < MARKS && marked[*next] == at)
        if (!sink_mark(s, marked[(*next)++]))
            heard.refused = true;
    return *next < MARKS && marked[*next] - at < BLOCK
               ? (size_t)(marked[*next] - at)
               : BLOCK;
}

static void record(const struct shape *shape, const char *fallback)
{
    static int32_t block[BLOCK * READ_BACK_MAX_CHANNELS];
    const struct segments_plan plan = {.virtual_time = true,
                                       .split_frames = shape->split_frames,
                                       .fallback = fallback};
    const struct segments_listener listener = {NULL,     begun,         ended,
                                               vanished, never_deleted, warn};
    const struct sink_request request = {
        .path = "x-%n.y",
        .type = shape->type,
        .format = {.rate = 48000, .channels = shape->channels},
        .sample = shape->sample,
        .compression = SINK_COMPRESSION_DEFAULT,
        .sync_ns = 1, /* at every commit */
    };
    unsigned next = 0;
    struct sink *s;

    memset(&heard, 0, sizeof heard);
    heard.shape = shape;
    heard.lawless = failing.plan.how == FAIL_FOR_GOOD;
    s = segments_open(&request, &plan, &listener, &heard.fault);
    heard.good = s != NULL;
    for (uint64_t at = 0, n = 0; at < FRAMES && heard.good; n++) {
        size_t part = set_marks(s, at, &next);
        part = FRAMES - at < part ? (size_t)(FRAMES - at) : part;
        read_back_fill(block, shape->sample, shape->channels, (size_t)at, part);
        heard.good = heard.good && sink_write(s, block, part, &heard.fault) &&
                     (n % 5 != 4 || sink_commit(s, &heard.fault));
        at += part;
    }
    if (s != NULL && !sink_close(s, &heard.fault))
        heard.good = false;
    assert_false(failing.open);
    assert_false(failing.misused);
}

/* From mark FIRST on each is there once, and of those before it none twice. */
static void has_marks_from(unsigned first)
{
    unsigned at = 0;

    for (unsigned i = 0; i < MARKS; i++) {
        bool there = at < heard.count && heard.found[at] == marked[i];
        if (!there && i >= first)
            fail_msg("no mark at %d (call %u, %u files)", (int)marked[i],
                     failing.plan.call, heard.begun);
        at += there;
    }
    assert_int_equal(at, heard.count);
}

static unsigned first_mark_from(uint64_t frame)
{
    unsigned i = 0;

    while (i < MARKS && marked[i] < frame)
        i++;
    return i;
}

static void check_rescued(void)
{
    assert_true(heard.good && !heard.refused);
    assert_int_equal(heard.warned, 1);
    if (!heard.lawless)
        assert_int_equal(heard.frames, FRAMES);
    has_marks_from(heard.lawless ? first_mark_from(heard.second) : 0);
}

/* Let call 1, 2, 3 ... of the first file fail until a recording gets through.
 */
static void each_call(const struct shape *shape, const struct failing_plan *how,
                      const char *fallback)
{
    struct failing_plan plan = *how;
    unsigned failed = 0;

    for (plan.call = 1; plan.call < CALLS_MAX; plan.call++) {
        failing_reset(&plan);
        record(shape, fallback);
        if (heard.warned > 0) {
            check_rescued();
            failed++;
        } else if (heard.good) {
            break; /* no call of the first file was left */
        } else {
            assert_int_equal(heard.fault.err, plan.err);
            has_marks_from(MARKS);
            failed++;
        }
    }
    assert_true(failed > 5 && plan.call < CALLS_MAX);
    if (!heard.lawless)
        has_marks_from(0);
}

static void each_shape(const struct failing_plan *how)
{
    for (size_t i = 0; i < SHAPES; i++) {
        each_call(&shapes[i], how, "other/x-%n.y");
        each_call(&shapes[i], how, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disk_full),
        cmocka_unit_test(one_error),
        cmocka_unit_test(disk_gone),
    };
    int failures =
        cmocka_run_group_tests_name("segments_faults_marks", tests, NULL, NULL);

    failing_reset(NULL);
    return failures;
}
