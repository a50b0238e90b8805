/* segments: a recording cut into files at given frames: nothing is lost or
 * doubled, no file is empty, none that exists is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sink/segments.h"
#include "sys/file.h"
#include "sys/process.h"
#include "unit/segments_bench.h"

enum { BLOCK = 480, FILES_MAX = 16, FRAME_BYTES = 4, RATE = 48000 };

/* What the listener heard. */
struct heard {
    char paths[FILES_MAX][64];
    unsigned numbers[FILES_MAX];
    uint64_t at_frames[FILES_MAX];
    struct sink_total totals[FILES_MAX];
    unsigned begun, ended;
};

static void begun(void *context, const char *path, unsigned number,
                  uint64_t at_frame)
{
    struct heard *h = context;
    if (h->begun < FILES_MAX) {
        snprintf(h->paths[h->begun], sizeof h->paths[0], "%s", path);
        h->numbers[h->begun] = number;
        h->at_frames[h->begun] = at_frame;
    }
    h->begun++;
}

static void ended(void *context, const struct sink_total *total)
{
    struct heard *h = context;
    if (h->ended < FILES_MAX) {
        h->totals[h->ended] = *total;
    }
    h->ended++;
}

static char pattern[64];

static int set_up(void **state)
{
    struct heard *h = calloc(1, sizeof *h);
    snprintf(pattern, sizeof pattern, "test_segments.%lld.raw",
             (long long)process_id());
    *state = h;
    return h == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct heard *h = *state;
    for (unsigned i = 0; i < h->begun; i++) {
        remove(h->paths[i]);
    }
    free(h);
    return 0;
}

static struct sink *start_plan(struct heard *h, enum sink_type type,
                               const struct segments_plan *plan)
{
    const struct segments_listener listener = {
        h, begun, ended, never_vanished, never_deleted, never_warned};
    struct sink_request r = {
        .path = pattern,
        .type = type,
        .format = {.rate = RATE, .channels = 2},
        .sample = SAMPLE_S16,
        .compression = SINK_COMPRESSION_DEFAULT,
    };
    struct fault f = {0};
    struct sink *s = segments_open(&r, plan, &listener, &f);
    if (s == NULL) {
        fail_msg("%s: %s", error_sentence(f.err), f.detail);
    }
    return s;
}

static struct sink *start(struct heard *h, enum sink_type type)
{
    const struct segments_plan plan = {0};
    return start_plan(h, type, &plan);
}

/* FRAMES more frames, which count up; *AT is where the recording is. */
static void feed(struct sink *s, uint64_t *at, uint64_t frames)
{
    uint32_t block[BLOCK];
    struct fault f = {0};
    while (frames > 0) {
        size_t n = frames < BLOCK ? (size_t)frames : BLOCK;
        for (size_t i = 0; i < n; i++) {
            block[i] = (uint32_t)(*at + i) * 2654435761U;
        }
        assert_true(sink_write(s, block, n, &f));
        *at += n;
        frames -= n;
    }
}

/* The files one after the other are what was fed. */
static void check_whole(const struct heard *h, uint64_t frames)
{
    uint64_t at = 0;
    for (unsigned i = 0; i < h->begun; i++) {
        struct fault f = {0};
        struct file *file = file_open(h->paths[i], FILE_READ, &f);
        uint32_t frame;
        assert_non_null(file);
        assert_int_equal(h->at_frames[i], at);
        assert_int_equal(h->totals[i].bytes, file_length(file));
        assert_int_equal(h->totals[i].frames * FRAME_BYTES, file_length(file));
        while (file_read(file, &frame, sizeof frame, &f) == sizeof frame) {
            assert_int_equal(frame, (uint32_t)at * 2654435761U);
            at++;
        }
        file_close(file, &f);
    }
    assert_int_equal(at, frames);
}

static void cuts_are_exact(void **state)
{
    struct heard *h = *state;
    struct sink *s = start(h, SINK_RAW);
    struct sink_total total;
    uint64_t at = 0;

    segments_cut(s, 0); /* nothing is before it: no file of its own */
    feed(s, &at, 960);
    segments_cut(s, 960); /* between two writes */
    segments_cut(s, 961);
    segments_cut(s, 961);
    segments_cut(s, 2000);
    feed(s, &at, 3000);
    segments_cut(s, at + 700); /* known before */
    feed(s, &at, 1000);
    assert_int_equal(sink_frames(s), at);
    assert_int_equal(sink_bytes(s), at * FRAME_BYTES);
    assert_true(sink_close_total(s, &total, NULL));
    assert_int_equal(total.frames, 4960);
    assert_int_equal(total.bytes, 4960 * FRAME_BYTES);
    assert_int_equal(h->begun, 5);
    assert_int_equal(h->ended, 5);
    assert_int_equal(h->at_frames[1], 960);
    assert_int_equal(h->at_frames[2], 961);
    assert_int_equal(h->at_frames[3], 2000);
    assert_int_equal(h->at_frames[4], 4660);
    assert_int_equal(h->numbers[4], 5);
    assert_string_equal(h->paths[0], pattern);
    check_whole(h, 4960);
}

static void a_cut_at_the_end_makes_no_file(void **state)
{
    struct heard *h = *state;
    struct sink *s = start(h, SINK_RAW);
    uint64_t at = 0;

    feed(s, &at, 1000);
    segments_cut(s, at);
    assert_int_equal(h->ended, 0);
    assert_true(sink_commit(s, NULL)); /* it is finished without a write */
    assert_int_equal(h->ended, 1);
    assert_true(sink_commit(s, NULL));
    assert_true(sink_close(s, NULL));
    assert_int_equal(h->begun, 1);
    assert_int_equal(h->ended, 1);
    check_whole(h, 1000);
}

static void names_that_exist_are_left_alone(void **state)
{
    struct heard *h = *state;
    struct fault f = {0};
    char *taken = naming_segment(pattern, 2, 1, 0);
    struct file *file = file_open(taken, FILE_NEW, &f);
    uint64_t at = 0;

    assert_non_null(file);
    assert_true(file_write(file, "mine", 4, &f));
    assert_true(file_close(file, &f));

    struct sink *s = start(h, SINK_RAW);
    feed(s, &at, 100);
    segments_cut(s, at);
    feed(s, &at, 100);
    assert_true(sink_close(s, NULL));
    assert_int_equal(h->numbers[1], 3);
    assert_non_null(strstr(h->paths[1], "-3.raw"));
    check_whole(h, 200);

    file = file_open(taken, FILE_READ, &f);
    assert_int_equal(file_length(file), 4);
    file_close(file, &f);
    remove(taken);
    free(taken);
}

static void an_empty_recording_is_one_file(void **state)
{
    struct heard *h = *state;
    struct sink *s = start(h, SINK_WAV);
    struct sink_total total;

    segments_cut(s, 0);
    assert_true(sink_commit(s, NULL));
    assert_true(sink_close_total(s, &total, NULL));
    assert_int_equal(h->begun, 1);
    assert_int_equal(h->ended, 1);
    assert_int_equal(total.frames, 0);
    assert_true(total.bytes > 40);
}

static void files_of_one_length(void **state)
{
    struct heard *h = *state;
    struct sink *s =
        start_plan(h, SINK_RAW, &(struct segments_plan){.split_frames = 1000});
    uint64_t at = 0;

    feed(s, &at, 999);
    assert_true(sink_commit(s, NULL));
    assert_int_equal(h->ended, 0);
    feed(s, &at, 1);
    assert_true(sink_commit(s, NULL)); /* it is finished without a write */
    assert_int_equal(h->ended, 1);
    feed(s, &at, 500);
    segments_cut(s, at); /* what follows counts from here */
    feed(s, &at, 3000);
    assert_true(sink_close(s, NULL));
    assert_int_equal(h->begun, 5);
    assert_int_equal(h->at_frames[1], 1000);
    assert_int_equal(h->at_frames[2], 1500);
    assert_int_equal(h->at_frames[3], 2500);
    assert_int_equal(h->at_frames[4], 3500);
    check_whole(h, 4500);
}

/* No file is larger than it may be, and none could have held more: than a
 * block, where there is one. */
static void files_of_one_size(void **state)
{
    static const struct {
        enum sink_type type;
        uint64_t most, least;
    } types[] = {
        {SINK_RAW, 1000001, 1000000}, {SINK_WAV, 1000001, 999998},
        {SINK_RF64, 1000001, 999998}, {SINK_W64, 1000002, 999999},
        {SINK_FLAC, 1000000, 900000},
    };
    struct heard *h = *state;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct segments_plan plan = {.split_bytes = types[i].most};
        struct sink *s = start_plan(h, types[i].type, &plan);
        struct sink_total total;
        uint64_t at = 0;
        feed(s, &at, 800000);
        assert_true(sink_close_total(s, &total, NULL));
        assert_int_equal(total.frames, 800000);
        assert_in_range(h->begun, 4, 5);
        for (unsigned k = 0; k < h->ended; k++) {
            struct fault f = {0};
            struct file *file = file_open(h->paths[k], FILE_READ, &f);
            assert_int_equal(file_length(file), h->totals[k].bytes);
            assert_true(h->totals[k].bytes <= types[i].most);
            assert_true(k + 1 == h->ended ||
                        h->totals[k].bytes >= types[i].least);
            file_close(file, &f);
        }
        if (types[i].type == SINK_RAW)
            check_whole(h, 800000);
        for (unsigned k = 0; k < h->begun; k++)
            remove(h->paths[k]);
        memset(h, 0, sizeof *h);
    }
}

static void a_name_of_the_clock_is_told_apart(void **state)
{
    struct heard *h = *state;
    const struct segments_plan plan = {.split_frames = RATE / 2,
                                       .virtual_time = true};
    uint64_t at = 0;

    snprintf(pattern, sizeof pattern, "test_segments.%lld.%%s.raw",
             (long long)process_id());
    struct sink *s = start_plan(h, SINK_RAW, &plan);
    feed(s, &at, 2 * RATE);
    assert_true(sink_close(s, NULL));
    assert_int_equal(h->begun, 4);
    check_whole(h, 2 * RATE);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(h->numbers[i], i + 1);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(h->paths[i], h->paths[k]);
    }
    /* two a second: the one that is the second in its second says so */
    assert_true((strstr(h->paths[1], "-2.raw") != NULL) !=
                (strstr(h->paths[2], "-2.raw") != NULL));
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cuts_are_exact),
        TEST(a_cut_at_the_end_makes_no_file),
        TEST(names_that_exist_are_left_alone),
        TEST(an_empty_recording_is_one_file),
        TEST(files_of_one_length),
        TEST(files_of_one_size),
        TEST(a_name_of_the_clock_is_told_apart),
    };
    return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
