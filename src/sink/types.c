/* types: the table of file types, and what each can hold. Pure; any thread. */
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "sink/formats.h"
#include "sink/places.h"
#include "sink/sink.h"

enum { SAMPLES_MAX = 4, ENDINGS_MAX = 2 };

/* What becomes of the channels' places. */
enum places {
    PLACES_KEPT,
    PLACES_CUSTOMARY, /* one arrangement for each number of channels */
    PLACES_FORGOTTEN, /* samples and nothing else */
};

struct type_row {
    enum sink_type type;
    const char *name;
    const char *endings[ENDINGS_MAX]; /* the first names new files */
    const struct sink_ops *ops;
    enum sample_type samples[SAMPLES_MAX];
    uint32_t channels_max;
    uint32_t rate_max;     /* where any rate up to it will do */
    const uint32_t *rates; /* else these, ascending, and a 0 */
    enum places places;
    unsigned tags;   /* that it holds, a bit each */
    int compression; /* the default; SINK_COMPRESSION_DEFAULT: it knows none */
};

static const uint32_t opus_rates[] = {8000, 12000, 16000, 24000, 48000, 0};
static const uint32_t mp3_rates[] = {8000,  11025, 12000, 16000, 22050,
                                     24000, 32000, 44100, 48000, 0};

enum {
    TAGS_ALL = (1 << SINK_TAG_COUNT) - 1,
    TAGS_RIFF = TAGS_ALL & ~(1 << SINK_TAG_LICENCE),
};

#define ANY_SAMPLE                                     \
    {                                                  \
        SAMPLE_S16, SAMPLE_S24, SAMPLE_S32, SAMPLE_F32 \
    }

/* FLAC's channels and rate: its format; beyond 65,535 Hz a rate has to be a
 * multiple of 10 (check_rate). Vorbis: libvorbis 1.3.7 takes 1 to 200,000 Hz;
 * of more than 8 channels neither it nor Opus says what they are for. Opus and
 * MP3: their formats. Lossy files have no samples; their encoders take f32. */
static const struct type_row types[] = {
    {
        .type = SINK_WAV,
        .name = "wav",
        .endings = {"wav", "wave"},
        .ops = &sink_wave_ops,
        .samples = ANY_SAMPLE,
        .channels_max = FORMAT_CHANNELS_MAX,
        .rate_max = FORMAT_RATE_MAX,
        .places = PLACES_KEPT,
        .tags = TAGS_RIFF,
        .compression = SINK_COMPRESSION_DEFAULT,
    },
    {
        .type = SINK_RF64,
        .name = "rf64",
        .endings = {"rf64"},
        .ops = &sink_wave_ops,
        .samples = ANY_SAMPLE,
        .channels_max = FORMAT_CHANNELS_MAX,
        .rate_max = FORMAT_RATE_MAX,
        .places = PLACES_KEPT,
        .tags = TAGS_RIFF,
        .compression = SINK_COMPRESSION_DEFAULT,
    },
    {
        .type = SINK_W64,
        .name = "w64",
        .endings = {"w64"},
        .ops = &sink_wave_ops,
        .samples = ANY_SAMPLE,
        .channels_max = FORMAT_CHANNELS_MAX,
        .rate_max = FORMAT_RATE_MAX,
        .places = PLACES_KEPT,
        .compression = SINK_COMPRESSION_DEFAULT,
    },
    {
        .type = SINK_FLAC,
        .name = "flac",
        .endings = {"flac"},
        .ops = &sink_sndfile_ops,
        .samples = {SAMPLE_S16, SAMPLE_S24},
        .channels_max = 8,
        .rate_max = 655350,
        .places = PLACES_CUSTOMARY,
        .tags = TAGS_ALL,
        .compression = 5,
    },
    {
        .type = SINK_OGG,
        .name = "ogg",
        .endings = {"ogg", "oga"},
        .ops = &sink_vorbis_ops,
        .samples = {SAMPLE_F32},
        .channels_max = 8,
        .rate_max = 200000,
        .places = PLACES_CUSTOMARY,
        .tags = TAGS_ALL,
        .compression = 5,
    },
    {
        .type = SINK_OPUS,
        .name = "opus",
        .endings = {"opus"},
        .ops = &sink_sndfile_ops,
        .samples = {SAMPLE_F32},
        .channels_max = 8,
        .rates = opus_rates,
        .places = PLACES_CUSTOMARY,
        .tags = TAGS_ALL,
        .compression = 5,
    },
    {
        .type = SINK_MP3,
        .name = "mp3",
        .endings = {"mp3"},
        .ops = &sink_sndfile_ops,
        .samples = {SAMPLE_F32},
        .channels_max = 2,
        .rates = mp3_rates,
        .places = PLACES_CUSTOMARY,
        .tags = TAGS_ALL,
        .compression = 2,
    },
    {
        .type = SINK_RAW,
        .name = "raw",
        .endings = {"raw", "pcm"},
        .ops = &sink_raw_ops,
        .samples = ANY_SAMPLE,
        .channels_max = FORMAT_CHANNELS_MAX,
        .rate_max = FORMAT_RATE_MAX,
        .places = PLACES_FORGOTTEN,
        .compression = SINK_COMPRESSION_DEFAULT,
    },
    {
        .type = SINK_NULL,
        .name = "null",
        .ops = &sink_null_ops,
        .samples = ANY_SAMPLE,
        .channels_max = FORMAT_CHANNELS_MAX,
        .rate_max = FORMAT_RATE_MAX,
        .places = PLACES_FORGOTTEN,
        .compression = SINK_COMPRESSION_DEFAULT,
    },
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

static const struct type_row *find(enum sink_type type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (types[i].type == type)
            return &types[i];
    return NULL;
}

enum sink_type sink_type_parse(const char *name)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (text_same(types[i].name, name))
            return types[i].type;
    return SINK_AUTO;
}

const char *sink_type_name(enum sink_type type)
{
    const struct type_row *row = find(type);

    return row != NULL ? row->name : "auto";
}

const char *sink_type_names(void)
{
    return "wav, rf64, w64, flac, ogg, opus, mp3, raw, null";
}

const char *sink_pipe_type_names(void)
{
    return "wav, flac, ogg, opus, mp3, raw";
}

enum sink_type sink_type_from_path(const char *path)
{
    const char *name = path;
    const char *ending;

    for (const char *p = path; *p != '\0'; p++)
        if (*p == '/' || *p == '\\')
            name = p + 1;
    ending = strrchr(name, '.');
    if (ending == NULL || ending == name)
        return SINK_AUTO;
    for (size_t i = 0; i < TYPE_COUNT; i++)
        for (size_t j = 0; j < ENDINGS_MAX; j++)
            if (types[i].endings[j] != NULL &&
                text_same(types[i].endings[j], ending + 1))
                return types[i].type;
    return SINK_AUTO;
}

static bool check_sample(const struct type_row *row, enum sample_type sample,
                         struct fault *f)
{
    char hint[80];
    int used = snprintf(hint, sizeof hint, "%s holds", row->name);
    size_t count = 0;

    while (count < SAMPLES_MAX && row->samples[count] != SAMPLE_NONE)
        count++;
    for (size_t i = 0; i < count; i++) {
        const char *joint = i == 0 ? " " : i + 1 < count ? ", " : " and ";
        if (row->samples[i] == sample)
            return true;
        used += snprintf(hint + used, sizeof hint - (size_t)used, "%s%s", joint,
                         sample_name(row->samples[i]));
    }
    return fault_setf(f, ERR_FORMAT, row->name, 0, hint, "%s samples",
                      sample_name(sample));
}

static bool check_channels(const struct type_row *row, uint32_t channels,
                           struct fault *f)
{
    char hint[80];

    if (channels <= row->channels_max)
        return true;
    snprintf(hint, sizeof hint, "%s holds 1 to %u channels; choose by -c",
             row->name, (unsigned)row->channels_max);
    return fault_setf(f, ERR_FORMAT, row->name, 0, hint, "%u channels",
                      (unsigned)channels);
}

/* "8000, 12000 and 16000" */
static void list_rates(char *text, size_t size, const uint32_t *rates)
{
    size_t used = 0;

    for (size_t i = 0; rates[i] != 0 && used < size; i++) {
        const char *joint = i == 0 ? "" : rates[i + 1] != 0 ? ", " : " and ";
        used += (size_t)snprintf(text + used, size - used, "%s%u", joint,
                                 (unsigned)rates[i]);
    }
}

static bool check_rate(const struct type_row *row, uint32_t rate,
                       struct fault *f)
{
    char hint[160], list[100];
    bool tens = row->type == SINK_FLAC && rate > 65535 && rate % 10 != 0;

    if (row->rates != NULL) {
        for (size_t i = 0; row->rates[i] != 0; i++)
            if (row->rates[i] == rate)
                return true;
        list_rates(list, sizeof list, row->rates);
        snprintf(hint, sizeof hint, "%s holds %s Hz; choose by -r", row->name,
                 list);
    } else {
        if (rate >= FORMAT_RATE_MIN && rate <= row->rate_max && !tens)
            return true;
        snprintf(hint, sizeof hint, "%s holds %u to %u Hz%s; choose by -r",
                 row->name, (unsigned)FORMAT_RATE_MIN, (unsigned)row->rate_max,
                 tens ? ", above 65535 multiples of 10 only" : "");
    }
    return fault_setf(f, ERR_FORMAT, row->name, 0, hint, "%u Hz",
                      (unsigned)rate);
}

bool sink_check(enum sink_type type, enum sample_type sample,
                const struct audio_format *format, struct fault *f)
{
    const struct type_row *row = find(type);

    if (row == NULL)
        return fault_set(f, ERR_FORMAT, "file type", NULL, NULL);
    if (sample != SAMPLE_NONE && !check_sample(row, sample, f))
        return false;
    if (format == NULL)
        return true;
    return (format->channels == 0 ||
            check_channels(row, format->channels, f)) &&
           (format->rate == 0 || check_rate(row, format->rate, f));
}

enum sample_type sink_default_sample(enum sink_type type,
                                     enum sample_type native)
{
    const struct type_row *row = find(type);
    bool small = native == SAMPLE_U8 || native == SAMPLE_S16;
    enum sample_type suits = small ? SAMPLE_S16 : SAMPLE_S24;

    for (size_t i = 0; row != NULL && i < SAMPLES_MAX; i++)
        if (row->samples[i] == suits)
            return suits;
    return row != NULL ? row->samples[0] : suits;
}

bool sink_type_compresses(enum sink_type type)
{
    const struct type_row *row = find(type);

    return row != NULL && row->compression != SINK_COMPRESSION_DEFAULT;
}

const char *sink_type_library(enum sink_type type)
{
    const struct sink_ops *ops = sink_type_ops(type);

    return ops->library != NULL ? ops->library() : NULL;
}

int sink_compression(const struct sink_request *request)
{
    return request->compression == SINK_COMPRESSION_DEFAULT
               ? find(request->type)->compression
               : request->compression;
}

const struct sink_ops *sink_type_ops(enum sink_type type)
{
    return find(type)->ops;
}

void sink_caveats(const struct sink_request *request,
                  void (*tell)(void *context, const char *text), void *context)
{
    const struct type_row *row = find(request->type);
    char list[100] = "";
    char text[200];
    size_t used = 0;

    for (unsigned i = 0; i < SINK_TAG_COUNT; i++) {
        const char *value = request->tags.value[i];
        if (value != NULL && *value != '\0' && !(row->tags >> i & 1))
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                     used > 0 ? ", " : "",
                                     sink_tag_name((enum sink_tag)i));
    }
    if (used > 0) {
        snprintf(text, sizeof text, "%s files cannot hold this tag: %s",
                 row->name, list);
        tell(context, text);
    }
    if (row->places == PLACES_CUSTOMARY &&
        !places_are_customary(&request->format)) {
        snprintf(text, sizeof text,
                 "%s files cannot tell for which speakers these channels are; "
                 "their order is kept",
                 row->name);
        tell(context, text);
    }
}
