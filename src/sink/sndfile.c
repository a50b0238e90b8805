/* sndfile: WAV and FLAC by libsndfile, over a medium. The only file that knows
 * libsndfile. Writer thread.
 *
 * libsndfile does not pass on why a write failed, and an encoder that failed
 * says "no error" from then on (it returns short counts, sf_close says 0): so
 * the medium keeps the system's reason, every count is checked, and the first
 * failure stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

#include "core/text.h"
#include "sink/flac_head.h"
#include "sink/formats.h"

struct sndfile_sink {
    struct sink base;
    struct medium medium;
    SNDFILE *snd;
    enum sink_type type;
    enum sample_type sample;
    size_t frame_bytes;    /* in a WAV */
    int64_t data_start;    /* WAV: where the samples begin */
    uint64_t given_frames; /* taken by the encoder without complaint */
    struct flac_head flac;
    const char *name; /* the type's, for messages */
};

/* --- the medium as libsndfile sees it --- */

static sf_count_t io_length(void *user)
{
    return ((struct sndfile_sink *)user)->medium.length;
}

static sf_count_t io_tell(void *user)
{
    return ((struct sndfile_sink *)user)->medium.position;
}

static sf_count_t io_seek(sf_count_t offset, int whence, void *user)
{
    struct medium *m = &((struct sndfile_sink *)user)->medium;

    if (whence == SEEK_CUR)
        offset += m->position;
    else if (whence == SEEK_END)
        offset += m->length;
    medium_seek(m, offset);
    return offset;
}

static sf_count_t io_read(void *data, sf_count_t bytes, void *user)
{
    (void)data;
    (void)bytes;
    (void)user;
    return 0;
}

static sf_count_t io_write(const void *data, sf_count_t bytes, void *user)
{
    struct sndfile_sink *s = user;
    int64_t at = s->medium.position;
    size_t done = medium_write(&s->medium, data, (size_t)bytes);

    if (s->type == SINK_FLAC && done == (size_t)bytes)
        flac_head_watch(&s->flac, at, data, done);
    return (sf_count_t)done;
}

/* --- open --- */

static int subformat(enum sample_type sample)
{
    switch (sample) {
    case SAMPLE_S16: return SF_FORMAT_PCM_16;
    case SAMPLE_S24: return SF_FORMAT_PCM_24;
    case SAMPLE_S32: return SF_FORMAT_PCM_32;
    default: return SF_FORMAT_FLOAT;
    }
}

/* The encoder failed; unless the medium did first, all that is known is what
 * libsndfile says. */
static bool fail(struct sndfile_sink *s, const char *op, struct fault *f)
{
    struct fault fault = {0};

    fault_setf(&fault, ERR_ENCODER, op, 0, NULL, "%s: %s", s->name,
               sf_strerror(s->snd));
    medium_latch(&s->medium, &fault);
    return medium_tell(&s->medium, f);
}

static void set_text(struct sndfile_sink *s, const struct sink_request *r)
{
    char text[320] = "recorded from ";
    size_t used = strlen(text);

    sf_set_string(s->snd, SF_STR_SOFTWARE, "looprec " LOOPREC_VERSION);
    if (r->date != NULL)
        sf_set_string(s->snd, SF_STR_DATE, r->date);
    if (r->device_name != NULL && r->device_name[0] != '\0') {
        text_printable(text + used, sizeof text - used, r->device_name);
        sf_set_string(s->snd, SF_STR_COMMENT, text);
    }
}

/* Where the channels are. libsndfile's own guess for 8 channels is not what
 * 7.1 means today (0xFF, not 0x63F): so say it always. Of its two names for
 * the front ones it takes LEFT for a WAV, not FRONT_LEFT. */
static void set_channels(struct sndfile_sink *s, const struct sink_request *r)
{
    static const int place[] = {
        SF_CHANNEL_MAP_LEFT,
        SF_CHANNEL_MAP_RIGHT,
        SF_CHANNEL_MAP_CENTER,
        SF_CHANNEL_MAP_LFE,
        SF_CHANNEL_MAP_REAR_LEFT,
        SF_CHANNEL_MAP_REAR_RIGHT,
        SF_CHANNEL_MAP_FRONT_LEFT_OF_CENTER,
        SF_CHANNEL_MAP_FRONT_RIGHT_OF_CENTER,
        SF_CHANNEL_MAP_REAR_CENTER,
        SF_CHANNEL_MAP_SIDE_LEFT,
        SF_CHANNEL_MAP_SIDE_RIGHT,
        SF_CHANNEL_MAP_TOP_CENTER,
        SF_CHANNEL_MAP_TOP_FRONT_LEFT,
        SF_CHANNEL_MAP_TOP_FRONT_CENTER,
        SF_CHANNEL_MAP_TOP_FRONT_RIGHT,
        SF_CHANNEL_MAP_TOP_REAR_LEFT,
        SF_CHANNEL_MAP_TOP_REAR_CENTER,
        SF_CHANNEL_MAP_TOP_REAR_RIGHT,
    };
    uint32_t channels = r->format.channels;
    uint32_t mask = r->format.channel_mask;
    int map[FORMAT_CHANNELS_MAX];
    uint32_t used = 0;

    if (mask == 0)
        mask = format_default_mask(channels);
    for (uint32_t i = 0; i < sizeof place / sizeof place[0]; i++)
        if (mask >> i & 1 && used < channels)
            map[used++] = place[i];
    /* A map that is not whole is none; a refusal leaves a file that plays,
     * with the channels in the same order. */
    if (used == channels)
        sf_command(s->snd, SFC_SET_CHANNEL_MAP_INFO, map,
                   (int)(channels * sizeof map[0]));
}

static bool start_wav(struct sndfile_sink *s, const struct sink_request *r,
                      struct fault *f)
{
    /* RIFF below 4 GiB, RF64 above, decided each time the header is made. */
    sf_command(s->snd, SFC_RF64_AUTO_DOWNGRADE, NULL, SF_TRUE);
    set_channels(s, r);
    set_text(s, r);
    /* The header now: then the place of the first sample is known, and a full
     * disk shows at once. */
    sf_command(s->snd, SFC_UPDATE_HEADER_NOW, NULL, 0);
    s->data_start = s->medium.length;
    if (s->medium.fault.err != ERR_OK || sf_error(s->snd) != 0)
        return fail(s, "write header", f);
    return true;
}

static void start_flac(struct sndfile_sink *s, const struct sink_request *r)
{
    double level = r->compression / 8.0;

    sf_command(s->snd, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
    set_text(s, r);
}

static bool start(struct sndfile_sink *s, const struct sink_request *r,
                  struct fault *f)
{
    SF_VIRTUAL_IO io = {io_length, io_seek, io_read, io_write, io_tell};
    SF_INFO info = {.samplerate = (int)r->format.rate,
                    .channels = (int)r->format.channels};

    info.format = subformat(r->sample) |
                  (r->type == SINK_FLAC ? SF_FORMAT_FLAC : SF_FORMAT_RF64);
    s->snd = sf_open_virtual(&io, SFM_WRITE, &info, s);
    if (s->snd == NULL)
        return fail(s, "start encoder", f);
    if (r->type == SINK_FLAC)
        start_flac(s, r);
    else if (!start_wav(s, r, f)) {
        sf_close(s->snd);
        return false;
    }
    return true;
}

static struct sink *sndfile_open(const struct sink_request *r, struct fault *f)
{
    struct medium m;
    struct sndfile_sink *s;

    if (!medium_open(&m, r, f))
        return NULL;
    if (m.stream && r->type == SINK_WAV)
        return wav_pipe_start(&m, r, f);
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        fault_set(f, ERR_NO_MEMORY, "open file", r->path, NULL);
        medium_close(&m, 0, NULL);
        return NULL;
    }
    s->base.ops = &sink_sndfile_ops;
    s->medium = m;
    s->type = r->type;
    s->name = sink_type_name(r->type);
    s->sample = r->sample;
    s->frame_bytes = sink_frame_bytes(r);
    if (!start(s, r, f)) {
        medium_close(&s->medium, 0, NULL);
        free(s);
        return NULL;
    }
    return &s->base;
}

/* --- write --- */

static bool sndfile_write(struct sink *sink, const void *data, size_t frames,
                          struct fault *f)
{
    struct sndfile_sink *s = (struct sndfile_sink *)sink;
    sf_count_t count = (sf_count_t)frames;
    sf_count_t done;

    if (s->medium.fault.err != ERR_OK)
        return medium_tell(&s->medium, f);
    if (s->sample == SAMPLE_S16)
        done = sf_writef_short(s->snd, data, count);
    else if (s->sample == SAMPLE_F32)
        done = sf_writef_float(s->snd, data, count);
    else
        done = sf_writef_int(s->snd, data, count);
    if (done != count || s->medium.fault.err != ERR_OK || sf_error(s->snd) != 0)
        return fail(s, "encode", f);
    s->given_frames += frames;
    return true;
}

static uint64_t saved_frames(const struct sndfile_sink *s)
{
    if (s->type == SINK_FLAC)
        return flac_head_samples(&s->flac, s->given_frames);
    return sink_whole_frames(s->data_start, s->medium.end, s->frame_bytes,
                             true);
}

static bool sndfile_commit(struct sink *sink, struct fault *f)
{
    struct sndfile_sink *s = (struct sndfile_sink *)sink;

    if (s->medium.fault.err != ERR_OK)
        return medium_tell(&s->medium, f);
    if (s->medium.stream || s->given_frames == 0)
        return true;
    if (s->type == SINK_FLAC) {
        flac_head_set_samples(&s->flac, &s->medium, saved_frames(s));
    } else {
        sf_command(s->snd, SFC_UPDATE_HEADER_NOW, NULL, 0);
        if (sf_error(s->snd) != 0)
            return fail(s, "write header", f);
    }
    if (s->medium.fault.err != ERR_OK)
        return medium_tell(&s->medium, f);
    return true;
}

/* --- close --- */

/* After a failure: whole frames only, and a header that says so. */
static void mend_wav(struct sndfile_sink *s)
{
    uint64_t bytes = saved_frames(s) * s->frame_bytes;

    medium_cut(&s->medium, s->data_start + (int64_t)bytes);
    sf_command(s->snd, SFC_UPDATE_HEADER_NOW, NULL, 0);
}

/* The same for FLAC: whole blocks. The checksum of the whole stays 0, which
 * means "not known". */
static void mend_flac(struct sndfile_sink *s)
{
    medium_cut(&s->medium, s->medium.length);
    flac_head_set_samples(&s->flac, &s->medium, saved_frames(s));
}

static bool sndfile_close(struct sink *sink, struct fault *f)
{
    struct sndfile_sink *s = (struct sndfile_sink *)sink;
    bool had_failed = s->medium.fault.err != ERR_OK;
    unsigned before = s->medium.failures;
    bool ok;

    if (s->type == SINK_WAV && had_failed)
        mend_wav(s);
    if (s->type == SINK_FLAC && s->given_frames == 0 && !had_failed)
        /* Without a frame libsndfile would not even write the header. */
        sf_command(s->snd, SFC_UPDATE_HEADER_NOW, NULL, 0);
    sf_close(s->snd);
    if (s->type == SINK_FLAC && s->medium.fault.err != ERR_OK)
        mend_flac(s);
    ok = medium_close(&s->medium, before, f);
    free(s);
    return ok;
}

static uint64_t sndfile_bytes(const struct sink *sink)
{
    return (uint64_t)((const struct sndfile_sink *)sink)->medium.end;
}

static uint64_t sndfile_frames(const struct sink *sink)
{
    const struct sndfile_sink *s = (const struct sndfile_sink *)sink;

    return s->medium.fault.err != ERR_OK ? saved_frames(s) : s->given_frames;
}

const struct sink_ops sink_sndfile_ops = {
    .name = "sndfile",
    .open = sndfile_open,
    .write = sndfile_write,
    .commit = sndfile_commit,
    .close = sndfile_close,
    .bytes = sndfile_bytes,
    .frames = sndfile_frames,
};
