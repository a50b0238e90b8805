/* sink faults: each call that a small recording makes to the file fails in
 * turn, in every way a disk has; the failure is told, stays told, and what was
 * saved is a valid file. */
#include "sink/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fakes/failing_file.h"
#include "fakes/read_back.h"

enum { FRAMES = 10000, BLOCK = 480, COMMIT_EVERY = 5, CALLS_MAX = 2000 };

struct shape {
    enum sink_type type;
    enum sample_type sample;
    unsigned channels;
};

static const struct shape shapes[] = {
    {SINK_WAV, SAMPLE_S16, 2},  {SINK_WAV, SAMPLE_S24, 1},
    {SINK_WAV, SAMPLE_S32, 3},  {SINK_WAV, SAMPLE_F32, 2},
    {SINK_RF64, SAMPLE_S24, 1}, {SINK_RF64, SAMPLE_S16, 2},
    {SINK_W64, SAMPLE_S24, 1},  {SINK_W64, SAMPLE_F32, 2},
    {SINK_FLAC, SAMPLE_S16, 2}, {SINK_FLAC, SAMPLE_S24, 1},
    {SINK_OGG, SAMPLE_F32, 2},  {SINK_OGG, SAMPLE_F32, 5},
    {SINK_OPUS, SAMPLE_F32, 2}, {SINK_OPUS, SAMPLE_F32, 6},
    {SINK_MP3, SAMPLE_F32, 2},  {SINK_MP3, SAMPLE_F32, 1},
    {SINK_RAW, SAMPLE_S16, 2},  {SINK_RAW, SAMPLE_S24, 3},
    {SINK_RAW, SAMPLE_F32, 1},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* What one recording came to. */
struct outcome {
    bool opened;
    bool failed;         /* open, write, commit or close said so */
    bool failed_closing; /* only close did */
    struct fault fault;
    uint64_t frames;         /* sink_frames before the end */
    struct sink_total total; /* what close said */
};

static struct read_back back;

static void record(const struct shape *shape, struct outcome *out)
{
    static int32_t block[BLOCK * READ_BACK_MAX_CHANNELS];
    struct sink_request request = {
        .path = "x",
        .type = shape->type,
        .format = {.rate = 48000, .channels = shape->channels},
        .sample = shape->sample,
        .compression = SINK_COMPRESSION_DEFAULT,
        .device_name = "a device",
        .sync_ns = 1, /* at every commit */
    };
    struct sink *s;
    struct fault again = {0};

    memset(out, 0, sizeof *out);
    s = sink_open(&request, &out->fault);
    out->failed = s == NULL;
    if (s == NULL)
        return;
    out->opened = true;
    for (size_t at = 0, n = 0; at < FRAMES && !out->failed; n++) {
        size_t part = FRAMES - at < BLOCK ? FRAMES - at : BLOCK;
        read_back_fill(block, shape->sample, shape->channels, at, part);
        out->failed = !sink_write(s, block, part, &out->fault) ||
                      (n % COMMIT_EVERY == 4 && !sink_commit(s, &out->fault));
        at += part;
    }
    if (out->failed) {
        unsigned calls = failing.calls;
        assert_false(sink_write(s, block, BLOCK, &again));
        assert_int_equal(again.err, out->fault.err);
        assert_string_equal(again.detail, out->fault.detail);
        assert_false(sink_commit(s, &again));
        assert_int_equal(failing.calls, calls); /* nothing is tried any more */
    }
    out->frames = sink_frames(s);
    if (!sink_close_total(s, &out->total, out->failed ? NULL : &out->fault) &&
        !out->failed) {
        out->failed = true;
        out->failed_closing = true;
    }
    assert_false(failing.open);
    assert_false(failing.misused);
}

/* Nothing torn is left at the end (readers may overlook it, or not). */
static void check_tail(const struct shape *shape)
{
    if (shape->type <= SINK_RF64) /* a chunk's bytes are even */
        assert_int_equal(failing.length % 2, 0);
    if (shape->type == SINK_FLAC) /* one write, one block */
        assert_int_equal(failing.length, failing.whole);
}

/* Of what loses: so long as the sink said, as a reader finds it. */
static void check_saved_lossy(const struct shape *shape,
                              const struct outcome *out)
{
    size_t near = shape->type == SINK_MP3 ? 1152 : 0; /* one of its frames */

    if (out->total.frames == 0 || !read_back_knows(shape->type))
        return;
    read_back(&back, shape->type, shape->sample, shape->channels);
    assert_true(back.readable);
    assert_int_equal(back.said, back.frames);
    assert_in_range(back.frames + near, out->total.frames,
                    out->total.frames + 2 * near);
    assert_int_equal(out->total.bytes, failing.length);
    if (!out->failed_closing)
        assert_int_equal(out->total.frames, out->frames);
}

/* The file must hold the beginning of the audio: exactly what the sink said,
 * or, when only close failed, at most one FLAC block less. */
static void check_saved(const struct shape *shape, const struct outcome *out)
{
    if (!out->opened || failing.length == 0)
        return;
    if (shape->sample == SAMPLE_F32 && shape->type >= SINK_OGG &&
        shape->type <= SINK_MP3) {
        check_saved_lossy(shape, out);
        return;
    }
    if (out->frames == 0 && shape->type == SINK_FLAC)
        return; /* the header itself may be what is missing */
    read_back(&back, shape->type, shape->sample, shape->channels);
    assert_true(back.readable);
    if (out->failed_closing) {
        assert_true(back.frames <= out->frames);
        assert_true(back.frames + 4096 >= out->frames);
    } else {
        assert_int_equal(back.frames, out->frames);
    }
    /* In a WAV whose last header failed the samples are there, but the header
     * before it tells of fewer. */
    if (out->failed_closing && shape->type <= SINK_W64) {
        assert_int_equal(out->total.frames, out->frames);
    } else {
        assert_int_equal(out->total.frames, back.frames);
    }
    assert_int_equal(out->total.bytes, failing.length);
    assert_int_equal(back.said, back.frames);
    assert_true(
        read_back_equal(&back, shape->sample, shape->channels, back.frames));
    check_tail(shape);
}

/* Let call 1, 2, 3 ... fail until a recording gets through. */
static void each_call(const struct shape *shape, const struct failing_plan *how)
{
    struct failing_plan plan = *how;
    struct outcome out;

    for (plan.call = 1; plan.call < CALLS_MAX; plan.call++) {
        failing_reset(&plan);
        record(shape, &out);
        if (failing.calls < plan.call)
            break;
        assert_true(out.failed);
        assert_int_equal(out.fault.err, plan.err);
        assert_string_equal(out.fault.detail, "memory");
        if (plan.how != FAIL_FOR_GOOD && !plan.stream)
            check_saved(shape, &out);
    }
    /* All went well in the end, and there was something that could fail. */
    assert_false(out.failed);
    assert_int_equal(out.frames, FRAMES);
    assert_true(plan.call > 3 && plan.call < CALLS_MAX);
}

static void each_shape(const struct failing_plan *how)
{
    for (size_t i = 0; i < SHAPES; i++)
        if (!how->stream || (shapes[i].type != SINK_RF64 &&
                             shapes[i].type != SINK_W64)) /* no streams */
            each_call(&shapes[i], how);
}

static void disk_full(void **state)
{
    (void)state;
    for (size_t partial = 0; partial < 1000; partial += 333)
        each_shape(&(struct failing_plan){
            .how = FAIL_FULL, .err = ERR_NO_SPACE, .partial = partial});
}

static void one_error(void **state)
{
    (void)state;
    each_shape(
        &(struct failing_plan){.how = FAIL_ONCE, .err = ERR_IO, .partial = 0});
    each_shape(
        &(struct failing_plan){.how = FAIL_ONCE, .err = ERR_IO, .partial = 7});
}

static void disk_gone(void **state)
{
    (void)state;
    each_shape(&(struct failing_plan){
        .how = FAIL_FOR_GOOD, .err = ERR_IO, .partial = 5});
}

static void pipe_closed(void **state)
{
    (void)state;
    each_shape(&(struct failing_plan){.how = FAIL_FOR_GOOD,
                                      .err = ERR_PIPE_CLOSED,
                                      .partial = 5,
                                      .stream = true});
}

/* Somebody deletes it: that is told at the next commit, not at the end. */
static void deleted(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        struct outcome out;
        failing_reset(&(struct failing_plan){.deleted = true});
        record(&shapes[i], &out);
        assert_true(out.failed && !out.failed_closing);
        assert_int_equal(out.fault.err, ERR_FILE_GONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disk_full), cmocka_unit_test(one_error),
        cmocka_unit_test(disk_gone), cmocka_unit_test(pipe_closed),
        cmocka_unit_test(deleted),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    failing_reset(NULL);
    return failures;
}
