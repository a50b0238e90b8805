/* The reader: what lies in a ring, in order, against the time that passed. A
 * ring and a null sink, the packets are put in by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/reader.h"
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
    b->lane.ring = ring_create(1 << 20);
    b->lane.ring_bytes = 1 << 20;
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
        cmocka_unit_test(test_a_loss_before_a_sleep_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
