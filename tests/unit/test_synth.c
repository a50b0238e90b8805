/* synth: signals, shapes and faults, in virtual time; then the real clock. */
#include "source/source.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/convert.h"
#include "sys/clock.h"
#include "sys/thread.h"

#define PI 3.14159265358979323846
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
    uint32_t channels;
    uint64_t frames;
    int64_t idles[PACKETS_MAX];
    size_t idle_count;
    int64_t last_idle_ns;
    bool idle_wrong; /* it went back, or claimed what came later */
    enum sample_type type;
    struct fault fault;
};

static void take_packet(void *context, const struct packet *p, const void *data,
                        enum sample_type type)
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
    t->samples =
        realloc(t->samples, (t->sample_count + samples) * sizeof *t->samples);
    convert_to_float(t->samples + t->sample_count, data, type, samples);
    t->sample_count += samples;
}

static void take_idle(void *context, int64_t time_ns)
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

static bool make_room(void *context, uint32_t frames)
{
    struct tape *t = context;
    (void)frames;
    return t->frames < t->limit && t->count < PACKETS_MAX;
}

static const struct outlet *outlet_of(struct tape *t)
{
    static struct outlet out;
    out = (struct outlet){t, take_packet, take_idle, make_room};
    return &out;
}

static struct tape *tape_new(const char *spec)
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

static void tape_free(struct tape *t)
{
    assert_false(t->idle_wrong);
    t->source->ops->destroy(t->source);
    free(t->samples);
    free(t);
}

static struct source_info tape_open(struct tape *t)
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
static enum source_end tape_run(struct tape *t)
{
    tape_open(t);
    enum source_end end = synth_ops.run(t->source, outlet_of(t), &t->fault);
    synth_ops.close(t->source);
    return end;
}

/* FRAMES frames of SPEC. */
static struct tape *record(const char *spec, uint64_t frames)
{
    struct tape *t = tape_new(spec);
    t->limit = frames;
    assert_int_equal(tape_run(t), SOURCE_INTERRUPTED);
    assert_true(t->frames >= frames);
    return t;
}

/* --- signals --- */

static void is_sine(const struct tape *t, double hz, double rate,
                    double amplitude, double tolerance)
{
    for (size_t n = 0; n < t->frames; n++) {
        double turns = fmod(hz * (double)n / rate, 1.0);
        double want = amplitude * sin(2 * PI * turns);
        for (size_t c = 0; c < t->channels; c++) {
            double got = (double)t->samples[n * t->channels + c];
            if (fabs(got - want) > tolerance) {
                fail_msg("frame %zu: %g is not %g", n, got, want);
            }
        }
    }
}

static void tones(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        double hz, rate, amplitude, tolerance;
    } cases[] = {
        {"fast", 440, 48000, 0.5, 1e-6},
        {"fast,tone", 440, 48000, 0.5, 1e-6},
        {"fast,rate=44100,tone=1000,period=333f", 1000, 44100, 0.5, 1e-6},
        {"fast,tone=997.25,channels=1", 997.25, 48000, 0.5, 1e-6},
        {"tone=100,fast,amp=-20,channels=6", 100, 48000, 0.1, 1e-6},
        {"tone=7001,fast,bits=16", 7001, 48000, 0.5, 0.6 / 32768},
        {"tone=7001,fast,bits=24,channels=3", 7001, 48000, 0.5, 1e-6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tape *t = record(cases[i].spec, 100000);
        is_sine(t, cases[i].hz, cases[i].rate, cases[i].amplitude,
                cases[i].tolerance);
        tape_free(t);
    }
}

static void counter_counts(void **state)
{
    (void)state;
    const char *const specs[] = {"fast,counter", "fast,counter,channels=3",
                                 "fast,counter,bits=24,channels=5",
                                 "counter,fast,bits=32f,period=7ms"};
    for (size_t i = 0; i < 4; i++) {
        struct tape *t = record(specs[i], 50000);
        assert_int_equal(t->type, i < 2    ? SAMPLE_S16
                                  : i == 2 ? SAMPLE_S24
                                           : SAMPLE_F32);
        for (size_t n = 0; n < t->sample_count; n++) {
            assert_true(t->samples[n] ==
                        (float)(int16_t)(uint16_t)n / 32768.0f);
        }
        tape_free(t);
    }
}

static void noise_is_white_and_the_same(void **state)
{
    (void)state;
    struct tape *a = record("fast,noise", 96000);
    struct tape *b = record("fast,noise,period=11ms", 96000);
    struct tape *c = record("fast,noise=2", 96000);
    size_t same = 0;
    double sum = 0, squares = 0, next = 0, across = 0, most = 0;
    assert_memory_equal(a->samples, b->samples, 96000 * 2 * sizeof(float));
    for (size_t i = 0; i + 2 < 96000 * 2; i++) {
        double x = (double)a->samples[i];
        same += a->samples[i] == c->samples[i];
        sum += x;
        squares += x * x;
        most = fmax(most, fabs(x));
        next += x * (double)a->samples[i + 2];
        across += x * (double)a->samples[i + 1];
    }
    assert_true(same < 10);
    assert_true(most <= 0.5 && most > 0.499);
    assert_true(fabs(sum / 192000) < 0.005);
    assert_true(fabs(squares / 192000 - 0.25 / 3) < 0.001);
    assert_true(fabs(next / squares) < 0.01);
    assert_true(fabs(across / squares) < 0.01);
    tape_free(a);
    tape_free(b);
    tape_free(c);
}

static void chirp_rises(void **state)
{
    (void)state;
    struct tape *t = record("fast,chirp=100-1100/1s,channels=1", 96000);
    /* Upward crossings in each tenth: its mean frequency / 10. */
    for (size_t tenth = 0; tenth < 20; tenth++) {
        int crossings = 0;
        for (size_t i = tenth * 4800 + 1; i < (tenth + 1) * 4800; i++) {
            crossings += t->samples[i - 1] < 0 && t->samples[i] >= 0;
        }
        int want = 15 + 10 * (int)(tenth % 10);
        assert_in_range(crossings, want - 2, want + 2);
    }
    tape_free(t);
    t = record("fast,silence", 10000);
    for (size_t i = 0; i < t->sample_count; i++) {
        assert_true(t->samples[i] == 0.0f);
    }
    tape_free(t);
}

/* --- shape, stamps --- */

static void shape_and_stamps(void **state)
{
    (void)state;
    struct tape *t = tape_new("fast,rate=44100,channels=1,bits=16");
    struct source_info info = tape_open(t);
    assert_int_equal(info.format.rate, 44100);
    assert_int_equal(info.format.channels, 1);
    assert_int_equal(info.format.channel_mask, 4);
    assert_int_equal(info.format.native, SAMPLE_S16);
    assert_true(info.virtual_time);
    assert_int_equal(synth_ops.now(t->source), 0);
    t->limit = 44100;
    synth_ops.run(t->source, outlet_of(t), NULL);
    synth_ops.close(t->source);
    uint64_t frames = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct packet *p = &t->packets[i];
        assert_int_equal(p->kind, PACKET_AUDIO);
        assert_int_equal(p->flags, 0);
        assert_int_equal(p->frames, 4096);
        assert_true(p->position == frames);
        assert_true(p->time_ns == (int64_t)(frames * 1000000000 / 44100));
        frames += p->frames;
        assert_true(t->arrived[i] == (int64_t)(frames * 1000000000 / 44100));
    }
    tape_free(t);

    t = record("fast,period=10ms,rate=8000", 800);
    assert_int_equal(t->packets[0].frames, 80);
    tape_free(t);
}

static void drift_and_jitter(void **state)
{
    (void)state;
    struct tape *t = record("fast,drift=100,period=10ms", 4800000);
    const struct packet *last = &t->packets[t->count - 1];
    double seconds = (double)last->time_ns / 1e9;
    double rate = (double)last->position / seconds;
    assert_true(fabs(rate / 48000.0 - 1.0001) < 1e-9);
    tape_free(t);
    t = record("fast,drift=-100000,period=10ms", 480000);
    last = &t->packets[t->count - 1];
    assert_true(last->time_ns ==
                (int64_t)(last->position * 10000000000 / (48000 * 9)));
    tape_free(t);

    t = record("fast,jitter=5ms,period=10ms", 480000);
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (size_t i = 0; i < t->count; i++) {
        int64_t late = t->packets[i].time_ns - (int64_t)i * 10 * MS;
        least = late < least ? late : least;
        most = late > most ? late : most;
    }
    assert_true(least >= 0 && least < MS / 2);
    assert_true(most <= 5 * MS && most > 9 * MS / 2);
    tape_free(t);
}

static void stamps_and_flags_to_order(void **state)
{
    (void)state;
    struct tape *t = record("fast,position=none,time=none,flag-first", 9000);
    for (size_t i = 0; i < t->count; i++) {
        assert_true(t->packets[i].position == PACKET_NO_POSITION);
        assert_true(t->packets[i].time_ns == PACKET_NO_TIME);
        assert_int_equal(t->packets[i].flags,
                         i == 0 ? PACKET_DISCONTINUITY : 0);
    }
    tape_free(t);
    t = record("fast,position=zero,flag-every-packet", 9000);
    for (size_t i = 0; i < t->count; i++) {
        assert_true(t->packets[i].position == 0);
        assert_int_equal(t->packets[i].flags, PACKET_DISCONTINUITY);
    }
    tape_free(t);
}

/* --- faults --- */

/* The packet that has the frame of TIME_NS; they all lie on its grid. */
static const struct packet *packet_at(const struct tape *t, int64_t time_ns)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->packets[i].time_ns == time_ns) {
            return &t->packets[i];
        }
    }
    fail_msg("no packet at %lld", (long long)time_ns);
    return NULL;
}

static float first_sample(const struct tape *t, const struct packet *p)
{
    return t->samples[t->starts[p - t->packets]];
}

static float counted(uint64_t n)
{
    return (float)(int16_t)(uint16_t)n / 32768.0f;
}

static void gap(void **state)
{
    (void)state;
    struct tape *t = record(
        "fast,period=10ms,counter,channels=1,gap=105ms+200ms,gap=1s+1f", 96000);
    size_t flagged = 0;
    for (size_t i = 0; i < t->count; i++) {
        flagged += t->packets[i].flags != 0;
        /* all the signal's frames but those of the gaps, in their places */
        assert_true(first_sample(t, &t->packets[i]) ==
                    counted(t->packets[i].position));
        assert_true(t->packets[i].time_ns / 1000 ==
                    (int64_t)t->packets[i].position * 1000000 / 48000);
    }
    assert_int_equal(flagged, 2);
    assert_int_equal(t->packets[10].frames, 240); /* cut at the gap */
    const struct packet *p = packet_at(t, 305 * MS);
    assert_int_equal(p->flags, PACKET_DISCONTINUITY);
    assert_int_equal(p->position, 305 * 48);
    assert_ptr_equal(p, &t->packets[11]);
    /* Nothing was said about the gap's time before its next packet. */
    for (size_t i = 0; i < t->idle_count; i++) {
        assert_false(t->idles[i] > 105 * MS && t->idles[i] < 315 * MS);
    }
    tape_free(t);
}

static void silent(void **state)
{
    (void)state;
    struct tape *t =
        record("fast,period=10ms,counter,channels=1,silent=100ms+50ms", 48000);
    for (size_t i = 0; i < t->count; i++) {
        bool inside = i >= 10 && i < 15;
        assert_int_equal(t->packets[i].flags, inside ? PACKET_SILENT : 0);
        assert_int_equal(t->packets[i].position, i * 480);
        if (inside) {
            assert_true(fabsf(first_sample(t, &t->packets[i])) > 0.1f);
        } else {
            assert_true(first_sample(t, &t->packets[i]) == counted(i * 480));
        }
    }
    tape_free(t);
}

static void stall(void **state)
{
    (void)state;
    struct tape *t =
        record("fast,period=10ms,counter,channels=1,stall=100ms+1s", 48000);
    assert_int_equal(t->packets[9].position, 9 * 480);
    const struct packet *p = packet_at(t, 1100 * MS);
    assert_ptr_equal(p, &t->packets[10]);
    assert_int_equal(p->flags, 0);
    assert_int_equal(p->position, 10 * 480);               /* did not jump */
    assert_true(first_sample(t, p) == counted(1100 * 48)); /* went on */
    int inside = 0;
    for (size_t i = 0; i < t->idle_count; i++) {
        inside += t->idles[i] > 100 * MS && t->idles[i] <= 1100 * MS;
    }
    assert_in_range(inside, 10, 12);
    tape_free(t);
}

static void burst(void **state)
{
    (void)state;
    struct tape *t = record("fast,period=10ms,burst=100ms+200ms", 48000);
    for (size_t i = 0; i < t->count; i++) {
        int64_t end = ((int64_t)i + 1) * 10 * MS;
        bool held = end >= 100 * MS && end < 300 * MS;
        assert_true(t->packets[i].time_ns == end - 10 * MS);
        assert_true(t->arrived[i] == (held ? 300 * MS : end));
    }
    tape_free(t);
}

static void length_ends_in_idleness(void **state)
{
    (void)state;
    struct tape *t = tape_new("fast,length=1s");
    t->until_ns = 5 * S;
    assert_int_equal(tape_run(t), SOURCE_INTERRUPTED);
    assert_int_equal(t->frames, 48000);
    assert_true(t->last_idle_ns > 5 * S && t->last_idle_ns < 7 * S);
    tape_free(t);
}

static void lose(void **state)
{
    (void)state;
    struct tape *t = tape_new("fast,counter,channels=1,lose-at=1s+3s,"
                              "lose-at=5s,fail-open=1");
    struct source_info info;
    struct fault f = {0};
    assert_false(synth_ops.open(t->source, &info, &f));
    assert_int_equal(f.err, ERR_NO_DEVICE);
    assert_int_equal(tape_run(t), SOURCE_LOST);
    assert_int_equal(t->fault.err, ERR_DEVICE_LOST);
    assert_true(t->fault.detail[0] != '\0');
    assert_int_equal(t->frames, 48000);
    assert_true(synth_ops.now(t->source) == S);
    assert_false(synth_ops.open(t->source, &info, &f));
    synth_ops.wait(t->source, S / 2);
    assert_true(synth_ops.now(t->source) == 3 * S / 2);
    assert_false(synth_ops.open(t->source, &info, &f));
    synth_ops.wait(t->source, 60 * S); /* ends when the device is back */
    assert_true(synth_ops.now(t->source) == 4 * S);
    size_t before = t->count;
    assert_int_equal(tape_run(t), SOURCE_LOST);
    assert_int_equal(t->frames, 96000);
    assert_true(t->packets[before].position == 0);
    assert_true(t->packets[before].time_ns == 4 * S);
    assert_true(first_sample(t, &t->packets[before]) == counted(4 * 48000));
    synth_ops.wait(t->source, 60 * S);
    assert_true(synth_ops.now(t->source) == 6 * S);
    t->limit = 100000;
    assert_int_equal(tape_run(t), SOURCE_INTERRUPTED);
    tape_free(t);
}

static void reroute_and_reformat(void **state)
{
    (void)state;
    struct tape *t =
        tape_new("fast,reroute-at=1s,reformat-at=2s:44100:1,reformat-at=3s:"
                 "96000,channels=4");
    assert_int_equal(tape_run(t), SOURCE_REROUTED);
    assert_int_equal(t->frames, 48000);
    assert_int_equal(tape_run(t), SOURCE_LOST);
    assert_string_equal(t->fault.detail, "format changed");
    assert_int_equal(t->frames, 96000);
    struct source_info info = tape_open(t);
    assert_int_equal(info.format.rate, 44100);
    assert_int_equal(info.format.channels, 1);
    synth_ops.close(t->source);
    assert_int_equal(tape_run(t), SOURCE_LOST);
    assert_int_equal(t->frames, 96000 + 44100);
    info = tape_open(t);
    assert_int_equal(info.format.rate, 96000);
    assert_int_equal(info.format.channels, 4);
    synth_ops.close(t->source);
    tape_free(t);
}

static void many_faults_at_once(void **state)
{
    (void)state;
    struct tape *t = record("fast,period=10ms,counter,channels=1,drift=50,"
                            "gap=1s+100ms,stall=1050ms+100ms,silent=1s+2s,"
                            "burst=1s+1s,gap=1200ms+1ms",
                            480000);
    uint64_t position = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct packet *p = &t->packets[i];
        assert_true(i == 0 || p->time_ns > t->packets[i - 1].time_ns);
        assert_true(p->position >= position);
        position = p->position + p->frames;
    }
    assert_int_equal(packet_at(t, t->packets[0].time_ns)->position, 0);
    tape_free(t);
}

/* --- interrupting --- */

static void stops_at_the_moment(void **state)
{
    (void)state;
    struct tape *t = tape_new("fast");
    synth_ops.interrupt(t->source, 20 * S);
    synth_ops.interrupt(t->source, 10 * S); /* the earlier one wins */
    synth_ops.interrupt(t->source, 30 * S);
    assert_int_equal(tape_run(t), SOURCE_INTERRUPTED);
    assert_int_equal(t->frames, 480000);
    struct source_info info;
    struct fault f = {0};
    assert_false(synth_ops.open(t->source, &info, &f));
    assert_int_equal(f.err, ERR_SOURCE_FAILED);
    tape_free(t);

    t = tape_new("fast");
    tape_open(t);
    synth_ops.interrupt(t->source, SOURCE_STOP_NOW);
    assert_int_equal(synth_ops.run(t->source, outlet_of(t), NULL),
                     SOURCE_INTERRUPTED);
    assert_int_equal(t->frames, 0);
    int64_t before = synth_ops.now(t->source);
    synth_ops.wait(t->source, S);
    assert_true(synth_ops.now(t->source) == before);
    synth_ops.close(t->source);
    tape_free(t);
}

static void run_tape(void *argument)
{
    struct tape *t = argument;
    tape_run(t);
}

static void real_time(void **state)
{
    (void)state;
    struct tape *t = tape_new("counter,channels=1,stall=100ms+150ms,"
                              "burst=300ms+60ms");
    struct thread *thread = thread_start("capture", run_tape, t, NULL);
    assert_non_null(thread);
    int64_t start = clock_now_ns();
    clock_sleep_ns(405 * MS);
    int64_t stop = clock_now_ns();
    synth_ops.interrupt(t->source, stop);
    thread_join(thread);
    assert_true(clock_now_ns() - stop < 200 * MS);
    int64_t origin = t->packets[0].time_ns;
    assert_true(origin >= start - 50 * MS && origin < start + 300 * MS);
    /* Frames up to the stop, the tail too, less what was idle. */
    int64_t want = (stop - origin) * 48 / MS - 150 * 48;
    assert_in_range((int64_t)t->frames + 10, want + 8, want + 12);
    for (size_t i = 0; i < t->count; i++) {
        const struct packet *p = &t->packets[i];
        uint64_t n = (uint64_t)((p->time_ns - origin + 10) * 48 / MS);
        int64_t end = p->time_ns + (int64_t)p->frames * MS / 48;
        assert_true(first_sample(t, p) == counted(n));
        assert_true(t->arrived[i] >= end - 1000);
        int64_t since = end - origin;
        if (since > 301 * MS && since < 359 * MS) {
            assert_true(t->arrived[i] - origin >= 359 * MS);
        }
    }
    assert_true(t->idle_count > 5);
    tape_free(t);
}

static void waiting_ends_when_interrupted(void *argument)
{
    struct tape *t = argument;
    synth_ops.wait(t->source, 30 * S);
}

static void real_wait(void **state)
{
    (void)state;
    struct tape *t = tape_new("lose-at=0+100ms");
    struct source_info info;
    assert_false(synth_ops.open(t->source, &info, NULL));
    int64_t start = clock_now_ns();
    synth_ops.wait(t->source, 30 * S);
    assert_true(clock_now_ns() - start < 5 * S);
    tape_open(t);
    synth_ops.close(t->source);
    struct thread *thread =
        thread_start("wait", waiting_ends_when_interrupted, t, NULL);
    clock_sleep_ns(20 * MS);
    synth_ops.interrupt(t->source, SOURCE_STOP_NOW);
    thread_join(thread);
    assert_true(clock_now_ns() - start < 5 * S);
    tape_free(t);
}

/* --- the grammar --- */

static void bad_specs_are_named(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "tune",
        "tone=",
        "tone=0",
        "tone=-5",
        "tone=1e3",
        "tone=440Hz",
        "tone=1.2345",
        "chirp=100",
        "chirp=100-",
        "chirp=1-2/0",
        "noise=x",
        "noise=4294967296",
        "counter=1",
        "silence=0",
        "rate=999",
        "rate=768001",
        "rate",
        "rate=",
        "channels=0",
        "channels=33",
        "bits=8",
        "bits=32",
        "period=0",
        "period=2s",
        "fast=1",
        "length",
        "length=x",
        "gap=1s",
        "gap=1s+",
        "gap=+1s",
        "gap=1s+0",
        "gap=1s+1s+1s",
        "stall=1s-1s",
        "lose-at",
        "lose-at=1s+",
        "reroute-at=1s+1s",
        "reformat-at=1s",
        "reformat-at=1s:5",
        "reformat-at=1s:44100:0",
        "drift=x",
        "drift=100001",
        "jitter=-1",
        "position=one",
        "time=zero",
        "time",
        "flag-first=1",
        "fail-open=-1",
        "amp=41",
        "amp=",
        "Tone",
        "tone ",
        "\x1b[31m",
        "period=0.1f",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char spec[128];
        struct source_request request = {.spec = spec};
        struct fault f = {0};
        strcpy(spec, "fast,");
        strcat(spec, bad[i]);
        strcat(spec, ",rate=48000");
        struct source *s = synth_ops.create(&request, &f);
        if (s) {
            fail_msg("%s was taken", bad[i]);
        }
        assert_int_equal(f.err, ERR_USAGE);
        size_t name = strcspn(bad[i], "=");
        char start[32] = {0};
        memcpy(start, bad[i], name);
        if (!strstr(f.detail, start) || !f.hint[0]) {
            fail_msg("%s: %s (%s)", bad[i], f.detail, f.hint);
        }
    }
}

static void messages_help(void **state)
{
    (void)state;
    struct source_request request = {.spec = "fast,,tone"};
    struct fault f = {0};
    assert_null(synth_ops.create(&request, &f));
    request.spec = "fast,";
    assert_null(synth_ops.create(&request, &f));
    request.spec = "tone,noise"; /* one signal */
    assert_null(synth_ops.create(&request, &f));
    request.spec = "wobble=3";
    assert_null(synth_ops.create(&request, &f));
    assert_non_null(strstr(f.detail, "wobble"));
    assert_non_null(strstr(f.detail, "tone"));
    assert_non_null(strstr(f.detail, "fail-open=")); /* the whole list */
    request.spec = "gap=1s";
    assert_null(synth_ops.create(&request, &f));
    assert_non_null(strstr(f.detail, "gap=1s"));
    assert_non_null(strstr(f.hint, "gap=AT+TIME"));
    char spec[2000] = "fast";
    for (int i = 0; i < 65; i++) {
        strcat(spec, ",gap=1s+1s");
    }
    request.spec = spec;
    assert_null(synth_ops.create(&request, &f));
    memset(spec, 'x', sizeof spec - 1);
    spec[sizeof spec - 1] = '\0';
    assert_null(synth_ops.create(&request, &f));
    request.spec = "";
    struct source *s = synth_ops.create(&request, NULL);
    assert_non_null(s);
    synth_ops.destroy(s);
    synth_ops.destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones),
        cmocka_unit_test(counter_counts),
        cmocka_unit_test(noise_is_white_and_the_same),
        cmocka_unit_test(chirp_rises),
        cmocka_unit_test(shape_and_stamps),
        cmocka_unit_test(drift_and_jitter),
        cmocka_unit_test(stamps_and_flags_to_order),
        cmocka_unit_test(gap),
        cmocka_unit_test(silent),
        cmocka_unit_test(stall),
        cmocka_unit_test(burst),
        cmocka_unit_test(length_ends_in_idleness),
        cmocka_unit_test(lose),
        cmocka_unit_test(reroute_and_reformat),
        cmocka_unit_test(many_faults_at_once),
        cmocka_unit_test(stops_at_the_moment),
        cmocka_unit_test(real_time),
        cmocka_unit_test(real_wait),
        cmocka_unit_test(bad_specs_are_named),
        cmocka_unit_test(messages_help),
    };
    return cmocka_run_group_tests_name("synth", tests, NULL, NULL);
}
