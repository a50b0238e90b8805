/* tape: records what a synthetic source hands over, for its tests. One
 * recording at a time. */
#ifndef LOOPREC_TESTS_UNIT_TAPE_H
#define LOOPREC_TESTS_UNIT_TAPE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/convert.h"
#include "source/source.h"

#define MS INT64_C(1000000)
#define S  (1000 * MS)

enum { PACKETS_MAX = 20000 };

/* Collects what a source hands over, until it has LIMIT frames or virtual time
 * passes UNTIL_NS. Only the capture thread is inside. */
struct tape {
    struct source *source;
    uint64_t limit;
    int64_t until_ns;
    struct packet packets[PACKETS_MAX];
    size_t starts[PACKETS_MAX]; /* of the packet, in samples */
    int64_t arrived[PACKETS_MAX];
    size_t count;
    float *samples;
    size_t sample_count;
    size_t sample_room;
    uint32_t channels;
    uint64_t frames;
    int64_t idles[PACKETS_MAX];
    size_t idle_count;
    int64_t last_idle_ns;
    bool idle_wrong; /* it went back, or claimed what came later */
    enum sample_type type;
    struct fault fault;
};

static inline void take_packet(void *context, const struct packet *p,
                               const void *data, enum sample_type type)
{
    struct tape *t = context;
    size_t samples = (size_t)p->frames * t->channels;
    if (t->count == PACKETS_MAX) {
        return;
    }
    t->type = type;
    t->packets[t->count] = *p;
    t->starts[t->count] = t->sample_count;
    t->arrived[t->count] = t->source->ops->now(t->source);
    t->count++;
    t->frames += p->frames;
    if (p->time_ns != PACKET_NO_TIME && p->time_ns < t->last_idle_ns) {
        t->idle_wrong = true;
    }
    if (t->sample_count + samples > t->sample_room) {
        t->sample_room = 2 * (t->sample_count + samples);
        t->samples = realloc(t->samples, t->sample_room * sizeof *t->samples);
    }
    convert_to_float(t->samples + t->sample_count, data, type, samples);
    t->sample_count += samples;
}

static inline void take_idle(void *context, int64_t time_ns)
{
    struct tape *t = context;
    if (time_ns < t->last_idle_ns) {
        t->idle_wrong = true;
    }
    t->last_idle_ns = time_ns;
    if (t->idle_count < PACKETS_MAX) {
        t->idles[t->idle_count++] = time_ns;
    }
    if (time_ns > t->until_ns) {
        t->source->ops->interrupt(t->source, SOURCE_STOP_NOW);
    }
}

static inline bool make_room(void *context, uint32_t frames)
{
    struct tape *t = context;
    (void)frames;
    return t->frames < t->limit && t->count < PACKETS_MAX;
}

static inline const struct outlet *outlet_of(struct tape *t)
{
    static struct outlet out;
    out = (struct outlet){.context = t,
                          .packet = take_packet,
                          .idle = take_idle,
                          .room = make_room};
    return &out;
}

static inline struct tape *tape_new(const char *spec)
{
    struct tape *t = calloc(1, sizeof *t);
    struct source_request request = {.spec = spec};
    struct fault f = {0};
    t->limit = UINT64_MAX;
    t->until_ns = INT64_MAX;
    t->last_idle_ns = INT64_MIN;
    t->source = synth_ops.create(&request, &f);
    if (!t->source) {
        fail_msg("%s: %s (%s)", spec, f.detail, f.hint);
    }
    return t;
}

static inline void tape_free(struct tape *t)
{
    assert_false(t->idle_wrong);
    t->source->ops->destroy(t->source);
    free(t->samples);
    free(t);
}

static inline struct source_info tape_open(struct tape *t)
{
    struct source_info info;
    struct fault f = {0};
    if (!synth_ops.open(t->source, &info, &f)) {
        fail_msg("open: %s", f.detail);
    }
    t->channels = info.format.channels;
    return info;
}

/* Open and run, until the end. */
static inline enum source_end tape_run(struct tape *t)
{
    tape_open(t);
    enum source_end end = synth_ops.run(t->source, outlet_of(t), &t->fault);
    synth_ops.close(t->source);
    return end;
}

/* FRAMES frames of SPEC. */
static inline struct tape *record(const char *spec, uint64_t frames)
{
    struct tape *t = tape_new(spec);
    t->limit = frames;
    assert_int_equal(tape_run(t), SOURCE_INTERRUPTED);
    assert_true(t->frames >= frames);
    return t;
}

/* The packet that has the frame of TIME_NS; they all lie on its grid. */
static inline const struct packet *packet_at(const struct tape *t,
                                             int64_t time_ns)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->packets[i].time_ns == time_ns) {
            return &t->packets[i];
        }
    }
    fail_msg("no packet at %lld", (long long)time_ns);
    return NULL;
}

static inline float first_sample(const struct tape *t, const struct packet *p)
{
    return t->samples[t->starts[p - t->packets]];
}

static inline float counted(uint64_t n)
{
    return (float)(int16_t)(uint16_t)n / 32768.0f;
}

#endif
