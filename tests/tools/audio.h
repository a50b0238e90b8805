/* audio: a whole sound file in memory, and how a test tool is told what to do.
 * For the tools in this folder only, each of which is one file. */
#ifndef LOOPREC_TOOLS_AUDIO_H
#define LOOPREC_TOOLS_AUDIO_H

#include <errno.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *tool_name = "tool";

static inline _Noreturn void die(const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fprintf(stderr, "%s: ", tool_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

/* --- arguments: --name=value, and the rest in order --- */

struct arguments {
    int count;
    char **items;
};

/* The value of --NAME=..., or FALLBACK. The last one counts. */
static inline const char *option_text(const struct arguments *a,
                                      const char *name, const char *fallback)
{
    size_t length = strlen(name);
    for (int i = 0; i < a->count; i++) {
        const char *item = a->items[i];
        if (strncmp(item, "--", 2) == 0 &&
            strncmp(item + 2, name, length) == 0 && item[2 + length] == '=') {
            fallback = item + 3 + length;
        }
    }
    return fallback;
}

static inline double option_number(const struct arguments *a, const char *name,
                                   double fallback)
{
    const char *text = option_text(a, name, NULL);
    if (!text) {
        return fallback;
    }
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0') {
        die("--%s=%s is no number", name, text);
    }
    return value;
}

/* The N-th argument that is no option, or NULL. */
static inline const char *operand(const struct arguments *a, int n)
{
    for (int i = 0; i < a->count; i++) {
        if (strncmp(a->items[i], "--", 2) != 0 && n-- == 0) {
            return a->items[i];
        }
    }
    return NULL;
}

/* Every option must be one of NAMES, which ends with NULL. */
static inline void check_options(const struct arguments *a,
                                 const char *const *names)
{
    for (int i = 0; i < a->count; i++) {
        const char *item = a->items[i];
        if (strncmp(item, "--", 2) != 0) {
            continue;
        }
        bool known = false;
        for (const char *const *name = names; *name && !known; name++) {
            size_t length = strlen(*name);
            known = strncmp(item + 2, *name, length) == 0 &&
                    item[2 + length] == '=';
        }
        if (!known) {
            die("unknown option or no value: %s", item);
        }
    }
}

/* --- sound --- */

struct audio {
    int64_t frames;
    int channels;
    int rate;
    int bits; /* of a sample in the file; 32 for float */
    bool is_float;
    const char *type; /* "wav", "flac" ... */
    int32_t *samples; /* interleaved, left-justified; s16 is value << 16 */
};

static inline double sample_at(const struct audio *a, int64_t frame, int c)
{
    return a->samples[frame * a->channels + c] / 2147483648.0;
}

static inline const char *major_name(int format)
{
    switch (format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_WAV: return "wav";
    case SF_FORMAT_WAVEX: return "wav";
    case SF_FORMAT_RF64: return "rf64";
    case SF_FORMAT_FLAC: return "flac";
    case SF_FORMAT_RAW: return "raw";
    default: return "other";
    }
}

static inline int subtype_bits(int format)
{
    switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_16: return 16;
    case SF_FORMAT_PCM_24: return 24;
    default: return 32;
    }
}

/* "s16,48000,2" for files without a header. */
static inline void parse_raw(const char *text, SF_INFO *info)
{
    char kind[8] = "";
    if (sscanf(text, "%7[a-z0-9],%d,%d", kind, &info->samplerate,
               &info->channels) != 3) {
        die("--raw=%s: say it as s16,48000,2", text);
    }
    static const struct {
        const char *name;
        int subtype;
    } kinds[] = {{"s16", SF_FORMAT_PCM_16},
                 {"s24", SF_FORMAT_PCM_24},
                 {"s32", SF_FORMAT_PCM_32},
                 {"f32", SF_FORMAT_FLOAT}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, kind) == 0) {
            info->format = SF_FORMAT_RAW | SF_ENDIAN_LITTLE | kinds[i].subtype;
            return;
        }
    }
    die("--raw=%s: %s is none of s16, s24, s32, f32", text, kind);
}

/* Integer samples as they are, float ones times 2^31: exact for whatever came
 * from at most 24 bits. libsndfile's own scaling of float would not be. */
static inline sf_count_t read_block(SNDFILE *file, const struct audio *a,
                                    int32_t *to, sf_count_t frames)
{
    if (!a->is_float) {
        return sf_readf_int(file, to, frames);
    }
    float *block = malloc((size_t)(frames * a->channels) * sizeof(*block));
    if (!block) {
        die("out of memory");
    }
    sf_count_t got = sf_readf_float(file, block, frames);
    for (sf_count_t i = 0; i < got * a->channels; i++) {
        double value = (double)block[i] * 2147483648.0;
        to[i] = value >= 2147483647.0    ? INT32_MAX
                : value <= -2147483648.0 ? INT32_MIN
                                         : (int32_t)value;
    }
    free(block);
    return got;
}

/* Read all of PATH. RAW as for parse_raw, or NULL. A file whose header speaks
 * of other frames than can be read is refused. */
static inline struct audio audio_read(const char *path, const char *raw)
{
    if (!path) {
        die("which file?");
    }
    SF_INFO info = {0};
    if (raw) {
        parse_raw(raw, &info);
    }
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    if (!file) {
        die("%s: %s", path, sf_strerror(NULL));
    }
    struct audio a = {.channels = info.channels,
                      .rate = info.samplerate,
                      .bits = subtype_bits(info.format),
                      .is_float =
                          (info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_FLOAT,
                      .type = major_name(info.format)};
    int64_t room = 0;
    for (;;) {
        const int64_t block = 65536;
        if (a.frames + block > room) {
            room = room * 2 + block;
            a.samples = realloc(a.samples, (size_t)(room * a.channels) *
                                               sizeof(*a.samples));
            if (!a.samples) {
                die("out of memory");
            }
        }
        sf_count_t got =
            read_block(file, &a, a.samples + a.frames * a.channels, block);
        a.frames += got;
        if (got < block) {
            break;
        }
    }
    if (sf_error(file) != SF_ERR_NO_ERROR) {
        die("%s: %s", path, sf_strerror(file));
    }
    if (info.frames != a.frames) {
        die("%s: the header says %lld frames, %lld can be read", path,
            (long long)info.frames, (long long)a.frames);
    }
    sf_close(file);
    return a;
}

static inline void audio_free(struct audio *a)
{
    free(a->samples);
    a->samples = NULL;
}

#endif
