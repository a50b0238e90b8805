/* The shape of audio: sample types, rates, channels and their places. Pure
 * data; any thread. */
#ifndef LOOPREC_CORE_FORMAT_H
#define LOOPREC_CORE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sample types as a file or a source holds them. S24 in a source's buffer is
 * packed in 3 bytes (SAMPLE_S24) or in the upper or lower 24 bits of 32
 * (SAMPLE_S32 serves for the upper form; SAMPLE_S24LOW32 for the lower). */
enum sample_type {
    SAMPLE_NONE,
    SAMPLE_U8,
    SAMPLE_S16,
    SAMPLE_S24,
    SAMPLE_S24LOW32,
    SAMPLE_S32,
    SAMPLE_F32,
    SAMPLE_F64,
};

enum {
    FORMAT_CHANNELS_MAX = 32,
    FORMAT_RATE_MIN = 1000,
    FORMAT_RATE_MAX = 768000,
};

struct audio_format {
    uint32_t rate;         /* frames per second */
    uint32_t channels;     /* samples per frame, 1..FORMAT_CHANNELS_MAX */
    uint32_t channel_mask; /* WAVEFORMATEXTENSIBLE's speaker bits; 0: unknown */
    enum sample_type native; /* what the source itself holds; decides the
                              * file's default (S16 -> s16, else s24) */
};

/* Bytes of one sample as it lies in a source's buffer; 0 for SAMPLE_NONE. */
size_t sample_bytes(enum sample_type type);

/* "s16", "s24", "s32", "f32" ...; "?" for NONE. */
const char *sample_name(enum sample_type type);

/* s16, s24, s32, f32 (without case) -> type; SAMPLE_NONE if it is none. */
enum sample_type sample_parse(const char *text);

/* Rate and channels within limits, bits of the mask no more than channels. */
bool format_valid(const struct audio_format *f);

/* Same rate, channels and mask (native is not compared). */
bool format_same(const struct audio_format *a, const struct audio_format *b);

/* The customary mask for a channel count: 1 mono (front centre 0x4), 2 0x3,
 * 3 0x7, 4 0x33, 6 0x3f, 8 0x63f; 0 where none is customary. */
uint32_t format_default_mask(uint32_t channels);

/* F with RATE and CHANNELS, where they are not 0. Other channels than before
 * get the customary speakers of their number; here 5 and 7 have some,
 * too: 5.1's without LFE, and 6.1's. */
void format_change(struct audio_format *f, uint32_t rate, uint32_t channels);

/* Exact frames <-> nanoseconds, rounded to nearest, no overflow below 2^62
 * ns (146 years) and FORMAT_RATE_MAX. Negative values keep their sign. */
int64_t frames_from_ns(int64_t ns, uint32_t rate);
int64_t frames_to_ns(int64_t frames, uint32_t rate);

#endif
