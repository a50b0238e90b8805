/* wave_head: what stands before the samples of a WAV, RF64 or Wave64 file, and
 * how it changes while the file grows. Pure but for its memory; writer thread.
 *
 * A WAV begins as RIFF with room for the sizes of RF64 (EBU Tech 3306: a JUNK
 * chunk that becomes "ds64"), and turns into RF64 where its sizes need more
 * than 32 bits. */
#ifndef LOOPREC_SINK_WAVE_HEAD_H
#define LOOPREC_SINK_WAVE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/sink.h"

enum wave_kind {
    WAVE_STREAM, /* RIFF whose sizes say "until the end"; it never changes */
    WAVE_RIFF,   /* RIFF, beyond 4 GiB RF64 */
    WAVE_RF64,   /* RF64 from the first byte on */
    WAVE_W64,    /* Sony Wave64 */
};

struct wave_head {
    enum wave_kind kind;
    size_t frame_bytes;
    uint8_t *bytes;
    size_t length;  /* the samples begin behind it */
    size_t fact_at; /* where the number of frames stands; 0: nowhere */
    size_t data_at; /* where the size of the samples stands */
    size_t behind;  /* bytes of other chunks behind the samples; RIFF, RF64 */
};

/* For REQUEST, with no samples yet. False: out of memory; nothing is left. */
bool wave_head_make(struct wave_head *h, enum wave_kind kind,
                    const struct sink_request *request);

/* Let it tell of DATA_BYTES of samples, whole frames, with their padding behind
 * them. No effect on WAVE_STREAM. */
void wave_head_set(struct wave_head *h, uint64_t data_bytes);

/* How many zeros belong behind so many bytes of samples: 0 or 1. */
size_t wave_head_padding(const struct wave_head *h, uint64_t data_bytes);

void wave_head_free(struct wave_head *h);

#endif
