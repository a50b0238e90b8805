/* format: see format.h. Any thread; nothing here is shared. */
#include "core/format.h"

#include "core/text.h"

#define NS_PER_S INT64_C(1000000000)

static const struct {
    size_t bytes;
    const char *name;
} types[] = {
    [SAMPLE_NONE] = {0, "?"},          [SAMPLE_U8] = {1, "u8"},
    [SAMPLE_S16] = {2, "s16"},         [SAMPLE_S24] = {3, "s24"},
    [SAMPLE_S24LOW32] = {4, "s24-32"}, [SAMPLE_S32] = {4, "s32"},
    [SAMPLE_F32] = {4, "f32"},         [SAMPLE_F64] = {8, "f64"},
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

size_t sample_bytes(enum sample_type type)
{
    return (unsigned)type < TYPE_COUNT ? types[type].bytes : 0;
}

const char *sample_name(enum sample_type type)
{
    return types[(unsigned)type < TYPE_COUNT ? type : SAMPLE_NONE].name;
}

enum sample_type sample_parse(const char *text)
{
    static const enum sample_type offered[] = {SAMPLE_S16, SAMPLE_S24,
                                               SAMPLE_S32, SAMPLE_F32};
    for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++) {
        if (text_same(text, types[offered[i]].name)) {
            return offered[i];
        }
    }
    return SAMPLE_NONE;
}

bool format_valid(const struct audio_format *f)
{
    uint32_t speakers = 0;
    for (uint32_t mask = f->channel_mask; mask; mask &= mask - 1) {
        speakers++;
    }
    return f->rate >= FORMAT_RATE_MIN && f->rate <= FORMAT_RATE_MAX &&
           f->channels >= 1 && f->channels <= FORMAT_CHANNELS_MAX &&
           speakers <= f->channels;
}

bool format_same(const struct audio_format *a, const struct audio_format *b)
{
    return a->rate == b->rate && a->channels == b->channels &&
           a->channel_mask == b->channel_mask;
}

uint32_t format_default_mask(uint32_t channels)
{
    switch (channels) {
    case 1: return 0x4;   /* FC */
    case 2: return 0x3;   /* FL FR */
    case 3: return 0x7;   /* FL FR FC */
    case 4: return 0x33;  /* FL FR BL BR */
    case 6: return 0x3f;  /* FL FR FC LFE BL BR */
    case 8: return 0x63f; /* FL FR FC LFE BL BR SL SR */
    default: return 0;
    }
}

void format_change(struct audio_format *f, uint32_t rate, uint32_t channels)
{
    if (rate != 0) {
        f->rate = rate;
    }
    if (channels != 0 && channels != f->channels) {
        f->channels = channels;
        f->channel_mask = channels == 5   ? 0x37  /* FL FR FC BL BR */
                          : channels == 7 ? 0x70f /* FL FR FC LFE BC SL SR */
                                          : format_default_mask(channels);
    }
}

/* VALUE * TO / FROM, rounded to nearest (halves away from zero), for values of
 * either sign. Split into whole FROMs and a rest, so that nothing overflows
 * before the result itself does; then it saturates. */
static int64_t scale(int64_t value, int64_t to, int64_t from)
{
    if (to <= 0 || from <= 0) {
        return 0;
    }
    int64_t whole = value / from;
    int64_t rest = value % from; /* has value's sign */
    if (whole > (INT64_MAX - to) / to || whole < -((INT64_MAX - to) / to)) {
        return value < 0 ? INT64_MIN : INT64_MAX;
    }
    int64_t half = value < 0 ? -(from / 2) : from / 2;
    /* from / 2 is enough for an odd from: no product lies on its half. */
    return whole * to + (rest * to + half) / from;
}

int64_t frames_from_ns(int64_t ns, uint32_t rate)
{
    return scale(ns, rate, NS_PER_S);
}

int64_t frames_to_ns(int64_t frames, uint32_t rate)
{
    return scale(frames, NS_PER_S, rate);
}
