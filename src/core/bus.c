/* bus: see bus.h. Writer thread. */
#include "core/bus.h"

#include <stdlib.h>
#include <string.h>

#include "core/simd.h"

/* A frame's mark is its class's rank and, below, a reason's number: of two
 * marks the larger one is the mixed frame's. */
enum { REASON_BITS = 4, REASONS_MAX = 1 << REASON_BITS };

static const unsigned char ranks[CLASS_COUNT] = {
    [CLASS_IDLE] = 0,
    [CLASS_GONE] = 1,
    [CLASS_CAPTURED] = 2,
    [CLASS_LOST] = 3,
};

static const enum account_class classes[CLASS_COUNT] = {
    CLASS_IDLE, CLASS_GONE, CLASS_CAPTURED, CLASS_LOST};

struct bus {
    /* constant after create */
    unsigned tracks;
    uint32_t channels;
    uint64_t window; /* frames */
    float *samples;  /* a circle of window frames; zeros beyond what is used */
    unsigned char *marks;
    /* moving */
    uint64_t base; /* the oldest frame that was not taken out */
    uint64_t slot; /* its place in the circle */
    uint64_t *at;  /* each track's next frame */
    bool *writes;  /* each one's: it has begun and not ended */
    const char *reasons[REASONS_MAX];
    unsigned reason_count;
};

struct bus *bus_create(unsigned tracks, unsigned begun, uint32_t channels,
                       uint64_t window_frames)
{
    struct bus *b = calloc(1, sizeof *b);
    if (!b) {
        return NULL;
    }
    b->tracks = tracks;
    b->channels = channels;
    b->window = window_frames;
    b->samples = calloc(window_frames, channels * sizeof *b->samples);
    b->marks = calloc(window_frames, 1);
    b->at = calloc(tracks, sizeof *b->at);
    b->writes = calloc(tracks, sizeof *b->writes);
    if (!b->samples || !b->marks || !b->at || !b->writes) {
        bus_destroy(b);
        return NULL;
    }
    for (unsigned i = 0; i < begun; i++) {
        b->writes[i] = true;
    }
    return b;
}

void bus_destroy(struct bus *b)
{
    if (b) {
        free(b->samples);
        free(b->marks);
        free(b->at);
        free(b->writes);
        free(b);
    }
}

uint64_t bus_begin(struct bus *b, unsigned track)
{
    b->writes[track] = true;
    b->at[track] = b->base;
    return b->base;
}

uint64_t bus_room(const struct bus *b, unsigned track)
{
    return b->base + b->window - b->at[track];
}

/* --- in --- */

/* The place of FRAME, which lies in the window, and how many of the COUNT
 * frames from there on lie together. */
static uint64_t place(const struct bus *b, uint64_t frame, uint64_t *count)
{
    uint64_t at = b->slot + (frame - b->base);
    at -= at >= b->window ? b->window : 0;
    if (*count > b->window - at) {
        *count = b->window - at;
    }
    return at;
}

static void mark(struct bus *b, uint64_t frame, uint64_t count,
                 unsigned char value)
{
    while (count > 0) {
        uint64_t n = count;
        unsigned char *marks = &b->marks[place(b, frame, &n)];
        for (uint64_t i = 0; i < n; i++) {
            marks[i] = marks[i] > value ? marks[i] : value;
        }
        frame += n;
        count -= n;
    }
}

static void add(float *to, const float *from, uint64_t samples)
{
    uint64_t i = 0;
    for (; i + SIMD_LANES <= samples; i += SIMD_LANES) {
        simd_store(to + i, simd_load(to + i) + simd_load(from + i));
    }
    for (; i < samples; i++) {
        to[i] += from[i];
    }
}

static unsigned char mark_of(struct bus *b, enum account_class class,
                             const char *reason)
{
    unsigned i = 0;
    while (i < b->reason_count && b->reasons[i] != reason) {
        i++;
    }
    if (i == b->reason_count && i < REASONS_MAX) {
        b->reasons[b->reason_count++] = reason;
    }
    i = i < REASONS_MAX ? i : REASONS_MAX - 1;
    return (unsigned char)(ranks[class] << REASON_BITS | i);
}

void bus_frames(struct bus *b, unsigned track, const float *frames,
                uint64_t count)
{
    uint64_t at = b->at[track];
    mark(b, at, count, (unsigned char)(ranks[CLASS_CAPTURED] << REASON_BITS));
    b->at[track] += count;
    while (frames && count > 0) {
        uint64_t n = count;
        uint64_t slot = place(b, at, &n);
        add(&b->samples[slot * b->channels], frames, n * b->channels);
        frames += n * b->channels;
        at += n;
        count -= n;
    }
}

void bus_gap(struct bus *b, unsigned track, enum account_class class,
             uint64_t count, const char *reason)
{
    mark(b, b->at[track], count, mark_of(b, class, reason));
    b->at[track] += count;
}

uint64_t bus_late(struct bus *b, uint64_t frame, uint64_t count)
{
    uint64_t out = b->base > frame ? b->base - frame : 0;
    out = out < count ? out : count;
    mark(b, frame + out, count - out,
         mark_of(b, CLASS_LOST, "audio came too late"));
    return out;
}

void bus_end(struct bus *b, unsigned track)
{
    b->writes[track] = false;
}

/* --- out --- */

bool bus_peek(const struct bus *b, struct bus_run *run)
{
    uint64_t passed = UINT64_MAX;
    uint64_t last = 0;
    for (unsigned i = 0; i < b->tracks; i++) {
        last = b->at[i] > last ? b->at[i] : last;
        if (b->writes[i] && b->at[i] < passed) {
            passed = b->at[i];
        }
    }
    uint64_t most = (passed < last ? passed : last) - b->base;
    if (most == 0) {
        return false;
    }
    uint64_t slot = place(b, b->base, &most);
    const unsigned char *marks = &b->marks[slot];
    uint64_t n = 1;
    while (n < most && marks[n] == marks[0]) {
        n++;
    }
    run->class = classes[marks[0] >> REASON_BITS];
    run->reason = b->reasons[marks[0] % REASONS_MAX];
    run->count = n;
    run->frames = run->class == CLASS_CAPTURED || run->class == CLASS_LOST
                      ? &b->samples[slot * b->channels]
                      : NULL;
    return true;
}

void bus_pop(struct bus *b, const struct bus_run *run)
{
    memset(&b->marks[b->slot], 0, run->count);
    if (run->frames) {
        memset(&b->samples[b->slot * b->channels], 0,
               run->count * b->channels * sizeof *b->samples);
    }
    b->base += run->count;
    b->slot += run->count;
    b->slot -= b->slot >= b->window ? b->window : 0;
}
