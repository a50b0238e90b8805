/* synth: its signals, shapes, stamps and grammar. */
#include "tape.h"

#define PI 3.14159265358979323846

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
                fail_msg("frame %u: %g is not %g", (unsigned)n, got, want);
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

/* Frames count at the rate, wherever that is written. */
static void frames_in_times(void **state)
{
    (void)state;
    struct tape *t = tape_new("fast,length=44101f,gap=1f+100f,rate=44100");
    t->until_ns = 2 * S;
    assert_int_equal(tape_run(t), SOURCE_INTERRUPTED);
    assert_int_equal(t->frames, 44001);
    assert_int_equal(t->packets[0].frames, 1);
    assert_int_equal(t->packets[1].position, 101);
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
        "end-at=0",
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
    request.spec = "tone,noise=7,fast"; /* one signal */
    assert_null(synth_ops.create(&request, &f));
    assert_string_equal(f.detail, "'noise=7' is a second signal");
    assert_string_equal(f.hint, "leave out one of them");
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
    assert_non_null(strstr(f.detail, "'gap=1s+1s' is one too many"));
    assert_non_null(strstr(f.detail, "64"));
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
        cmocka_unit_test(frames_in_times),
        cmocka_unit_test(drift_and_jitter),
        cmocka_unit_test(stamps_and_flags_to_order),
        cmocka_unit_test(bad_specs_are_named),
        cmocka_unit_test(messages_help),
    };
    return cmocka_run_group_tests_name("synth", tests, NULL, NULL);
}
