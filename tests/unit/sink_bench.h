/* sink_bench: a sink on a medium of memory, fed and read back. For the one
 * source file of a test (see fakes/failing_file.h). */
#ifndef LOOPREC_TESTS_SINK_BENCH_H
#define LOOPREC_TESTS_SINK_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fakes/failing_file.h"
#include "fakes/read_back.h"
#include "sink/sink.h"

enum { BLOCK = 480 };

static struct read_back back;
static int32_t block[BLOCK * FORMAT_CHANNELS_MAX];

static inline struct sink_request request_for(enum sink_type type,
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

static inline struct sink *start(const struct sink_request *r)
{
    struct fault f = {0};
    struct sink *s = sink_open(r, &f);

    assert_non_null(s);
    assert_int_equal(f.err, ERR_OK);
    return s;
}

/* Frames FROM up to TO of the test's audio. */
static inline void feed(struct sink *s, const struct sink_request *r,
                        size_t from, size_t to)
{
    while (from < to) {
        size_t part = to - from < BLOCK ? to - from : BLOCK;
        read_back_fill(block, r->sample, r->format.channels, from, part);
        assert_true(sink_write(s, block, part, NULL));
        from += part;
    }
}

/* What lies on the medium now holds LEAST to MOST frames of the audio. */
static inline void check_file(const struct sink_request *r, size_t least,
                              size_t most)
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

static inline void round_trip(const struct sink_request *r, size_t frames)
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

#endif
