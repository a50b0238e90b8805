/* segments: a mark is in the file whose frames hold it, with its place there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sink/segments.h"
#include "sys/process.h"
#include "unit/segments_bench.h"

enum { FILES_MAX = 4, TAIL = 12 + 24 };

struct heard {
    char paths[FILES_MAX][80];
    unsigned begun;
};

static void begun(void *context, const char *path, unsigned number,
                  uint64_t at_frame)
{
    struct heard *h = context;
    (void)number;
    (void)at_frame;
    assert_true(h->begun < FILES_MAX);
    snprintf(h->paths[h->begun++], sizeof h->paths[0], "%s", path);
}

static void ended(void *context, const struct sink_total *total)
{
    (void)context;
    (void)total;
}

/* The one mark at the file's end; -1: there is none. */
static int64_t mark_in(const char *path)
{
    unsigned char tail[TAIL];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, -TAIL, SEEK_END), 0);
    assert_int_equal(fread(tail, 1, TAIL, file), TAIL);
    fclose(file);
    if (memcmp(tail, "cue ", 4) != 0) {
        return -1;
    }
    assert_int_equal(tail[8], 1);
    return tail[32] | tail[33] << 8 | tail[34] << 16;
}

static const int16_t zeros[2 * 1000];
static char pattern[64];

static struct sink *start(struct heard *h, uint64_t split_bytes)
{
    const struct segments_listener listener = {
        h, begun, ended, never_vanished, never_deleted, never_warned};
    const struct segments_plan plan = {.split_bytes = split_bytes};
    const struct sink_request r = {
        .path = pattern,
        .type = SINK_WAV,
        .format = {.rate = 48000, .channels = 2},
        .sample = SAMPLE_S16,
        .compression = SINK_COMPRESSION_DEFAULT,
    };
    struct fault f = {0};
    snprintf(pattern, sizeof pattern, "test_segments_marks.%lld.wav",
             (long long)process_id());
    struct sink *s = segments_open(&r, &plan, &listener, &f);
    assert_non_null(s);
    return s;
}

static void forget(const struct heard *h)
{
    for (unsigned i = 0; i < h->begun; i++) {
        remove(h->paths[i]);
    }
}

static void test_each_in_its_file(void **state)
{
    (void)state;
    struct heard h = {.begun = 0};
    struct fault f = {0};
    struct sink *s = start(&h, 0);
    assert_true(sink_write(s, zeros, 1000, &f));
    assert_true(sink_mark(s, 400)); /* has passed, in this file */
    segments_cut(s, 1500);
    segments_cut(s, 2000);
    assert_true(sink_write(s, zeros, 500, &f));
    /* the next frame begins the next file, which is made for it */
    assert_true(sink_mark(s, 1500));
    assert_int_equal(h.begun, 2);
    assert_true(sink_write(s, zeros, 1000, &f));
    assert_int_equal(h.begun, 3);
    assert_true(sink_mark(s, 2077));
    assert_false(sink_mark(s, 1999)); /* that file is finished */
    assert_false(sink_mark(s, 9999)); /* nobody knows where that will be */
    assert_true(sink_close(s, &f));
    assert_int_equal(h.begun, 3);
    assert_int_equal(mark_in(h.paths[0]), 400);
    assert_int_equal(mark_in(h.paths[1]), 0);
    assert_int_equal(mark_in(h.paths[2]), 77);
    forget(&h);
}

static int64_t size_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    int64_t size = ftell(file);
    fclose(file);
    return size;
}

/* No file is larger than it may be for its marks, wherever they are set. */
static void test_a_size_is_kept(void **state)
{
    (void)state;
    enum { MOST = 1000000, AROUND = 60 };
    struct heard h = {.begun = 0};
    struct sink *s = start(&h, MOST);
    uint64_t fit = 0;
    while (sink_write(s, zeros, 1, NULL) && h.begun == 1) {
        fit++; /* so many frames, without a mark */
    }
    assert_true(sink_close(s, NULL));
    forget(&h);
    for (uint64_t at = fit - AROUND; at <= fit + 2; at++) {
        h = (struct heard){.begun = 0};
        s = start(&h, MOST);
        for (uint64_t n = 0; n < at; n += n + 1000 < at ? 1000 : 1) {
            size_t step = n + 1000 < at ? 1000 : 1;
            assert_true(sink_write(s, zeros, step, NULL));
        }
        assert_true(sink_mark(s, at)); /* of the frame that is next */
        assert_true(sink_write(s, zeros, 500, NULL));
        assert_true(sink_close(s, NULL));
        assert_int_equal(h.begun, 2);
        int64_t first = mark_in(h.paths[0]);
        int64_t second = mark_in(h.paths[1]);
        assert_true((first >= 0) != (second >= 0));
        assert_true(first < 0 || first == (int64_t)at);
        assert_int_equal(first >= 0, at <= fit - 17); /* 64 bytes and itself */
        assert_in_range(size_of(h.paths[0]), MOST / 2, MOST);
        forget(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_in_its_file),
        cmocka_unit_test(test_a_size_is_kept),
    };
    return cmocka_run_group_tests_name("segments_marks", tests, NULL, NULL);
}
