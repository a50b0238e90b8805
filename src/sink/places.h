/* places: which speaker a channel is for, in formats that don't say so but have
 * one arrangement for each number of channels. Pure; any thread. */
#ifndef LOOPREC_SINK_PLACES_H
#define LOOPREC_SINK_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/format.h"

enum { PLACES_MAX = 8 };

/* Are FORMAT's channels where FLAC, Vorbis and Opus have them for their number
 * (in whatever order)? True for unknown ones too: nothing is known to be wrong.
 */
bool places_are_customary(const struct audio_format *format);

/* Channel I of a Vorbis or Opus stream is channel ORDER[I] of ours. The order
 * of those that are not customary or unknown stays as it is; false then, and
 * where there is nothing to do. */
bool places_vorbis_order(const struct audio_format *format,
                         uint8_t order[PLACES_MAX]);

#endif
