/* generate: makes the test signals that the end-to-end tests play, as WAV files
 * of 16 bits: what is in them is known to the sample. */
#include <math.h>

#include "audio.h"

static const double PI = 3.14159265358979323846;

static const char *const OPTIONS[] = {
    "rate", "channels", "only", "seconds", "hz",    "db",   "tone",
    "gap",  "every",    "lead", "seed",    "break", "drop", NULL};

static const char USAGE[] =
    "Usage: generate KIND FILE [--rate=HZ] [--channels=N] [OPTION]...\n"
    "Writes a WAV file of 16 bits. Kinds, with their options:\n"
    "  tone           --seconds --hz --db --only=CHANNEL (the others silent)\n"
    "                 --break=DEGREES (a jump of phase in the middle)\n"
    "                 --drop=FRAMES (so many frames missing in the middle)\n"
    "  tone-gap-tone  --tone=SECONDS --gap=SECONDS --hz --db\n"
    "  clicks         --seconds --lead=SECONDS (silence first)\n"
    "                 --every=SECONDS (0: one click only)\n"
    "  noise          --seconds --seed: every 16-bit value, full scale\n"
    "  silence        --seconds\n";

struct signal {
    struct arguments arguments;
    int rate, channels;
    int64_t frames;
    int16_t *samples;
};

static double number(const struct signal *s, const char *name, double fallback)
{
    return option_number(&s->arguments, name, fallback);
}

static void make_room(struct signal *s, double seconds)
{
    s->frames = llround(seconds * s->rate);
    s->samples =
        calloc((size_t)(s->frames * s->channels) + 1, sizeof(*s->samples));
    if (!s->samples) {
        die("out of memory");
    }
}

/* A sine over FRAMES frames from FIRST, its phase at frame 0 of the file 0. */
static void put_tone(struct signal *s, int64_t first, int64_t frames)
{
    double hz = number(s, "hz", 997);
    double peak = 32767 * pow(10, number(s, "db", -6) / 20);
    int only = (int)number(s, "only", -1);
    int64_t middle = s->frames / 2;
    double jump = number(s, "break", 0) / 180 * PI;
    int64_t drop = (int64_t)number(s, "drop", 0);

    for (int64_t i = first; i < first + frames; i++) {
        int64_t at = i < middle ? i : i + drop;
        double phase = 2 * PI * hz * (double)at / s->rate;
        long value = lround(peak * sin(i < middle ? phase : phase + jump));
        for (int c = 0; c < s->channels; c++) {
            if (only < 0 || c == only) {
                s->samples[i * s->channels + c] = (int16_t)value;
            }
        }
    }
}

static void make_tone(struct signal *s)
{
    make_room(s, number(s, "seconds", 10));
    put_tone(s, 0, s->frames);
}

static void make_tone_gap_tone(struct signal *s)
{
    double tone = number(s, "tone", 2);
    double gap = number(s, "gap", 3);
    make_room(s, 2 * tone + gap);
    int64_t length = llround(tone * s->rate);
    put_tone(s, 0, length);
    put_tone(s, s->frames - length, length);
}

/* A click is one full-scale frame and the opposite one. */
static void make_clicks(struct signal *s)
{
    make_room(s, number(s, "seconds", 1));
    int64_t every = llround(number(s, "every", 0) * s->rate);
    int64_t at = llround(number(s, "lead", 0) * s->rate);
    while (at + 2 <= s->frames) {
        for (int c = 0; c < s->channels; c++) {
            s->samples[at * s->channels + c] = INT16_MAX;
            s->samples[(at + 1) * s->channels + c] = -INT16_MAX;
        }
        if (every <= 0) {
            break;
        }
        at += every;
    }
}

/* All 65,536 values in every second of it, in an order made by chance. */
static void make_noise(struct signal *s)
{
    make_room(s, number(s, "seconds", 3));
    uint64_t state = (uint64_t)number(s, "seed", 1) * 2 + 1;
    for (int64_t i = 0; i < s->frames * s->channels; i++) {
        state = state * UINT64_C(6364136223846793005) +
                UINT64_C(1442695040888963407);
        s->samples[i] = (int16_t)(state >> 48);
    }
    for (int c = 0; c < s->channels && s->frames > 3; c++) {
        s->samples[c] = INT16_MAX;
        s->samples[s->channels + c] = -INT16_MAX;
        s->samples[2 * s->channels + c] = 1;
        s->samples[3 * s->channels + c] = -1;
    }
}

static void make_silence(struct signal *s)
{
    make_room(s, number(s, "seconds", 1));
}

static void write_file(const struct signal *s, const char *path)
{
    SF_INFO info = {.samplerate = s->rate,
                    .channels = s->channels,
                    .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    if (!file) {
        die("%s: %s", path, sf_strerror(NULL));
    }
    if (sf_writef_short(file, s->samples, s->frames) != s->frames ||
        sf_close(file) != 0) {
        die("%s: cannot be written", path);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*make)(struct signal *s);
    } kinds[] = {{"tone", make_tone},
                 {"tone-gap-tone", make_tone_gap_tone},
                 {"clicks", make_clicks},
                 {"noise", make_noise},
                 {"silence", make_silence}};

    tool_name = "generate";
    struct signal s = {.arguments = {argc - 1, argv + 1}};
    const char *kind = operand(&s.arguments, 0);
    const char *path = operand(&s.arguments, 1);
    if (!kind || !path) {
        fputs(USAGE, stderr);
        return 2;
    }
    check_options(&s.arguments, OPTIONS);
    s.rate = (int)number(&s, "rate", 48000);
    s.channels = (int)number(&s, "channels", 2);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, kind) == 0) {
            kinds[i].make(&s);
            write_file(&s, path);
            free(s.samples);
            return 0;
        }
    }
    die("there is no kind '%s'", kind);
}
