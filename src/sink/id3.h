/* id3: what an MP3 says of itself. Pure but for its memory; writer thread. */
#ifndef LOOPREC_SINK_ID3_H
#define LOOPREC_SINK_ID3_H

#include <stddef.h>
#include <stdint.h>

#include "sink/texts.h"

/* TEXTS as an ID3v2.3 tag, to stand before the sound; *BYTES long. malloc.
 * NULL: out of memory. */
uint8_t *id3_make(const struct texts *texts, size_t *bytes);

#endif
