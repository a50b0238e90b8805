/* chirp: see chirp.h. */
#include "core/chirp.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

/* Pitch from, to, in Hz: what every device can play, and hands-free ones too.
 * With its length it is 1250 half turns of freedom: noise of the same strength
 * is 31 dB below it after correlation. */
static const double low_hz = 500.0;
static const double high_hz = 3000.0;
/* The part at either end in which it rises and falls, so that it does not
 * click. */
static const double ramp = 0.1;

enum { RATE_LEAST = 7000 };
/* The search is made at about this rate: enough for the chirp, cheap at any. */
enum { RATE_SEARCH = 48000 };

/* What else plays in the chirp's pitch is mostly tones: of the recording's
 * spectrum nothing is taken for stronger than so many times its median. The
 * chirp's own is even there. */
static const double clip = 4.0;

/* So many times the standard deviation of the likeness elsewhere... */
static const double deviations = 7.0;
/* ...and at least this, where elsewhere is digital silence. */
static const double likeness_least = 0.05;

struct complex {
    double re, im;
};

/* What one search works with. */
struct search {
    size_t step;    /* so many frames become one sample */
    size_t samples; /* of the recording */
    size_t length;  /* of the chirp */
    size_t size;    /* of the transforms: a power of two */
    double rate;    /* of a sample */
    /* their spectra; at last the correlation at each place, and the recording
     * as it was correlated: real and imaginary part */
    struct complex *recording, *chirp, *roots;
    double *samples_in; /* the recording */
    double *energy; /* of what was correlated: of its first so many samples */
};

size_t chirp_frames(uint32_t rate)
{
    return (size_t)frames_from_ns(CHIRP_NS, rate);
}

/* 0 to 1. */
static double envelope(double part)
{
    double edge = part < 0.5 ? part : 1.0 - part;
    return edge >= ramp ? 1.0 : 0.5 - 0.5 * cos(PI * edge / ramp);
}

float chirp_sample(uint32_t rate, size_t i)
{
    double length_s = (double)CHIRP_NS / 1e9;
    double t = (double)i / (double)rate;
    if (t >= length_s) {
        return 0.0f;
    }
    double turns = low_hz * t + (high_hz - low_hz) * t * t / (2.0 * length_s);
    return (float)(CHIRP_AMPLITUDE * envelope(t / length_s) *
                   sin(2.0 * PI * turns));
}

/* --- the transform: after Cooley and Tukey, radix 2, in place --- */

static void swap_places(struct complex *x, size_t n)
{
    for (size_t i = 1, j = 0; i < n; i++) {
        size_t bit = n >> 1;
        for (; j & bit; bit >>= 1) {
            j ^= bit;
        }
        j ^= bit;
        if (i < j) {
            struct complex other = x[i];
            x[i] = x[j];
            x[j] = other;
        }
    }
}

/* ROOTS: the N/2 first powers of exp(-2 pi i / N). */
static void transform(struct complex *x, size_t n, const struct complex *roots)
{
    swap_places(x, n);
    for (size_t half = 1; half < n; half *= 2) {
        size_t stride = n / (2 * half);
        for (size_t start = 0; start < n; start += 2 * half) {
            for (size_t k = 0; k < half; k++) {
                struct complex *a = &x[start + k], *b = a + half;
                const struct complex w = roots[k * stride];
                const struct complex turned = {b->re * w.re - b->im * w.im,
                                               b->re * w.im + b->im * w.re};
                *b = (struct complex){a->re - turned.re, a->im - turned.im};
                *a = (struct complex){a->re + turned.re, a->im + turned.im};
            }
        }
    }
}

/* --- what is compared --- */

static bool begin(struct search *s, size_t count, uint32_t rate)
{
    *s = (struct search){.step =
                             rate < 2 * RATE_SEARCH ? 1 : rate / RATE_SEARCH};
    s->rate = (double)rate / (double)s->step;
    s->samples = count / s->step;
    s->length = chirp_frames(rate) / s->step;
    s->size = 2;
    while (s->size < s->samples + s->length) {
        s->size *= 2;
    }
    s->recording = calloc(s->size, sizeof *s->recording);
    s->chirp = calloc(s->size, sizeof *s->chirp);
    s->roots = calloc(s->size / 2, sizeof *s->roots);
    s->samples_in = calloc(s->samples, sizeof *s->samples_in);
    s->energy = calloc(s->samples + 1, sizeof *s->energy);
    return s->recording && s->chirp && s->roots && s->samples_in && s->energy;
}

static void end(struct search *s)
{
    free(s->recording);
    free(s->chirp);
    free(s->roots);
    free(s->samples_in);
    free(s->energy);
}

/* The chirp as it was made coarser. */
static double chirp_at(const struct search *s, uint32_t rate, size_t i)
{
    double sum = 0.0;
    for (size_t k = 0; k < s->step; k++) {
        sum += (double)chirp_sample(rate, i * s->step + k);
    }
    return sum;
}

/* Both are made coarser in the same way, so that they stay alike. */
static void fill(struct search *s, const float *samples, size_t stride,
                 uint32_t rate)
{
    for (size_t i = 0; i < s->samples; i++) {
        double sum = 0.0;
        for (size_t k = 0; k < s->step; k++) {
            double sample = (double)samples[(i * s->step + k) * stride];
            /* not a number fails the comparison; mingw-w64 warns of isfinite */
            sum += fabs(sample) < 1e9 ? sample : 0.0;
        }
        s->recording[i].re = sum;
        s->samples_in[i] = sum;
    }
    for (size_t i = 0; i < s->length; i++) {
        s->chirp[i].re = chirp_at(s, rate, i);
    }
    for (size_t k = 0; k < s->size / 2; k++) {
        double angle = -2.0 * PI * (double)k / (double)s->size;
        s->roots[k] = (struct complex){cos(angle), sin(angle)};
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of the recording's spectrum what is of the chirp's pitch stays, and of that
 * nothing stands out. False: out of memory. */
static bool even_out(struct search *s)
{
    double bin_hz = s->rate / (double)s->size;
    size_t low = (size_t)(low_hz / bin_hz), high = (size_t)(high_hz / bin_hz);
    double *strengths = malloc((high - low + 1) * sizeof *strengths);
    if (!strengths) {
        return false;
    }
    for (size_t k = low; k <= high; k++) {
        strengths[k - low] = hypot(s->recording[k].re, s->recording[k].im);
    }
    qsort(strengths, high - low + 1, sizeof *strengths, compare);
    double most = clip * strengths[(high - low) / 2];
    free(strengths);
    for (size_t k = 0; k < s->size; k++) {
        size_t pitch = k <= s->size / 2 ? k : s->size - k;
        struct complex *bin = &s->recording[k];
        double strength = hypot(bin->re, bin->im);
        double factor = pitch < low || pitch > high ? 0.0
                        : strength > most           ? most / strength
                                                    : 1.0;
        bin->re *= factor;
        bin->im *= factor;
    }
    return true;
}

static bool correlate(struct search *s)
{
    transform(s->recording, s->size, s->roots);
    transform(s->chirp, s->size, s->roots);
    if (!even_out(s)) {
        return false;
    }
    for (size_t k = 0; k < s->size; k++) {
        const struct complex a = s->recording[k], b = s->chirp[k];
        /* a * conj(b) is the correlation's spectrum, which is real in time, as
         * is a's: so both go back at once, as the parts of one. Conjugated,
         * because a second transform then turns it back. */
        const struct complex both = {a.re * b.re + a.im * b.im - a.im,
                                     a.im * b.re - a.re * b.im + a.re};
        s->recording[k] = (struct complex){both.re, -both.im};
    }
    transform(s->recording, s->size, s->roots);
    for (size_t i = 0; i < s->size; i++) {
        s->recording[i].re /= (double)s->size;
        s->recording[i].im /= -(double)s->size;
    }
    for (size_t i = 0; i < s->samples; i++) {
        double sample = s->recording[i].im;
        s->energy[i + 1] = s->energy[i] + sample * sample;
    }
    return true;
}

/* --- where it is --- */

static double likeness_at(const struct search *s, size_t i, double chirp_energy)
{
    double energy = s->energy[i + s->length] - s->energy[i];
    /* what is left of a sum of squares by rounding is no sound */
    if (energy <= 1e-12 * s->energy[s->samples]) {
        return 0.0;
    }
    return s->recording[i].re / sqrt(energy * chirp_energy);
}

/* The top of a parabola through three, from the one in the middle. */
static double between(double left, double middle, double right)
{
    double bend = left - 2.0 * middle + right;
    return bend == 0.0 ? 0.0 : 0.5 * (left - right) / bend;
}

static void decide(const struct search *s, uint32_t rate,
                   struct chirp_found *out)
{
    size_t places = s->samples - s->length + 1, best = 0;
    double chirp_energy = 0.0, product = 0.0;
    double top = 0.0, sum = 0.0, elsewhere = 0.0;
    for (size_t i = 0; i < s->length; i++) {
        double sample = chirp_at(s, rate, i);
        chirp_energy += sample * sample;
    }
    for (size_t i = 0; i < places; i++) {
        double likeness = fabs(likeness_at(s, i, chirp_energy));
        if (likeness > top) {
            top = likeness;
            best = i;
        }
    }
    for (size_t i = 0; i < places; i++) {
        if (i + s->length < best || i > best + s->length) {
            double likeness = likeness_at(s, i, chirp_energy);
            sum += likeness * likeness;
            elsewhere += 1.0;
        }
    }
    double deviation = elsewhere > 0.0 ? sqrt(sum / elsewhere) : 0.0;
    out->likeness = top;
    out->found = top >= likeness_least && top > deviations * deviation;
    double at = (double)best;
    if (best > 0 && best + 1 < places) {
        at += between(s->recording[best - 1].re, s->recording[best].re,
                      s->recording[best + 1].re);
    }
    out->at_frames = at * (double)s->step;
    for (size_t i = 0; i < s->length; i++) {
        product += s->samples_in[best + i] * chirp_at(s, rate, i);
    }
    out->gain = product / chirp_energy;
}

bool chirp_find(const float *samples, size_t stride, size_t count,
                uint32_t rate, struct chirp_found *out)
{
    struct search s;
    *out = (struct chirp_found){.found = false};
    if (rate < RATE_LEAST) {
        return false;
    }
    if (count < chirp_frames(rate)) {
        return true;
    }
    bool ok = begin(&s, count, rate);
    if (ok) {
        fill(&s, samples, stride, rate);
        ok = correlate(&s);
    }
    if (ok) {
        decide(&s, rate, out);
    }
    end(&s);
    return ok;
}
