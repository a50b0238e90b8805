/* synth: its faults, losses and ends, in virtual time; then the real clock. */
#include "tape.h"

#include "sys/clock.h"
#include "sys/thread.h"

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
    assert_true(clock_now_ns() - stop < 2 * S);
    int64_t origin = t->packets[0].time_ns;
    assert_true(origin >= start - 50 * MS && origin < start + 2 * S);
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

/* A gap is not idleness; a stop gets what a burst holds back. */
static void real_gap_and_held_burst(void **state)
{
    (void)state;
    struct tape *t = tape_new("gap=20ms+100ms,burst=150ms+60s");
    struct thread *thread = thread_start("capture", run_tape, t, NULL);
    assert_non_null(thread);
    clock_sleep_ns(250 * MS);
    int64_t stop = clock_now_ns();
    synth_ops.interrupt(t->source, stop);
    thread_join(thread);
    assert_true(clock_now_ns() - stop < 5 * S);
    int64_t origin = t->packets[0].time_ns;
    for (size_t i = 0; i < t->idle_count; i++) {
        int64_t since = t->idles[i] - origin;
        assert_false(since > 20 * MS && since < 130 * MS);
    }
    const struct packet *last = &t->packets[t->count - 1];
    uint64_t end = last->position + last->frames;
    assert_in_range(end + 2, (uint64_t)(stop - origin) * 48 / MS,
                    (uint64_t)(stop - origin) * 48 / MS + 4);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        cmocka_unit_test(real_gap_and_held_burst),
        cmocka_unit_test(real_wait),
    };
    return cmocka_run_group_tests_name("synth_faults", tests, NULL, NULL);
}
