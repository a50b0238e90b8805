/* mixing: recordings of several streams of the counter into memory, and what is
 * to be found there. Include after cmocka.h. */
#ifndef LOOPREC_TESTS_MIXING_H
#define LOOPREC_TESTS_MIXING_H

#include "fakes/failing_file.h"
#include "recording.h"

enum { RATE = 48000, CHANNELS = 2 };

/* A request for all the SPECS up to NULL, FRAMES long (0: until the end), as
 * 32-bit floats, so that sums show unclipped. */
static inline struct session_request mixed(const char *const *specs,
                                           uint64_t frames)
{
    struct session_request r = request_for(specs[0], frames);
    for (r.source_count = 0; specs[r.source_count]; r.source_count++) {
        r.sources[r.source_count] = r.sources[0];
        r.sources[r.source_count].spec = specs[r.source_count];
    }
    r.type = SINK_RAW;
    r.sample = SAMPLE_F32;
    r.path = "memory.raw";
    failing_reset(NULL);
    return r;
}

/* What the source "counter" holds; see synth.c. */
static inline float counter(uint64_t frame, unsigned channel)
{
    return (float)(int16_t)((frame * CHANNELS + channel) & 0xffff) / 32768.0f;
}

/* Frame N of the file is the counter, TIMES times. */
static inline bool holds(uint64_t n, unsigned times)
{
    float frame[CHANNELS];
    memcpy(frame, failing.data + n * sizeof frame, sizeof frame);
    for (unsigned c = 0; c < CHANNELS; c++) {
        if (frame[c] != counter(n, c) * (float)times) {
            print_message("frame %llu, channel %u: %g, not %u times %g\n",
                          (unsigned long long)n, c, (double)frame[c], times,
                          (double)counter(n, c));
            return false;
        }
    }
    return true;
}

static inline void assert_account(const struct outcome *o, uint64_t captured,
                                  uint64_t idle, uint64_t lost, uint64_t gone)
{
    const uint64_t *frames = o->report.account.frames;
    assert_int_equal(frames[CLASS_CAPTURED], captured);
    assert_int_equal(frames[CLASS_IDLE], idle);
    assert_int_equal(frames[CLASS_LOST], lost);
    assert_int_equal(frames[CLASS_GONE], gone);
    assert_int_equal(gaps_of(o, CLASS_IDLE), idle);
    assert_int_equal(gaps_of(o, CLASS_LOST), lost);
    assert_int_equal(gaps_of(o, CLASS_GONE), gone);
}

#endif
