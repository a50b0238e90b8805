/* test_pulse_intake: what is kept of a tap until its time is known, and what of
 * it is told. The stream is a struct whose state the tests set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/format.h"
#include "source/pulse/intake.h"

#define MS INT64_C(1000000)

enum { RATE = 48000, FRAME = 8, PIECE = 960, KEPT = RATE / 2 };

/* A moment long after the clock's 0. */
#define T0 (INT64_C(1000000) * MS)

static unsigned char room[KEPT * FRAME + INTAKE_PIECE_BYTES];
static unsigned char piece_of[PIECE * FRAME];

/* The lane: what it got. */
struct lane {
    struct outlet outlet;
    unsigned packets;
    uint64_t frames;
    uint64_t lost;
    int64_t first_ns;
};

static void on_packet(void *context, const struct packet *p, const void *data,
                      enum sample_type type)
{
    struct lane *l = context;
    (void)type;
    assert_true((data == NULL) == (p->frames == 0));
    l->first_ns = l->packets == 0 ? p->time_ns : l->first_ns;
    l->packets++;
    l->frames += p->frames;
    l->lost += p->lost_before;
}

static void on_idle(void *context, int64_t time_ns)
{
    (void)context;
    (void)time_ns;
}

struct bench {
    struct stream stream;
    struct intake intake;
    struct lane lane;
    uint64_t position;
};

/* A stream that has just begun, and whose time is not known. */
static void begin(struct bench *b)
{
    *b = (struct bench){
        .stream = {.frame_bytes = FRAME, .holding = true},
        .lane = {.outlet = {.packet = on_packet, .idle = on_idle}},
    };
    b->stream.output.format.rate = RATE;
    b->stream.output.type = SAMPLE_F32;
    b->lane.outlet.context = &b->lane;
    timing_init(&b->stream.timing, RATE);
    memset(piece_of, 1, sizeof piece_of);
    intake_init(&b->intake, &b->stream, room, sizeof room);
    intake_begin(&b->intake, T0);
}

/* So late by its stamp. */
static void give(struct bench *b, int64_t late_ns)
{
    const struct packet p = {
        .kind = PACKET_AUDIO,
        .frames = PIECE,
        .position = b->position,
        .time_ns = T0 + late_ns + frames_to_ns((int64_t)b->position, RATE),
        .idle_ns = PACKET_NO_TIME,
    };
    b->intake.outlet.packet(b->intake.outlet.context, &p, piece_of, SAMPLE_F32);
    b->position += PIECE;
}

/* So many frames were played and did not come; nothing comes behind them. */
static void miss(struct bench *b, uint64_t frames)
{
    const struct packet p = packet_of_loss(T0 + 1000 * MS, frames);
    b->intake.outlet.packet(b->intake.outlet.context, &p, NULL, SAMPLE_F32);
}

static void test_a_long_backlog_waits_for_its_time(void **state)
{
    (void)state;
    struct bench b;
    begin(&b);
    b.intake.lane = &b.lane.outlet;
    while (!b.stream.full) {
        give(&b, 700 * MS);
        assert_true(b.position <= RATE);
    }
    /* as much as it is to keep, and nothing is handed over with a guess */
    assert_in_range(b.intake.first.frames, KEPT - PIECE, KEPT + 2 * PIECE);
    assert_int_equal(b.lane.packets, 0);
    assert_false(intake_is_ready(&b.intake));

    timing_answer(&b.stream.timing, T0, 0);
    b.stream.holding = false;
    assert_true(intake_is_ready(&b.intake));
    intake_pass(&b.intake, NULL, 0, 0);
    assert_false(b.stream.full);
    assert_int_equal(b.lane.frames, b.position);
    assert_int_equal(b.lane.first_ns, T0);
    give(&b, 0);
    assert_int_equal(b.lane.frames, b.position);
    assert_int_equal(b.lane.lost, 0);
}

/* What is not waited for any more: all is handed over, in its order. */
static void test_what_comes_to_a_full_one_is_let_go(void **state)
{
    (void)state;
    struct bench b;
    begin(&b);
    b.intake.lane = &b.lane.outlet;
    while (!b.stream.full) {
        give(&b, 0);
    }
    b.stream.holding = b.stream.full = false;
    give(&b, 0);
    assert_false(b.stream.full);
    give(&b, 0);
    assert_int_equal(b.lane.frames, b.position);
    assert_int_equal(b.lane.lost, 0);
    /* and what went with the stream follows */
    intake_lose(&b.intake, 480);
    assert_int_equal(b.lane.lost, 480);
    assert_int_equal(b.intake.end_ns,
                     T0 + frames_to_ns((int64_t)b.position + 480, RATE));
}

/* A server's largest piece still fits where it says that it is not full. */
static void test_there_is_room_until_it_is_full(void **state)
{
    (void)state;
    struct bench b;
    begin(&b);
    while (!b.stream.full) {
        assert_true((b.intake.first.frames * FRAME) + INTAKE_PIECE_BYTES <=
                    sizeof room);
        give(&b, 0);
    }
    assert_int_equal(b.stream.lost_frames, 0);
    /* without a lane what comes all the same is lost, and counted */
    uint64_t kept = b.intake.first.frames;
    for (unsigned i = 0; i < 100; i++) {
        give(&b, 0);
    }
    assert_int_equal(b.position, b.intake.first.frames + b.stream.lost_frames);
    assert_in_range(b.intake.first.frames, kept,
                    kept + INTAKE_PIECE_BYTES / FRAME);
}

static void test_what_did_not_come_is_told_behind_what_did(void **state)
{
    (void)state;
    struct bench b;
    begin(&b);
    b.intake.lane = &b.lane.outlet;
    give(&b, 0);
    miss(&b, 4800);
    assert_int_equal(b.lane.packets, 2);
    assert_int_equal(b.lane.frames, PIECE);
    assert_int_equal(b.lane.lost, 4800);
}

static void test_nothing_is_missed_of_what_paused_or_ended(void **state)
{
    (void)state;
    struct bench b;
    begin(&b);
    b.intake.lane = &b.lane.outlet;
    b.intake.corked = true;
    miss(&b, 4800);
    b.intake.corked = false;
    b.intake.ended = true;
    miss(&b, 4800);
    assert_int_equal(b.lane.packets, 0);
    intake_begin(&b.intake, T0); /* the next one */
    b.intake.lane = &b.lane.outlet;
    miss(&b, 4800);
    assert_int_equal(b.lane.lost, 4800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_long_backlog_waits_for_its_time),
        cmocka_unit_test(test_what_comes_to_a_full_one_is_let_go),
        cmocka_unit_test(test_there_is_room_until_it_is_full),
        cmocka_unit_test(test_what_did_not_come_is_told_behind_what_did),
        cmocka_unit_test(test_nothing_is_missed_of_what_paused_or_ended),
    };
    return cmocka_run_group_tests_name("pulse-intake", tests, NULL, NULL);
}
