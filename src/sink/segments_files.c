/* segments_files: where a recording's frames and marks go: into this file, or
 * the next one, which is then made; see segments_parts.h. Writer thread. */
#include <stdlib.h>
#include <string.h>

#include "core/convert.h"
#include "sink/segments_parts.h"
#include "sys/clock.h"
#include "sys/file.h"

/* A file's name tells the moment of its first frame, which is the first file's
 * and the frames since. Where the clock says something else by more than this
 * the computer slept, or was set right. */
#define CLOCK_AGREES_NS INT64_C(3000000000)

enum { TRIES_MAX = 100000 }; /* so many names are looked at for a free one */

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

bool segments_open_file(struct segments *s, unsigned number, unsigned again,
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
    request.followed = segments_may_fall_back(s);
    s->file = sink_open(&request, &s->fault);
    if (s->file != NULL) {
        s->number = number;
        s->begun_at = s->written;
        if (!s->fell_back)
            s->marks.count = 0; /* they are in the file before it */
        s->listener.begun(s->listener.context, path, number, s->written);
    }
    free(s->path);
    s->path = path;
    return s->file != NULL;
}

bool segments_open_next(struct segments *s)
{
    unsigned number = s->number + 1;
    unsigned again = 1;

    for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
        if (segments_open_file(s, number, again, false))
            return true;
        if (s->fault.err != ERR_FILE_EXISTS)
            return false;
        s->fault = (struct fault){0};
        *(s->naming == NAMING_TIME ? &again : &number) += 1;
    }
    return fault_set(&s->fault, ERR_FILE_EXISTS, "name the file",
                     s->request.path, "record to another name");
}

/* Is another disk worth a try? */
static bool is_the_disks(enum error err)
{
    return err == ERR_NO_SPACE || err == ERR_IO || err == ERR_FILE_GONE ||
           err == ERR_PERMISSION || err == ERR_FILE_IN_USE ||
           err == ERR_NO_SUCH_DIRECTORY || err == ERR_NOT_A_DIRECTORY ||
           err == ERR_IS_A_DIRECTORY;
}

bool segments_can_fall_back(const struct segments *s, const struct fault *why)
{
    return segments_may_fall_back(s) && is_the_disks(why->err);
}

/* The file of MARK, finished or failed with WHY, holds none of TOTAL: no trace
 * of it is left where another one came before it, or comes in its place. */
static bool is_left_out(const struct segments *s,
                        const struct sink_total *total,
                        const struct file_mark *mark, const struct fault *why)
{
    struct file_mark sealed = *mark;
    bool others = s->fell_back ? s->number > 1 : segments_can_fall_back(s, why);

    return others && total->frames == 0 && file_seal(s->path, &sealed) &&
           file_remove_sealed(s->path, &sealed) == FILE_REMOVED;
}

bool segments_close_file(struct segments *s, struct fault *f)
{
    const struct file *file = sink_file(s->file);
    struct sink_total total;
    struct fault gone = {0}, fault = {0};
    struct file_mark mark;
    bool there = file == NULL || file_is_there(file, &gone);
    bool known = file != NULL && file_identify(file, &mark);
    bool ok = sink_close_total(s->file, &total, &fault) && there;

    if (!there) {
        total = (struct sink_total){0};
        fault = gone;
    }
    if (!ok && f != NULL)
        *f = fault;
    if (s->fault.err != ERR_OK)
        fault = s->fault; /* which came first */
    s->file = NULL;
    s->saved_at = s->begun_at + total.frames;
    if (s->kept != NULL && known)
        kept_add(s->kept, s->path, s->number, &mark, total.bytes, s->saved_at);
    if (there && known && is_left_out(s, &total, &mark, &fault)) {
        total.bytes = 0;
        there = false;
    }
    s->done.frames += total.frames;
    s->done.bytes += total.bytes;
    if (there)
        s->listener.ended(s->listener.context, &total);
    else
        s->listener.vanished(s->listener.context);
    return ok;
}

/* Does the file end with what is written? An empty one goes on. */
static bool is_full(const struct segments *s)
{
    uint64_t frames = s->written - s->begun_at;
    uint64_t most = s->plan.split_frames;

    return most > 0 && frames >= most;
}

bool segments_end_at_cut(struct segments *s)
{
    bool ends = is_full(s);

    while (s->cut_count > 0 && s->cuts[0] <= s->written) {
        s->cut_count--;
        memmove(s->cuts, s->cuts + 1, s->cut_count * sizeof s->cuts[0]);
        ends = true;
    }
    return !ends || s->file == NULL || s->written == s->begun_at ||
           segments_close_file(s, &s->fault);
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
        segments_close_file(s, &s->fault);
    return n;
}

/* Delete what is too old by now. */
static void trim(struct segments *s)
{
    bool runs = s->file != NULL;

    if (s->kept != NULL)
        kept_trim(s->kept, runs, runs ? sink_bytes(s->file) : 0, s->written);
}

bool segments_feed(struct segments *s, const void *data, size_t frames)
{
    const unsigned char *from = data;

    while (frames > 0) {
        size_t n;
        if (!segments_end_at_cut(s) ||
            (s->file == NULL && !segments_open_next(s)))
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

bool segments_place(struct segments *s, uint64_t frame)
{
    uint64_t most = s->plan.split_bytes;
    bool next = frame == s->written;

    if (frame > s->written || !segments_end_at_cut(s))
        return false;
    if (most > 0 && s->file != NULL && s->written > s->begun_at &&
        sink_most_bytes(s->file, next ? 1 : 0) + SINK_MARK_BYTES > most &&
        (!next || !segments_close_file(s, &s->fault)))
        return false;
    if (next && s->file == NULL && !segments_open_next(s))
        return false;
    if (s->file == NULL || frame < s->begun_at ||
        !sink_mark(s->file, frame - s->begun_at))
        return false;
    if (segments_may_fall_back(s))
        marks_add(&s->marks, frame, MARKS_MOST);
    return true;
}
