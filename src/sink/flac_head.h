/* flac_head: the beginning of a FLAC file, watched while an encoder writes it,
 * so that the number of samples can be put in before the encoder would do it,
 * and where it never will (after a failure); and with room for marks, which no
 * encoder leaves. Writer thread. */
#ifndef LOOPREC_SINK_FLAC_HEAD_H
#define LOOPREC_SINK_FLAC_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/marks.h"
#include "sink/medium.h"

/* "fLaC", a block's header, STREAMINFO (RFC 9639, 8.2). */
enum { FLAC_HEAD_BYTES = 4 + 4 + 34 };

struct flac_head {
    uint8_t bytes[FLAC_HEAD_BYTES]; /* as the encoder wrote them first */
    uint64_t blocks;                /* whole frames of FLAC appended so far */
    size_t room; /* for marks, behind STREAMINFO; the encoder does not know */
    struct marks marks;
    bool marked; /* some of them are not in the file yet */
};

/* The encoder writes BYTES of DATA at its offset AT: to M, behind the room
 * where that is there, which it is in files. It hands over each block of its
 * metadata and each of its frames with one write. Returns how many bytes were
 * written. */
size_t flac_head_put(struct flac_head *h, struct medium *m, int64_t at,
                     const void *data, size_t bytes);

/* Mark FRAME. False: it does not fit into M. */
bool flac_head_mark(struct flac_head *h, const struct medium *m,
                    uint64_t frame);

/* Put the marks into the file, if there are new ones or it is FINISHED with so
 * many SAMPLES: then only those that it has the samples of. M's position stays.
 */
void flac_head_set_marks(struct flac_head *h, struct medium *m,
                         uint64_t samples, bool finished);

/* Samples of each channel in the blocks so far, GIVEN at most (the last block
 * is shorter). */
uint64_t flac_head_samples(const struct flac_head *h, uint64_t given);

/* Put the number of samples into the file; M's position stays. */
void flac_head_set_samples(const struct flac_head *h, struct medium *m,
                           uint64_t samples);

#endif
