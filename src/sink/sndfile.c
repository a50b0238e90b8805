/* sndfile: FLAC, Opus and MP3 by libsndfile, over a medium. The only file that
 * knows libsndfile. Writer thread.
 *
 * libsndfile does not pass on why a write failed, and an encoder that failed
 * says "no error" from then on (it returns short counts, sf_close says 0): so
 * the medium keeps the system's reason, every count is checked, and the first
 * failure stays. What each encoder hands over is watched on its way
 * (flac_head, ogg_pages, mp3_head), which is how a file tells its length before
 * the encoder would do it, and where it never will. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

#include "sink/flac_head.h"
#include "sink/formats.h"
#include "sink/id3.h"
#include "sink/mp3_head.h"
#include "sink/ogg_pages.h"
#include "sink/places.h"
#include "sink/texts.h"

enum { REORDER_SAMPLES = 4096 };

struct sndfile_sink;

struct codec {
    enum sink_type type;
    int format; /* libsndfile's, less a subformat that the samples decide */
    /* libsndfile's level of compression for each of ours */
    double levels[SINK_COMPRESSION_MAX + 1];
    /* Before the encoder is there; optional. False: F says why. */
    bool (*prepare)(struct sndfile_sink *s, const struct sink_request *r,
                    struct fault *f);
    /* Before the first sample. */
    void (*setup)(struct sndfile_sink *s, const struct sink_request *r);
    /* The encoder hands over BYTES of DATA for its place `at`. Returns how many
     * were taken. */
    size_t (*put)(struct sndfile_sink *s, const void *data, size_t bytes);
    /* Frames that are in the file, after a failure. */
    uint64_t (*saved)(const struct sndfile_sink *s);
    /* Say in the file how long it is; optional. Not for streams. */
    void (*tell_length)(struct sndfile_sink *s);
    /* Forget what is behind the last whole block; where does that end? NULL:
     * with the last write. */
    int64_t (*cut)(struct sndfile_sink *s);
};

struct sndfile_sink {
    struct sink base;
    struct medium medium;
    const struct codec *codec;
    SNDFILE *snd;
    enum sample_type sample;
    uint32_t channels, rate;
    bool reordered;
    uint8_t order[PLACES_MAX];
    uint64_t given_frames; /* taken by the encoder without complaint */
    int64_t at, end;       /* the encoder's place, and its file's end */
    int64_t shift;         /* what lies on the medium before its place 0 */
    union {
        struct flac_head flac;
        struct ogg_pages ogg;
        struct mp3_head mp3;
    };
};

static bool failed(const struct sndfile_sink *s)
{
    return s->medium.fault.err != ERR_OK;
}

/* --- the medium as libsndfile sees it --- */

static sf_count_t io_length(void *user)
{
    return ((struct sndfile_sink *)user)->end;
}

static sf_count_t io_tell(void *user)
{
    return ((struct sndfile_sink *)user)->at;
}

static sf_count_t io_seek(sf_count_t offset, int whence, void *user)
{
    struct sndfile_sink *s = user;

    if (whence == SEEK_CUR)
        offset += s->at;
    else if (whence == SEEK_END)
        offset += s->end;
    s->at = offset;
    return offset;
}

static sf_count_t io_read(void *data, sf_count_t bytes, void *user)
{
    (void)data, (void)bytes, (void)user;
    return 0;
}

static sf_count_t io_write(const void *data, sf_count_t bytes, void *user)
{
    struct sndfile_sink *s = user;
    size_t done = s->codec->put(s, data, (size_t)bytes);

    s->at += (int64_t)done;
    if (s->at > s->end)
        s->end = s->at;
    return (sf_count_t)done;
}

/* --- FLAC --- */

static void set_strings(struct sndfile_sink *s, const struct sink_request *r)
{
    static const int types[SINK_TAG_COUNT] = {
        [SINK_TAG_TITLE] = SF_STR_TITLE,
        [SINK_TAG_ARTIST] = SF_STR_ARTIST,
        [SINK_TAG_ALBUM] = SF_STR_ALBUM,
        [SINK_TAG_TRACKNUMBER] = SF_STR_TRACKNUMBER,
        [SINK_TAG_GENRE] = SF_STR_GENRE,
        [SINK_TAG_DATE] = SF_STR_DATE,
        [SINK_TAG_COMMENT] = SF_STR_COMMENT,
        [SINK_TAG_COPYRIGHT] = SF_STR_COPYRIGHT,
        [SINK_TAG_LICENCE] = SF_STR_LICENSE,
        [SINK_TAG_SOFTWARE] = SF_STR_SOFTWARE,
    };
    struct texts texts;

    texts_collect(&texts, r, true);
    for (size_t i = 0; i < SINK_TAG_COUNT; i++)
        if (texts.text[i][0] != '\0')
            sf_set_string(s->snd, types[i], texts.text[i]);
}

static size_t flac_put(struct sndfile_sink *s, const void *data, size_t bytes)
{
    return flac_head_put(&s->flac, &s->medium, s->at, data, bytes);
}

static uint64_t flac_saved(const struct sndfile_sink *s)
{
    return flac_head_samples(&s->flac, s->given_frames);
}

static void flac_tell_length(struct sndfile_sink *s)
{
    flac_head_set_samples(&s->flac, &s->medium, flac_saved(s));
    flac_head_set_marks(&s->flac, &s->medium, flac_saved(s), false);
}

/* --- Opus --- */

static void opus_setup(struct sndfile_sink *s, const struct sink_request *r)
{
    double page_ms = 200.0;

    sf_command(s->snd, SFC_SET_OGG_PAGE_LATENCY_MS, &page_ms, sizeof page_ms);
    set_strings(s, r);
}

static size_t opus_put(struct sndfile_sink *s, const void *data, size_t bytes)
{
    return ogg_pages_put(&s->ogg, &s->medium, data, bytes);
}

/* Positions count at 48 kHz whatever the rate is (RFC 7845, 4). */
static uint64_t opus_saved(const struct sndfile_sink *s)
{
    uint64_t granule = s->ogg.granule;
    uint64_t frames = 0;

    if (granule > s->ogg.pre_skip)
        frames = (granule - s->ogg.pre_skip) * s->rate / 48000;
    return frames < s->given_frames ? frames : s->given_frames;
}

/* --- MP3 --- */

/* The tag is ours; the encoder's place 0 lies behind it. */
static bool mp3_prepare(struct sndfile_sink *s, const struct sink_request *r,
                        struct fault *f)
{
    struct texts texts;
    size_t bytes = 0;
    uint8_t *tag;

    texts_collect(&texts, r, true);
    tag = id3_make(&texts, &bytes);
    if (tag == NULL)
        return fault_set(f, ERR_NO_MEMORY, "open file", r->path, NULL);
    medium_write(&s->medium, tag, bytes);
    free(tag);
    s->shift = s->medium.length;
    return !failed(s) || medium_tell(&s->medium, f);
}

/* Without the frame that tells the length its guess is right only where the
 * bit rate is constant. */
static void mp3_setup(struct sndfile_sink *s, const struct sink_request *r)
{
    int mode = SF_BITRATE_MODE_CONSTANT;

    (void)r;
    if (s->medium.stream)
        sf_command(s->snd, SFC_SET_BITRATE_MODE, &mode, sizeof mode);
}

static size_t mp3_put(struct sndfile_sink *s, const void *data, size_t bytes)
{
    if (s->at < s->end) { /* the first frame, once more, at the end */
        if (s->medium.stream)
            return bytes;
        medium_seek(&s->medium, s->shift + s->at);
        return medium_write(&s->medium, data, bytes);
    }
    return mp3_head_append(&s->mp3, &s->medium, s->at, data, bytes);
}

static uint64_t mp3_saved(const struct sndfile_sink *s)
{
    return mp3_head_samples(&s->mp3, s->given_frames);
}

static int64_t mp3_cut(struct sndfile_sink *s)
{
    s->mp3.at = s->mp3.whole;
    return s->shift + s->mp3.whole;
}

static void mp3_tell_length(struct sndfile_sink *s)
{
    uint8_t frame[MP3_FRAME_MOST];
    size_t bytes = mp3_head_make(&s->mp3, frame);

    if (bytes == 0 || s->medium.length < s->shift + (int64_t)bytes)
        return;
    medium_seek(&s->medium, s->shift);
    medium_write(&s->medium, frame, bytes);
}

/* --- the table --- */

/* Opus: 256, 192, 160, 128, 96, 64, 48, 32, 24 kbit/s for each channel, which
 * libsndfile makes of levels as 6 + 250 * (1 - level). MP3: LAME's -V. */
#define KBIT(n) (1.0 - ((n)-6) / 250.0)

static const struct codec codecs[] = {
    {
        .type = SINK_FLAC,
        .format = SF_FORMAT_FLAC,
        .levels = {0, 1 / 8.0, 2 / 8.0, 3 / 8.0, 4 / 8.0, 5 / 8.0, 6 / 8.0,
                   7 / 8.0, 1},
        .setup = set_strings,
        .put = flac_put,
        .saved = flac_saved,
        .tell_length = flac_tell_length,
    },
    {
        .type = SINK_OPUS,
        .format = SF_FORMAT_OGG | SF_FORMAT_OPUS,
        .levels = {KBIT(256), KBIT(192), KBIT(160), KBIT(128), KBIT(96),
                   KBIT(64), KBIT(48), KBIT(32), KBIT(24)},
        .setup = opus_setup,
        .put = opus_put,
        .saved = opus_saved,
    },
    {
        .type = SINK_MP3,
        .format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III,
        .levels = {0, .1, .2, .3, .4, .5, .6, .7, .8},
        .prepare = mp3_prepare,
        .setup = mp3_setup,
        .put = mp3_put,
        .saved = mp3_saved,
        .cut = mp3_cut,
        .tell_length = mp3_tell_length,
    },
};

static const struct codec *find_codec(enum sink_type type)
{
    size_t i = 0;

    while (codecs[i].type != type)
        i++;
    return &codecs[i];
}

/* --- open --- */

/* The encoder failed; unless the medium did first, all that is known is what
 * libsndfile says. */
static bool fail(struct sndfile_sink *s, const char *op, struct fault *f)
{
    struct fault fault = {0};

    fault_setf(&fault, ERR_ENCODER, op, 0, NULL, "%s: %s",
               sink_type_name(s->codec->type), sf_strerror(s->snd));
    medium_latch(&s->medium, &fault);
    return medium_tell(&s->medium, f);
}

static bool start(struct sndfile_sink *s, const struct sink_request *r,
                  struct fault *f)
{
    SF_VIRTUAL_IO io = {io_length, io_seek, io_read, io_write, io_tell};
    SF_INFO info = {.samplerate = (int)r->format.rate,
                    .channels = (int)r->format.channels,
                    .format = s->codec->format};
    double level = s->codec->levels[sink_compression(r)];

    if (s->codec->prepare != NULL && !s->codec->prepare(s, r, f))
        return false;
    if (r->type == SINK_FLAC)
        info.format |=
            r->sample == SAMPLE_S16 ? SF_FORMAT_PCM_16 : SF_FORMAT_PCM_24;
    s->snd = sf_open_virtual(&io, SFM_WRITE, &info, s);
    if (s->snd == NULL)
        return fail(s, "start encoder", f);
    sf_command(s->snd, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
    s->codec->setup(s, r);
    return true;
}

static struct sink *sndfile_open(const struct sink_request *r, struct fault *f)
{
    struct sndfile_sink *s = calloc(1, sizeof *s);

    if (s == NULL) {
        fault_set(f, ERR_NO_MEMORY, "open file", r->path, NULL);
        return NULL;
    }
    s->base.ops = &sink_sndfile_ops;
    s->codec = find_codec(r->type);
    s->sample = r->sample;
    s->channels = r->format.channels;
    s->rate = r->format.rate;
    if (r->type == SINK_OPUS)
        s->reordered = places_vorbis_order(&r->format, s->order);
    if (!medium_open(&s->medium, r, f)) {
        free(s);
        return NULL;
    }
    if (start(s, r, f))
        return &s->base;
    medium_abandon(&s->medium, r);
    free(s);
    return NULL;
}

/* --- write --- */

/* The same in the channels' order of the format. */
static bool write_reordered(struct sndfile_sink *s, const float *from,
                            size_t frames)
{
    float to[REORDER_SAMPLES];
    size_t most = REORDER_SAMPLES / s->channels;

    while (frames > 0) {
        size_t n = frames < most ? frames : most;
        for (size_t i = 0; i < n; i++)
            for (uint32_t c = 0; c < s->channels; c++)
                to[i * s->channels + c] = from[i * s->channels + s->order[c]];
        if (sf_writef_float(s->snd, to, (sf_count_t)n) != (sf_count_t)n)
            return false;
        from += n * s->channels;
        frames -= n;
    }
    return true;
}

static bool encode(struct sndfile_sink *s, const void *data, size_t frames)
{
    sf_count_t count = (sf_count_t)frames;
    if (s->sample == SAMPLE_S16)
        return sf_writef_short(s->snd, data, count) == count;
    if (s->sample == SAMPLE_F32)
        return s->reordered ? write_reordered(s, data, frames)
                            : sf_writef_float(s->snd, data, count) == count;
    return sf_writef_int(s->snd, data, count) == count;
}

static bool sndfile_write(struct sink *sink, const void *data, size_t frames,
                          struct fault *f)
{
    struct sndfile_sink *s = (struct sndfile_sink *)sink;

    if (failed(s))
        return medium_tell(&s->medium, f);
    if (!encode(s, data, frames) || failed(s) || sf_error(s->snd) != 0)
        return fail(s, "encode", f);
    s->given_frames += frames;
    return true;
}

static bool sndfile_commit(struct sink *sink, struct fault *f)
{
    struct sndfile_sink *s = (struct sndfile_sink *)sink;

    if (!failed(s) && !s->medium.stream && s->given_frames > 0 &&
        s->codec->tell_length != NULL)
        s->codec->tell_length(s);
    return medium_commit(&s->medium, f);
}

static uint64_t sndfile_bytes(const struct sink *sink)
{
    return (uint64_t)((const struct sndfile_sink *)sink)->medium.end;
}

static uint64_t sndfile_frames(const struct sink *sink)
{
    const struct sndfile_sink *s = (const struct sndfile_sink *)sink;

    return failed(s) ? s->codec->saved(s) : s->given_frames;
}

static uint64_t sndfile_most_bytes(const struct sink *sink, uint64_t frames)
{
    const struct sndfile_sink *s = (const struct sndfile_sink *)sink;
    uint64_t waiting = s->given_frames - s->codec->saved(s) + frames;

    return sndfile_bytes(sink) +
           sink_encoder_most(waiting * s->channels,
                             s->sample == SAMPLE_S24 ? 3 : 2);
}

/* --- close --- */

/* After a failure: what was handed over whole, and its length. A FLAC's
 * checksum stays 0, which means "not known". */
static void mend(struct sndfile_sink *s)
{
    medium_cut(&s->medium,
               s->codec->cut != NULL ? s->codec->cut(s) : s->medium.length);
    if (!s->medium.stream && s->codec->tell_length != NULL)
        s->codec->tell_length(s);
}

static const struct file *sndfile_file(const struct sink *sink)
{
    return ((const struct sndfile_sink *)sink)->medium.file;
}

static bool sndfile_mark(struct sink *sink, uint64_t frame)
{
    struct sndfile_sink *s = (struct sndfile_sink *)sink;

    return s->codec->type == SINK_FLAC &&
           flac_head_mark(&s->flac, &s->medium, frame);
}

static void finish_marks(struct sndfile_sink *s)
{
    flac_head_set_marks(&s->flac, &s->medium, sndfile_frames(&s->base), true);
    marks_free(&s->flac.marks);
}

static bool sndfile_close(struct sink *sink, struct sink_total *total,
                          struct fault *f)
{
    struct sndfile_sink *s = (struct sndfile_sink *)sink;
    unsigned before = s->medium.failures;
    bool ok;

    if (s->codec->type == SINK_FLAC && s->given_frames == 0 && !failed(s))
        /* Without a frame libsndfile would not even write the header. */
        sf_command(s->snd, SFC_UPDATE_HEADER_NOW, NULL, 0);
    sf_close(s->snd);
    if (failed(s))
        mend(s);
    if (s->codec->type == SINK_FLAC)
        finish_marks(s);
    total->frames = sndfile_frames(sink);
    total->bytes = sndfile_bytes(sink);
    ok = medium_close(&s->medium, before, f);
    free(s);
    return ok;
}

const struct sink_ops sink_sndfile_ops = {
    .name = "sndfile",
    .open = sndfile_open,
    .write = sndfile_write,
    .commit = sndfile_commit,
    .mark = sndfile_mark,
    .close = sndfile_close,
    .bytes = sndfile_bytes,
    .frames = sndfile_frames,
    .most_bytes = sndfile_most_bytes,
    .file = sndfile_file,
    .library = sf_version_string,
};
