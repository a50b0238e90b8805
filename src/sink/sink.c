/* sink: the table of file types, what each can hold, and the calls that go to
 * one of them. The checks: any thread; the calls: writer thread. */
#include "sink/sink.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "sink/formats.h"

enum { SAMPLES_MAX = 4, ENDINGS_MAX = 2 };

struct type_row {
    enum sink_type type;
    const char *name;
    const char *endings[ENDINGS_MAX]; /* the first names new files */
    const struct sink_ops *ops;
    enum sample_type samples[SAMPLES_MAX];
    uint32_t channels_max;
    uint32_t rate_max;
};

/* FLAC's channels and rate: its format; beyond 65,535 Hz a rate has to be a
 * multiple of 10 (check_rate). */
static const struct type_row types[] = {
    {SINK_WAV,
     "wav",
     {"wav", "wave"},
     &sink_sndfile_ops,
     {SAMPLE_S16, SAMPLE_S24, SAMPLE_S32, SAMPLE_F32},
     FORMAT_CHANNELS_MAX,
     FORMAT_RATE_MAX},
    {SINK_FLAC,
     "flac",
     {"flac"},
     &sink_sndfile_ops,
     {SAMPLE_S16, SAMPLE_S24},
     8,
     655350},
    {SINK_RAW,
     "raw",
     {"raw", "pcm"},
     &sink_raw_ops,
     {SAMPLE_S16, SAMPLE_S24, SAMPLE_S32, SAMPLE_F32},
     FORMAT_CHANNELS_MAX,
     FORMAT_RATE_MAX},
    {SINK_NULL,
     "null",
     {0},
     &sink_null_ops,
     {SAMPLE_S16, SAMPLE_S24, SAMPLE_S32, SAMPLE_F32},
     FORMAT_CHANNELS_MAX,
     FORMAT_RATE_MAX},
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
    return "wav, flac, raw, null";
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

    if (channels >= 1 && channels <= row->channels_max)
        return true;
    snprintf(hint, sizeof hint, "%s holds 1 to %u channels", row->name,
             (unsigned)row->channels_max);
    return fault_setf(f, ERR_FORMAT, row->name, 0, hint, "%u channels",
                      (unsigned)channels);
}

static bool check_rate(const struct type_row *row, uint32_t rate,
                       struct fault *f)
{
    char hint[120];
    bool tens = row->type == SINK_FLAC && rate > 65535 && rate % 10 != 0;

    if (rate >= FORMAT_RATE_MIN && rate <= row->rate_max && !tens)
        return true;
    snprintf(hint, sizeof hint, "%s holds %u to %u Hz%s", row->name,
             (unsigned)FORMAT_RATE_MIN, (unsigned)row->rate_max,
             tens ? ", above 65535 multiples of 10 only" : "");
    return fault_setf(f, ERR_FORMAT, row->name, 0, hint, "%u Hz",
                      (unsigned)rate);
}

bool sink_check(enum sink_type type, enum sample_type sample,
                const struct audio_format *format, struct fault *f)
{
    const struct type_row *row = find(type);

    if (row == NULL)
        return fault_set(f, ERR_FORMAT, "file type", NULL, NULL);
    if (!check_sample(row, sample, f))
        return false;
    return format == NULL || (check_channels(row, format->channels, f) &&
                              check_rate(row, format->rate, f));
}

enum sample_type sink_default_sample(enum sink_type type,
                                     enum sample_type native)
{
    (void)type; /* every type so far holds both */
    return native == SAMPLE_U8 || native == SAMPLE_S16 ? SAMPLE_S16
                                                       : SAMPLE_S24;
}

struct sink *sink_open(const struct sink_request *request, struct fault *f)
{
    if (!sink_check(request->type, request->sample, &request->format, f))
        return NULL;
    return find(request->type)->ops->open(request, f);
}

bool sink_write(struct sink *s, const void *data, size_t frames,
                struct fault *f)
{
    return frames == 0 || s->ops->write(s, data, frames, f);
}

bool sink_commit(struct sink *s, struct fault *f)
{
    return s->ops->commit == NULL || s->ops->commit(s, f);
}

bool sink_close(struct sink *s, struct fault *f)
{
    return s == NULL || s->ops->close(s, f);
}

uint64_t sink_bytes(const struct sink *s)
{
    return s->ops->bytes(s);
}

uint64_t sink_frames(const struct sink *s)
{
    return s->ops->frames(s);
}
