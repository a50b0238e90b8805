/* The ring: a lock-free queue of whole packets, one producer (the capture
 * thread) and one consumer (the writer thread).
 *
 * A packet is stored whole or not at all. One that does not fit is dropped and
 * its frames are added to the next stored packet's lost_before, so a loss
 * travels with the data and channels cannot shift.
 *
 * Indices are free-running 64-bit byte counters over a power-of-two buffer,
 * each on its own cache line; records are aligned to 64 bytes and never wrap
 * (a filler record skips the end of the buffer). Where nothing waits the next
 * record goes to the buffer's front. */
#ifndef LOOPREC_CORE_RING_H
#define LOOPREC_CORE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

struct ring;

/* A ring of at least BYTES bytes of payload and headers (rounded up to a power
 * of two, at least 64 KiB). NULL when memory is short. The memory is not
 * touched until used. */
struct ring *ring_create(size_t bytes);

/* NULL is fine. Neither thread may be inside. */
void ring_destroy(struct ring *ring);

/* Bytes that FRAMES frames of CHANNELS float32 in packets of PACKET_FRAMES
 * need: what to give to ring_create for a length in time. */
size_t ring_bytes_for(uint64_t frames, uint32_t channels,
                      uint32_t packet_frames);

/* --- producer --- */

/* Room for a packet with PAYLOAD_BYTES of payload, to be filled and then
 * committed; NULL when it does not fit now. No lock, heap or system call. A
 * reservation that is not committed is forgotten by the next. */
void *ring_reserve(struct ring *ring, size_t payload_bytes);

/* Publish the reserved packet with this header. lost_before is raised by what
 * was dropped since the last commit. */
void ring_commit(struct ring *ring, const struct packet *packet);

/* Count FRAMES frames (at the current source rate) as dropped. */
void ring_drop(struct ring *ring, uint64_t frames);

/* Bytes the largest packet may have right now. */
size_t ring_space(const struct ring *ring);

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

/* Test only: start both counters at VALUE (a multiple of 64) before any use,
 * to run near the wrap of the counters. */
void ring_preset(struct ring *ring, uint64_t value);

#endif
