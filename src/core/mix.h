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

/* By the speakers of both masks. A mask of 0 is taken for the customary one of
 * its number of channels.
 *
 * - A speaker that the output has keeps its channel.
 * - One that it does not have goes to those nearest: centre, sides and backs
 *   with -3 dB (ITU-R BS.775), LFE nowhere.
 * - Mono goes to front left and right as it is.
 * - To mono: the mean of what stereo would be.
 * - Outputs that nothing goes to are zeros.
 * - Where that can exceed full scale, all of it is lowered by one constant, so
 *   that a mix of full-scale channels is full scale: 7.7 dB from 5.1 to stereo,
 *   9.9 dB from 7.1, nothing from stereo to mono.
 *
 * Where one of the sides has no mask and none is customary, channels are mapped
 * by index: the first ones, zeros where the input has no more; to mono the mean
 * of all; from mono to the first two. */
void mix_init(struct mix *m, const struct audio_format *from,
              const struct audio_format *to);

/* FRAMES frames; OUT may not overlap IN. */
void mix_apply(const struct mix *m, const float *in, size_t frames, float *out);

#endif
