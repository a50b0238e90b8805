/* signal: what frame n sounds like. See stream.h. Any thread. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/mmdevapi/stream.h"

#define TWO_PI (2 * 3.14159265358979323846)

uint32_t wave_frame_bytes(const struct wave *w)
{
    uint32_t sample = w->type == WAVE_S16 ? 2 : w->type == WAVE_S24 ? 3 : 4;

    return sample * w->channels;
}

/* One second of a sine of 1 Hz, for each rate that was asked for: any whole
 * number of Hz steps through it. Made under the world's lock, never freed. */
static const double *second_of(uint32_t rate)
{
    static struct {
        uint32_t rate;
        double *values;
    } made[8];
    size_t i = 0;

    while (i < sizeof(made) / sizeof(made[0]) - 1 && made[i].rate &&
           made[i].rate != rate)
        i++;
    if (made[i].rate == rate)
        return made[i].values;
    free(made[i].values);
    made[i].values = malloc(rate * sizeof(double));
    if (!made[i].values)
        abort();
    made[i].rate = rate;
    for (uint32_t n = 0; n < rate; n++)
        made[i].values[n] = sin(TWO_PI * n / rate);
    return made[i].values;
}

static double sine(uint32_t rate, int64_t frame, double hz)
{
    /* whole turns are left out while they are exact */
    if (hz == floor(hz) && hz < 1e9)
        return second_of(rate)[(uint64_t)frame % rate * (uint64_t)hz % rate];
    return sin(TWO_PI * (fmod((double)frame * hz, rate) / rate));
}

/* Of full scale, exact where 24 bits are enough. */
static double value_at(const struct wave *w, const struct signal *s,
                       int64_t frame, uint32_t channel)
{
    if (s->kind == PLAY_COUNTER) {
        uint64_t n = (uint64_t)frame * w->channels + channel;

        return (int16_t)(uint16_t)n / 32768.0;
    }
    if (s->kind == PLAY_TONE)
        return s->amplitude * sine(w->rate, frame, s->hz);
    return 0;
}

static int32_t to_integer(double value, double scale)
{
    double v = floor(value * scale + 0.5);

    return v >= scale   ? (int32_t)(scale - 1)
           : v < -scale ? (int32_t)-scale
                        : (int32_t)v;
}

static void put_sample(const struct wave *w, double value, unsigned char *to)
{
    int32_t i;
    float f;

    switch (w->type) {
    case WAVE_F32:
        f = (float)value;
        memcpy(to, &f, 4);
        break;
    case WAVE_S16:
        i = to_integer(value, 32768);
        memcpy(to, &i, 2);
        break;
    case WAVE_S24:
        i = to_integer(value, 8388608);
        memcpy(to, &i, 3);
        break;
    case WAVE_S24IN32:
        i = (int32_t)((uint32_t)to_integer(value, 8388608) << 8);
        memcpy(to, &i, 4);
        break;
    case WAVE_S32:
        i = to_integer(value, 2147483648.0);
        memcpy(to, &i, 4);
        break;
    }
}

void signal_render(const struct wave *w, const struct mix *mix, int64_t frame,
                   uint32_t frames, void *out)
{
    unsigned char *to = out;
    uint32_t sample = wave_frame_bytes(w) / w->channels;

    if (!mix->count) {
        memset(out, 0, (size_t)frames * wave_frame_bytes(w));
        return;
    }
    for (uint32_t i = 0; i < frames; i++) {
        double same[8] = {0}; /* a tone is the same in all channels */

        for (int v = 0; v < mix->count && v < 8; v++)
            if (mix->voices[v].signal.kind == PLAY_TONE)
                same[v] = value_at(w, &mix->voices[v].signal, frame + i, 0);
        for (uint32_t c = 0; c < w->channels; c++, to += sample) {
            double sum = 0;

            for (int v = 0; v < mix->count; v++) {
                const struct voice *voice = &mix->voices[v];

                sum += voice->gain *
                       (v < 8 && voice->signal.kind == PLAY_TONE
                            ? same[v]
                            : value_at(w, &voice->signal, frame + i, c));
            }
            put_sample(w, sum, to);
        }
    }
}

void signal_garbage(void *out, size_t bytes)
{
    unsigned char *to = out;
    uint32_t x = 2463534242u;

    for (size_t i = 0; i < bytes; i++) {
        x = x * 1664525u + 1013904223u;
        to[i] = (unsigned char)(x >> 24);
    }
}
