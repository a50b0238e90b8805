/* mix: see mix.h. Any thread; nothing here is shared. */
#include "core/mix.h"

#include <string.h>

/* WAVEFORMATEXTENSIBLE's speakers. */
enum {
    FL = 0x1,
    FR = 0x2,
    FC = 0x4,
    LFE = 0x8,
    BL = 0x10,
    BR = 0x20,
    FLC = 0x40,
    FRC = 0x80,
    BC = 0x100,
    SL = 0x200,
    SR = 0x400,
    TC = 0x800,
    TFL = 0x1000,
    TFC = 0x2000,
    TFR = 0x4000,
    TBL = 0x8000,
    TBC = 0x10000,
    TBR = 0x20000,
};

#define MINUS_3_DB 0.70710678f

/* Where a speaker goes that the output does not have: to all of TO, at GAIN
 * each, by the first row whose speakers are all there. Centre and surrounds as
 * in ITU-R BS.775-3, annex 4; the other speakers by the same measure. */
static const struct route {
    uint32_t from, to;
    float gain;
} routes[] = {
    {FL, FC, 0.5f},
    {FR, FC, 0.5f},
    {FC, FL | FR, MINUS_3_DB},
    {BL, SL, 1.0f},
    {BL, FL, MINUS_3_DB},
    {BL, FC, 0.5f * MINUS_3_DB},
    {BR, SR, 1.0f},
    {BR, FR, MINUS_3_DB},
    {BR, FC, 0.5f * MINUS_3_DB},
    {SL, BL, 1.0f},
    {SL, FL, MINUS_3_DB},
    {SL, FC, 0.5f * MINUS_3_DB},
    {SR, BR, 1.0f},
    {SR, FR, MINUS_3_DB},
    {SR, FC, 0.5f * MINUS_3_DB},
    {FLC, FL, MINUS_3_DB},
    {FLC, FC, 0.5f},
    {FRC, FR, MINUS_3_DB},
    {FRC, FC, 0.5f},
    {BC, BL | BR, MINUS_3_DB},
    {BC, SL | SR, MINUS_3_DB},
    {BC, FL | FR, 0.5f},
    {BC, FC, 0.5f},
    {TC, FL | FR, 0.5f},
    {TC, FC, 0.5f},
    {TFL, FL, MINUS_3_DB},
    {TFL, FC, 0.5f * MINUS_3_DB},
    {TFC, FC, MINUS_3_DB},
    {TFC, FL | FR, 0.5f},
    {TFR, FR, MINUS_3_DB},
    {TFR, FC, 0.5f * MINUS_3_DB},
    {TBL, BL, MINUS_3_DB},
    {TBL, SL, MINUS_3_DB},
    {TBL, FL, MINUS_3_DB},
    {TBL, FC, 0.5f * MINUS_3_DB},
    {TBC, BL | BR, 0.5f},
    {TBC, SL | SR, 0.5f},
    {TBC, FL | FR, 0.5f},
    {TBC, FC, 0.5f},
    {TBR, BR, MINUS_3_DB},
    {TBR, SR, MINUS_3_DB},
    {TBR, FR, MINUS_3_DB},
    {TBR, FC, 0.5f * MINUS_3_DB},
    /* LFE is in no row: it is dropped. */
};

/* The speaker of channel INDEX in MASK: its INDEXth bit; 0: it has none. */
static uint32_t speaker_at(uint32_t mask, uint32_t index)
{
    for (; mask; mask &= mask - 1) {
        if (index-- == 0) {
            return mask & (~mask + 1);
        }
    }
    return 0;
}

/* Let INPUT go to the channels whose speakers are in TO. */
static void send(struct mix *m, uint32_t mask, uint32_t input, uint32_t to,
                 float gain)
{
    for (uint32_t o = 0; o < m->outputs; o++) {
        if (speaker_at(mask, o) & to) {
            m->gain[o][input] = gain;
        }
    }
}

static void by_speaker(struct mix *m, uint32_t from_mask, uint32_t to_mask)
{
    if (m->inputs == 1 && (to_mask & (FL | FR)) == (FL | FR)) {
        send(m, to_mask, 0, FL | FR, 1.0f);
        return;
    }
    for (uint32_t i = 0; i < m->inputs; i++) {
        uint32_t speaker = speaker_at(from_mask, i);
        if (speaker & to_mask) {
            send(m, to_mask, i, speaker, 1.0f);
            continue;
        }
        for (size_t r = 0; r < sizeof routes / sizeof routes[0]; r++) {
            const struct route *route = &routes[r];
            if (route->from == speaker && (route->to & ~to_mask) == 0) {
                send(m, to_mask, i, route->to, route->gain);
                break;
            }
        }
    }
}

/* One channel is the mean of the two that stereo would have, so that what is in
 * the middle keeps its relation to the sides. */
static void to_mono(struct mix *m, uint32_t from_mask)
{
    m->outputs = 2;
    by_speaker(m, from_mask, FL | FR);
    m->outputs = 1;
    for (uint32_t i = 0; i < m->inputs; i++) {
        m->gain[0][i] = 0.5f * (m->gain[0][i] + m->gain[1][i]);
        m->gain[1][i] = 0.0f;
    }
}

/* All gains smaller, by one factor, where full scale on all inputs would be
 * more than full scale on an output. */
static void normalise(struct mix *m)
{
    float most = 1.0f;
    for (uint32_t o = 0; o < m->outputs; o++) {
        float sum = 0.0f;
        for (uint32_t i = 0; i < m->inputs; i++) {
            sum += m->gain[o][i];
        }
        most = sum > most ? sum : most;
    }
    for (uint32_t o = 0; most > 1.0f && o < m->outputs; o++) {
        for (uint32_t i = 0; i < m->inputs; i++) {
            m->gain[o][i] /= most;
        }
    }
}

static void by_index(struct mix *m)
{
    for (uint32_t o = 0; o < m->outputs; o++) {
        for (uint32_t i = 0; i < m->inputs; i++) {
            bool mono_in = m->inputs == 1 && o < 2;
            m->gain[o][i] = m->outputs == 1     ? 1.0f / (float)m->inputs
                            : o == i || mono_in ? 1.0f
                                                : 0.0f;
        }
    }
}

void mix_init(struct mix *m, const struct audio_format *from,
              const struct audio_format *to)
{
    memset(m, 0, sizeof *m);
    m->inputs = from->channels;
    m->outputs = to->channels;
    m->is_identity =
        from->channels == to->channels &&
        (from->channel_mask == to->channel_mask || from->channel_mask == 0 ||
         to->channel_mask == 0 || from->channels == 1);
    uint32_t from_mask = from->channel_mask ? from->channel_mask
                                            : format_default_mask(m->inputs);
    uint32_t to_mask =
        to->channel_mask ? to->channel_mask : format_default_mask(m->outputs);
    if (m->is_identity || from_mask == 0 || to_mask == 0) {
        by_index(m);
    } else if (m->outputs == 1 && (from_mask & (FL | FR)) == (FL | FR)) {
        to_mono(m, from_mask);
    } else {
        /* wherever its speaker stands, one channel holds all */
        by_speaker(m, from_mask, m->outputs == 1 ? FC : to_mask);
    }
    normalise(m);
}

void mix_apply(const struct mix *m, const float *in, size_t frames, float *out)
{
    for (size_t n = 0; n < frames; n++) {
        for (uint32_t o = 0; o < m->outputs; o++) {
            const float *gain = m->gain[o];
            float sum = 0.0f;
            for (uint32_t i = 0; i < m->inputs; i++) {
                sum += gain[i] * in[i];
            }
            out[o] = sum;
        }
        in += m->inputs;
        out += m->outputs;
    }
}
