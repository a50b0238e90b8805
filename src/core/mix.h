/* mix: one layout of channels into another. Pure arithmetic; any thread. */
#ifndef LOOPREC_CORE_MIX_H
#define LOOPREC_CORE_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/format.h"

/* gain[o][i]: how much of input channel i goes to output channel o. */
struct mix {
    uint32_t inputs, outputs;
    bool is_identity;
    float gain[FORMAT_CHANNELS_MAX][FORMAT_CHANNELS_MAX];
};

/* As converter_create tells it. A mask of 0 is taken for the customary one of
 * its number of channels; where none is customary on one of the sides,
 * channels are mapped by index. */
void mix_init(struct mix *m, const struct audio_format *from,
              const struct audio_format *to);

/* FRAMES frames; OUT may not overlap IN. */
void mix_apply(const struct mix *m, const float *in, size_t frames, float *out);

#endif
