/* The output: what gathers before it is written, in which pieces it goes to the
 * file, and what is counted where a write fails. A sink that keeps the pieces,
 * and fails where it is told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/output.h"
#include "sys/wake.h"

enum { PACKET = 960, PIECES = 512 };

struct keeper {
    struct sink base;
    size_t pieces[PIECES]; /* frames of each write */
    unsigned count;
    uint64_t frames;
    uint64_t fails_beyond; /* frames */
    int16_t last;          /* sample */
    uint64_t marks[PIECES];
    uint64_t marked_at[PIECES]; /* frames written when a mark came */
    unsigned mark_count;
};

static bool keep(struct sink *sink, const void *data, size_t frames,
                 struct fault *f)
{
    struct keeper *k = (struct keeper *)sink;
    assert_true(k->count < PIECES);
    if (k->frames + frames > k->fails_beyond) {
        return fault_set(f, ERR_IO, "write", "file", NULL);
    }
    k->pieces[k->count++] = frames;
    k->frames += frames;
    memcpy(&k->last, (const int16_t *)data + 2 * frames - 1, sizeof k->last);
    return true;
}

static bool mark(struct sink *sink, uint64_t frame)
{
    struct keeper *k = (struct keeper *)sink;
    k->marks[k->mark_count] = frame;
    k->marked_at[k->mark_count++] = k->frames;
    return true;
}

static const struct sink_ops keeper_ops = {
    .name = "keeper", .write = keep, .mark = mark};

static const struct audio_format format = {
    .rate = 48000, .channels = 2, .channel_mask = 3, .native = SAMPLE_S16};

struct bench {
    struct wake *wake;
    struct queue *queue;
    struct keeper keeper;
    struct output output;
    struct fault fault;
    struct account told; /* by events that were expected */
    float value;         /* of the next packet's samples, in 32768ths */
};

static int set_up(void **state)
{
    static struct bench b;
    memset(&b, 0, sizeof b);
    b.wake = wake_create(NULL);
    b.queue = queue_create(b.wake);
    b.keeper.base.ops = &keeper_ops;
    b.keeper.fails_beyond = UINT64_MAX;
    output_init(&b.output, &b.keeper.base, b.queue, &format, SAMPLE_S16, false);
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    queue_destroy(b->queue);
    wake_destroy(b->wake);
    return 0;
}

static bool play(struct bench *b, uint64_t frames)
{
    float samples[2 * PACKET];
    b->value += 1;
    for (unsigned i = 0; i < 2 * PACKET; i++) {
        samples[i] = b->value / 32768;
    }
    assert_true(frames <= PACKET);
    return output_frames(&b->output, samples, frames, &b->fault);
}

static bool stay_idle(struct bench *b, uint64_t frames)
{
    const struct plan_gap gap = {
        .class = CLASS_IDLE, .frames = frames, .reason = "test"};
    return output_gap(&b->output, &gap, NULL, &b->fault);
}

static void counts(const struct bench *b, uint64_t captured, uint64_t idle)
{
    const struct output *o = &b->output;
    assert_int_equal(o->account.frames[CLASS_CAPTURED], captured);
    assert_int_equal(o->account.frames[CLASS_IDLE], idle);
    assert_int_equal(o->frames, captured + idle);
}

static void packets_are_written_together(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 3; i++) {
        assert_true(play(b, PACKET));
    }
    assert_int_equal(b->keeper.count, 0);
    counts(b, 3 * PACKET, 0);
    assert_true(output_flush(&b->output, &b->fault));
    assert_int_equal(b->keeper.count, 1);
    assert_int_equal(b->keeper.pieces[0], 3 * PACKET);
    assert_int_equal(b->keeper.last, 3);
    assert_true(output_flush(&b->output, &b->fault));
    assert_int_equal(b->keeper.count, 1);
}

static void a_full_block_does_not_wait(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 5; i++) {
        assert_true(play(b, PACKET));
    }
    assert_int_equal(b->keeper.count, 1);
    assert_int_equal(b->keeper.frames, b->output.block_frames);
    assert_true(output_flush(&b->output, &b->fault));
    assert_int_equal(b->keeper.frames, 5 * PACKET);
    assert_int_equal(b->keeper.last, 5);
}

static void what_waits_goes_before_silence(void **state)
{
    struct bench *b = *state;
    assert_true(play(b, 100));
    assert_true(stay_idle(b, 50));
    assert_true(play(b, 25));
    assert_true(output_flush(&b->output, &b->fault));
    const size_t pieces[] = {100, 50, 25};
    assert_int_equal(b->keeper.count, 3);
    assert_memory_equal(b->keeper.pieces, pieces, sizeof pieces);
    counts(b, 125, 50);
}

static void a_mark_comes_when_all_before_it_is_written(void **state)
{
    struct bench *b = *state;
    output_mark(&b->output, 1500);
    assert_true(play(b, PACKET));
    assert_true(play(b, PACKET));
    assert_true(output_flush(&b->output, &b->fault));
    assert_int_equal(b->keeper.mark_count, 1);
    assert_int_equal(b->keeper.marks[0], 1500);
    assert_int_equal(b->keeper.marked_at[0], 1500);
    assert_int_equal(b->keeper.frames, 2 * PACKET);
}

static void what_a_failed_write_had_is_not_counted(void **state)
{
    struct bench *b = *state;
    b->keeper.fails_beyond = 250;
    assert_true(play(b, 100));
    assert_true(stay_idle(b, 50));
    assert_true(play(b, 60));
    assert_true(play(b, 60));
    counts(b, 220, 50);
    assert_false(output_flush(&b->output, &b->fault));
    counts(b, 100, 50);
    assert_true(output_flush(&b->output, &b->fault)); /* nothing waits */

    assert_true(play(b, 100)); /* fills it */
    assert_true(output_flush(&b->output, &b->fault));
    assert_true(play(b, 30));
    assert_false(stay_idle(b, 10)); /* what waited before it fails */
    counts(b, 200, 50);
}

static void failed_silence_is_not_counted(void **state)
{
    struct bench *b = *state;
    b->keeper.fails_beyond = 120;
    assert_true(play(b, 100));
    assert_false(stay_idle(b, 50));
    counts(b, 100, 0);
}

/* Other tracks' sound lies in a gap of all: frames of one class, then of
 * another. */
static void classes_wait_apart(void **state)
{
    struct bench *b = *state;
    float samples[2 * 40] = {0};
    const struct plan_gap gap = {
        .class = CLASS_LOST, .frames = 40, .reason = "test"};
    b->keeper.fails_beyond = 100;
    assert_true(play(b, 100));
    assert_true(output_gap(&b->output, &gap, samples, &b->fault));
    assert_int_equal(b->keeper.frames, 100);
    assert_false(output_flush(&b->output, &b->fault));
    counts(b, 100, 0);
    assert_int_equal(b->output.account.frames[CLASS_LOST], 0);
}

/* --- what is lost after all --- */

static bool be_gone(struct bench *b, uint64_t frames)
{
    const struct plan_gap gap = {
        .class = CLASS_GONE, .frames = frames, .reason = "away"};
    return output_gap(&b->output, &gap, NULL, &b->fault);
}

/* The next event. */
static void expect(struct bench *b, enum session_event_kind kind,
                   enum account_class class, uint64_t at, uint64_t frames)
{
    struct session_event event;
    assert_true(queue_take(b->queue, &event));
    assert_int_equal(event.kind, kind);
    assert_int_equal(event.class, class);
    assert_int_equal(event.at_frame, at);
    assert_int_equal(event.frames, frames);
    b->told.frames[class] += frames;
    if (kind == EVENT_RECLASSIFIED) {
        b->told.frames[event.was] -= frames;
    }
}

/* Nothing more is told, and what was adds up to the account. */
static void expect_end(struct bench *b)
{
    struct session_event event;
    output_end_gap(&b->output);
    assert_false(queue_take(b->queue, &event));
    const uint64_t *counted = b->output.account.frames;
    const uint64_t *told = b->told.frames;
    assert_int_equal(told[CLASS_IDLE], counted[CLASS_IDLE]);
    assert_int_equal(told[CLASS_LOST], counted[CLASS_LOST]);
    assert_int_equal(told[CLASS_GONE], counted[CLASS_GONE]);
    assert_int_equal(account_total(&b->output.account), b->output.frames);
}

/* Nobody was told of it yet: packet by packet it becomes a gap of its own. */
static void idle_that_was_lost_is_told_as_lost(void **state)
{
    struct bench *b = *state;
    assert_true(play(b, 10));
    assert_true(stay_idle(b, 50));
    output_reclassify(&b->output, 30, 10, false);
    output_reclassify(&b->output, 40, 10, false);
    assert_int_equal(b->output.account.frames[CLASS_LOST], 20);
    assert_true(stay_idle(b, 5));
    output_end_gap(&b->output);
    expect(b, EVENT_GAP, CLASS_IDLE, 10, 20);
    expect(b, EVENT_GAP, CLASS_LOST, 30, 20);
    expect(b, EVENT_GAP, CLASS_IDLE, 50, 15);
    expect_end(b);
}

static void all_of_a_gap_can_be_lost(void **state)
{
    struct bench *b = *state;
    assert_true(stay_idle(b, 50));
    output_reclassify(&b->output, 0, 50, false);
    assert_true(play(b, 10));
    expect(b, EVENT_GAP, CLASS_LOST, 0, 50);
    expect_end(b);
}

/* It was told as idle: what was wrong is told, once for all that touches. */
static void a_gap_that_was_told_is_told_anew(void **state)
{
    struct bench *b = *state;
    assert_true(stay_idle(b, 50));
    assert_true(play(b, 10));
    expect(b, EVENT_GAP, CLASS_IDLE, 0, 50);
    output_reclassify(&b->output, 20, 10, false);
    output_reclassify(&b->output, 30, 10, false);
    output_reclassify(&b->output, 25, 10, false); /* is lost already */
    output_end_gap(&b->output);
    expect(b, EVENT_RECLASSIFIED, CLASS_LOST, 20, 20);
    output_reclassify(&b->output, 45, 10, false); /* half of it was heard */
    output_end_gap(&b->output);
    expect(b, EVENT_RECLASSIFIED, CLASS_LOST, 45, 5);
    expect_end(b);
    assert_int_equal(b->output.account.frames[CLASS_CAPTURED], 10);
}

/* In one of several lanes: also where the others were heard or away. */
static void in_a_mix_what_others_have_is_lost_too(void **state)
{
    struct bench *b = *state;
    assert_true(play(b, 20));
    assert_true(be_gone(b, 20));
    assert_true(stay_idle(b, 20));
    assert_true(play(b, 20));
    expect(b, EVENT_GAP, CLASS_GONE, 20, 20);
    expect(b, EVENT_GAP, CLASS_IDLE, 40, 20);
    output_reclassify(&b->output, 10, 60, true);
    output_end_gap(&b->output);
    expect(b, EVENT_RECLASSIFIED, CLASS_LOST, 10, 10);
    expect(b, EVENT_RECLASSIFIED, CLASS_LOST, 20, 20);
    expect(b, EVENT_RECLASSIFIED, CLASS_LOST, 40, 20);
    expect(b, EVENT_RECLASSIFIED, CLASS_LOST, 60, 10);
    output_reclassify(&b->output, 0, 80, true);
    output_end_gap(&b->output);
    expect(b, EVENT_RECLASSIFIED, CLASS_LOST, 0, 10);
    expect(b, EVENT_RECLASSIFIED, CLASS_LOST, 70, 10);
    expect_end(b);
    assert_int_equal(b->output.account.frames[CLASS_LOST], 80);
}

/* More gaps than are kept: the account adds up all the same. */
static void gaps_of_long_ago_are_lost_as_well(void **state)
{
    struct bench *b = *state;
    for (unsigned i = 0; i < 2 * GAPS_KEPT; i++) {
        assert_true(i % 2 == 0 ? be_gone(b, 10) : stay_idle(b, 10));
        assert_true(play(b, 10));
        output_reclassify(&b->output, i * 20 + 2, 3, false);
        output_end_gap(&b->output);
        uint64_t at = (uint64_t)i * 20;
        expect(b, EVENT_GAP, i % 2 == 0 ? CLASS_GONE : CLASS_IDLE, at, 10);
        expect(b, EVENT_RECLASSIFIED, CLASS_LOST, at + 2, 3);
    }
    output_lose(&b->output, 0, b->output.frames);
    struct session_event event;
    while (queue_take(b->queue, &event)) {
        assert_int_equal(event.kind, EVENT_RECLASSIFIED);
        b->told.frames[event.was] -= event.frames;
        b->told.frames[CLASS_LOST] += event.frames;
    }
    expect_end(b);
    assert_true(b->output.account.frames[CLASS_LOST] >
                b->output.frames - 6 * (uint64_t)GAPS_KEPT);
}

/* What lies in a pause is in no file, so it can't be lost there. */
static void what_is_in_a_pause_is_not_told_as_lost(void **state)
{
    struct bench *b = *state;
    struct pauses_edge edge;
    assert_true(pauses_toggle(&b->output.pauses, 20, &edge));
    assert_true(pauses_toggle(&b->output.pauses, 40, &edge));
    assert_true(stay_idle(b, 60));
    output_reclassify(&b->output, 30, 20, false);
    assert_true(play(b, 10));
    expect(b, EVENT_GAP, CLASS_IDLE, 0, 20);
    expect(b, EVENT_GAP, CLASS_LOST, 20, 10);
    expect(b, EVENT_GAP, CLASS_IDLE, 30, 10);
    expect_end(b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(packets_are_written_together),
        TEST(a_full_block_does_not_wait),
        TEST(what_waits_goes_before_silence),
        TEST(a_mark_comes_when_all_before_it_is_written),
        TEST(what_a_failed_write_had_is_not_counted),
        TEST(failed_silence_is_not_counted),
        TEST(classes_wait_apart),
        TEST(idle_that_was_lost_is_told_as_lost),
        TEST(all_of_a_gap_can_be_lost),
        TEST(a_gap_that_was_told_is_told_anew),
        TEST(in_a_mix_what_others_have_is_lost_too),
        TEST(gaps_of_long_ago_are_lost_as_well),
        TEST(what_is_in_a_pause_is_not_told_as_lost),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
