/* The ring: a lock-free queue of whole packets, one producer (the capture
 * thread) and one consumer (the writer thread).
 *
 * A packet is stored whole or not at all. One that does not fit is dropped and
 * its frames are added to the next stored packet's lost_before, so a loss
 * travels with the data and channels cannot shift.
 *
 * Indices are free-running 64-bit byte counters, each on its own cache line,
 * over a space of chunks (a power of two each); records are aligned to 64 bytes
 * and lie in one chunk (a filler record skips a chunk's end). Which memory a
 * chunk of that space lies in is decided when the producer comes to it: in what
 * the consumer left last. So a recording touches what really waits, not the
 * whole of a buffer that is long for the sake of a slow disk.
 */
#ifndef LOOPREC_CORE_RING_H
#define LOOPREC_CORE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

struct ring;

/* A ring of at least BYTES bytes of payload and headers (rounded up to whole
 * chunks, at least four), for packets of at most PAYLOAD_MAX bytes of payload.
 * NULL when memory is short. The memory is not touched until used. */
struct ring *ring_create(size_t bytes, size_t payload_max);

/* NULL is fine. Neither thread may be inside. */
void ring_destroy(struct ring *ring);

/* What to give to ring_create for COUNT packets of PAYLOAD_BYTES each, or as
 * much in longer ones, in a ring for packets of at most PAYLOAD_MAX. */
size_t ring_bytes_for(uint64_t count, size_t payload_bytes, size_t payload_max);

/* --- producer --- */

/* Room for a packet with PAYLOAD_BYTES of payload, to be filled and then
 * committed; NULL when it does not fit now. No lock, heap or system call. A
 * reservation that is not committed is forgotten by the next. */
void *ring_reserve(struct ring *ring, size_t payload_bytes);

/* The most that a packet's payload may ever have: PAYLOAD_MAX or more. Any
 * thread. */
size_t ring_payload_max(const struct ring *ring);

/* Publish the reserved packet with this header. lost_before is raised by what
 * was dropped since the last commit. */
void ring_commit(struct ring *ring, const struct packet *packet);

/* Count FRAMES frames (at the current source rate) as dropped. */
void ring_drop(struct ring *ring, uint64_t frames);

/* COUNT packets of PAYLOAD_BYTES each fit now, or nothing waits and waiting
 * makes no more room. */
bool ring_has_room(struct ring *ring, uint64_t count, size_t payload_bytes);

/* "All that came up to TIME_NS has been pushed": lets the consumer fill
 * silence up to there. Must not go back. */
void ring_set_reached(struct ring *ring, int64_t time_ns);

/* No packet follows. */
void ring_end(struct ring *ring);

/* --- consumer --- */

/* The state at one instant; read it BEFORE peeking: every packet pushed before
 * that `reached` or `ended` was set is then seen by ring_peek. */
struct ring_mark {
    int64_t reached_ns; /* INT64_MIN: not said yet */
    bool ended;
};
struct ring_mark ring_mark(const struct ring *ring);

/* The oldest packet, or NULL when the ring is empty. *PAYLOAD is set to its
 * frames (valid until ring_pop; undefined for packets without payload). */
const struct packet *ring_peek(struct ring *ring, const void **payload);

/* Drop the oldest packet (which ring_peek returned). */
void ring_pop(struct ring *ring);

/* Walk packets behind the oldest one without taking them: start with
 * *CURSOR = 0 for the oldest; each call returns the packet at the cursor and
 * moves on; NULL at the end. Invalid after ring_pop. */
const struct packet *ring_look(struct ring *ring, uint64_t *cursor);

/* Frames dropped since the last committed packet: final once `ended`. */
uint64_t ring_dropped_tail(const struct ring *ring);

/* Every frame dropped so far. */
uint64_t ring_dropped_total(const struct ring *ring);

/* The fullest the ring has been, 0..1. Any thread. */
double ring_high_water(const struct ring *ring);

/* How full it is now, 0..1. Any thread. */
double ring_fill(const struct ring *ring);

/* Bytes that wait now, headers and what is skipped included. Any thread. */
uint64_t ring_waiting(const struct ring *ring);

/* Test only: start both counters at VALUE (a multiple of 64) before any use,
 * to run near the wrap of the counters. */
void ring_preset(struct ring *ring, uint64_t value);

#endif
