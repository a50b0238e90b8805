/* formats: what the files of sink/ know of each other and nobody else does.
 * Writer thread. */
#ifndef LOOPREC_SINK_FORMATS_H
#define LOOPREC_SINK_FORMATS_H

#include "sink/medium.h"
#include "sink/sink.h"

extern const struct sink_ops sink_sndfile_ops; /* WAV and FLAC */
extern const struct sink_ops sink_raw_ops;
extern const struct sink_ops sink_null_ops;

/* Bytes of a frame in the file (not as a sink takes it). */
static inline size_t sink_frame_bytes(const struct sink_request *request)
{
    return sample_bytes(request->sample) * request->format.channels;
}

/* Frames after a torn append: how many whole ones END bytes hold behind
 * START; one less where the data would have an odd number of bytes, which a
 * RIFF chunk cannot have without one more byte behind it. */
static inline uint64_t sink_whole_frames(int64_t start, int64_t end,
                                         size_t frame_bytes, bool even)
{
    uint64_t frames = 0;

    if (end > start)
        frames = (uint64_t)(end - start) / frame_bytes;
    if (even && frames > 0 && (frames * frame_bytes) % 2 != 0)
        frames--;
    return frames;
}

/* raw.c: a sink of plain samples on M, which it takes over (also when it
 * fails), behind HEADER_BYTES of HEADER. */
struct sink *raw_start(struct medium *m, const struct sink_request *request,
                       const void *header, size_t header_bytes,
                       struct fault *f);

/* wav_pipe.c: a WAV for a stream. Takes M over, also when it fails. */
struct sink *wav_pipe_start(struct medium *m,
                            const struct sink_request *request,
                            struct fault *f);

#endif
