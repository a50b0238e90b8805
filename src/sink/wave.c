/* wave: WAV, RF64 and Wave64, to a file or (WAV) to a stream. Writer thread.
 *
 * By our own hand and not by libsndfile, which knows no plain WAV that can
 * become RF64: what it makes of either is WAVEFORMATEXTENSIBLE, which plain
 * readers refuse (Python's wave before 3.12), and its WAV wraps at 4 GiB. */
#include <stdlib.h>

#include "sink/formats.h"
#include "sink/body.h"
#include "sink/wave_cue.h"
#include "sink/wave_head.h"

struct wave_sink {
    struct sink base;
    struct medium medium;
    struct wave_head head;
    struct body body;
    struct marks marks;
    bool followed; /* the request's */
};

static enum wave_kind kind_of(const struct wave_sink *s, enum sink_type type)
{
    return s->medium.stream    ? WAVE_STREAM
           : type == SINK_W64  ? WAVE_W64
           : type == SINK_RF64 ? WAVE_RF64
                               : WAVE_RIFF;
}

/* A RIFF chunk cannot end on an odd byte without one more behind it; Wave64's
 * last chunk may end anywhere. */
static uint64_t saved_frames(const struct wave_sink *s)
{
    int64_t bytes = s->medium.end - (int64_t)s->head.length;
    bool even = s->head.kind == WAVE_RIFF || s->head.kind == WAVE_RF64;

    return body_whole_frames(&s->body, bytes,
                             even && s->medium.fault.err != ERR_OK);
}

/* One write below the first page's end, as a rule, so that a crash finds the
 * old header or the new one. */
static void write_head(struct wave_sink *s, uint64_t data_bytes)
{
    wave_head_set(&s->head, data_bytes);
    medium_seek(&s->medium, 0);
    medium_write(&s->medium, s->head.bytes, s->head.length);
    medium_seek(&s->medium, s->medium.length);
}

static bool start(struct wave_sink *s, const struct sink_request *r,
                  struct fault *f)
{
    if (s->medium.stream && r->type != SINK_WAV)
        return fault_setf(f, ERR_FORMAT, "open file", 0,
                          "use wav, which tells no length there",
                          "%s cannot go through a pipe: its length stands at "
                          "its beginning",
                          sink_type_name(r->type));
    if (!wave_head_make(&s->head, kind_of(s, r->type), r))
        return fault_set(f, ERR_NO_MEMORY, "open file", r->path, NULL);
    body_init(&s->body, r);
    s->followed = r->followed;
    write_head(s, 0);
    return s->medium.fault.err == ERR_OK || medium_tell(&s->medium, f);
}

static struct sink *wave_open(const struct sink_request *r, struct fault *f)
{
    struct wave_sink *s = calloc(1, sizeof *s);

    if (s == NULL) {
        fault_set(f, ERR_NO_MEMORY, "open file", r->path, NULL);
        return NULL;
    }
    s->base.ops = &sink_wave_ops;
    if (!medium_open(&s->medium, r, f)) {
        free(s);
        return NULL;
    }
    if (!start(s, r, f)) {
        medium_abandon(&s->medium, r);
        wave_head_free(&s->head);
        free(s);
        return NULL;
    }
    return &s->base;
}

/* The header goes first: where a crash comes between the two it tells of more
 * than is there, and every reader takes what is there. Told of less, readers
 * look behind it for a chunk, and FFmpeg refuses the file where the sound that
 * it finds there makes a bad one (Wave64; RF64). */
static bool wave_write(struct sink *sink, const void *data, size_t frames,
                       struct fault *f)
{
    struct wave_sink *s = (struct wave_sink *)sink;

    if (frames > 0 && !s->medium.stream && s->medium.fault.err == ERR_OK)
        write_head(s, (uint64_t)s->medium.length - s->head.length +
                          frames * s->body.frame_bytes);
    return body_write(&s->body, &s->medium, data, frames) ||
           medium_tell(&s->medium, f);
}

static uint64_t wave_frames(const struct sink *sink)
{
    return saved_frames((const struct wave_sink *)sink);
}

static uint64_t wave_bytes(const struct sink *sink)
{
    return (uint64_t)((const struct wave_sink *)sink)->medium.end;
}

static uint64_t wave_most_bytes(const struct sink *sink, uint64_t frames)
{
    const struct wave_sink *s = (const struct wave_sink *)sink;
    uint64_t data = (saved_frames(s) + frames) * s->body.frame_bytes;

    return s->head.length + data + wave_head_padding(&s->head, data) +
           wave_cue_bytes(&s->marks);
}

/* The header tells it already. */
static bool wave_commit(struct sink *sink, struct fault *f)
{
    return medium_commit(&((struct wave_sink *)sink)->medium, f);
}

static const struct file *wave_file(const struct sink *sink)
{
    return ((const struct wave_sink *)sink)->medium.file;
}

static bool wave_mark(struct sink *sink, uint64_t frame)
{
    struct wave_sink *s = (struct wave_sink *)sink;

    return (s->head.kind == WAVE_RIFF || s->head.kind == WAVE_RF64) &&
           wave_cue_add(&s->marks, frame);
}

/* The disk takes nothing more, and another file follows: the end of BYTES of
 * samples makes way for the marks, in its place, and is the next one's. Returns
 * the bytes that stay. */
static uint64_t put_marks_in_place(struct wave_sink *s, uint64_t bytes)
{
    int64_t room = (int64_t)bytes - (int64_t)wave_cue_bytes(&s->marks);
    uint64_t frames = body_whole_frames(&s->body, room, true);
    int64_t at;

    bytes = frames * s->body.frame_bytes;
    at = (int64_t)(s->head.length + bytes);
    marks_cut(&s->marks, frames); /* the others are the next one's, too */
    s->head.behind = wave_cue_write(&s->marks, &s->medium, at);
    if (s->head.behind == 0)
        medium_cut(&s->medium, at);
    return bytes;
}

/* Behind BYTES of samples. Returns how many of them stay. */
static uint64_t put_marks(struct wave_sink *s, uint64_t bytes)
{
    bool whole = s->medium.fault.err == ERR_OK;

    if (!whole)
        marks_cut(&s->marks, bytes / s->body.frame_bytes);
    if (s->marks.count == 0)
        return bytes;
    if (whole)
        s->head.behind =
            wave_cue_write(&s->marks, &s->medium, s->medium.length);
    return s->head.behind == 0 && s->followed ? put_marks_in_place(s, bytes)
                                              : bytes;
}

static bool wave_close(struct sink *sink, struct sink_total *total,
                       struct fault *f)
{
    struct wave_sink *s = (struct wave_sink *)sink;
    unsigned before = s->medium.failures;
    uint64_t bytes = saved_frames(s) * s->body.frame_bytes;
    bool ok;

    if (s->medium.fault.err == ERR_OK)
        medium_write(&s->medium, "", wave_head_padding(&s->head, bytes));
    if (s->medium.fault.err != ERR_OK) {
        /* whole frames only, and a header that says so */
        uint64_t even = saved_frames(s) * s->body.frame_bytes;
        bytes = even < bytes ? even : bytes;
        medium_cut(&s->medium, (int64_t)(s->head.length + bytes));
    }
    bytes = put_marks(s, bytes);
    if (!s->medium.stream)
        write_head(s, bytes);
    total->frames = bytes / s->body.frame_bytes;
    total->bytes = wave_bytes(sink);
    ok = medium_close(&s->medium, before, f);
    wave_head_free(&s->head);
    marks_free(&s->marks);
    free(s);
    return ok;
}

const struct sink_ops sink_wave_ops = {
    .name = "wave",
    .open = wave_open,
    .write = wave_write,
    .commit = wave_commit,
    .mark = wave_mark,
    .close = wave_close,
    .bytes = wave_bytes,
    .frames = wave_frames,
    .most_bytes = wave_most_bytes,
    .file = wave_file,
};
