/* heard: when the capture path last had sound that is not digital silence, for
 * the watch to look at. Pure: no Windows header, so that it is tested
 * everywhere. Publishing: capture thread; looking: watch thread. */
#ifndef LOOPREC_SOURCE_WASAPI_HEARD_H
#define LOOPREC_SOURCE_WASAPI_HEARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/format.h"

#define HEARD_NOT_RUNNING INT64_MIN

struct heard {
    /* shared, relaxed: a number on its own */
    _Atomic int64_t at_ns; /* HEARD_NOT_RUNNING: nobody takes packets */
    /* capture thread only */
    int64_t published_ns;
};

/* Nobody takes packets yet (or any longer). */
void heard_init(struct heard *h);

/* Packets are taken from NOW_NS on: as if sound had come just then. H may be
 * NULL. */
void heard_begin(struct heard *h, int64_t now_ns);

/* COUNT samples of TYPE at DATA (any alignment; NULL: silence) came at NOW_NS.
 * Looks at them four times a second at most while there is sound, and no
 * further than the first that is not zero. H may be NULL. */
void heard_samples(struct heard *h, const void *data, enum sample_type type,
                   size_t count, int64_t now_ns);

/* The time of the last sound. */
int64_t heard_at(const struct heard *h);

/* Is any of the samples something else than zero? */
bool samples_sound(const void *data, enum sample_type type, size_t count);

#endif
