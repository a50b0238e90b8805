/* convert: samples between a source's types, float32 and a file's types; and a
 * stream's rate and channels into the file's (where the user asked for others,
 * tracks differ, or a device came back with another format). Capture thread:
 * convert_to_float only. The rest: writer thread.
 *
 * 16- and 24-bit integers go through float32 unchanged: both ways scale by
 * 2^15, 2^23, 2^31, round to nearest (even) and clamp; NaN becomes 0. */
#ifndef LOOPREC_CORE_CONVERT_H
#define LOOPREC_CORE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/format.h"

/* SAMPLES samples of TYPE (native endian, packed as they lie in a source's
 * buffer, any alignment) to float32. No system call, heap or lock. */
void convert_to_float(float *dst, const void *src, enum sample_type type,
                      size_t samples);

/* Bytes of one sample as a sink takes it: S16 int16_t, S24 and S32 int32_t
 * (left-justified: 24 bits in the upper part, lower 8 zero), F32 float. */
size_t convert_sink_bytes(enum sample_type type);

/* SAMPLES float32 samples to the sink's TYPE. Returns how many samples were
 * clipped (beyond full scale for integer types; always 0 for F32, where NaN
 * and infinities are replaced by 0 and +-1). dst may not overlap src. */
size_t convert_from_float(void *dst, const float *src, enum sample_type type,
                          size_t samples);

/* The same for samples that are all numbers below full scale: nothing of them
 * is clipped, and nothing has to be looked at. */
void convert_plain(void *dst, const float *src, enum sample_type type,
                   size_t samples);

/* One stream's way into the file's format. */
struct converter;

/* FROM -> TO. Where rate, channels and mask agree it is free: output is the
 * input itself. Resampling is libsoxr's (HQ), with its delay compensated, so
 * that output frame 0 is input frame 0. Channels are mapped as mix_init tells.
 * NULL, told in F: out of memory, or ERR_UNSUPPORTED: soxr refuses, or (on
 * Linux) is not there. */
struct converter *converter_create(const struct audio_format *from,
                                   const struct audio_format *to,
                                   struct fault *f);

/* Could it be created, as far as the rate goes? False: F as by
 * converter_create. */
bool converter_check(const struct audio_format *from,
                     const struct audio_format *to, struct fault *f);
void converter_destroy(struct converter *c);

/* True when the converter is the identity (nothing is ever held back). */
bool converter_is_identity(const struct converter *c);

/* Put FRAMES frames (at FROM's shape) in; the frames that are ready at TO's
 * shape come out at *OUT (owned by the converter until the next call; may be
 * IN itself), *OUT_FRAMES of them. The total that has come out after N input
 * frames never exceeds converter_expect(c, N). */
bool converter_push(struct converter *c, const float *in, size_t frames,
                    const float **out, size_t *out_frames, struct fault *f);

/* Get out what is held back, so that the total output is exactly
 * converter_expect(c, total input frames); afterwards the converter is as
 * new. Call until *OUT_FRAMES is 0. */
bool converter_flush(struct converter *c, const float **out, size_t *out_frames,
                     struct fault *f);

/* Output frames that INPUT frames amount to: floor(input * to / from). */
uint64_t converter_expect(const struct converter *c, uint64_t input_frames);

#endif
