/* capture: one source on the thread that the session lends it, and the way of
 * its packets into the ring. The capture path is emit_packet, emit_idle and
 * what they call: no lock, heap, file, print or unbounded loop. */
#include <stdio.h>
#include <string.h>

#include "session/internal.h"
#include "session/opening.h"
#include "sys/clock.h"

/* In virtual time no more than this waits in the ring: with less the threads
 * wake each other more often, more leaves the processor's cache. */
#define VIRTUAL_FILL_BYTES (3584 * 1024)
#define ROOM_WAIT_NS       INT64_C(50000000)
/* A record that finds no room tries again after this. */
#define RECORD_WAIT_NS INT64_C(50000000)

/* --- the capture path --- */

/* One piece of a packet into the ring. SAMPLES is NULL for silence. */
static void push_piece(struct lane *l, const struct packet *piece,
                       const void *samples, enum sample_type type)
{
    size_t count = (size_t)piece->frames * l->track->format.channels;
    bool silent = (piece->flags & PACKET_SILENT) != 0;
    float *room = ring_reserve(l->ring, silent ? 0 : count * sizeof(float));
    if (!room) {
        ring_drop(l->ring, piece->frames + piece->lost_before);
        return;
    }
    if (!silent) {
        convert_to_float(room, samples, type, count);
    }
    ring_commit(l->ring, piece);
}

/* So many frames a packet in the ring may have. The ring may have been made for
 * fewer channels than the track has by now. */
static uint32_t piece_most(const struct lane *l)
{
    size_t frame_bytes = l->track->format.channels * sizeof(float);
    size_t most = ring_payload_max(l->ring) / frame_bytes;
    return most < TRACK_PACKET_FRAMES ? (uint32_t)most : TRACK_PACKET_FRAMES;
}

static void emit_packet(void *context, const struct packet *packet,
                        const void *data, enum sample_type type)
{
    struct lane *l = context;
    const struct audio_format *format = &l->track->format;
    const unsigned char *bytes = data;
    size_t frame_bytes = sample_bytes(type) * format->channels;
    struct packet piece = *packet;
    uint32_t most = piece_most(l);
    uint32_t left = packet->frames;

    if (!data) {
        piece.flags |= PACKET_SILENT;
    }
    piece.idle_ns = l->idle_ns;
    l->idle_ns = PACKET_NO_TIME;
    do {
        piece.frames = left < most ? left : most;
        push_piece(l, &piece, bytes, type);
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
            piece.time_ns += frames_to_ns(piece.frames, format->rate);
        }
    } while (left > 0);
}

static void emit_idle(void *context, int64_t time_ns)
{
    struct lane *l = context;
    if (ring_dropped_tail(l->ring) > 0) {
        /* What was dropped is not idle: a packet of nothing tells it. */
        if (!ring_reserve(l->ring, 0)) {
            return;
        }
        const struct packet told = {.kind = PACKET_AUDIO,
                                    .flags = PACKET_SILENT,
                                    .time_ns = PACKET_NO_TIME,
                                    .position = PACKET_NO_POSITION,
                                    .idle_ns = PACKET_NO_TIME};
        ring_commit(l->ring, &told);
    }
    l->idle_ns = time_ns;
    ring_set_reached(l->ring, time_ns);
}

/* A FORMAT record, so that the stream's own positions count from here on. */
static bool emit_begin(void *context, int64_t time_ns)
{
    struct lane *l = context;
    struct track *t = l->track;
    unsigned i = (unsigned)(l - t->lanes);
    /* acquire: pairs with lane_make; the ring is there */
    if (i >= atomic_load_explicit(&t->lanes_made, memory_order_acquire)) {
        wake_set(t->writer_wake); /* or as many again would wait for its poll */
        return false;
    }
    if (!ring_reserve(l->ring, 0)) {
        return false;
    }
    const struct packet record = {.kind = PACKET_FORMAT,
                                  .time_ns = time_ns,
                                  .idle_ns = l->idle_ns,
                                  .format = t->format};
    l->idle_ns = PACKET_NO_TIME;
    ring_commit(l->ring, &record);
    /* release: pairs with has_begun in the writer, which has read before that
     * how far time has come */
    atomic_store_explicit(&l->begun, true, memory_order_release);
    /* release: pairs with lanes_used; relaxed: only this thread writes it */
    if (i >= atomic_load_explicit(&t->lanes_used, memory_order_relaxed)) {
        atomic_store_explicit(&t->lanes_used, i + 1, memory_order_release);
    }
    return true;
}

/* Virtual time only, so it may wait. */
static bool has_room(const struct track *t, uint32_t frames)
{
    for (unsigned i = lanes_used(t); i-- > 0;) {
        const struct lane *l = &t->lanes[i];
        uint32_t most = piece_most(l);
        /* what is not whole, and a record of what was dropped or changed */
        uint64_t packets = frames / most + 2;
        size_t bytes = most * t->format.channels * sizeof(float);
        if (ring_waiting(l->ring) >= VIRTUAL_FILL_BYTES ||
            !ring_has_room(l->ring, packets, bytes)) {
            return false;
        }
    }
    return true;
}

static bool emit_room(void *context, uint32_t frames)
{
    struct track *t = ((struct lane *)context)->track;
    for (;;) {
        if (atomic_load_explicit(&t->abandoned, memory_order_relaxed)) {
            return false;
        }
        if (has_room(t, frames)) {
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

/* A record without payload on the first lane; the ring may be full for as long
 * as the writer is stuck, and the order matters, so wait. */
static void push_record(struct track *t, struct packet *record)
{
    struct lane *l = t->lanes;
    record->idle_ns = l->idle_ns;
    l->idle_ns = PACKET_NO_TIME;
    while (!ring_reserve(l->ring, 0)) {
        if (opening_stopped(t)) {
            return;
        }
        clock_sleep_ns(RECORD_WAIT_NS);
    }
    ring_commit(l->ring, record);
}

/* The opening that has just succeeded, and the format that it brought. */
static void push_format(struct track *t, const struct audio_format *format)
{
    struct packet record = {.kind = PACKET_FORMAT,
                            .time_ns = t->back_ns,
                            .length_ns = opening_now(t) - t->back_ns,
                            .format = *format};
    push_record(t, &record);
}

/* Virtual time only. */
static void emit_slept(void *context, int64_t time_ns, int64_t length_ns)
{
    struct packet slept = {
        .kind = PACKET_SLEPT, .time_ns = time_ns, .length_ns = length_ns};
    push_record(((struct lane *)context)->track, &slept);
}

/* Run the source through all its losses until it is interrupted. */
static void capture(struct track *t)
{
    const struct source_ops *ops = t->source->ops;
    struct outlet outlets[1 + SOURCE_LANES_MAX];
    for (unsigned i = 0; i < t->lane_count; i++) {
        outlets[i] = (struct outlet){
            .context = &t->lanes[i],
            .begin = i > 0 ? emit_begin : NULL,
            .packet = emit_packet,
            .idle = emit_idle,
            .room = emit_room,
            .slept = emit_slept,
        };
    }
    for (;;) {
        struct fault f = {0};
        enum source_end end = ops->run(t->source, outlets, &f);
        int64_t ended_ns = opening_now(t);
        ops->close(t->source);
        if (end == SOURCE_ENDED) {
            t->ended_ns = ended_ns;
        }
        if (end == SOURCE_INTERRUPTED || end == SOURCE_ENDED ||
            opening_stopped(t)) {
            return;
        }
        struct packet gone = {.kind = PACKET_GONE, .time_ns = opening_now(t)};
        push_record(t, &gone);
        if (end == SOURCE_LOST) {
            queue_post_text(t->queue, EVENT_DEVICE_LOST, f.detail,
                            error_name(f.err));
        }
        bool lost = end == SOURCE_LOST;
        if (!opening_again(t, &lost)) {
            return;
        }
        push_format(t, &t->info_now.format);
        t->format = t->info_now.format;
        queue_post_text(t->queue,
                        lost ? EVENT_DEVICE_BACK : EVENT_DEVICE_REROUTED,
                        t->info_now.device_name, f.detail);
    }
}

/* It came when the others were recorded already. False: it does not fit. */
static bool join_late(struct track *t)
{
    if (t->info.virtual_time != t->virtual_time) {
        t->source->ops->close(t->source);
        return fault_set(&t->fault, ERR_UNSUPPORTED, "mix sources",
                         "virtual time and real time cannot be mixed", NULL);
    }
    push_format(t, &t->info.format);
    queue_post_text(t->queue, EVENT_DEVICE_CAME, t->info.device_name, NULL);
    return true;
}

/* It is missing in a recording that runs. */
static void tell_absence(struct track *t)
{
    char text[sizeof(((struct session_event *)0)->text)];
    snprintf(text, sizeof text, "%s: %s; the recording goes on without it",
             track_name(t), error_sentence(t->fault.err));
    queue_post_text(t->queue, EVENT_WARNING, text, error_name(t->fault.err));
    opening_set_phase(t, TRACK_FAILED);
}

static void run_track(struct track *t)
{
    enum opening opening = opening_first(t);

    if (opening != STOPPED) {
        opening_set_phase(t, opening == OPENED ? TRACK_OPEN : TRACK_FAILED);
    }
    while (!opening_begun(t) && !opening_stopped(t)) {
        wake_wait(t->go, -1);
    }
    if (!opening_begun(t)) {
        if (opening == OPENED) {
            t->source->ops->close(t->source);
        }
        return;
    }
    if (opening == OPENED && !t->present && !join_late(t)) {
        opening = REFUSED;
    }
    if (opening == REFUSED) {
        tell_absence(t);
    } else if (opening == OPENED) {
        if (!t->info.virtual_time) {
            thread_boost();
        }
        capture(t);
    }
    lanes_end(t);
    wake_set(t->writer_wake);
}

static void track_main(void *argument)
{
    struct track *t = argument;

    run_track(t);
    /* release: pairs with track_is_over */
    atomic_store_explicit(&t->over, true, memory_order_release);
}

/* --- main thread --- */

bool track_create(struct track *t, unsigned index,
                  const struct session_request *request, struct queue *queue,
                  struct wake *main_wake, struct wake *writer_wake,
                  struct fault *f)
{
    memset(t, 0, sizeof(*t));
    t->index = index;
    t->queue = queue;
    t->ended_ns = STOP_NEVER;
    t->main_wake = main_wake;
    t->writer_wake = writer_wake;
    news_init(&t->news, queue);
    t->request = request->sources[index];
    t->request.listener = &t->news.listener;
    t->wait = request->wait;
    t->wait_ns = request->wait_ns;
    t->source = source_create(&t->request, f);
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

void track_begin(struct track *t)
{
    /* release: pairs with opening_begun */
    atomic_store_explicit(&t->begun, true, memory_order_release);
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

bool track_is_over(const struct track *t)
{
    /* acquire: pairs with track_main; nothing of it follows */
    return !t->thread || atomic_load_explicit(&t->over, memory_order_acquire);
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
    lanes_release(t);
    wake_destroy(t->go);
    wake_destroy(t->room);
    memset(t, 0, sizeof(*t));
}
