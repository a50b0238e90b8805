/* places: see places.h. Any thread.
 *
 * The arrangements: Vorbis I specification, 4.3.9; RFC 7845 (Opus), 5.1.1.2;
 * RFC 9639 (FLAC), 9.1.3. */
#include "sink/places.h"

enum {
    FRONT = 0x3,
    CENTRE = 0x4,
    LFE = 0x8,
    BACK = 0x30,
    BACK_CENTRE = 0x100,
    SIDE = 0x600,
};

/* Surrounds that may be called back or side are the same where there is one
 * pair of them. */
static const uint32_t masks[PLACES_MAX + 1][2] = {
    {0},
    {CENTRE},
    {FRONT},
    {FRONT | CENTRE},
    {FRONT | BACK, FRONT | SIDE},
    {FRONT | CENTRE | BACK, FRONT | CENTRE | SIDE},
    {FRONT | CENTRE | LFE | BACK, FRONT | CENTRE | LFE | SIDE},
    {FRONT | CENTRE | LFE | BACK_CENTRE | SIDE},
    {FRONT | CENTRE | LFE | BACK | SIDE},
};

static uint32_t mask_of(const struct audio_format *format)
{
    return format->channel_mask != 0 ? format->channel_mask
                                     : format_default_mask(format->channels);
}

static bool is_known(uint32_t mask, uint32_t channels)
{
    return channels <= PLACES_MAX && mask != 0 &&
           (mask == masks[channels][0] || mask == masks[channels][1]);
}

bool places_are_customary(const struct audio_format *format)
{
    uint32_t mask = mask_of(format);

    return mask == 0 || is_known(mask, format->channels);
}

bool places_vorbis_order(const struct audio_format *format,
                         uint8_t order[PLACES_MAX])
{
    /* Ours are in the order of the mask's bits: left, right, centre, LFE, back
     * left, back right, back centre, side left, side right. */
    static const uint8_t orders[PLACES_MAX + 1][PLACES_MAX] = {
        {0},
        {0},
        {0, 1},
        {0, 2, 1},
        {0, 1, 2, 3},
        {0, 2, 1, 3, 4},
        {0, 2, 1, 4, 5, 3},
        {0, 2, 1, 5, 6, 4, 3},
        {0, 2, 1, 6, 7, 4, 5, 3},
    };
    uint32_t channels = format->channels;

    if (!is_known(mask_of(format), channels))
        return false;
    for (uint32_t i = 0; i < channels; i++)
        order[i] = orders[channels][i];
    return channels == 3 || channels >= 5;
}
