/* vorbis: Ogg Vorbis by libvorbisenc, over a medium. Writer thread.
 *
 * Not by libsndfile, which writes a page only when it is full: of silence that
 * is 5.4 s, of a tone 1.5 s (48 kHz stereo, libsndfile 1.2.0), and a crash
 * costs so much. Here a page has a quarter second at most. */
#include <stdlib.h>
#include <string.h>

#include <ogg/ogg.h>
#include <vorbis/vorbisenc.h>

#include "sink/formats.h"
#include "sink/ogg_pages.h"
#include "sink/places.h"
#include "sink/texts.h"
#include "sys/clock.h"

enum {
    PAGES_A_SECOND = 4,
    BLOCK_FRAMES = 1024, /* handed to the encoder at once */
};

struct vorbis_sink {
    struct sink base;
    struct medium medium;
    struct ogg_pages pages;
    uint32_t channels, rate;
    bool reordered;
    uint8_t order[PLACES_MAX];
    uint64_t given_frames;
    vorbis_info info;
    vorbis_comment comment;
    vorbis_dsp_state dsp;
    vorbis_block block;
    ogg_stream_state stream;
    ogg_int64_t packet_granule; /* of the last packet that waits for a page */
};

static bool failed(const struct vorbis_sink *s)
{
    return s->medium.fault.err != ERR_OK;
}

static bool fail(struct vorbis_sink *s, const char *op, struct fault *f)
{
    struct fault fault = {0};

    fault_set(&fault, ERR_ENCODER, op, "libvorbis", NULL);
    medium_latch(&s->medium, &fault);
    return medium_tell(&s->medium, f);
}

/* --- the beginning --- */

static void set_comments(struct vorbis_sink *s, const struct sink_request *r)
{
    static const char *const names[SINK_TAG_COUNT] = {
        [SINK_TAG_TITLE] = "TITLE",     [SINK_TAG_ARTIST] = "ARTIST",
        [SINK_TAG_ALBUM] = "ALBUM",     [SINK_TAG_TRACKNUMBER] = "TRACKNUMBER",
        [SINK_TAG_GENRE] = "GENRE",     [SINK_TAG_DATE] = "DATE",
        [SINK_TAG_COMMENT] = "COMMENT", [SINK_TAG_COPYRIGHT] = "COPYRIGHT",
        [SINK_TAG_LICENCE] = "LICENSE", [SINK_TAG_SOFTWARE] = "SOFTWARE",
    };
    struct texts texts;

    texts_collect(&texts, r, true);
    for (size_t i = 0; i < SINK_TAG_COUNT; i++)
        if (texts.text[i][0] != '\0')
            vorbis_comment_add_tag(&s->comment, names[i], texts.text[i]);
}

static void put_page(struct vorbis_sink *s, const ogg_page *page)
{
    ogg_pages_put(&s->pages, &s->medium, page->header,
                  (size_t)page->header_len);
    ogg_pages_put(&s->pages, &s->medium, page->body, (size_t)page->body_len);
}

/* What is complete and, where ALL, the rest too. */
static void put_pages(struct vorbis_sink *s, bool all)
{
    ogg_page page;

    while (all ? ogg_stream_flush(&s->stream, &page)
               : ogg_stream_pageout(&s->stream, &page))
        put_page(s, &page);
}

static bool put_headers(struct vorbis_sink *s)
{
    ogg_packet packets[3];

    if (vorbis_analysis_headerout(&s->dsp, &s->comment, &packets[0],
                                  &packets[1], &packets[2]) != 0)
        return false;
    for (size_t i = 0; i < 3; i++)
        ogg_stream_packetin(&s->stream, &packets[i]);
    put_pages(s, true); /* sound begins on a page of its own */
    return true;
}

static void clear(struct vorbis_sink *s)
{
    ogg_stream_clear(&s->stream);
    vorbis_block_clear(&s->block);
    vorbis_dsp_clear(&s->dsp);
    vorbis_comment_clear(&s->comment);
    vorbis_info_clear(&s->info);
}

static bool start(struct vorbis_sink *s, const struct sink_request *r,
                  struct fault *f)
{
    float quality = (float)(10 - sink_compression(r)) / 10.0f;
    int64_t now_ns = clock_wall_ns();

    vorbis_info_init(&s->info);
    vorbis_comment_init(&s->comment);
    if (vorbis_encode_init_vbr(&s->info, (long)s->channels, (long)s->rate,
                               quality) != 0 ||
        vorbis_analysis_init(&s->dsp, &s->info) != 0 ||
        vorbis_block_init(&s->dsp, &s->block) != 0 ||
        /* a number of its own, so that streams can be joined */
        ogg_stream_init(&s->stream, (int)(now_ns >> 10 ^ now_ns)) != 0)
        return fail(s, "start encoder", f);
    set_comments(s, r);
    if (!put_headers(s))
        return fail(s, "start encoder", f);
    return !failed(s) || medium_tell(&s->medium, f);
}

static struct sink *vorbis_open(const struct sink_request *r, struct fault *f)
{
    struct vorbis_sink *s = calloc(1, sizeof *s);

    if (s == NULL) {
        fault_set(f, ERR_NO_MEMORY, "open file", r->path, NULL);
        return NULL;
    }
    s->base.ops = &sink_vorbis_ops;
    s->channels = r->format.channels;
    s->rate = r->format.rate;
    s->reordered = places_vorbis_order(&r->format, s->order);
    if (!medium_open(&s->medium, r, f)) {
        free(s);
        return NULL;
    }
    if (!start(s, r, f)) {
        clear(s);
        medium_abandon(&s->medium, r);
        free(s);
        return NULL;
    }
    return &s->base;
}

/* --- sound --- */

/* What the encoder has, into packets and pages. */
static bool encode(struct vorbis_sink *s)
{
    ogg_packet packet;
    int more;

    while ((more = vorbis_analysis_blockout(&s->dsp, &s->block)) == 1) {
        if (vorbis_analysis(&s->block, NULL) != 0 ||
            vorbis_bitrate_addblock(&s->block) != 0)
            return false;
        while (vorbis_bitrate_flushpacket(&s->dsp, &packet) == 1) {
            if (ogg_stream_packetin(&s->stream, &packet) != 0)
                return false;
            s->packet_granule = packet.granulepos;
            put_pages(s, false);
            if ((uint64_t)s->packet_granule >=
                s->pages.granule + s->rate / PAGES_A_SECOND)
                put_pages(s, true);
        }
    }
    return more == 0;
}

static bool vorbis_write(struct sink *sink, const void *data, size_t frames,
                         struct fault *f)
{
    struct vorbis_sink *s = (struct vorbis_sink *)sink;
    const float *from = data;

    while (frames > 0 && !failed(s)) {
        size_t n = frames < BLOCK_FRAMES ? frames : BLOCK_FRAMES;
        float **to = vorbis_analysis_buffer(&s->dsp, (int)n);
        for (uint32_t c = 0; c < s->channels; c++) {
            uint32_t at = s->reordered ? s->order[c] : c;
            for (size_t i = 0; i < n; i++)
                to[c][i] = from[i * s->channels + at];
        }
        if (vorbis_analysis_wrote(&s->dsp, (int)n) != 0 || !encode(s))
            return fail(s, "encode", f);
        from += n * s->channels;
        frames -= n;
        s->given_frames += n;
    }
    return !failed(s) || medium_tell(&s->medium, f);
}

static bool vorbis_commit(struct sink *sink, struct fault *f)
{
    return medium_commit(&((struct vorbis_sink *)sink)->medium, f);
}

static uint64_t vorbis_bytes(const struct sink *sink)
{
    return (uint64_t)((const struct vorbis_sink *)sink)->medium.end;
}

static uint64_t vorbis_frames(const struct sink *sink)
{
    const struct vorbis_sink *s = (const struct vorbis_sink *)sink;

    return failed(s) ? s->pages.granule : s->given_frames;
}

static uint64_t vorbis_most_bytes(const struct sink *sink, uint64_t frames)
{
    const struct vorbis_sink *s = (const struct vorbis_sink *)sink;
    uint64_t waiting = s->given_frames - s->pages.granule + frames;

    return vorbis_bytes(sink) + sink_encoder_most(waiting * s->channels, 2);
}

static const struct file *vorbis_file(const struct sink *sink)
{
    return ((const struct vorbis_sink *)sink)->medium.file;
}

static bool vorbis_close(struct sink *sink, struct sink_total *total,
                         struct fault *f)
{
    struct vorbis_sink *s = (struct vorbis_sink *)sink;
    unsigned before = s->medium.failures;
    bool ok;

    if (!failed(s)) {
        /* nothing more comes: the last packet says so, and its page how long
         * the sound is */
        if (vorbis_analysis_wrote(&s->dsp, 0) != 0 || !encode(s))
            fail(s, "encode", NULL);
        put_pages(s, true);
    }
    if (failed(s))
        medium_cut(&s->medium, s->medium.length);
    total->frames = vorbis_frames(sink);
    total->bytes = vorbis_bytes(sink);
    clear(s);
    ok = medium_close(&s->medium, before, f);
    free(s);
    return ok;
}

const struct sink_ops sink_vorbis_ops = {
    .name = "vorbis",
    .open = vorbis_open,
    .write = vorbis_write,
    .commit = vorbis_commit,
    .close = vorbis_close,
    .bytes = vorbis_bytes,
    .frames = vorbis_frames,
    .most_bytes = vorbis_most_bytes,
    .file = vorbis_file,
};
