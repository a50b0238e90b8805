/* wave: formats as Windows writes them. See interfaces.h. Any thread. */
#include <string.h>

#include "fakes/mmdevapi/interfaces.h"

WAVEFORMATEXTENSIBLE wave_describe(const struct wave *w)
{
    WAVEFORMATEXTENSIBLE x = {0};
    WORD frame = (WORD)wave_frame_bytes(w);

    x.Format.wFormatTag = WAVE_FORMAT_EXTENSIBLE;
    x.Format.nChannels = (WORD)w->channels;
    x.Format.nSamplesPerSec = w->rate;
    x.Format.nBlockAlign = frame;
    x.Format.nAvgBytesPerSec = w->rate * frame;
    x.Format.wBitsPerSample = (WORD)(frame / w->channels * 8);
    x.Format.cbSize = 22;
    x.Samples.wValidBitsPerSample =
        w->type == WAVE_S24IN32 ? 24 : x.Format.wBitsPerSample;
    x.dwChannelMask = w->mask;
    x.SubFormat = w->type == WAVE_F32 ? fake_subtype_float : fake_subtype_pcm;
    return x;
}

static bool type_of(bool is_float, unsigned bits, unsigned valid,
                    enum wave_type *type)
{
    *type = is_float     ? WAVE_F32
            : bits == 16 ? WAVE_S16
            : bits == 24 ? WAVE_S24
            : valid < 32 ? WAVE_S24IN32
                         : WAVE_S32;
    return is_float ? bits == 32 : bits == 16 || bits == 24 || bits == 32;
}

bool wave_understand(const WAVEFORMATEX *f, struct wave *w)
{
    const WAVEFORMATEXTENSIBLE *x = (const void *)f;
    bool is_float = f->wFormatTag == 3;
    unsigned valid = f->wBitsPerSample;

    w->rate = f->nSamplesPerSec;
    w->channels = f->nChannels;
    w->mask = w->channels == 1 ? 0x4 : w->channels == 2 ? 0x3 : 0;
    if (f->wFormatTag == WAVE_FORMAT_EXTENSIBLE) {
        if (f->cbSize < 22)
            return false;
        is_float = IsEqualGUID(&x->SubFormat, &fake_subtype_float);
        if (!is_float && !IsEqualGUID(&x->SubFormat, &fake_subtype_pcm))
            return false;
        valid = x->Samples.wValidBitsPerSample;
        w->mask = x->dwChannelMask;
    } else if (f->wFormatTag != 1 && !is_float) {
        return false;
    }
    if (!type_of(is_float, f->wBitsPerSample, valid, &w->type))
        return false;
    return w->rate >= 1000 && w->rate <= 1000000 && w->channels > 0 &&
           w->channels <= 64 && f->nBlockAlign == wave_frame_bytes(w) &&
           f->nAvgBytesPerSec == f->nBlockAlign * w->rate;
}

bool wave_same(const struct wave *a, const struct wave *b)
{
    return a->rate == b->rate && a->channels == b->channels &&
           a->type == b->type;
}
