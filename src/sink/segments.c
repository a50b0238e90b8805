/* segments: a recording in several files; see segments.h. Writer thread. */
#include "sink/segments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/convert.h"
#include "sink/history.h"
#include "sink/kept.h"
#include "sys/clock.h"
#include "sys/file.h"

/* A file's name tells the moment of its first frame, which is the first file's
 * and the frames since. Where the clock says something else by more than this
 * the computer slept, or was set right. */
#define CLOCK_AGREES_NS INT64_C(3000000000)

enum {
    CUTS_MAX = 8,       /* that wait; a sleep needs one */
    PART_FRAMES = 4096, /* so many are written at once, where that may fail */
    /* What an encoder may hold back: FLAC one block of 4096 frames, the others
     * half a second; and the part that is being written. */
    HISTORY_LEAST = 32768,
    ZEROS_BYTES = 16384,
    TRIES_MAX = 100000, /* so many names are looked at for a free one */
};

struct segments {
    struct sink base;
    /* constant after open */
    struct sink_request request; /* its path: the name for all */
    struct segments_plan plan;
    struct segments_listener listener;
    enum naming naming;      /* of its path */
    size_t frame_bytes;      /* as a sink takes them */
    struct history *history; /* NULL: there is no fallback */
    struct kept *kept;       /* NULL: all files are */
    /* moving */
    struct sink *file;      /* NULL: none until the next frame */
    char *path;             /* its name, or that of the one before it */
    unsigned number;        /* of the latest file */
    uint64_t written;       /* frames, over all files */
    uint64_t begun_at;      /* the frame with which `file` begins */
    uint64_t saved_at;      /* the frame behind the latest finished file */
    bool fell_back;         /* it goes on in the fallback */
    struct sink_total done; /* of the finished files */
    int64_t wall_ns;        /* the moment of frame wall_frame */
    uint64_t wall_frame;
    uint64_t cuts[CUTS_MAX];
    unsigned cut_count;
    struct fault fault; /* the first failure; nothing is written after it */
};

static bool tell(const struct segments *s, struct fault *f)
{
    if (f != NULL)
        *f = s->fault;
    return false;
}

/* The moment of the next frame. */
static int64_t moment_ns(struct segments *s)
{
    uint64_t frames = s->written - s->wall_frame;
    int64_t moment =
        s->wall_ns + frames_to_ns((int64_t)frames, s->request.format.rate);
    int64_t now = clock_wall_ns();

    if (!s->plan.virtual_time &&
        (now < moment - CLOCK_AGREES_NS || now > moment + CLOCK_AGREES_NS)) {
        s->wall_ns = moment = now;
        s->wall_frame = s->written;
    }
    return moment;
}

/* Make file NUMBER; AGAIN: see naming_segment. */
static bool open_file(struct segments *s, unsigned number, unsigned again,
                      bool overwrite)
{
    struct sink_request request = s->request;
    int64_t wall_ns = moment_ns(s);
    char *path = naming_segment(s->request.path, number, again, wall_ns);
    char date[40];

    if (path == NULL)
        return fault_set(&s->fault, ERR_NO_MEMORY, "name the file",
                         s->request.path, NULL);
    clock_format_rfc3339(date, sizeof date, wall_ns);
    request.path = path;
    request.date = date;
    request.overwrite = overwrite;
    s->file = sink_open(&request, &s->fault);
    if (s->file != NULL) {
        s->number = number;
        s->begun_at = s->written;
        s->listener.begun(s->listener.context, path, number, s->written);
    }
    free(s->path);
    s->path = path;
    return s->file != NULL;
}

/* The next file, under the next free name. */
static bool open_next(struct segments *s)
{
    unsigned number = s->number + 1;
    unsigned again = 1;

    for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
        if (open_file(s, number, again, false))
            return true;
        if (s->fault.err != ERR_FILE_EXISTS)
            return false;
        s->fault = (struct fault){0};
        *(s->naming == NAMING_TIME ? &again : &number) += 1;
    }
    return fault_set(&s->fault, ERR_FILE_EXISTS, "name the file",
                     s->request.path, "record to another name");
}

static bool close_file(struct segments *s, struct fault *f)
{
    const struct file *file = sink_file(s->file);
    struct sink_total total;
    struct fault gone = {0};
    struct file_mark mark;
    bool there = file == NULL || file_is_there(file, &gone);
    bool known = file != NULL && file_identify(file, &mark);
    bool ok = sink_close_total(s->file, &total, f);

    if (!there) {
        total = (struct sink_total){0};
        if (f != NULL)
            *f = gone;
        ok = false;
    }
    s->file = NULL;
    s->saved_at = s->begun_at + total.frames;
    if (s->kept != NULL && known)
        kept_add(s->kept, s->path, s->number, &mark, total.bytes, s->saved_at);
    s->done.frames += total.frames;
    s->done.bytes += total.bytes;
    s->listener.ended(s->listener.context, &total);
    return ok;
}

/* Does the file end with what is written? An empty one goes on. */
static bool is_full(const struct segments *s)
{
    uint64_t frames = s->written - s->begun_at;
    uint64_t most = s->plan.split_frames;

    return most > 0 && frames >= most;
}

/* End the file where its cut is reached. */
static bool end_at_cut(struct segments *s)
{
    bool ends = is_full(s);

    while (s->cut_count > 0 && s->cuts[0] <= s->written) {
        s->cut_count--;
        memmove(s->cuts, s->cuts + 1, s->cut_count * sizeof s->cuts[0]);
        ends = true;
    }
    return !ends || s->file == NULL || s->written == s->begun_at ||
           close_file(s, &s->fault);
}

/* How many of N frames the file takes before it would be too large. */
static size_t fitting(const struct segments *s, size_t n)
{
    uint64_t most = s->plan.split_bytes;
    size_t least = 0; /* so many fit, and no more than N */

    if (most == 0 || sink_most_bytes(s->file, n) <= most)
        return n;
    while (least < n) {
        size_t middle = n - (n - least) / 2;
        if (sink_most_bytes(s->file, middle) <= most)
            least = middle;
        else
            n = middle - 1;
    }
    return least;
}

/* How many of N frames go into the file that is open; 0: it has ended, for the
 * next begins with them. */
static size_t room(struct segments *s, size_t n)
{
    uint64_t left = s->plan.split_frames - (s->written - s->begun_at);

    if (s->cut_count > 0 && s->cuts[0] - s->written < n)
        n = (size_t)(s->cuts[0] - s->written);
    if (s->plan.split_frames > 0 && left < n)
        n = (size_t)left;
    n = fitting(s, n);
    if (n == 0 && s->written == s->begun_at)
        return 1; /* or there would be no end of files */
    if (n == 0)
        close_file(s, &s->fault);
    return n;
}

/* Delete what is too old by now. */
static void trim(struct segments *s)
{
    bool runs = s->file != NULL;

    if (s->kept != NULL)
        kept_trim(s->kept, runs, runs ? sink_bytes(s->file) : 0, s->written);
}

/* FRAMES more into this file and those that follow. */
static bool feed(struct segments *s, const void *data, size_t frames)
{
    const unsigned char *from = data;

    while (frames > 0) {
        size_t n;
        if (!end_at_cut(s) || (s->file == NULL && !open_next(s)))
            break;
        n = room(s, frames);
        if (s->fault.err != ERR_OK ||
            (n > 0 && !sink_write(s->file, from, n, &s->fault)))
            break;
        s->written += n;
        from += n * s->frame_bytes;
        frames -= n;
        trim(s);
    }
    return s->fault.err == ERR_OK;
}

/* --- a disk fails --- */

/* Is another disk worth a try? */
static bool is_the_disks(enum error err)
{
    return err == ERR_NO_SPACE || err == ERR_IO || err == ERR_FILE_GONE ||
           err == ERR_PERMISSION || err == ERR_NO_SUCH_DIRECTORY ||
           err == ERR_NOT_A_DIRECTORY || err == ERR_IS_A_DIRECTORY;
}

static void tell_fallback(const struct segments *s, const struct fault *why)
{
    char text[1024];

    snprintf(text, sizeof text, "%s: %s; the recording goes on in %s",
             error_sentence(why->err), why->detail, s->path);
    s->listener.warn(s->listener.context, text);
}

static bool can_fall_back(const struct segments *s)
{
    return s->history != NULL && !s->fell_back && is_the_disks(s->fault.err);
}

/* The next file lies in the fallback, and begins with what the one before it
 * does not hold. Of one that was deleted that is all that is still there. */
static bool fall_back(struct segments *s)
{
    struct fault why = s->fault;
    uint64_t begin = history_begin(s->history);

    s->fault = (struct fault){0};
    s->fell_back = true;
    s->request.path = s->plan.fallback;
    s->naming = naming_of(s->request.path);
    s->written = s->saved_at;
    if (why.err == ERR_FILE_GONE && s->written < begin)
        s->written = begin;
    if (!open_next(s))
        return false;
    tell_fallback(s, &why);
    return true;
}

/* Finish the file as far as it goes and go on elsewhere, with nothing left out:
 * what it does not hold is in the history. False: the fault is told. */
static bool rescue(struct segments *s)
{
    static const unsigned char zeros[ZEROS_BYTES];
    uint64_t end, begin;

    if (!can_fall_back(s))
        return false;
    if (s->file != NULL)
        close_file(s, NULL);
    end = history_end(s->history);
    begin = history_begin(s->history);
    if (!fall_back(s))
        return false;
    while (s->written < end && s->fault.err == ERR_OK) {
        size_t n = ZEROS_BYTES / s->frame_bytes;
        const void *from = zeros;
        if (s->written >= begin)
            from = history_at(s->history, s->written, &n);
        else if (begin - s->written < n) /* no encoder holds so much back */
            n = (size_t)(begin - s->written);
        feed(s, from, n);
    }
    return s->fault.err == ERR_OK;
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
        if (!feed(s, from, n) && !rescue(s))
            break;
        from += n * s->frame_bytes;
        frames -= n;
    }
    return s->fault.err == ERR_OK || tell(s, f);
}

static bool segments_commit(struct sink *sink, struct fault *f)
{
    struct segments *s = (struct segments *)sink;

    if (s->fault.err == ERR_OK &&
        !(end_at_cut(s) &&
          (s->file == NULL || sink_commit(s->file, &s->fault))))
        rescue(s);
    return s->fault.err == ERR_OK || tell(s, f);
}

/* In the file that holds FRAME: the present one, or the one that begins with
 * it. (A file is made when its first frame comes, which is then about to; and
 * where a mark has no room left in a file of a limited size, that frame begins
 * the next.) */
static bool segments_mark(struct sink *sink, uint64_t frame)
{
    struct segments *s = (struct segments *)sink;
    uint64_t most = s->plan.split_bytes;
    bool next = frame == s->written;

    if (s->fault.err != ERR_OK || frame > s->written || !end_at_cut(s))
        return false;
    if (most > 0 && s->file != NULL && s->written > s->begun_at &&
        sink_most_bytes(s->file, next ? 1 : 0) + SINK_MARK_BYTES > most &&
        (!next || !close_file(s, &s->fault)))
        return false;
    if (next && s->file == NULL && !open_next(s))
        return false;
    return s->file != NULL && frame >= s->begun_at &&
           sink_mark(s->file, frame - s->begun_at);
}

static void destroy(struct segments *s)
{
    history_destroy(s->history);
    kept_destroy(s->kept);
    free(s->path);
    free(s);
}

/* The last file fails as it is finished: what it lacks goes into one more. */
static bool finish(struct segments *s, struct fault *f)
{
    bool fresh = s->fault.err == ERR_OK;

    if (close_file(s, f))
        return true;
    s->fault = *f;
    if (!fresh || !can_fall_back(s) || s->saved_at >= history_end(s->history) ||
        !rescue(s)) {
        *f = s->fault;
        return false;
    }
    return s->file == NULL || close_file(s, f);
}

static bool segments_close(struct sink *sink, struct sink_total *total,
                           struct fault *f)
{
    struct segments *s = (struct segments *)sink;
    struct fault fault = {0};
    bool ok = s->file == NULL || finish(s, &fault);

    if (s->file != NULL)
        close_file(s, NULL);
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
    return open_file(s, 1, 1, s->request.overwrite) ||
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

    if (s->cut_count < CUTS_MAX)
        s->cuts[s->cut_count++] = frame;
}
