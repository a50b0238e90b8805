/* wave: what a WAVEFORMATEX says, read from its bytes. They come from a driver
 * or from the registry, so nothing in them is believed before it is checked.
 * Pure: no Windows header, so that it is tested everywhere. Any thread. */
#ifndef LOOPREC_SOURCE_WASAPI_WAVE_H
#define LOOPREC_SOURCE_WASAPI_WAVE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/format.h"

enum {
    WAVE_BASIC_BYTES = 16,      /* up to wBitsPerSample (PCMWAVEFORMAT) */
    WAVE_EX_BYTES = 18,         /* WAVEFORMATEX, cbSize included */
    WAVE_EXTENSIBLE_BYTES = 40, /* WAVEFORMATEXTENSIBLE */
};

/* The bytes a WAVEFORMATEX at BYTES claims to have: WAVE_EX_BYTES and cbSize.
 * At least WAVE_EX_BYTES must be readable. */
size_t wave_claimed_bytes(const void *bytes);

/* SIZE bytes at BYTES -> OUT; out->native is how the samples lie in a packet.
 * False: *WHY says what is wrong with it (a static string). */
bool wave_parse(const void *bytes, size_t size, struct audio_format *out,
                const char **why);

#endif
