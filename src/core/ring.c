/* ring: see ring.h. The producer's functions run on the capture thread, the
 * consumer's on the writer thread; ring_fill and ring_high_water on any. */
#include "core/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE = 64,         /* a cache line, and the records' alignment */
    CHUNK_RECORDS = 3, /* the longest that a chunk holds at least */
    CHUNK_BYTES_MIN = 16 * 1024,
    CHUNKS_MIN = 4,
};

/* What lies in a chunk. A filler has only its size. */
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
    unsigned char *buffer; /* the chunks, aligned to LINE */
    uint64_t chunk_bytes;  /* a power of two */
    unsigned chunk_shift;  /* its logarithm */
    uint64_t chunks;
    uint64_t slot_mask; /* a power of two, at least as many as chunks, less 1 */
    void *block;        /* what to free */

    /* From a counter's slot to a chunk of the buffer. The producer writes the
     * slot of a chunk that it comes to before it publishes a record there; the
     * consumer reads the slots between tail and head. */
    uint32_t *map;

    /* producer only */
    _Alignas(LINE) uint64_t tail_seen; /* never ahead of tail */
    uint64_t dropped;                  /* frames since the last commit */
    uint64_t record_bytes;             /* of the reservation; 0: none */
    bool enters; /* the reservation lies in the next chunk */
    uint64_t
        entered; /* the end of the chunk that head is in, or at the end of */
    uint64_t
        reclaimed;  /* chunks before this are free; at a chunk's beginning */
    uint32_t *free; /* chunks of the buffer; the last was left last */
    uint64_t free_count;

    /* written by the producer */
    _Alignas(LINE) _Atomic uint64_t head; /* free-running byte counter */
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

static uint64_t record_bytes_for(size_t payload_bytes)
{
    return align_line(PAYLOAD_OFFSET + payload_bytes);
}

static uint64_t chunk_bytes_for(size_t payload_max)
{
    uint64_t bytes = CHUNK_BYTES_MIN;
    while (bytes < CHUNK_RECORDS * record_bytes_for(payload_max)) {
        bytes *= 2;
    }
    return bytes;
}

static void *allocate_aligned(uint64_t bytes, void **block)
{
    *block = bytes > SIZE_MAX - LINE ? NULL : calloc(1, (size_t)bytes + LINE);
    if (!*block) {
        return NULL;
    }
    return (void *)(((uintptr_t)*block + LINE - 1) & ~(uintptr_t)(LINE - 1));
}

/* Where the map has the chunk that AT lies in. */
static uint32_t *slot_of(const struct ring *ring, uint64_t at)
{
    return &ring->map[(at >> ring->chunk_shift) & ring->slot_mask];
}

/* Both counters at VALUE, every chunk free but the one it lies in. */
static void begin_at(struct ring *ring, uint64_t value)
{
    atomic_store_explicit(&ring->head, value, memory_order_relaxed);
    atomic_store_explicit(&ring->tail, value, memory_order_relaxed);
    ring->tail_seen = value;
    ring->head_seen = value;
    ring->reclaimed = value & ~(ring->chunk_bytes - 1);
    ring->entered = ring->reclaimed + ring->chunk_bytes;
    ring->free_count = ring->chunks - 1;
    for (uint64_t i = 0; i < ring->free_count; i++) {
        ring->free[i] = (uint32_t)(ring->free_count - i);
    }
    *slot_of(ring, value) = 0;
}

struct ring *ring_create(size_t bytes, size_t payload_max)
{
    if (bytes > SIZE_MAX / 4 || payload_max > SIZE_MAX / 4) {
        return NULL;
    }
    uint64_t chunk_bytes = chunk_bytes_for(payload_max);
    uint64_t chunks = (bytes + chunk_bytes - 1) / chunk_bytes;
    chunks = chunks < CHUNKS_MIN ? CHUNKS_MIN : chunks;
    uint64_t slots = CHUNKS_MIN;
    while (slots < chunks) {
        slots *= 2;
    }
    if (slots > UINT32_MAX) {
        return NULL;
    }
    /* One block: the struct first, then the chunks, then their lists. calloc
     * takes fresh pages from the system for blocks of this size, so nothing is
     * touched. */
    uint64_t head = align_line(sizeof(struct ring));
    uint64_t lists = (slots + chunks) * sizeof(uint32_t);
    void *block = NULL;
    struct ring *ring =
        allocate_aligned(head + chunks * chunk_bytes + lists, &block);
    if (!block) {
        return NULL;
    }
    ring->block = block;
    ring->buffer = (unsigned char *)ring + head;
    ring->chunk_bytes = chunk_bytes;
    while (UINT64_C(1) << ring->chunk_shift < chunk_bytes) {
        ring->chunk_shift++;
    }
    ring->chunks = chunks;
    ring->slot_mask = slots - 1;
    ring->map = (uint32_t *)(void *)(ring->buffer + chunks * chunk_bytes);
    ring->free = ring->map + slots;
    atomic_init(&ring->reached_ns, INT64_MIN);
    begin_at(ring, 0);
    return ring;
}

void ring_destroy(struct ring *ring)
{
    if (ring) {
        free(ring->block);
    }
}

size_t ring_bytes_for(uint64_t count, size_t payload_bytes, size_t payload_max)
{
    uint64_t chunk_bytes = chunk_bytes_for(payload_max);
    /* what is skipped at a chunk's end is shorter than the longest record */
    uint64_t least = chunk_bytes - record_bytes_for(payload_max) + LINE;
    /* one more: the oldest chunk is free only when all of it was read */
    uint64_t chunks = count * record_bytes_for(payload_bytes) / least + 2;
    return (size_t)(chunks * chunk_bytes);
}

void ring_preset(struct ring *ring, uint64_t value)
{
    begin_at(ring, value);
}

static struct record *record_at(const struct ring *ring, uint64_t at)
{
    uint64_t chunk = *slot_of(ring, at);
    return (struct record *)(void *)(ring->buffer +
                                     (chunk << ring->chunk_shift) +
                                     (at & (ring->chunk_bytes - 1)));
}

/* --- producer --- */

/* The chunks that the consumer has left are free. Each is met once, so that
 * this is one step for each chunk that was entered. */
static void reclaim(struct ring *ring)
{
    /* acquire: pairs with ring_pop; what the consumer read is read */
    ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
    while (ring->tail_seen - ring->reclaimed >= ring->chunk_bytes) {
        ring->free[ring->free_count++] = *slot_of(ring, ring->reclaimed);
        ring->reclaimed += ring->chunk_bytes;
    }
}

size_t ring_payload_max(const struct ring *ring)
{
    return (size_t)ring->chunk_bytes - PAYLOAD_OFFSET;
}

void *ring_reserve(struct ring *ring, size_t payload_bytes)
{
    ring->record_bytes = 0;
    if (payload_bytes > ring_payload_max(ring)) {
        return NULL;
    }
    uint64_t bytes = record_bytes_for(payload_bytes);
    /* relaxed: only this thread stores head */
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t rest = ring->entered - head;
    unsigned char *record;
    ring->enters = bytes > rest;
    if (ring->enters) {
        reclaim(ring);
        if (ring->free_count == 0) {
            return NULL;
        }
        uint64_t chunk = ring->free[ring->free_count - 1];
        record = ring->buffer + (chunk << ring->chunk_shift);
    } else {
        record = (unsigned char *)record_at(ring, head);
    }
    ring->record_bytes = bytes;
    return record + PAYLOAD_OFFSET;
}

/* HEAD's chunk is at its end: the rest of it is skipped, and the next begins
 * where the reservation said. Returns where. */
static uint64_t enter_chunk(struct ring *ring, uint64_t head)
{
    uint64_t at = ring->entered;
    if (head != at) {
        struct record *filler = record_at(ring, head);
        filler->bytes = at - head;
        filler->filler = 1;
    }
    *slot_of(ring, at) = ring->free[--ring->free_count];
    ring->entered += ring->chunk_bytes;
    return at;
}

static void raise_high_water(struct ring *ring, uint64_t head)
{
    uint64_t used = head - ring->tail_seen;
    /* relaxed: a figure for the report, no data hangs on it */
    if (used <= atomic_load_explicit(&ring->high_water, memory_order_relaxed)) {
        return;
    }
    /* the tail seen may be old: look before raising the mark */
    ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
    used = head - ring->tail_seen;
    if (used > atomic_load_explicit(&ring->high_water, memory_order_relaxed)) {
        atomic_store_explicit(&ring->high_water, used, memory_order_relaxed);
    }
}

void ring_commit(struct ring *ring, const struct packet *packet)
{
    if (ring->record_bytes == 0) {
        return;
    }
    /* relaxed: only this thread stores head */
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (ring->enters) {
        head = enter_chunk(ring, head);
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
     * is complete before it can be seen, and so is the map */
    atomic_store_explicit(&ring->head, head, memory_order_release);
    raise_high_water(ring, head);
}

static uint64_t size_of(const struct ring *ring)
{
    return ring->chunks * ring->chunk_bytes;
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
    atomic_store_explicit(&ring->high_water, size_of(ring),
                          memory_order_relaxed);
}

bool ring_has_room(struct ring *ring, uint64_t count, size_t payload_bytes)
{
    uint64_t bytes = record_bytes_for(payload_bytes);
    /* relaxed: only this thread stores head */
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    reclaim(ring);
    uint64_t fit = (ring->entered - head) / bytes +
                   ring->free_count * (ring->chunk_bytes / bytes);
    return fit >= count || ring->tail_seen == head;
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
           (double)size_of(ring);
}

uint64_t ring_waiting(const struct ring *ring)
{
    /* relaxed: a figure for the status line. The tail first: it only follows
     * the head, which then is not behind it. */
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t used = head - tail;
    return used > size_of(ring) ? 0 : used;
}

double ring_fill(const struct ring *ring)
{
    return (double)ring_waiting(ring) / (double)size_of(ring);
}
