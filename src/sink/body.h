/* body: samples as files hold them: little-endian, 24 bits in three bytes.
 * Writer thread. */
#ifndef LOOPREC_SINK_BODY_H
#define LOOPREC_SINK_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/medium.h"
#include "sink/sink.h"

enum { BODY_PACK_SAMPLES = 4096 };

struct body {
    enum sample_type sample;
    uint32_t channels;
    size_t frame_bytes; /* in the file */
    uint8_t packed[BODY_PACK_SAMPLES * 3];
};

void body_init(struct body *b, const struct sink_request *request);

/* FRAMES frames in convert_sink_bytes()'s layout to M. False: M has failed. */
bool body_write(struct body *b, struct medium *m, const void *data,
                size_t frames);

/* How many whole frames lie in BYTES; one less where the data would have an
 * odd number of bytes and EVEN forbids that. */
uint64_t body_whole_frames(const struct body *b, int64_t bytes, bool even);

#endif
