/* flac_cue: the marks of a FLAC file as its CUESHEET block (RFC 9639, 8.7), in
 * room that was left for it: a track begins at each mark. Pure. */
#ifndef LOOPREC_SINK_FLAC_CUE_H
#define LOOPREC_SINK_FLAC_CUE_H

#include <stddef.h>
#include <stdint.h>

#include "sink/marks.h"

/* As much as flac(1) leaves free by itself, and so many marks fit in. */
enum { FLAC_CUE_BYTES = 4 + 8192, FLAC_CUE_MARKS = 161 };

/* Metadata blocks that fill TO: the sheet for M (sorted here), which ends with
 * a file of SAMPLES, and padding. Without marks: padding. None is the last. */
void flac_cue_make(uint8_t to[FLAC_CUE_BYTES], struct marks *m,
                   uint64_t samples);

#endif
