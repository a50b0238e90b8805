/* The timeline under stamps that shake and clocks that drift: no gap where
 * nothing is missing, and the gap where something is. */
#include "unit/timeline_bench.h"

/* --- stamps that shake --- */

/* As the writer does: refine the first packet's stamp by its followers. */
static void place_stream(struct bench *b, const struct packet *p, int count)
{
    for (int i = 0; i < count; i++) {
        int64_t time_ns = p[i].time_ns;
        if (timeline_wants_look(&b->t, &p[i])) {
            uint64_t frames = 0;
            for (int k = i; k < count; k++) {
                if (!timeline_refine(&b->t, &p[i], &p[k], &frames, &time_ns)) {
                    break;
                }
            }
        }
        timeline_place(&b->t, &p[i], time_ns, false, &b->plan);
        account(b);
    }
}

static void test_late_readers_make_no_gaps(void **state)
{
    (void)state;
    enum { COUNT = 6000 };
    static struct packet p[COUNT];
    struct bench b;
    begin(&b, UINT64_MAX);
    uint32_t seed = 1;
    for (int i = 0; i < COUNT; i++) {
        p[i] = next(&b);
        seed = seed * 1664525 + 1013904223;
        /* up to 20 ms late, now and then a reader held up for 120 ms */
        p[i].time_ns += (int64_t)(seed >> 8) % (20 * MS);
        if (i % 500 < 12) {
            p[i].time_ns += (12 - i % 500) * 10 * MS;
        }
        p[i].flags = PACKET_DISCONTINUITY; /* and every packet flagged */
        pass(&b, PERIOD);
    }
    place_stream(&b, p, COUNT);
    assert_int_equal(b.frames[CLASS_CAPTURED], (uint64_t)COUNT * PERIOD);
    assert_near(total(&b), (uint64_t)COUNT * PERIOD, 5 * 48);
}

static void test_gap_between_shaking_stamps_is_found(void **state)
{
    (void)state;
    enum { COUNT = 400 };
    static struct packet p[COUNT];
    struct bench b;
    begin(&b, UINT64_MAX);
    uint32_t seed = 7;
    for (int i = 0; i < COUNT; i++) {
        if (i == 200) {
            b.device_ns += 800 * MS;
        }
        p[i] = next(&b);
        p[i].position = PACKET_NO_POSITION;
        seed = seed * 1664525 + 1013904223;
        p[i].time_ns += (int64_t)(seed >> 8) % (8 * MS);
        pass(&b, PERIOD);
    }
    place_stream(&b, p, COUNT);
    assert_near(total(&b), COUNT * PERIOD + 38400, 240);
    assert_near(b.frames[CLASS_IDLE], 38400, 240);
}

/* --- drift --- */

static void drift(struct bench *b, double ppm, int seconds, bool quiet_ends)
{
    begin(b, UINT64_MAX);
    for (int i = 0; i < seconds * 100; i++) {
        struct packet p = next(b);
        double played = (double)b->source_frames * 1e9 / RATE;
        p.time_ns = START + (int64_t)(played / (1 + ppm / 1e6));
        bool quiet = quiet_ends && i > seconds * 100 - 10;
        timeline_place(&b->t, &p, p.time_ns, quiet, &b->plan);
        account(b);
        pass(b, PERIOD);
    }
}

static void test_crystal_is_left_alone_and_told(void **state)
{
    (void)state;
    static const double ppms[] = {-120, -30, 30, 120};
    for (int i = 0; i < 4; i++) {
        struct bench b;
        drift(&b, ppms[i], 600, false);
        /* not one frame put in or left out while sound plays */
        assert_int_equal(b.frames[CLASS_CAPTURED], 600 * RATE);
        assert_int_equal(total(&b), 600 * RATE);
        assert_int_equal(b.skipped, 0);
        double ppm;
        assert_true(timeline_drift(&b.t, &ppm));
        assert_true(ppm > ppms[i] - 2 && ppm < ppms[i] + 2);
    }
}

static void test_crystal_is_settled_where_it_is_quiet(void **state)
{
    (void)state;
    static const double ppms[] = {-120, 120};
    for (int i = 0; i < 2; i++) {
        struct bench b;
        drift(&b, ppms[i], 600, true);
        double passed = 600.0 * RATE / (1 + ppms[i] / 1e6);
        assert_near(total(&b), (uint64_t)passed, RATE / 100);
    }
}

/* Where nothing plays for a while, however short, the next sound is put where
 * its stamp says, whatever the ones before it were off. */
static void test_crystal_is_settled_in_a_pause(void **state)
{
    (void)state;
    static const double ppms[] = {-120, 120};
    for (int i = 0; i < 2; i++) {
        struct bench b;
        drift(&b, ppms[i], 600, false); /* 72 ms */
        double passed = 600.0 * RATE / (1 + ppms[i] / 1e6);
        int64_t now_ns = START + (int64_t)(passed * 1e9 / RATE);
        b.device_ns = now_ns + 300 * MS;
        struct packet p = next(&b);
        p.idle_ns = b.device_ns - 20 * MS;
        place(&b, &p);
        assert_near(total(&b) - PERIOD, (uint64_t)passed + 300 * RATE / 1000,
                    RATE / 500);
        assert_int_equal(b.frames[CLASS_LOST], 0);
        assert_int_equal(b.frames[CLASS_CAPTURED], 600 * RATE + PERIOD);
    }
}

static void test_what_no_crystal_does_is_corrected(void **state)
{
    (void)state;
    static const double ppms[] = {-5000, 5000};
    for (int i = 0; i < 2; i++) {
        struct bench b;
        drift(&b, ppms[i], 1200, false);
        double passed = 1200.0 * RATE / (1 + ppms[i] / 1e6);
        /* within what 500 ppm explain, and one correction's step */
        assert_near(total(&b), (uint64_t)passed, 1200 * 24 + 48000 + 480);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late_readers_make_no_gaps),
        cmocka_unit_test(test_gap_between_shaking_stamps_is_found),
        cmocka_unit_test(test_crystal_is_left_alone_and_told),
        cmocka_unit_test(test_crystal_is_settled_where_it_is_quiet),
        cmocka_unit_test(test_crystal_is_settled_in_a_pause),
        cmocka_unit_test(test_what_no_crystal_does_is_corrected),
    };
    return cmocka_run_group_tests_name("timeline stamps", tests, NULL, NULL);
}
