/* formats: what the files of sink/ know of each other and nobody else does.
 * Writer thread. */
#ifndef LOOPREC_SINK_FORMATS_H
#define LOOPREC_SINK_FORMATS_H

#include "sink/medium.h"
#include "sink/sink.h"

extern const struct sink_ops sink_wave_ops;    /* WAV, RF64, Wave64 */
extern const struct sink_ops sink_sndfile_ops; /* FLAC, Opus, MP3 */
extern const struct sink_ops sink_vorbis_ops;
extern const struct sink_ops sink_raw_ops;
extern const struct sink_ops sink_null_ops;

/* Bytes of a frame in the file (not as a sink takes it). */
static inline size_t sink_frame_bytes(const struct sink_request *request)
{
    return sample_bytes(request->sample) * request->format.channels;
}

/* What an encoder makes of so many SAMPLES that it was given, or will be, and
 * has not written, at most. Without loss that is the samples as they are (which
 * it takes where nothing is gained); no encoder that loses makes two bytes of a
 * sample: the most are MP3 at 8000 Hz, and Opus with 1275 of 960 (RFC 6716,
 * 3.4). The rest is for headers, which may not have been written either. */
static inline uint64_t sink_encoder_most(uint64_t samples, size_t sample_bytes)
{
    return samples * sample_bytes + 65536;
}

/* 0 to SINK_COMPRESSION_MAX: what was asked for, or the type's default. */
int sink_compression(const struct sink_request *request);

/* types.c: TYPE, which is none of AUTO and unknown ones, is done by these. */
const struct sink_ops *sink_type_ops(enum sink_type type);

#endif
