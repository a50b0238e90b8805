/* ring: see ring.h. The producer's functions run on the capture thread, the
 * consumer's on the writer thread; ring_fill and ring_high_water on any. */
#include "core/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE = 64, /* a cache line, and the records' alignment */
    BYTES_MIN = 64 * 1024,
    REWIND_BYTES = 64 * 1024,
};

/* What lies in the buffer. A filler has only its size. */
struct record {
    uint64_t bytes; /* of the whole record, a multiple of LINE */
    uint64_t filler;
    struct packet packet;
};

/* Payloads begin on a line: no copy of one works across two at a time. */
#define PAYLOAD_OFFSET \
    ((sizeof(struct record) + LINE - 1) & ~(size_t)(LINE - 1))

struct ring {
    /* constant after create */
    unsigned char *buffer; /* aligned to LINE */
    uint64_t size;         /* a power of two */
    void *block;           /* what to free */

    /* producer only */
    _Alignas(LINE) uint64_t tail_seen; /* never ahead of tail */
    uint64_t dropped;                  /* frames since the last commit */
    uint64_t filler_bytes;             /* of the reservation */
    uint64_t record_bytes;             /* of the reservation; 0: none */

    /* written by the producer */
    _Alignas(LINE) _Atomic uint64_t head; /* free-running byte counter */
    _Atomic uint64_t shift; /* from a counter to a place in the buffer; changes
                             * only while the ring is empty */
    _Atomic int64_t reached_ns;
    _Atomic uint64_t dropped_tail;
    _Atomic uint64_t dropped_total;
    _Atomic uint64_t high_water;
    _Atomic bool ended;

    /* written by the consumer */
    _Alignas(LINE) _Atomic uint64_t tail; /* free-running byte counter */

    /* consumer only */
    _Alignas(LINE) uint64_t head_seen; /* never ahead of head */
};

static uint64_t align_line(uint64_t bytes)
{
    return (bytes + LINE - 1) & ~(uint64_t)(LINE - 1);
}

static void *allocate_aligned(size_t bytes, void **block)
{
    *block = calloc(1, bytes + LINE);
    if (!*block) {
        return NULL;
    }
    return (void *)(((uintptr_t)*block + LINE - 1) & ~(uintptr_t)(LINE - 1));
}

struct ring *ring_create(size_t bytes)
{
    uint64_t size = BYTES_MIN;
    while (size < bytes && size < (UINT64_C(1) << 40)) {
        size *= 2;
    }
    if (size < bytes) {
        return NULL;
    }
    /* One block: the struct first, then the buffer. calloc takes fresh pages
     * from the system for blocks of this size, so nothing is touched. */
    size_t head = (size_t)align_line(sizeof(struct ring));
    void *block = NULL;
    struct ring *ring = allocate_aligned(head + (size_t)size, &block);
    if (!block) {
        return NULL;
    }
    ring->block = block;
    ring->buffer = (unsigned char *)ring + head;
    ring->size = size;
    atomic_init(&ring->reached_ns, INT64_MIN);
    return ring;
}

void ring_destroy(struct ring *ring)
{
    if (ring) {
        free(ring->block);
    }
}

size_t ring_bytes_for(uint64_t frames, uint32_t channels,
                      uint32_t packet_frames)
{
    uint64_t packet_bytes = align_line(
        PAYLOAD_OFFSET + (uint64_t)packet_frames * channels * sizeof(float));
    uint64_t packets = frames / packet_frames + 1;
    return (size_t)(packets * packet_bytes);
}

void ring_preset(struct ring *ring, uint64_t value)
{
    atomic_store_explicit(&ring->head, value, memory_order_relaxed);
    atomic_store_explicit(&ring->tail, value, memory_order_relaxed);
    ring->tail_seen = value;
    ring->head_seen = value;
}

static uint64_t place_of(const struct ring *ring, uint64_t at)
{
    /* relaxed: the producer's own; the consumer has acquired a head behind AT,
     * and the shift stays until it has released a tail there */
    uint64_t shift = atomic_load_explicit(&ring->shift, memory_order_relaxed);
    return (at + shift) & (ring->size - 1);
}

static struct record *record_at(const struct ring *ring, uint64_t at)
{
    return (struct record *)(void *)(ring->buffer + place_of(ring, at));
}

/* --- producer --- */

/* Bytes free, by a tail that may be old; reads the real one when these do not
 * suffice for WANTED. */
static uint64_t space_for(struct ring *ring, uint64_t wanted)
{
    /* relaxed: only this thread stores head */
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t space = ring->size - (head - ring->tail_seen);
    if (space < wanted) {
        /* acquire: pairs with ring_pop; what the consumer read is read */
        ring->tail_seen =
            atomic_load_explicit(&ring->tail, memory_order_acquire);
        space = ring->size - (head - ring->tail_seen);
    }
    return space;
}

/* Begin at the front again where nothing waits: of a ring that is large for the
 * sake of a long stall no more memory is touched than what really waits. */
static void rewind_empty(struct ring *ring, uint64_t head)
{
    if (place_of(ring, head) < REWIND_BYTES) {
        return;
    }
    /* acquire: pairs with ring_pop; what the consumer read is read */
    ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
    if (ring->tail_seen == head) {
        /* relaxed: ring_commit's release of the head publishes it */
        atomic_store_explicit(&ring->shift, 0 - head, memory_order_relaxed);
    }
}

void *ring_reserve(struct ring *ring, size_t payload_bytes)
{
    ring->record_bytes = 0;
    if (payload_bytes > ring->size) {
        return NULL;
    }
    uint64_t bytes = align_line(PAYLOAD_OFFSET + payload_bytes);
    /* relaxed: only this thread stores head */
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    rewind_empty(ring, head);
    uint64_t to_end = ring->size - place_of(ring, head);
    uint64_t filler = bytes > to_end ? to_end : 0;
    if (space_for(ring, filler + bytes) < filler + bytes) {
        return NULL;
    }
    ring->filler_bytes = filler;
    ring->record_bytes = bytes;
    return (unsigned char *)record_at(ring, head + filler) + PAYLOAD_OFFSET;
}

void ring_commit(struct ring *ring, const struct packet *packet)
{
    if (ring->record_bytes == 0) {
        return;
    }
    /* relaxed: only this thread stores head */
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (ring->filler_bytes > 0) {
        struct record *filler = record_at(ring, head);
        filler->bytes = ring->filler_bytes;
        filler->filler = 1;
        head += ring->filler_bytes;
    }
    struct record *record = record_at(ring, head);
    record->bytes = ring->record_bytes;
    record->filler = 0;
    record->packet = *packet;
    record->packet.lost_before += ring->dropped;
    head += ring->record_bytes;
    ring->record_bytes = 0;
    if (ring->dropped > 0) {
        ring->dropped = 0;
        /* relaxed: read only after `ended`, whose release orders it */
        atomic_store_explicit(&ring->dropped_tail, 0, memory_order_relaxed);
    }
    /* release: pairs with the consumer's acquire in refresh_head; the record
     * is complete before it can be seen */
    atomic_store_explicit(&ring->head, head, memory_order_release);

    uint64_t used = head - ring->tail_seen;
    /* relaxed: a figure for the report, no data hangs on it */
    if (used > atomic_load_explicit(&ring->high_water, memory_order_relaxed)) {
        /* the tail seen may be old: look before raising the mark */
        ring->tail_seen =
            atomic_load_explicit(&ring->tail, memory_order_acquire);
        used = head - ring->tail_seen;
        if (used >
            atomic_load_explicit(&ring->high_water, memory_order_relaxed)) {
            atomic_store_explicit(&ring->high_water, used,
                                  memory_order_relaxed);
        }
    }
}

void ring_drop(struct ring *ring, uint64_t frames)
{
    ring->dropped += frames;
    /* relaxed: the tail is read only after `ended` (release); the total is a
     * figure for the status line */
    atomic_store_explicit(&ring->dropped_tail, ring->dropped,
                          memory_order_relaxed);
    atomic_fetch_add_explicit(&ring->dropped_total, frames,
                              memory_order_relaxed);
    /* something did not fit: that is as full as it gets */
    atomic_store_explicit(&ring->high_water, ring->size, memory_order_relaxed);
}

size_t ring_space(const struct ring *ring)
{
    /* relaxed head: only this thread stores it; acquire tail: pairs with
     * ring_pop */
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    uint64_t space = ring->size - (head - tail);
    uint64_t to_end = ring->size - place_of(ring, head);
    /* A record may not wrap: what is left at the end or, past a filler, at the
     * beginning. */
    uint64_t best = space < to_end ? space : to_end;
    if (space > to_end && space - to_end > best) {
        best = space - to_end;
    }
    return best > PAYLOAD_OFFSET ? (size_t)(best - PAYLOAD_OFFSET) : 0;
}

void ring_set_reached(struct ring *ring, int64_t time_ns)
{
    /* release: pairs with ring_mark; packets pushed before are seen */
    atomic_store_explicit(&ring->reached_ns, time_ns, memory_order_release);
}

void ring_end(struct ring *ring)
{
    /* release: pairs with ring_mark; the last packets and the dropped tail
     * are seen */
    atomic_store_explicit(&ring->ended, true, memory_order_release);
}

/* --- consumer --- */

struct ring_mark ring_mark(const struct ring *ring)
{
    struct ring_mark mark;
    /* acquire: pairs with ring_end and ring_set_reached */
    mark.ended = atomic_load_explicit(&ring->ended, memory_order_acquire);
    mark.reached_ns =
        atomic_load_explicit(&ring->reached_ns, memory_order_acquire);
    return mark;
}

static uint64_t refresh_head(struct ring *ring)
{
    /* acquire: pairs with ring_commit */
    ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
    return ring->head_seen;
}

/* The first real record at or behind AT, its place in *AT; NULL at the end. */
static struct record *next_record(struct ring *ring, uint64_t *at)
{
    for (;;) {
        if (*at == ring->head_seen && *at == refresh_head(ring)) {
            return NULL;
        }
        struct record *record = record_at(ring, *at);
        if (!record->filler) {
            return record;
        }
        *at += record->bytes;
    }
}

const struct packet *ring_peek(struct ring *ring, const void **payload)
{
    /* relaxed: only this thread stores tail */
    uint64_t at = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    struct record *record = next_record(ring, &at);
    if (!record) {
        return NULL;
    }
    if (payload) {
        *payload = (unsigned char *)record + PAYLOAD_OFFSET;
    }
    return &record->packet;
}

void ring_pop(struct ring *ring)
{
    /* relaxed: only this thread stores tail */
    uint64_t at = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    struct record *record = next_record(ring, &at);
    if (record) {
        /* release: pairs with the producer's acquire; our reads are done */
        atomic_store_explicit(&ring->tail, at + record->bytes,
                              memory_order_release);
    }
}

const struct packet *ring_look(struct ring *ring, uint64_t *cursor)
{
    /* relaxed: only this thread stores tail */
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t at = tail + *cursor;
    struct record *record = next_record(ring, &at);
    if (!record) {
        return NULL;
    }
    *cursor = at + record->bytes - tail;
    return &record->packet;
}

uint64_t ring_dropped_tail(const struct ring *ring)
{
    /* relaxed: the caller saw `ended` with acquire before */
    return atomic_load_explicit(&ring->dropped_tail, memory_order_relaxed);
}

uint64_t ring_dropped_total(const struct ring *ring)
{
    return atomic_load_explicit(&ring->dropped_total, memory_order_relaxed);
}

double ring_high_water(const struct ring *ring)
{
    return (double)atomic_load_explicit(&ring->high_water,
                                        memory_order_relaxed) /
           (double)ring->size;
}

double ring_fill(const struct ring *ring)
{
    /* relaxed: a figure for the status line */
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t used = head - tail;
    return used > ring->size ? 0.0 : (double)used / (double)ring->size;
}
