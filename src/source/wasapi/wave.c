/* wave: what a WAVEFORMATEX says, read from its bytes. See wave.h. Any thread.
 * Layouts: "WAVEFORMATEX structure (mmeapi.h)" and "WAVEFORMATEXTENSIBLE
 * structure (mmreg.h)", learn.microsoft.com. */
#include "source/wasapi/wave.h"

#include <stdint.h>
#include <string.h>

enum {
    TAG_PCM = 1,
    TAG_FLOAT = 3,
    TAG_EXTENSIBLE = 0xFFFE,
};

/* Where the fields lie; all are little-endian and unaligned. */
enum {
    AT_TAG = 0,
    AT_CHANNELS = 2,
    AT_RATE = 4,
    AT_BLOCK = 12,
    AT_BITS = 14,
    AT_EXTRA = 16,
    AT_VALID_BITS = 18,
    AT_MASK = 20,
    AT_SUBFORMAT = 24,
};

/* KSDATAFORMAT_SUBTYPE_*: a tag in the first two bytes, then always this
 * (ksmedia.h, DEFINE_WAVEFORMATEX_GUID). */
static const uint8_t subtype_tail[14] = {
    0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80,
    0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71,
};

static uint32_t read_u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t read_u32(const uint8_t *p)
{
    return read_u16(p) | read_u16(p + 2) << 16;
}

size_t wave_claimed_bytes(const void *bytes)
{
    return WAVE_EX_BYTES + read_u16((const uint8_t *)bytes + AT_EXTRA);
}

static enum sample_type type_of(uint32_t tag, uint32_t bits)
{
    if (tag == TAG_FLOAT)
        return bits == 32 ? SAMPLE_F32 : bits == 64 ? SAMPLE_F64 : SAMPLE_NONE;
    if (tag != TAG_PCM)
        return SAMPLE_NONE;
    switch (bits) {
    case 8: return SAMPLE_U8;
    case 16: return SAMPLE_S16;
    case 24: return SAMPLE_S24;
    /* Fewer valid bits than the container has lie in its upper part, "the
     * remaining low bits are zero": so 24 in 32 is S32 as it is. */
    case 32: return SAMPLE_S32;
    default: return SAMPLE_NONE;
    }
}

/* "If nChannels is less than the number of bits set in dwChannelMask, the
 * extra (most significant) bits are ignored." */
static uint32_t trim_mask(uint32_t mask, uint32_t channels)
{
    const uint32_t speaker_all = 0x80000000u; /* any place: says nothing */
    uint32_t kept = 0;

    mask &= ~speaker_all;
    while (mask && channels--) {
        uint32_t lowest = mask & (~mask + 1u);

        kept |= lowest;
        mask &= ~lowest;
    }
    return kept;
}

bool wave_parse(const void *bytes, size_t size, struct audio_format *out,
                const char **why)
{
    const uint8_t *p = bytes;
    struct audio_format f = {0};
    uint32_t tag, bits, valid;

    if (!p || size < WAVE_BASIC_BYTES) {
        *why = "its description is cut short";
        return false;
    }
    tag = read_u16(p + AT_TAG);
    bits = read_u16(p + AT_BITS);
    valid = bits;
    f.channels = read_u16(p + AT_CHANNELS);
    f.rate = read_u32(p + AT_RATE);
    /* Without a mask only one and two channels have known places. */
    if (f.channels <= 2)
        f.channel_mask = format_default_mask(f.channels);

    if (tag == TAG_EXTENSIBLE) {
        if (size < WAVE_EXTENSIBLE_BYTES ||
            wave_claimed_bytes(p) < WAVE_EXTENSIBLE_BYTES) {
            *why = "its extended description is cut short";
            return false;
        }
        if (memcmp(p + AT_SUBFORMAT + 2, subtype_tail, sizeof subtype_tail) !=
            0) {
            *why = "its samples are neither PCM nor floating point";
            return false;
        }
        tag = read_u16(p + AT_SUBFORMAT);
        if (read_u16(p + AT_VALID_BITS)) /* 0 is seen in the wild: all */
            valid = read_u16(p + AT_VALID_BITS);
        f.channel_mask = trim_mask(read_u32(p + AT_MASK), f.channels);
    }

    f.native = type_of(tag, bits);
    if (f.native == SAMPLE_NONE || valid > bits) {
        *why = "its samples are of a kind that is not read here";
        return false;
    }
    if (!format_valid(&f)) {
        *why = "its rate or its number of channels is out of range";
        return false;
    }
    if (read_u16(p + AT_BLOCK) != f.channels * sample_bytes(f.native)) {
        *why = "its frame size contradicts its channels";
        return false;
    }
    *out = f;
    return true;
}
