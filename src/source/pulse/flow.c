/* flow: a stream's bytes become packets with stamp and position. See stream.h.
 *
 * No heap, lock, file or print of our own in here; libpulse allocates a little
 * for each message, and so it does in its own reading.
 *
 * Positions count the server's bytes, holes included. Stamps come from the
 * server's answers about the stream's time (timing.h), asked for as bytes come:
 * pipewire-pulse's write index is the one of the last graph cycle, so an answer
 * between two cycles would be up to a cycle late.
 *
 * Measured with PulseAudio 16.1 and PipeWire 0.3.65 (null sinks), clicks timed
 * by the player's own stream against their stamps here: PulseAudio 0 to 10 ms
 * late, by what its rewind buffer holds back; PipeWire 5 ms early to 6 ms late,
 * by the graph's cycle, as of whose beginning it tells the time. The answers
 * themselves: within 0.2 ms of each other; with three busy loops on two
 * processors single ones are late by up to 4 ms, none is early, and the least
 * of four stays within 0.2 ms. A question a second costs less than 1 % of what
 * the loop costs; the whole loop costs what parecord's does. */
#include <string.h>

#include "source/pulse/stream.h"
#include "sys/clock.h"

/* How often the time is asked for while bytes come: often at first, so that
 * the first quarter of a second (the timeline looks ahead so far) has several
 * answers to choose from, then once a second. */
#define ASK_FIRST_NS INT64_C(20000000)
#define ASK_MOST_NS  INT64_C(1000000000)
/* A server that takes so long to answer was held up itself. */
#define STALL_NS INT64_C(250000000)
/* An answer that puts the newest byte so far ahead is nonsense. */
#define AHEAD_NS INT64_C(2000000000)

static int64_t to_ns(const struct stream *s, uint64_t bytes)
{
    return frames_to_ns((int64_t)(bytes / s->frame_bytes),
                        s->output.format.rate);
}

static size_t readable(const struct stream *s)
{
    size_t bytes = pa_stream_readable_size(s->pa);
    return bytes == (size_t)-1 ? 0 : bytes;
}

/* libpulse: bytes have come. */
static void on_bytes(pa_stream *pa, size_t bytes, void *data)
{
    (void)pa;
    (void)bytes;
    flow_read(data);
}

void flow_begin(struct stream *s)
{
    timing_init(&s->timing, s->output.format.rate);
    s->arrival_ns = clock_now_ns();
    s->end_ns = STREAM_NEVER;
    s->certain_ns = STREAM_NEVER;
    s->idle_ns = STREAM_NEVER;
    s->slept = true; /* no time is known */
    s->lag_ns = STREAM_NEVER;
    s->uncounted = 0;
    s->behind_bytes = 0;
    s->waiting_bytes = 0;
    s->ask_pause_ns = ASK_FIRST_NS;
    pa_stream_set_read_callback(s->pa, on_bytes, s);
}

static void ask_often(struct stream *s)
{
    s->lag_ns = STREAM_NEVER;
    s->ask_pause_ns = ASK_FIRST_NS;
}

static void forget_time(struct stream *s)
{
    timing_reset(&s->timing);
    ask_often(s);
}

/* --- handing over --- */

static void hand_over(struct stream *s, const void *data, size_t bytes,
                      int64_t now_ns)
{
    uint64_t frame = s->index / s->frame_bytes;
    struct packet p = {
        .kind = PACKET_AUDIO,
        .flags = s->missed ? PACKET_DISCONTINUITY : 0,
        .frames = (uint32_t)(bytes / s->frame_bytes),
        .position = frame + s->extra_frames,
        .lost_before = s->lost_frames,
        .idle_ns = PACKET_NO_TIME,
    };
    /* Without an answer: all that is there has come by now. */
    p.time_ns = timing_known(&s->timing) ? timing_of(&s->timing, frame)
                                         : now_ns - to_ns(s, readable(s));
    s->lost_frames = 0;
    s->missed = false;
    s->took = true;
    s->end_ns = p.time_ns + to_ns(s, bytes);
    s->out->packet(s->out->context, &p, data, s->output.type);
}

/* FRAMES that were played did not reach us. */
static void lose(struct stream *s, uint64_t frames)
{
    s->lost_frames += frames;
    s->missed = true;
}

/* The backlog before a loss is handed over: here is the loss. */
static void cross_loss(struct stream *s)
{
    int64_t origin_ns = s->timing.origin_ns + s->switch_ns;
    uint64_t frames =
        (uint64_t)frames_from_ns(s->switch_ns, s->output.format.rate);
    s->switch_index = 0;
    s->extra_frames += frames;
    lose(s, frames);
    forget_time(s);
    timing_answer(&s->timing, origin_ns, 0);
}

static void take(struct stream *s, int64_t now_ns)
{
    const void *data;
    size_t bytes;
    if (s->switch_index != 0 && s->index >= s->switch_index) {
        cross_loss(s);
    }
    while (!s->broken && !s->full &&
           pa_stream_peek(s->pa, &data, &bytes) == 0 && bytes > 0) {
        if (bytes % s->frame_bytes != 0) {
            /* Neither server does it; what follows would have its channels
             * shifted. */
            s->broken = true;
        } else if (data == NULL) {
            /* A hole: the server sent a block that libpulse could not map
             * (context.c, pstream_memblock_callback), or skipped ahead. It
             * was audio, and its length is known. */
            lose(s, bytes / s->frame_bytes);
        } else {
            hand_over(s, data, bytes, now_ns);
        }
        s->index += bytes;
        pa_stream_drop(s->pa);
        if (s->switch_index != 0 && s->index >= s->switch_index) {
            cross_loss(s);
        }
    }
    s->waiting_bytes = readable(s);
}

void flow_drop(struct stream *s)
{
    const void *data;
    size_t bytes;
    while (readable(s) > 0 && pa_stream_peek(s->pa, &data, &bytes) == 0 &&
           bytes > 0) {
        s->index += bytes;
        pa_stream_drop(s->pa);
    }
}

/* --- time --- */

/* PipeWire has dropped BYTES that its count includes, behind all that is here
 * by now. */
static void skip(struct stream *s, uint64_t bytes, int64_t now_ns)
{
    take(s, now_ns);
    s->index += bytes;
    lose(s, bytes / s->frame_bytes);
}

/* PulseAudio refuses new bytes while the stream's queue is full
 * (protocol-native.c, SOURCE_OUTPUT_MESSAGE_POST_DATA): they do not even
 * count, only the stream's time jumps. So a jump behind a backlog about as
 * long as the queue is a loss, and its place is the backlog's end. */
static bool overran(const struct stream *s, uint64_t write_index)
{
    return s->first_since_held &&
           write_index > s->held_index + s->capacity_bytes / 4 * 3;
}

/* The server says: at NOW_NS the stream was at STREAM_NS, written up to
 * WRITE_INDEX. On a busy machine a single answer was 65 ms late; one that says
 * that time has jumped ahead is asked for again. */
static void learn(struct stream *s, int64_t now_ns, int64_t stream_ns,
                  uint64_t write_index)
{
    int64_t origin_ns = now_ns - stream_ns;
    int64_t jump_ns = 0;
    if (timing_known(&s->timing)) {
        jump_ns = origin_ns - s->timing.origin_ns;
    }
    bool ahead = jump_ns > s->jump_ns;
    if (ahead && overran(s, write_index)) {
        s->switch_index = write_index;
        s->switch_ns = jump_ns;
    }
    s->first_since_held = false;
    if (ahead && s->switch_index == 0) {
        if (!timing_doubt(&s->timing, now_ns, stream_ns)) {
            /* not at once: what held this one up holds up the next, too */
            s->ask_pause_ns = ASK_FIRST_NS;
            s->ask_next_ns = now_ns + ASK_FIRST_NS;
            return;
        }
        ask_often(s);
    } else if (s->switch_index == 0) {
        if (jump_ns < -s->jump_ns) {
            forget_time(s);
        }
        timing_answer(&s->timing, now_ns, stream_ns);
    }
    if (s->stalled && ahead) {
        /* pipewire-pulse, stopped, is left out of the graph's cycles: it was
         * not that nothing played. */
        s->missed = true;
    }
    s->stalled = false;
    s->holding = false;
    take(s, now_ns);
}

/* The server's write index. pipewire-pulse (0.3.65) counts what its realtime
 * thread has written as its main thread hears of it, and not all is heard of
 * when that was stopped: after 2 s its index was 0.3 to 1.5 s behind what had
 * come from it, for good, and stamps by it would lie in the future. */
static uint64_t written(struct stream *s, const pa_timing_info *t)
{
    uint64_t come = s->index + readable(s);
    uint64_t told = (uint64_t)t->write_index + s->uncounted;
    if (come > told) {
        s->uncounted += come - told;
        told = come;
    }
    return told;
}

/* What pa_stream_get_time would say (stream.c, calc_time), from the same
 * figures, at the clock we stamp with. */
static int64_t stream_time(const struct stream *s, const pa_timing_info *t,
                           uint64_t write_index, int64_t now_ns)
{
    int64_t transport = (int64_t)t->transport_usec * 1000;
    /* Measured by the wall clock, which may be set meanwhile. */
    if (transport < 0 || transport > now_ns - s->asked_ns) {
        transport = now_ns - s->asked_ns;
    }
    /* The sink's latency: a monitor hears a frame when it is mixed, the
     * listener when it has gone through the sink's buffer. */
    return to_ns(s, write_index) + transport +
           ((int64_t)t->source_usec - (int64_t)t->sink_usec) * 1000;
}

static void on_timing(pa_stream *pa, int success, void *data)
{
    struct stream *s = data;
    if (pa != s->pa) {
        return; /* one that was closed meanwhile */
    }
    const pa_timing_info *t = pa_stream_get_timing_info(pa);
    s->asking = false;
    s->empty_turns = 0;
    if (success == 0 || t == NULL || t->write_index < 0) {
        return;
    }
    int64_t now_ns = clock_now_ns();
    uint64_t write_index = written(s, t);
    int64_t stream_ns = stream_time(s, t, write_index, now_ns);
    int64_t ahead_ns = to_ns(s, write_index) - stream_ns;
    if (s->out == NULL) {
        if (s->asked_fresh && ahead_ns < AHEAD_NS) {
            timing_answer(&s->timing, now_ns, stream_ns);
        }
        return;
    }
    if (now_ns - s->asked_ns > STALL_NS) {
        s->stalled = true;
    }
    /* All that the server had sent before the answer is here: where our count
     * is behind its read index it has skipped the difference.
     * (pipewire-pulse, do_process_done: "overrun recover".) libpulse has
     * already taken off what waits in its own queue. */
    uint64_t skipped = 0;
    if (!t->read_index_corrupt && t->read_index > (int64_t)s->index) {
        skipped = (uint64_t)t->read_index - s->index;
        skipped -= skipped % s->frame_bytes;
    }
    if (skipped > 0 && !s->full) { /* else when it is told again */
        skip(s, skipped, now_ns);
    }
    uint64_t come = s->index + readable(s);
    s->behind_bytes = write_index >= come + s->fragment_bytes + s->frame_bytes
                          ? write_index - come
                          : 0;
    if (s->asked_fresh && ahead_ns < AHEAD_NS) {
        learn(s, now_ns, stream_ns, write_index);
    } else if (!s->asked_fresh && readable(s) == 0 && s->behind_bytes == 0) {
        /* Nothing is on its way (less than a fragment may wait in the server
         * for the rest of it). What is being played as it answers comes
         * later, after the source's latency and a fragment. */
        int64_t hold_ns = s->fragment_ns + (int64_t)t->source_usec * 1000;
        s->certain_ns = s->asked_ns - hold_ns;
    }
}

void flow_ask(struct stream *s, int64_t now_ns, bool fresh)
{
    if (s->asking) {
        return;
    }
    pa_operation *op = pa_stream_update_timing_info(s->pa, on_timing, s);
    if (op == NULL) {
        return;
    }
    pa_operation_unref(op);
    s->asking = true;
    s->asked_fresh = fresh;
    s->asked_ns = now_ns;
    s->ask_next_ns = now_ns + s->ask_pause_ns;
    if (fresh) {
        s->ask_pause_ns *= 2;
        if (s->ask_pause_ns > ASK_MOST_NS) {
            s->ask_pause_ns = ASK_MOST_NS;
        }
    }
}

int64_t flow_next_ns(const struct stream *s)
{
    return timing_known(&s->timing)
               ? timing_of(&s->timing, s->index / s->frame_bytes)
               : STREAM_NEVER;
}

void flow_release(struct stream *s, int64_t now_ns)
{
    s->holding = false;
    s->full = false;
    if (timing_believe(&s->timing)) {
        ask_often(s);
    } else if (readable(s) < s->capacity_bytes / 2) {
        forget_time(s);
    } /* else: a long backlog; it follows what came before */
    take(s, now_ns);
}

void flow_resume(struct stream *s)
{
    s->full = false;
    if (s->out != NULL) {
        take(s, clock_now_ns());
    }
}

/* Hand over all that is there, whatever is known. */
static void let_go(struct stream *s, int64_t now_ns)
{
    if (s->holding) {
        flow_release(s, now_ns);
    } else {
        flow_resume(s);
    }
}

void flow_finish(struct stream *s, int64_t now_ns)
{
    if (s->out != NULL && s->phase == STREAM_OPEN) {
        let_go(s, now_ns);
    }
    s->out = NULL;
}

/* How much of what was played from FROM_NS to STOP_NS has not come: all, where
 * the server does not answer; else what it still has. */
static uint64_t missed(const struct stream *s, int64_t from_ns, int64_t stop_ns)
{
    uint64_t all =
        (uint64_t)frames_from_ns(stop_ns - from_ns, s->output.format.rate);
    uint64_t had = s->behind_bytes / s->frame_bytes;
    return s->asking || had > all ? all : had;
}

void flow_miss(struct stream *s, int64_t stop_ns, int64_t now_ns)
{
    let_go(s, now_ns);
    int64_t from_ns = s->end_ns > s->certain_ns ? s->end_ns : s->certain_ns;
    if (from_ns == STREAM_NEVER) {
        from_ns = s->arrival_ns; /* since it is open nothing came */
    }
    if (from_ns >= stop_ns) {
        return;
    }
    uint64_t frames = missed(s, from_ns, stop_ns);
    frames = frames > s->lost_frames ? frames : s->lost_frames;
    if (frames == 0) {
        return;
    }
    const struct packet p = packet_of_loss(
        from_ns + frames_to_ns((int64_t)frames, s->output.format.rate), frames);
    s->lost_frames = 0;
    s->out->packet(s->out->context, &p, NULL, s->output.type);
}

/* Do the bytes come later than any before, by what they would be stamped? Then
 * they are not from the time that they seem to be from. */
static bool come_late(struct stream *s, int64_t now_ns)
{
    if (!timing_known(&s->timing) || s->end_ns == STREAM_NEVER) {
        return false;
    }
    int64_t lag_ns = now_ns - s->end_ns - to_ns(s, readable(s));
    bool late = s->lag_ns != STREAM_NEVER &&
                lag_ns > s->lag_ns + s->jump_ns + s->batch_ns;
    if (lag_ns > s->lag_ns) {
        s->lag_ns = lag_ns;
    }
    return late;
}

/* Bytes come after a pause: either they are old ones (this process or the
 * server was held up), or time has passed without any. Only the server knows,
 * and its answer comes behind all that it has sent. */
static void hold(struct stream *s, int64_t now_ns)
{
    s->slept = false;
    s->holding = true;
    s->held_ns = now_ns;
    s->held_index = s->index;
    s->first_since_held = true;
    s->ask_pause_ns = ASK_FIRST_NS;
    s->ask_next_ns = now_ns;
}

void flow_read(struct stream *s)
{
    if (s->out == NULL || readable(s) == 0) {
        return;
    }
    int64_t now_ns = clock_now_ns();
    if (!s->holding &&
        (s->slept || flow_absent(s, now_ns) || come_late(s, now_ns))) {
        hold(s, now_ns);
    }
    s->arrival_ns = now_ns;
    if (!s->holding || s->keeps) {
        take(s, now_ns);
    }
    if (readable(s) > s->capacity_bytes / 2) {
        flow_release(s, now_ns); /* before libpulse's own queue is full */
    }
    if (now_ns >= s->ask_next_ns && !s->link->stale) {
        flow_ask(s, now_ns, true);
    }
}

bool flow_absent(const struct stream *s, int64_t now_ns)
{
    return now_ns - s->arrival_ns > s->absence_ns;
}
