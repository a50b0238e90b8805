/* wasapi's watch, its pure parts, on every system: how a clock's drift is
 * measured, what counts as sound, and when the alarm goes off. The files are
 * taken in as they are, because the native library does not hold them. */
#include "source/wasapi/alarm.c"
#include "source/wasapi/drift.c"
#include "source/wasapi/heard.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MS       INT64_C(1000000)
#define SECOND   (1000 * MS)
#define LOOK     (500 * MS)
#define ARRAY(a) (sizeof(a) / sizeof *(a))

enum { RATE = 48000 };

/* --- drift --- */

/* A device that runs PPM fast, read each half second with an error of up to
 * JITTER_NS either way, going on from *NOW. */
struct device {
    int64_t now_ns;
    double position; /* in frames */
    double ppm;
    int64_t jitter_ns;
    uint64_t grain; /* frames by which it goes */
    uint32_t random;
};

static struct device device(double ppm)
{
    return (struct device){.now_ns = 77 * SECOND,
                           .position = 12345.0,
                           .ppm = ppm,
                           .grain = 1,
                           .random = 1};
}

static double next_random(struct device *v) /* -1 to 1 */
{
    v->random = v->random * 1664525u + 1013904223u;
    return (double)(v->random >> 8) / 8388608.0 - 1.0;
}

static void run(struct drift *d, struct device *v, int seconds)
{
    for (int64_t end = v->now_ns + seconds * SECOND; v->now_ns < end;) {
        v->now_ns += LOOK;
        v->position += 0.5 * RATE * (1.0 + v->ppm * 1e-6);
        double off = next_random(v) * (double)v->jitter_ns;
        uint64_t position = (uint64_t)(v->position + off * RATE * 1e-9);
        drift_add(d, v->now_ns, position / v->grain * v->grain, RATE);
    }
}

static void near(const struct drift *d, double expected, double within)
{
    double ppm = 1e9;
    assert_true(drift_ppm(d, &ppm));
    if (!(ppm > expected - within && ppm < expected + within)) {
        fail_msg("%f ppm and not %f", ppm, expected);
    }
}

static void test_drift_of_steady_clocks(void **state)
{
    (void)state;
    static const double rows[] = {0.0, 80.0, -80.0, 2.5, 480.0, -480.0};
    for (size_t i = 0; i < ARRAY(rows); i++) {
        struct drift d;
        struct device v = device(rows[i]);
        drift_init(&d);
        run(&d, &v, 20);
        near(&d, rows[i], 1.0);
        run(&d, &v, 3600);
        near(&d, rows[i], 0.1);
    }
}

static void test_drift_is_not_told_too_soon(void **state)
{
    (void)state;
    struct drift d;
    struct device v = device(80.0);
    double ppm = 7.0;
    drift_init(&d);
    assert_false(drift_ppm(&d, &ppm));
    run(&d, &v, 9);
    assert_false(drift_ppm(&d, &ppm));
    assert_true(ppm == 7.0);
    run(&d, &v, 3);
    near(&d, 80.0, 1.0);
    /* a clock that is read badly needs longer */
    v = device(80.0);
    v.jitter_ns = MS / 5;
    drift_init(&d);
    run(&d, &v, 12);
    assert_false(drift_ppm(&d, &ppm));
    run(&d, &v, 60);
    near(&d, 80.0, 6.0);
}

/* As Wine's, which goes by packets of 10 ms. */
static void test_drift_of_a_coarse_clock(void **state)
{
    (void)state;
    struct drift d;
    struct device v = device(80.0);
    double ppm;
    v.grain = RATE / 100;
    v.jitter_ns = 5 * MS;
    drift_init(&d);
    run(&d, &v, 30);
    assert_false(drift_ppm(&d, &ppm));
    run(&d, &v, 1200);
    near(&d, 80.0, 5.0);
}

/* Nothing plays for a while, the device stands still; or it starts anew. */
static void test_drift_across_pauses(void **state)
{
    (void)state;
    struct drift d;
    struct device v = device(80.0);
    drift_init(&d);
    for (int i = 0; i < 10; i++) {
        run(&d, &v, 8);
        v.now_ns += i % 2 ? 7 * SECOND : 150 * MS; /* seen once it runs again */
        if (i == 5) {
            v.position = 0.0;
        }
    }
    near(&d, 80.0, 1.0);
    for (int i = 0; i < 4; i++) { /* seen while it stands still */
        drift_add(&d, v.now_ns += LOOK, (uint64_t)v.position, RATE);
    }
    run(&d, &v, 8);
    near(&d, 80.0, 1.0);
    drift_break(&d);
    run(&d, &v, 8);
    near(&d, 80.0, 1.0);
}

/* Steps of a few milliseconds would bend a line that is drawn across them. */
static void test_drift_across_small_steps(void **state)
{
    (void)state;
    struct drift d;
    struct device v = device(-30.0);
    drift_init(&d);
    for (int i = 0; i < 10; i++) {
        run(&d, &v, 10);
        v.position -= 0.004 * RATE;
    }
    near(&d, -30.0, 1.0);
}

static void test_drift_of_nonsense(void **state)
{
    (void)state;
    struct drift d;
    double ppm;
    drift_init(&d);
    for (int i = 0; i < 100; i++) {
        drift_add(&d, i * LOOK, 0, RATE);                /* dead */
        drift_add(&d, i * LOOK, (uint64_t)i * 24000, 0); /* no unit */
    }
    assert_false(drift_ppm(&d, &ppm));
    drift_init(&d);
    for (int i = 0; i < 100; i++) {
        drift_add(&d, i * LOOK, (uint64_t)i * 0x9E3779B97F4A7C15, RATE);
    }
    assert_false(drift_ppm(&d, &ppm));
    drift_init(&d);
    for (int i = 0; i < 100; i++) { /* time stands still, or goes back */
        drift_add(&d, 5 * SECOND - i % 2, (uint64_t)i * 24000, RATE);
    }
    assert_false(drift_ppm(&d, &ppm));
}

/* --- heard --- */

static void test_what_is_sound(void **state)
{
    (void)state;
    static const enum sample_type types[] = {
        SAMPLE_U8,  SAMPLE_S16, SAMPLE_S24, SAMPLE_S24LOW32,
        SAMPLE_S32, SAMPLE_F32, SAMPLE_F64};
    unsigned char buffer[8 * 33 + 1];
    for (size_t i = 0; i < ARRAY(types); i++) {
        enum sample_type type = types[i];
        size_t bytes = sample_bytes(type);
        int zero = type == SAMPLE_U8 ? 0x80 : 0;
        for (size_t count = 1; count <= 33; count++) {
            unsigned char *at = buffer + 1; /* not aligned */
            memset(buffer, 0x55, sizeof buffer);
            memset(at, zero, count * bytes);
            assert_false(samples_sound(at, type, count));
            for (size_t n = 0; n < count; n++) { /* the least there is */
                at[n * bytes] ^= 1;
                assert_true(samples_sound(at, type, count));
                at[n * bytes] ^= 1;
            }
        }
    }
    assert_false(samples_sound(buffer, SAMPLE_F32, 0));
}

static void test_minus_zero_is_silence(void **state)
{
    (void)state;
    float floats[5] = {0.0f, -0.0f, -0.0f, 0.0f, -0.0f};
    double doubles[3] = {-0.0, 0.0, -0.0};
    assert_false(samples_sound(floats, SAMPLE_F32, 5));
    assert_false(samples_sound(doubles, SAMPLE_F64, 3));
    floats[4] = -1e-30f;
    assert_true(samples_sound(floats, SAMPLE_F32, 5));
}

static void test_when_sound_was_heard(void **state)
{
    (void)state;
    struct heard h;
    int16_t zero[4] = {0}, sound[4] = {0, 0, 0, 1};
    heard_init(&h);
    assert_true(heard_at(&h) == HEARD_NOT_RUNNING);
    heard_begin(&h, 10 * SECOND);
    assert_true(heard_at(&h) == 10 * SECOND);
    heard_samples(&h, zero, SAMPLE_S16, 4, 11 * SECOND);
    heard_samples(&h, NULL, SAMPLE_S16, 4, 11 * SECOND);
    assert_true(heard_at(&h) == 10 * SECOND);
    heard_samples(&h, sound, SAMPLE_S16, 4, 12 * SECOND);
    assert_true(heard_at(&h) == 12 * SECOND);
    /* nobody needs to know it more often than this */
    heard_samples(&h, sound, SAMPLE_S16, 4, 12 * SECOND + 10 * MS);
    assert_true(heard_at(&h) == 12 * SECOND);
    heard_begin(NULL, 0);
    heard_samples(NULL, sound, SAMPLE_S16, 4, 0);
}

/* --- alarm --- */

/* Look each half second for so many seconds; how often it went off. */
static int watch(struct alarm *a, int64_t *now, int seconds, double peak,
                 int64_t heard)
{
    int alarms = 0;
    for (int64_t end = *now + seconds * SECOND; *now < end;) {
        *now += LOOK;
        alarms += alarm_look(a, *now, peak, heard);
    }
    return alarms;
}

static void test_alarm_once_in_an_episode(void **state)
{
    (void)state;
    struct alarm a = {0};
    int64_t now = 100 * SECOND, heard = now;
    assert_int_equal(watch(&a, &now, 3, 0.5, heard), 0);
    assert_int_equal(watch(&a, &now, 1, 0.5, heard), 1);
    assert_int_equal(watch(&a, &now, 600, 0.5, heard), 0);
    assert_int_equal(watch(&a, &now, 10, 0.0, heard), 0);
    assert_int_equal(watch(&a, &now, 10, 0.5, heard), 0); /* the same one */
    heard = now; /* it came, and went again */
    assert_int_equal(watch(&a, &now, 3, 0.5, heard), 0);
    assert_int_equal(watch(&a, &now, 1, 0.5, heard), 1);
}

static void test_no_alarm(void **state)
{
    (void)state;
    struct alarm a = {0};
    int64_t now = 100 * SECOND;
    /* nothing plays, an amplifier hisses, the meter says nothing */
    assert_int_equal(watch(&a, &now, 60, 0.0, 1), 0);
    assert_int_equal(watch(&a, &now, 60, 0.0005, 1), 0);
    assert_int_equal(watch(&a, &now, 60, -1.0, 1), 0);
    /* nobody takes packets yet */
    assert_int_equal(watch(&a, &now, 60, 0.5, HEARD_NOT_RUNNING), 0);
    /* what plays arrives */
    for (int i = 0; i < 60; i++) {
        assert_int_equal(watch(&a, &now, 1, 0.5, now), 0);
    }
    /* a click now and then, which a meter shows and a tap may miss */
    for (int i = 0; i < 60; i++) {
        assert_int_equal(alarm_look(&a, now += LOOK, 0.5, 1), 0);
        assert_int_equal(watch(&a, &now, 4, 0.0, 1), 0);
    }
}

static void test_alarm_across_rests(void **state)
{
    (void)state;
    struct alarm a = {0};
    int64_t now = 100 * SECOND;
    int alarms = 0;
    for (int i = 0; i < 5; i++) {
        alarms += watch(&a, &now, 1, 0.5, 1);
        alarms += watch(&a, &now, 1, 0.0, 1);
    }
    assert_int_equal(alarms, 1);
}

/* A computer that slept has not listened to hours of nothing. */
static void test_no_alarm_after_a_sleep(void **state)
{
    (void)state;
    struct alarm a = {0};
    int64_t now = 100 * SECOND;
    assert_int_equal(watch(&a, &now, 1, 0.5, 1), 0);
    assert_false(alarm_look(&a, now += 3600 * SECOND, 0.5, 1));
    assert_false(alarm_look(&a, now -= SECOND, 0.5, 1)); /* or went back */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drift_of_steady_clocks),
        cmocka_unit_test(test_drift_is_not_told_too_soon),
        cmocka_unit_test(test_drift_of_a_coarse_clock),
        cmocka_unit_test(test_drift_across_pauses),
        cmocka_unit_test(test_drift_across_small_steps),
        cmocka_unit_test(test_drift_of_nonsense),
        cmocka_unit_test(test_what_is_sound),
        cmocka_unit_test(test_minus_zero_is_silence),
        cmocka_unit_test(test_when_sound_was_heard),
        cmocka_unit_test(test_alarm_once_in_an_episode),
        cmocka_unit_test(test_no_alarm),
        cmocka_unit_test(test_alarm_across_rests),
        cmocka_unit_test(test_no_alarm_after_a_sleep),
    };
    return cmocka_run_group_tests_name("wasapi_watch", tests, NULL, NULL);
}
