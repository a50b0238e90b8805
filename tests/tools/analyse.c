/* analyse: measures a recording, for the end-to-end tests: its length, the
 * frequency and the phase of a tone, when sound begins and ends, whether
 * samples are in it bit for bit. It prints name=value lines, or fails and says
 * why. */
#include <math.h>

#include "audio.h"
#include "numbers.h"

static const char *const OPTIONS[] = {"raw",       "channel", "from",  "to",
                                      "threshold", "hold",    "limit", "count",
                                      "apart",     "least",   "hz",    NULL};

static const char USAGE[] =
    "Usage: analyse WHAT FILE [--raw=s16,48000,2] [--channel=N] [--from=S]\n"
    "                         [--to=S] [OPTION]...\n"
    "  frames   length, rate, channels, bits, type; peak of each channel\n"
    "  tone     frequency, level, largest break of phase; --limit=DEGREES is\n"
    "           what counts as a break (2); --hz=HZ: it is known, and the "
    "phase\n"
    "           that this stretch's tone has at frame 0 is printed\n"
    "  level    of --hz=HZ alone, whatever else there is some hertz away\n"
    "  onsets   where sound begins and ends; --threshold=DB (-40);\n"
    "           --hold=S: shorter pauses do not count (0.02)\n"
    "  clicks   the loudest frames; --count=N (1) --apart=S (0.01)\n"
    "  silence  stretches of zeros in all channels; --least=S (0.001)\n"
    "  counter  breaks in the pattern (frame * channels + channel) mod 65536\n"
    "  find     NEEDLE FILE: where NEEDLE's samples are in FILE, bit for bit\n"
    "--from and --to are seconds in FILE.\n";

/* What a subcommand works on. */
struct job {
    struct arguments arguments;
    struct audio audio;
    int channel;
    int64_t from, to; /* frames */
};

static double number(const struct job *j, const char *name, double fallback)
{
    return option_number(&j->arguments, name, fallback);
}

static double seconds(const struct job *j, int64_t frame)
{
    return (double)frame / j->audio.rate;
}

/* --- frames --- */

static void do_frames(struct job *j)
{
    const struct audio *a = &j->audio;
    printf("frames=%lld\nrate=%d\nchannels=%d\nbits=%d\nfloat=%d\ntype=%s\n",
           (long long)a->frames, a->rate, a->channels, a->bits, a->is_float,
           a->type);
    for (int c = 0; c < a->channels; c++) {
        double peak = 0;
        for (int64_t i = j->from; i < j->to; i++) {
            peak = fmax(peak, fabs(sample_at(a, i, c)));
        }
        printf("peak%d_dbfs=%.2f\n", c, decibels(peak));
    }
}

/* --- tone --- */

/* A sine of a known frequency, fitted to a window by least squares. */
struct fit {
    double phase, amplitude, worst; /* worst: the largest deviation */
    int64_t worst_frame;
};

static struct fit fit_sine(const struct job *j, int64_t first, int64_t frames,
                           double step)
{
    double cc = 0, ss = 0, cs = 0, xc = 0, xs = 0;
    for (int64_t i = first; i < first + frames; i++) {
        double x = sample_at(&j->audio, i, j->channel);
        double angle = step * (double)(i - j->from);
        double c = cos(angle), s = sin(angle);
        cc += c * c;
        ss += s * s;
        cs += c * s;
        xc += x * c;
        xs += x * s;
    }
    double determinant = cc * ss - cs * cs;
    if (determinant == 0) {
        die("the window of the fit is too short");
    }
    double a = (xc * ss - xs * cs) / determinant; /* of the cosine */
    double b = (xs * cc - xc * cs) / determinant; /* of the sine */
    struct fit fit = {atan2(a, b), hypot(a, b), 0, first};
    for (int64_t i = first; i < first + frames; i++) {
        double angle = step * (double)(i - j->from);
        double off = fabs(sample_at(&j->audio, i, j->channel) -
                          (a * cos(angle) + b * sin(angle)));
        if (off > fit.worst) {
            fit.worst = off;
            fit.worst_frame = i;
        }
    }
    return fit;
}

/* From the upward crossings of zero: right to a part in some thousands, also
 * where the tone breaks here and there. */
static double rough_step(const struct job *j)
{
    enum { MOST = 100000 };
    double *periods = malloc(MOST * sizeof(*periods));
    if (!periods) {
        die("out of memory");
    }
    int64_t count = 0;
    double last = -1;
    for (int64_t i = j->from + 1; i < j->to && count < MOST; i++) {
        double a = sample_at(&j->audio, i - 1, j->channel);
        double b = sample_at(&j->audio, i, j->channel);
        if (a < 0 && b >= 0) {
            double at = (double)(i - 1) + a / (a - b);
            if (last >= 0) {
                periods[count++] = at - last;
            }
            last = at;
        }
    }
    if (count < 10) {
        die("there is no tone");
    }
    double step = 2 * PI / median(periods, count);
    free(periods);
    return step;
}

/* Windows of 10 ms, for each the phase; STEP is made exact by the median of
 * their differences, which no single break can move. */
static struct fit *fit_windows(const struct job *j, double *step,
                               int64_t *count, int64_t window)
{
    *count = (j->to - j->from) / window;
    if (*count < 4) {
        die("the stretch is shorter than four windows of %lld frames",
            (long long)window);
    }
    struct fit *fits = malloc((size_t)*count * sizeof(*fits));
    double *turns = malloc((size_t)*count * sizeof(*turns));
    if (!fits || !turns) {
        die("out of memory");
    }
    for (int round = 0; round < 4; round++) {
        for (int64_t k = 0; k < *count; k++) {
            fits[k] = fit_sine(j, j->from + k * window, window, *step);
            if (k > 0) {
                turns[k - 1] = wrap(fits[k].phase - fits[k - 1].phase);
            }
        }
        if (round < 3) {
            *step += median(turns, *count - 1) / (double)window;
        }
    }
    free(turns);
    return fits;
}

/* Where the frequency is known: the phase that the tone of this stretch would
 * have had at frame 0. Two stretches of one tone, with anything between them,
 * have the same where no frame is missing or too many. */
static void print_phase(const struct job *j)
{
    double hz = number(j, "hz", 0);
    if (hz > 0) {
        double step = 2 * PI * hz / j->audio.rate;
        struct fit fit = fit_sine(j, j->from, j->to - j->from, step);
        printf("phase_degrees=%.3f\n",
               wrap(fit.phase - step * (double)j->from) * 180 / PI);
    }
}

static void do_tone(struct job *j)
{
    double limit = number(j, "limit", 2);
    int64_t window = j->audio.rate / 100;
    double step = rough_step(j);
    int64_t count;
    struct fit *fits = fit_windows(j, &step, &count, window);

    double amplitude = 0, worst = 0, largest = 0, total = 0;
    int64_t worst_frame = 0, largest_frame = 0, breaks = 0;
    int64_t last_break = -3;
    for (int64_t k = 0; k < count; k++) {
        amplitude += fits[k].amplitude / (double)count;
        if (fits[k].worst > worst) {
            worst = fits[k].worst;
            worst_frame = fits[k].worst_frame;
        }
    }
    if (decibels(amplitude) < -90) {
        die("there is no tone");
    }
    /* over two windows, so that a break inside the middle one shows whole */
    for (int64_t k = 2; k < count; k++) {
        double turn = wrap(fits[k].phase - fits[k - 2].phase) * 180 / PI;
        int64_t middle = j->from + (k - 1) * window + window / 2;
        total += wrap(fits[k].phase - fits[k - 1].phase);
        if (fabs(turn) > fabs(largest)) {
            largest = turn;
            largest_frame = middle;
        }
        if (fabs(turn) > limit && k - last_break > 2) {
            breaks++;
            last_break = k;
            printf("break%lld=%.6f %.3f\n", (long long)breaks,
                   seconds(j, middle), turn);
        }
    }
    /* what is left of slope after the median, over the whole stretch */
    double exact = step;
    if (breaks == 0) {
        exact += total / (double)((count - 2) * window);
    }
    printf("breaks=%lld\n", (long long)breaks);
    printf("hz=%.4f\n", exact * j->audio.rate / (2 * PI));
    printf("dbfs=%.3f\n", decibels(amplitude));
    printf("largest_step_degrees=%.4f\n", fabs(largest));
    printf("largest_step_at=%.6f\n", seconds(j, largest_frame));
    printf("residual_db=%.1f\n", decibels(worst / amplitude));
    printf("residual_at=%.6f\n", seconds(j, worst_frame));
    print_phase(j);
    free(fits);
}

static void do_level(struct job *j)
{
    double hz = number(j, "hz", 0);
    if (hz <= 0 || j->to - j->from < j->audio.rate / 10) {
        die("--hz=HZ and a tenth of a second are needed");
    }
    printf("dbfs=%.2f\n",
           decibels(tone_amplitude(&j->audio, j->channel, j->from, j->to, hz)));
}

/* --- onsets, clicks, silence --- */

/* The loudest of CHANNEL, or of all when it is negative. */
static double loudest(const struct job *j, int64_t frame)
{
    double peak = 0;
    for (int c = 0; c < j->audio.channels; c++) {
        if (j->channel < 0 || c == j->channel) {
            peak = fmax(peak, fabs(sample_at(&j->audio, frame, c)));
        }
    }
    return peak;
}

static void do_onsets(struct job *j)
{
    double threshold = pow(10, number(j, "threshold", -40) / 20);
    int64_t hold = llround(number(j, "hold", 0.02) * j->audio.rate);
    int64_t first = -1, last = -1;
    int spans = 0;
    for (int64_t i = j->from; i <= j->to; i++) {
        bool sound = i < j->to && loudest(j, i) > threshold;
        if (first >= 0 && (i == j->to || (!sound && i - last > hold))) {
            spans++;
            printf("start%d=%.6f\nend%d=%.6f\n", spans, seconds(j, first),
                   spans, seconds(j, last + 1));
            printf("start%d_frame=%lld\nend%d_frame=%lld\n", spans,
                   (long long)first, spans, (long long)last + 1);
            first = -1;
        }
        if (sound) {
            first = first < 0 ? i : first;
            last = i;
        }
    }
    printf("spans=%d\n", spans);
}

static void do_clicks(struct job *j)
{
    int64_t count = (int64_t)number(j, "count", 1);
    int64_t apart = llround(number(j, "apart", 0.01) * j->audio.rate);
    double *level = malloc((size_t)(j->to - j->from + 1) * sizeof(*level));
    if (!level) {
        die("out of memory");
    }
    for (int64_t i = j->from; i < j->to; i++) {
        level[i - j->from] = loudest(j, i);
    }
    for (int64_t n = 1; n <= count; n++) {
        int64_t best = 0;
        for (int64_t i = 0; i < j->to - j->from; i++) {
            best = level[i] > level[best] ? i : best;
        }
        if (j->to <= j->from || level[best] <= 0) {
            break;
        }
        printf("click%lld=%.6f\nclick%lld_frame=%lld\nclick%lld_dbfs=%.2f\n",
               (long long)n, seconds(j, j->from + best), (long long)n,
               (long long)(j->from + best), (long long)n,
               decibels(level[best]));
        for (int64_t i = best - apart; i <= best + apart; i++) {
            if (i >= 0 && i < j->to - j->from) {
                level[i] = 0;
            }
        }
    }
    free(level);
}

static void do_silence(struct job *j)
{
    int64_t least = llround(number(j, "least", 0.001) * j->audio.rate);
    int64_t first = -1, total = 0;
    int spans = 0;
    for (int64_t i = j->from; i <= j->to; i++) {
        bool zero = i < j->to && loudest(j, i) == 0;
        if (!zero && first >= 0 && i - first >= least) {
            spans++;
            total += i - first;
            printf("silence%d=%.6f %.6f\n", spans, seconds(j, first),
                   seconds(j, i));
        }
        first = !zero ? -1 : first < 0 ? i : first;
    }
    printf("silences=%d\nsilent_frames=%lld\n", spans, (long long)total);
}

/* --- counter --- */

static void do_counter(struct job *j)
{
    const struct audio *a = &j->audio;
    if (a->bits != 16 && a->bits != 24) {
        die("the pattern is one of 16 bits, the file has %d", a->bits);
    }
    int64_t breaks = 0;
    uint16_t expected = 0;
    for (int64_t i = j->from; i < j->to; i++) {
        for (int c = 0; c < a->channels; c++) {
            int32_t sample = a->samples[i * a->channels + c];
            uint16_t value = (uint16_t)((uint32_t)sample >> 16);
            bool begins = i == j->from && c == 0;
            if (begins) {
                printf("first=%u\n", value);
            }
            if ((!begins && value != expected) || (sample & 0xffff) != 0) {
                if (++breaks <= 100) {
                    printf("break%lld=%lld %d expected %u found %u\n",
                           (long long)breaks, (long long)i, c, expected, value);
                }
            }
            expected = (uint16_t)(value + 1);
        }
    }
    printf("frames=%lld\nbreaks=%lld\n", (long long)(j->to - j->from),
           (long long)breaks);
}

/* --- find --- */

enum { SEED_FRAMES = 32 };

static bool same(const struct audio *needle, int64_t from,
                 const struct audio *a, int64_t at, int64_t frames)
{
    size_t frame = (size_t)a->channels * sizeof(*a->samples);
    return memcmp(needle->samples + from * a->channels,
                  a->samples + at * a->channels, (size_t)frames * frame) == 0;
}

/* Where the SEED_FRAMES of the needle from FROM on are in the file; -1: they
 * are not. */
static int64_t find_seed(const struct job *j, const struct audio *needle,
                         int64_t from)
{
    const struct audio *a = &j->audio;
    int32_t first = needle->samples[from * a->channels];
    for (int64_t at = j->from; at + SEED_FRAMES <= j->to; at++) {
        if (a->samples[at * a->channels] == first &&
            same(needle, from, a, at, SEED_FRAMES)) {
            return at;
        }
    }
    return -1;
}

/* The runs of the needle's frames that are in the file without a break. */
static void do_find(struct job *j)
{
    struct audio needle = audio_read(operand(&j->arguments, 1), NULL);
    const struct audio *a = &j->audio;
    if (needle.channels != a->channels || needle.rate != a->rate) {
        die("the needle has %d channels at %d Hz, the file %d at %d",
            needle.channels, needle.rate, a->channels, a->rate);
    }
    int64_t done = 0, runs = 0, equal = 0, offset = 0;
    for (int64_t seed = 0; seed + SEED_FRAMES <= needle.frames;) {
        int64_t at = find_seed(j, &needle, seed);
        if (at < 0) {
            seed += SEED_FRAMES;
            continue;
        }
        int64_t from = seed, to = seed, end = at;
        while (from > done && at > j->from &&
               same(&needle, from - 1, a, at - 1, 1)) {
            from--;
            at--;
        }
        while (to < needle.frames && end < j->to &&
               same(&needle, to, a, end, 1)) {
            to++;
            end++;
        }
        printf("run%lld=%lld %lld at %lld\n", (long long)++runs,
               (long long)from, (long long)to, (long long)at);
        offset = runs == 1 ? at - from : offset;
        equal += to - from;
        done = to;
        seed = to;
    }
    printf("needle_frames=%lld\nequal_frames=%lld\nruns=%lld\n",
           (long long)needle.frames, (long long)equal, (long long)runs);
    printf("offset=%lld\nfound=%d\n", (long long)offset,
           runs == 1 && equal == needle.frames);
    audio_free(&needle);
}

/* --- */

static void load(struct job *j, bool find)
{
    const char *raw = option_text(&j->arguments, "raw", NULL);
    j->audio = audio_read(operand(&j->arguments, find ? 2 : 1), raw);
    j->from = llround(number(j, "from", 0) * j->audio.rate);
    j->to = j->audio.frames;
    double to = number(j, "to", -1);
    if (to >= 0) {
        j->to = llround(to * j->audio.rate);
    }
    if (j->from < 0 || j->from > j->to || j->to > j->audio.frames) {
        die("the file is %.6f s long: no stretch from %.6f to %.6f",
            seconds(j, j->audio.frames), seconds(j, j->from),
            seconds(j, j->to));
    }
    if (j->channel >= j->audio.channels) {
        die("the file has %d channels", j->audio.channels);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(struct job *j);
        int channel; /* unless it is said; -1: all */
    } commands[] = {{"frames", do_frames, -1},   {"tone", do_tone, 0},
                    {"level", do_level, 0},      {"onsets", do_onsets, -1},
                    {"clicks", do_clicks, -1},   {"silence", do_silence, -1},
                    {"counter", do_counter, -1}, {"find", do_find, -1}};

    tool_name = "analyse";
    struct job j = {.arguments = {argc - 1, argv + 1}};
    const char *what = operand(&j.arguments, 0);
    if (!what) {
        fputs(USAGE, stderr);
        return 2;
    }
    check_options(&j.arguments, OPTIONS);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, what) == 0) {
            j.channel = (int)number(&j, "channel", commands[i].channel);
            load(&j, strcmp(what, "find") == 0);
            commands[i].run(&j);
            audio_free(&j.audio);
            return 0;
        }
    }
    die("there is no subcommand '%s'", what);
}
