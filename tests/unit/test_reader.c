/* The reader: what lies in a ring, in order, against the time that passed. A
 * ring and a null sink, the packets are put in by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/convert.h"
#include "session/reader.h"
#include "sys/clock.h"
#include "sys/wake.h"

#define MS    INT64_C(1000000)
#define START (1000 * MS)

enum { RATE = 48000, PERIOD = 480 };

struct bench {
    struct wake *wake;
    struct queue *queue;
    struct sink *sink;
    struct output output;
    struct sleep sleep;
    struct track track;
    struct lane lane;
    struct reader reader;
    int64_t device_ns;
    uint64_t position;
};

static const struct audio_format format = {
    .rate = RATE, .channels = 2, .channel_mask = 3, .native = SAMPLE_S16};

static void begin(struct bench *b)
{
    struct sink_request request = {
        .type = SINK_NULL, .sample = SAMPLE_S16, .format = format};
    struct fault f = {0};

    memset(b, 0, sizeof *b);
    b->wake = wake_create(&f);
    b->queue = queue_create(b->wake);
    b->sink = sink_open(&request, &f);
    assert_non_null(b->sink);
    output_init(&b->output, b->sink, b->queue, &format, SAMPLE_S16, false);
    sleep_init(&b->sleep, SUSPEND_CUT, b->queue, b->sink, true);
    b->track.format = format;
    b->track.lane_count = 1;
    b->lane.track = &b->track;
    b->lane.ring = ring_create(1 << 20, 32 * 1024);
    b->lane.writer_format = format;
    b->reader = (struct reader){.output = &b->output,
                                .queue = b->queue,
                                .sleep = &b->sleep,
                                .virtual_time = true,
                                .stop_ns = STOP_NEVER,
                                .overdue_ns = PACKET_NO_TIME};
    assert_true(
        reader_begin(&b->reader, &b->lane, START, UINT64_MAX, 250 * MS));
    b->device_ns = START;
}

static void end(struct bench *b)
{
    assert_true(sink_close(b->sink, NULL));
    converter_destroy(b->lane.converter);
    ring_destroy(b->lane.ring);
    queue_destroy(b->queue);
    wake_destroy(b->wake);
}

static void push(struct bench *b, struct packet p)
{
    p.flags |= PACKET_SILENT;
    p.idle_ns = PACKET_NO_TIME;
    assert_non_null(ring_reserve(b->lane.ring, 0));
    ring_commit(b->lane.ring, &p);
}

static void play(struct bench *b, int packets)
{
    for (int i = 0; i < packets; i++) {
        push(b, (struct packet){.kind = PACKET_AUDIO,
                                .frames = PERIOD,
                                .time_ns = b->device_ns,
                                .position = b->position});
        b->device_ns += 10 * MS;
        b->position += PERIOD;
    }
}

static void drop(struct bench *b, uint64_t frames)
{
    ring_drop(b->lane.ring, frames);
    b->position += frames;
    b->device_ns += frames_to_ns((int64_t)frames, RATE);
}

static void drain(struct bench *b)
{
    assert_true(reader_drain(&b->reader, &b->lane));
    assert_int_equal(account_total(&b->output.account), b->output.frames);
}

/* An event of KIND waits whose text or reason is TEXT. */
static bool was_told(struct bench *b, enum session_event_kind kind,
                     const char *text)
{
    struct session_event event;
    bool told = false;
    while (queue_take(b->queue, &event)) {
        told =
            told || (event.kind == kind && (strcmp(event.text, text) == 0 ||
                                            strcmp(event.reason, text) == 0));
    }
    return told;
}

/* The next event is of KIND; frames as of a gap. */
static void expect_gap(struct bench *b, enum session_event_kind kind,
                       uint64_t at, uint64_t frames)
{
    struct session_event event;
    assert_true(queue_take(b->queue, &event));
    assert_int_equal(event.kind, kind);
    assert_int_equal(event.at_frame, at);
    assert_int_equal(event.frames, frames);
}

static void test_packets_are_written_in_order(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    play(&b, 100);
    ring_set_reached(b.lane.ring, b.device_ns);
    drain(&b);
    assert_int_equal(b.output.account.frames[CLASS_CAPTURED], RATE);
    assert_int_equal(b.output.frames, RATE);
    end(&b);
}

/* A packet that is missing by its position is lost; a pause is idle. */
static void test_what_is_missing_has_its_class(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    play(&b, 10);
    b.position += 2 * PERIOD;
    b.device_ns += 20 * MS;
    play(&b, 10);
    ring_set_reached(b.lane.ring, b.device_ns + 1400 * MS);
    drain(&b); /* up to 400 ms before the source's word */
    assert_int_equal(b.output.account.frames[CLASS_LOST], 2 * PERIOD);
    assert_int_equal(b.output.account.frames[CLASS_IDLE], RATE);
    assert_int_equal(b.output.frames, 22 * PERIOD + RATE);
    assert_true(was_told(&b, EVENT_GAP, "the system missed audio"));
    end(&b);
}

/* Its place was filled as idle: it is left out, and that place is lost. */
static void test_what_comes_too_late_is_lost(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    play(&b, 1);
    ring_set_reached(b.lane.ring, START + 1410 * MS);
    drain(&b);
    assert_int_equal(b.output.account.frames[CLASS_IDLE], RATE);
    b.device_ns = START + 910 * MS;
    play(&b, 20); /* half of them is too late */
    ring_set_reached(b.lane.ring, b.device_ns + 400 * MS);
    drain(&b);
    assert_int_equal(b.output.account.frames[CLASS_LOST], 10 * PERIOD);
    assert_int_equal(b.output.account.frames[CLASS_CAPTURED], 11 * PERIOD);
    assert_int_equal(b.output.frames, RATE + 11 * PERIOD);
    expect_gap(&b, EVENT_WARNING, 0, 0);
    expect_gap(&b, EVENT_GAP, PERIOD, RATE - 10 * PERIOD);
    expect_gap(&b, EVENT_GAP, RATE - 9 * PERIOD, 10 * PERIOD);
    end(&b);
}

/* The same beside another lane: where it was taken out of the bus, and where
 * not. Each late packet has a place of its own. */
static void test_what_comes_too_late_is_lost_in_the_mix(void **state)
{
    struct bench b;
    struct bus_run run;
    (void)state;
    begin(&b);
    b.reader.bus = bus_create(2, 2, format.channels, 4 * RATE);
    assert_non_null(b.reader.bus);
    ring_set_reached(b.lane.ring, START + 1400 * MS);
    drain(&b);
    bus_gap(b.reader.bus, 1, CLASS_IDLE, RATE - 5 * PERIOD, "test");
    assert_true(bus_peek(b.reader.bus, &run));
    const struct plan_gap idle = {
        .class = run.class, .frames = run.count, .reason = run.reason};
    assert_true(output_gap(&b.output, &idle, NULL, &b.reader.fault));
    bus_pop(b.reader.bus, &run);
    output_end_gap(&b.output);
    expect_gap(&b, EVENT_GAP, 0, RATE - 5 * PERIOD);

    b.device_ns = START + 850 * MS;
    play(&b, 10);
    ring_set_reached(b.lane.ring, b.device_ns + 400 * MS);
    drain(&b);
    output_end_gap(&b.output);
    expect_gap(&b, EVENT_WARNING, 0, 0);
    expect_gap(&b, EVENT_RECLASSIFIED, RATE - 15 * PERIOD, 10 * PERIOD);
    assert_int_equal(b.output.account.frames[CLASS_LOST], 10 * PERIOD);

    play(&b, 5);
    ring_set_reached(b.lane.ring, b.device_ns + 400 * MS);
    drain(&b);
    bus_gap(b.reader.bus, 1, CLASS_IDLE, RATE, "test");
    assert_true(bus_peek(b.reader.bus, &run));
    assert_int_equal(run.class, CLASS_LOST);
    assert_int_equal(run.count, 5 * PERIOD);
    bus_destroy(b.reader.bus);
    end(&b);
}

/* The ring has ended: up to the stop all is filled, what was dropped as lost.
 */
static void test_the_end_is_at_the_stop(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    play(&b, 10);
    drop(&b, 3 * PERIOD);
    b.track.ended_ns = STOP_NEVER;
    b.reader.stop_ns = START + 1000 * MS;
    ring_end(b.lane.ring);
    drain(&b);
    assert_true(reader_is_done(&b.lane));
    assert_int_equal(b.output.frames, RATE);
    assert_int_equal(b.output.account.frames[CLASS_LOST], 3 * PERIOD);
    end(&b);
}

/* The device comes back with another rate: time goes on as before. */
static void test_another_rate_keeps_the_time(void **state)
{
    struct bench b;
    struct audio_format other = format;
    (void)state;
    begin(&b);
    play(&b, 10);
    push(&b, (struct packet){.kind = PACKET_GONE, .time_ns = b.device_ns});
    b.device_ns += 500 * MS;
    other.rate = 44100;
    push(&b, (struct packet){.kind = PACKET_FORMAT,
                             .time_ns = b.device_ns,
                             .format = other});
    for (int i = 0; i < 100; i++) {
        push(&b, (struct packet){.kind = PACKET_AUDIO,
                                 .frames = 441,
                                 .time_ns = b.device_ns,
                                 .position = 441 * (uint64_t)i});
        b.device_ns += 10 * MS;
    }
    b.track.ended_ns = STOP_NEVER;
    ring_end(b.lane.ring);
    drain(&b);
    assert_int_equal(b.output.account.frames[CLASS_GONE], RATE / 2);
    assert_int_equal(b.output.account.frames[CLASS_CAPTURED],
                     RATE + 10 * PERIOD);
    assert_int_equal(b.output.frames, RATE + RATE / 2 + 10 * PERIOD);
    end(&b);
}

/* A stop that is on its way may lie before the youngest packets: they wait. */
static void test_young_packets_wait(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    int64_t start_ns = clock_now_ns() + 1000 * MS;
    assert_true(
        reader_begin(&b.reader, &b.lane, start_ns, UINT64_MAX, 250 * MS));
    b.reader.virtual_time = false;
    b.reader.hold = true;
    b.device_ns = start_ns;
    play(&b, 80);
    ring_set_reached(b.lane.ring, b.device_ns);
    drain(&b);
    assert_int_equal(b.output.frames, 0);
    b.reader.stop_ns = start_ns + 500 * MS;
    timeline_set_stop(&b.lane.timeline, b.reader.stop_ns);
    drain(&b);
    assert_int_equal(b.output.frames, RATE / 2);
    assert_true(reader_is_done(&b.lane));
    end(&b);
}

/* A source hangs: what it did not say is gone. */
static void test_a_source_that_hangs_is_given_up(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    play(&b, 10);
    ring_set_reached(b.lane.ring, START + 2000 * MS);
    b.reader.stop_ns = START + 3000 * MS;
    b.reader.give_up = true;
    drain(&b);
    assert_true(reader_is_done(&b.lane));
    assert_int_equal(b.output.frames, 3 * RATE);
    assert_int_equal(b.output.account.frames[CLASS_GONE], RATE);
    end(&b);
}

/* The buffer ran over, then the sound ended, then the computer slept: the
 * place of what was dropped is not filled twice. */
static void test_a_loss_before_a_sleep_is_told_once(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    play(&b, 100);
    drop(&b, 2 * RATE);
    /* what the source's word of a pause makes of it: emit_idle in capture.c */
    push(&b, (struct packet){.kind = PACKET_AUDIO,
                             .time_ns = PACKET_NO_TIME,
                             .position = PACKET_NO_POSITION});
    int64_t asleep_ns = b.device_ns;
    b.device_ns += 20 * MS; /* by a clock that stood still meanwhile */
    struct suspend slept =
        suspend_between(asleep_ns, b.device_ns, 60000 * MS, false, false);
    timeline_expect_sleep(&b.lane.timeline, &slept);
    ring_set_reached(b.lane.ring, b.device_ns);
    drain(&b);
    assert_int_equal(b.output.account.frames[CLASS_LOST], 2 * RATE);
    assert_true(b.output.frames <= 3 * RATE + PERIOD);
    /* what comes then has its place */
    play(&b, 50);
    ring_set_reached(b.lane.ring, b.device_ns);
    drain(&b);
    assert_int_equal(b.output.account.frames[CLASS_CAPTURED], RATE + RATE / 2);
    assert_true(b.output.frames >= 3 * RATE + RATE / 2);
    assert_true(b.output.frames <= 3 * RATE + RATE / 2 + 2 * PERIOD);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_are_written_in_order),
        cmocka_unit_test(test_what_is_missing_has_its_class),
        cmocka_unit_test(test_what_comes_too_late_is_lost),
        cmocka_unit_test(test_what_comes_too_late_is_lost_in_the_mix),
        cmocka_unit_test(test_the_end_is_at_the_stop),
        cmocka_unit_test(test_another_rate_keeps_the_time),
        cmocka_unit_test(test_young_packets_wait),
        cmocka_unit_test(test_a_source_that_hangs_is_given_up),
        cmocka_unit_test(test_a_loss_before_a_sleep_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
