/* capture: one source on the thread that the session lends it, and the way of
 * its packets into the ring. The capture path is emit_packet, emit_idle and
 * what they call: no lock, heap, file, print or unbounded loop. */
#include <string.h>

#include "core/log.h"
#include "session/internal.h"
#include "sys/clock.h"

/* Try a lost device again after this, doubled each time up to the most. */
#define RETRY_FIRST_NS INT64_C(50000000)
#define RETRY_MOST_NS  INT64_C(1000000000)
/* While it is away, say how far time has come at least this often. */
#define RETRY_SLICE_NS INT64_C(100000000)
/* In virtual time no more than this waits in the ring: with less the threads
 * wake each other more often, more leaves the processor's cache. */
#define VIRTUAL_FILL_BYTES (2 * 1024 * 1024)
#define ROOM_WAIT_NS       INT64_C(50000000)

/* --- the capture path --- */

/* One piece of a packet into the ring. SAMPLES is NULL for silence. */
static void push_piece(struct track *t, const struct packet *piece,
                       const void *samples, enum sample_type type)
{
    size_t count = (size_t)piece->frames * t->format.channels;
    bool silent = (piece->flags & PACKET_SILENT) != 0;
    float *room = ring_reserve(t->ring, silent ? 0 : count * sizeof(float));
    if (!room) {
        ring_drop(t->ring, piece->frames);
        return;
    }
    if (!silent) {
        convert_to_float(room, samples, type, count);
    }
    ring_commit(t->ring, piece);
}

static void emit_packet(void *context, const struct packet *packet,
                        const void *data, enum sample_type type)
{
    struct track *t = context;
    const unsigned char *bytes = data;
    size_t frame_bytes = sample_bytes(type) * t->format.channels;
    struct packet piece = *packet;
    uint32_t left = packet->frames;

    if (!data) {
        piece.flags |= PACKET_SILENT;
    }
    piece.idle_ns = t->idle_ns;
    t->idle_ns = PACKET_NO_TIME;
    while (left > 0) {
        piece.frames = left < TRACK_PACKET_FRAMES ? left : TRACK_PACKET_FRAMES;
        push_piece(t, &piece, bytes, type);
        left -= piece.frames;
        if (bytes) {
            bytes += piece.frames * frame_bytes;
        }
        /* what follows is the same packet, a little later */
        piece.flags &= (uint32_t)~PACKET_DISCONTINUITY;
        piece.lost_before = 0;
        piece.idle_ns = PACKET_NO_TIME;
        if (piece.position != PACKET_NO_POSITION) {
            piece.position += piece.frames;
        }
        if (piece.time_ns != PACKET_NO_TIME) {
            piece.time_ns += frames_to_ns(piece.frames, t->format.rate);
        }
    }
}

static void emit_idle(void *context, int64_t time_ns)
{
    struct track *t = context;
    if (ring_dropped_tail(t->ring) > 0) {
        /* What was dropped is not idle: a packet of nothing tells it. */
        if (!ring_reserve(t->ring, 0)) {
            return;
        }
        const struct packet told = {.kind = PACKET_AUDIO,
                                    .flags = PACKET_SILENT,
                                    .time_ns = PACKET_NO_TIME,
                                    .position = PACKET_NO_POSITION,
                                    .idle_ns = PACKET_NO_TIME};
        ring_commit(t->ring, &told);
    }
    t->idle_ns = time_ns;
    ring_set_reached(t->ring, time_ns);
}

/* Virtual time only, so it may wait. */
static bool emit_room(void *context, uint32_t frames)
{
    struct track *t = context;
    size_t bytes = (size_t)frames * t->format.channels * sizeof(float);
    for (;;) {
        if (atomic_load_explicit(&t->abandoned, memory_order_relaxed)) {
            return false;
        }
        double used = ring_fill(t->ring);
        if (ring_space(t->ring) >= bytes + TRACK_PACKET_FRAMES &&
            used * (double)t->ring_bytes < VIRTUAL_FILL_BYTES) {
            return true;
        }
        /* release: pairs with the writer's look after it took packets; both
         * wakes have memory, and the wait is bounded in any case */
        atomic_store_explicit(&t->waits_for_room, true, memory_order_release);
        wake_set(t->writer_wake);
        wake_wait(t->room, ROOM_WAIT_NS);
    }
}

/* --- between captures --- */

static int64_t track_now(struct track *t)
{
    const struct source_ops *ops = t->source->ops;
    return ops->now ? ops->now(t->source) : clock_now_ns();
}

static void set_phase(struct track *t, enum track_phase phase)
{
    /* release: pairs with track_phase; info and fault are complete */
    atomic_store_explicit(&t->phase, (int)phase, memory_order_release);
    wake_set(t->main_wake);
}

enum track_phase track_phase(const struct track *t)
{
    /* acquire: pairs with set_phase */
    return (enum track_phase)atomic_load_explicit(&t->phase,
                                                  memory_order_acquire);
}

static bool stopping(const struct track *t)
{
    /* relaxed: the source is interrupted too; this only ends waits */
    return atomic_load_explicit(&t->abandoned, memory_order_relaxed);
}

/* A record without payload; the ring may be full for as long as the writer
 * is stuck, and the order matters, so wait. */
static void push_record(struct track *t, struct packet *record)
{
    record->idle_ns = t->idle_ns;
    t->idle_ns = PACKET_NO_TIME;
    while (!ring_reserve(t->ring, 0)) {
        if (stopping(t)) {
            return;
        }
        clock_sleep_ns(RETRY_FIRST_NS);
    }
    ring_commit(t->ring, record);
}

/* The device is away: tell it, wait for it with growing pauses, open it. False:
 * stopped meanwhile. */
static bool reopen(struct track *t, bool at_once)
{
    const struct source_ops *ops = t->source->ops;
    struct source_info info;
    struct fault f = {0};
    int64_t pause = RETRY_FIRST_NS;
    int64_t until = track_now(t) + (at_once ? 0 : pause);

    while (!stopping(t)) {
        int64_t left = until - track_now(t);
        ring_set_reached(t->ring, track_now(t));
        if (left > 0) {
            int64_t slice = left < RETRY_SLICE_NS ? left : RETRY_SLICE_NS;
            int64_t before = track_now(t);
            if (ops->wait) {
                ops->wait(t->source, slice);
            } else {
                wake_wait(t->go, slice);
            }
            if (track_now(t) - before >= slice - slice / 8) {
                continue;
            }
            /* it came back early: the system has news */
        }
        memset(&info, 0, sizeof(info));
        t->back_ns = track_now(t);
        if (ops->open(t->source, &info, &f)) {
            t->info_now = info;
            return true;
        }
        log_line("open again: %s (%s)", f.detail, error_sentence(f.err));
        pause = pause * 2 < RETRY_MOST_NS ? pause * 2 : RETRY_MOST_NS;
        until = track_now(t) + pause;
    }
    return false;
}

/* Run the source through all its losses until it is interrupted. */
static void capture(struct track *t)
{
    const struct source_ops *ops = t->source->ops;
    const struct outlet outlet = {
        .context = t,
        .packet = emit_packet,
        .idle = emit_idle,
        .room = emit_room,
    };
    for (;;) {
        struct fault f = {0};
        enum source_end end = ops->run(t->source, &outlet, &f);
        ops->close(t->source);
        if (end == SOURCE_INTERRUPTED || stopping(t)) {
            return;
        }
        struct packet gone = {.kind = PACKET_GONE, .time_ns = track_now(t)};
        push_record(t, &gone);
        if (end == SOURCE_LOST) {
            queue_post_text(t->queue, EVENT_DEVICE_LOST, f.detail,
                            error_name(f.err));
        }
        if (!reopen(t, end == SOURCE_REROUTED)) {
            return;
        }
        struct packet format = {.kind = PACKET_FORMAT,
                                .time_ns = t->back_ns,
                                .format = t->info_now.format};
        push_record(t, &format);
        t->format = t->info_now.format;
        queue_post_text(t->queue,
                        end == SOURCE_LOST ? EVENT_DEVICE_BACK
                                           : EVENT_DEVICE_REROUTED,
                        t->info_now.device_name, f.detail);
    }
}

static void track_main(void *argument)
{
    struct track *t = argument;
    const struct source_ops *ops = t->source->ops;

    if (!ops->open(t->source, &t->info, &t->fault)) {
        set_phase(t, TRACK_FAILED);
        return;
    }
    t->format = t->info.format;
    t->opened_ns = track_now(t);
    set_phase(t, TRACK_OPEN);
    wake_wait(t->go, -1);
    /* acquire: pairs with track_begin's and track_release's release */
    if (atomic_load_explicit(&t->phase, memory_order_acquire) !=
        TRACK_RUNNING) {
        ops->close(t->source);
        return;
    }
    if (!t->info.virtual_time) {
        thread_boost();
    }
    capture(t);
    ring_end(t->ring);
    wake_set(t->writer_wake);
}

/* --- main thread --- */

bool track_create(struct track *t, const struct source_request *request,
                  struct queue *queue, struct wake *main_wake,
                  struct wake *writer_wake, struct fault *f)
{
    memset(t, 0, sizeof(*t));
    t->queue = queue;
    t->main_wake = main_wake;
    t->writer_wake = writer_wake;
    t->idle_ns = PACKET_NO_TIME;
    t->source = source_create(request, f);
    if (!t->source) {
        return false;
    }
    return (t->go = wake_create(f)) && (t->room = wake_create(f));
}

bool track_open(struct track *t, struct fault *f)
{
    t->thread = thread_start("capture", track_main, t, f);
    return t->thread != NULL;
}

bool track_make_ring(struct track *t, int64_t buffer_ns, struct fault *f)
{
    uint64_t frames = (uint64_t)frames_from_ns(buffer_ns, t->info.format.rate);
    /* Packets are at least 5 ms long on every system that we know of; a
     * shorter one only costs some of the buffer's length. */
    uint32_t packet = t->info.format.rate / 200 + 1;
    t->ring_bytes = ring_bytes_for(frames, t->info.format.channels, packet);
    /* Four of the longest packets fit in any case. */
    size_t least = ring_bytes_for(4 * TRACK_PACKET_FRAMES,
                                  t->info.format.channels, TRACK_PACKET_FRAMES);
    t->ring_bytes = t->ring_bytes < least ? least : t->ring_bytes;
    t->ring = ring_create(t->ring_bytes);
    if (!t->ring) {
        return fault_set(f, ERR_NO_MEMORY, "make the buffer", NULL,
                         "ask for a shorter one with --buffer");
    }
    return true;
}

void track_begin(struct track *t)
{
    /* release: pairs with track_main */
    atomic_store_explicit(&t->phase, TRACK_RUNNING, memory_order_release);
    wake_set(t->go);
}

void track_interrupt(struct track *t, int64_t stop_ns)
{
    if (t->source) {
        /* relaxed: ends waits; the order does not matter */
        atomic_store_explicit(&t->abandoned, true, memory_order_relaxed);
        t->source->ops->interrupt(t->source, stop_ns);
        wake_set(t->go);
        wake_set(t->room);
    }
}

void track_release(struct track *t)
{
    if (t->source && t->thread) {
        track_interrupt(t, SOURCE_STOP_NOW);
        thread_join(t->thread);
    }
    if (t->source) {
        t->source->ops->destroy(t->source);
    }
    converter_destroy(t->converter);
    ring_destroy(t->ring);
    wake_destroy(t->go);
    wake_destroy(t->room);
    memset(t, 0, sizeof(*t));
}
