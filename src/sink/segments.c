/* segments: a recording in several files; see segments.h. Writer thread. */
#include "sink/segments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/convert.h"
#include "core/duration.h"
#include "sink/segments_parts.h"
#include "sys/clock.h"
#include "sys/file.h"

enum {
    PART_FRAMES = 4096, /* so many are written at once, where that may fail */
    /* What a file may turn out to lack: of FLAC one block of 4096 frames, of
     * what loses half a second, of a WAV what makes way for MARKS_MOST marks
     * (of 2-byte frames 49158); and the part that is being written. */
    HISTORY_LEAST = 65536,
};

_Static_assert((int)HISTORY_LEAST >=
                   12 * (int)MARKS_MOST + 6 + 2 * (int)PART_FRAMES,
               "a WAV of 2-byte frames can make way for its marks");

static bool tell(const struct segments *s, struct fault *f)
{
    if (f != NULL)
        *f = s->fault;
    return false;
}

/* --- a disk fails --- */

static void tell_fallback(const struct segments *s, const struct fault *why)
{
    uint32_t rate = s->request.format.rate;
    char text[1024], time[40], loss[80] = "";

    if (s->done.lost > 0) {
        duration_format(time, sizeof time,
                        frames_to_ns((int64_t)s->done.lost, rate));
        snprintf(loss, sizeof loss, ", and %s is lost with it", time);
    }
    snprintf(text, sizeof text, "%s: %s%s; the recording goes on in %s",
             error_sentence(why->err), why->detail, loss, s->path);
    s->listener.warn(s->listener.context, text);
}

static bool can_fall_back(const struct segments *s)
{
    return segments_can_fall_back(s, &s->fault);
}

/* The next file lies in the fallback, and begins with what the one before it
 * does not hold, as far as that is still there: of one that was deleted, or of
 * which a bad disk has left nothing, what is older is lost. */
static bool fall_back(struct segments *s)
{
    struct fault why = s->fault;
    uint64_t begin = history_begin(s->history);

    s->fault = (struct fault){0};
    s->fell_back = true;
    s->request.path = s->plan.fallback;
    s->naming = naming_of(s->request.path);
    s->written = s->saved_at;
    if (s->written < begin) {
        s->done.lost = begin - s->written;
        s->done.lost_from = s->written;
        s->written = begin;
    }
    if (!segments_open_next(s))
        return false;
    tell_fallback(s, &why);
    return true;
}

/* All that was given, from what is written on, goes into the fallback, and with
 * it the marks there. */
static bool write_again(struct segments *s)
{
    uint64_t end = history_end(s->history);
    size_t next = 0; /* mark */

    marks_sort(&s->marks);
    while (next < s->marks.count && s->marks.frames[next] < s->written)
        next++;
    while (s->written < end && s->fault.err == ERR_OK) {
        size_t n;
        const void *from = history_at(s->history, s->written, &n);
        if (next < s->marks.count) {
            uint64_t frame = s->marks.frames[next];
            if (frame == s->written) {
                segments_place(s, frame);
                next++;
                continue;
            }
            n = frame - s->written < n ? (size_t)(frame - s->written) : n;
        }
        segments_feed(s, from, n);
    }
    return s->fault.err == ERR_OK;
}

/* After a failure of any kind: finish the file as far as it goes and go on
 * elsewhere, with nothing left out. False: the fault is told. */
static bool rescue(struct segments *s)
{
    if (!can_fall_back(s))
        return false;
    if (s->file != NULL)
        segments_close_file(s, NULL);
    return fall_back(s) && write_again(s);
}

/* Behind each step that may have failed. False: nothing more is written. */
static bool survives(struct segments *s)
{
    return s->fault.err == ERR_OK || rescue(s);
}

static bool segments_write(struct sink *sink, const void *data, size_t frames,
                           struct fault *f)
{
    struct segments *s = (struct segments *)sink;
    const unsigned char *from = data;

    while (s->fault.err == ERR_OK && frames > 0) {
        size_t n = frames < PART_FRAMES ? frames : PART_FRAMES;
        if (s->history != NULL)
            history_add(s->history, from, n);
        segments_feed(s, from, n);
        if (!survives(s))
            break;
        from += n * s->frame_bytes;
        frames -= n;
    }
    return s->fault.err == ERR_OK || tell(s, f);
}

static bool segments_commit(struct sink *sink, struct fault *f)
{
    struct segments *s = (struct segments *)sink;

    if (s->fault.err == ERR_OK && segments_end_at_cut(s) && s->file != NULL)
        sink_commit(s->file, &s->fault);
    return survives(s) || tell(s, f);
}

static bool segments_mark(struct sink *sink, uint64_t frame)
{
    struct segments *s = (struct segments *)sink;

    if (s->fault.err != ERR_OK)
        return false;
    return segments_place(s, frame) ||
           (s->fault.err != ERR_OK && survives(s) && segments_place(s, frame));
}

static void destroy(struct segments *s)
{
    history_destroy(s->history);
    kept_destroy(s->kept);
    marks_free(&s->marks);
    free(s->path);
    free(s);
}

/* The last file fails as it is finished: what it lacks goes into one more. */
static bool finish(struct segments *s, struct fault *f)
{
    bool fresh = s->fault.err == ERR_OK;

    if (segments_close_file(s, f))
        return true;
    s->fault = *f;
    if (!fresh || !can_fall_back(s) || s->saved_at >= history_end(s->history) ||
        !rescue(s)) {
        *f = s->fault;
        return false;
    }
    return s->file == NULL || segments_close_file(s, f);
}

static bool segments_close(struct sink *sink, struct sink_total *total,
                           struct fault *f)
{
    struct segments *s = (struct segments *)sink;
    struct fault fault = {0};
    bool ok = s->file == NULL || finish(s, &fault);

    if (s->file != NULL)
        segments_close_file(s, NULL);
    if (!ok && f != NULL)
        *f = fault;
    *total = s->done;
    destroy(s);
    return ok;
}

static uint64_t segments_bytes(const struct sink *sink)
{
    const struct segments *s = (const struct segments *)sink;

    return s->done.bytes + (s->file != NULL ? sink_bytes(s->file) : 0);
}

static uint64_t segments_frames(const struct sink *sink)
{
    const struct segments *s = (const struct segments *)sink;

    return s->done.frames + (s->file != NULL ? sink_frames(s->file) : 0);
}

static const struct file *segments_file(const struct sink *sink)
{
    const struct segments *s = (const struct segments *)sink;

    return s->file != NULL ? sink_file(s->file) : NULL;
}

static const struct sink_ops segments_ops = {
    .name = "segments",
    .write = segments_write,
    .commit = segments_commit,
    .mark = segments_mark,
    .close = segments_close,
    .bytes = segments_bytes,
    .frames = segments_frames,
    .file = segments_file,
};

/* What one reader reads is not in several files. */
static bool is_divisible(struct segments *s)
{
    bool splits = s->plan.split_frames > 0 || s->plan.split_bytes > 0;
    const struct file *file = sink_file(s->file);

    if (!splits || file == NULL || !file_is_stream(file))
        return true;
    return fault_setf(&s->fault, ERR_USAGE, "open file", 0,
                      "give the name of a file",
                      "%s is no file: it cannot be split", s->path);
}

/* The first file: elsewhere where there is no room for it. */
static bool begin(struct segments *s)
{
    const struct segments_keep *keep = &s->plan.keep;
    uint32_t rate = s->request.format.rate;
    size_t frames = (rate > HISTORY_LEAST ? rate : HISTORY_LEAST) + PART_FRAMES;

    if (s->plan.fallback != NULL)
        s->history = history_create(frames, s->frame_bytes);
    if (keep->files > 0 || keep->bytes > 0 || keep->frames > 0)
        s->kept = kept_create(keep, &s->listener);
    if (s->plan.fallback != NULL && s->history == NULL)
        return fault_set(&s->fault, ERR_NO_MEMORY, "open file", s->request.path,
                         NULL);
    return segments_open_file(s, 1, 1, s->request.overwrite) ||
           ((s->fault.err == ERR_NO_SPACE || s->fault.err == ERR_IO) &&
            can_fall_back(s) && fall_back(s));
}

struct sink *segments_open(const struct sink_request *request,
                           const struct segments_plan *plan,
                           const struct segments_listener *listener,
                           struct fault *f)
{
    struct segments *s = calloc(1, sizeof *s);

    if (s == NULL) {
        fault_set(f, ERR_NO_MEMORY, "open file", request->path, NULL);
        return NULL;
    }
    s->base.ops = &segments_ops;
    s->request = *request;
    s->plan = *plan;
    s->listener = *listener;
    s->naming = naming_of(request->path);
    s->wall_ns = clock_wall_ns();
    s->frame_bytes =
        convert_sink_bytes(request->sample) * request->format.channels;
    if (!begin(s) || !is_divisible(s)) {
        tell(s, f);
        sink_close(s->file, NULL);
        destroy(s);
        return NULL;
    }
    return &s->base;
}

void segments_cut(struct sink *sink, uint64_t frame)
{
    struct segments *s = (struct segments *)sink;

    if (s->cut_count < SEGMENTS_CUTS)
        s->cuts[s->cut_count++] = frame;
}

bool segments_fell_back(const struct sink *sink)
{
    const struct segments *s = (const struct segments *)sink;

    return s->fell_back;
}
