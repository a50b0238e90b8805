/* history: the latest frames that a file was given, for what it turns out not
 * to hold when it fails: an encoder keeps up to half a second back. Writer
 * thread. */
#ifndef LOOPREC_SINK_HISTORY_H
#define LOOPREC_SINK_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history;

/* For CAPACITY frames of FRAME_BYTES each; the next frame is number 0. NULL: no
 * memory. */
struct history *history_create(size_t capacity_frames, size_t frame_bytes);
/* NULL is fine. */
void history_destroy(struct history *h);

/* More FRAMES, at most the capacity. */
void history_add(struct history *h, const void *data, size_t frames);

/* The number of the next frame, and that of the oldest one that is there. */
uint64_t history_end(const struct history *h);
uint64_t history_begin(const struct history *h);

/* Frame FRAME, which is there, and those behind it that lie in one piece: *N of
 * them. */
const void *history_at(const struct history *h, uint64_t frame, size_t *n);

#endif
