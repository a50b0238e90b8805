/* wave_cue: the chunk of a WAV or RF64 file that has its marks ("cue "), which
 * stands behind the samples. Writer thread. */
#ifndef LOOPREC_SINK_WAVE_CUE_H
#define LOOPREC_SINK_WAVE_CUE_H

#include "sink/marks.h"
#include "sink/medium.h"

/* Mark FRAME. False: it does not fit in, as of marks_add; or its number is
 * beyond 32 bits, which is all that a cue point has (in RF64, too). */
bool wave_cue_add(struct marks *m, uint64_t frame);

/* So long the chunk will be at most. */
size_t wave_cue_bytes(const struct marks *m);

/* Write the chunk of M at AT, an even byte and no further than MEDIUM's end,
 * which then ends there. Returns its length; 0: there are no marks, or it could
 * not be written (MEDIUM's fault), and nothing of it is left. */
size_t wave_cue_write(struct marks *m, struct medium *medium, int64_t at);

#endif
