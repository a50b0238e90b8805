/* destination: see destination.h. Main thread. */
#include "session/destination.h"

#include <stdlib.h>
#include <string.h>

#include "session/internal.h"
#include "sink/segments.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { NAMES_MOST = 1000 }; /* where a name of our own exists, that many */

struct destination {
    /* constant after create */
    const struct session_request *request;
    struct files *files;
    struct queue *queue;
    bool to_files; /* not to standard output or nowhere */
    /* moving */
    char *pattern;    /* the name for all files; NULL: there are none */
    char *fallback;   /* the same where a disk fails; NULL: there is none */
    char *first_path; /* as it came to be; NULL: not yet, or none */
    struct sink *sink;
};

/* By its length or size. */
static bool is_split(const struct session_request *r)
{
    return r->has_split || r->split_bytes > 0;
}

bool destination_splits(const struct session_request *r)
{
    return is_split(r) || r->on_suspend == SUSPEND_SPLIT || r->fallback;
}

/* The name for all files of a recording to PATH. malloc. */
static char *pattern_of(const struct session_request *r, const char *path)
{
    return naming_pattern(path, is_split(r));
}

/* The name for files in the fallback, whatever they are called there now. */
static bool name_fallback(struct destination *d, struct fault *f)
{
    if (!d->request->fallback) {
        return true;
    }
    free(d->fallback);
    d->fallback = naming_in_folder(d->request->fallback, d->pattern);
    return d->fallback ||
           fault_set(f, ERR_NO_MEMORY, "name the file", NULL, NULL);
}

/* Could files be made in the fallback? */
static bool check_fallback(struct destination *d, struct fault *f)
{
    if (!name_fallback(d, f)) {
        return false;
    }
    char *path = d->fallback ? naming_segment(d->fallback, 2, 1, 0) : NULL;
    bool good =
        !path || file_check(path, false, f) || f->err == ERR_FILE_EXISTS;
    free(path);
    return good;
}

/* Can the first file be made, as far as can be told by now? One that exists by
 * a name which nobody gave has others beside it. */
static bool check_first(const struct destination *d, struct fault *f)
{
    const struct session_request *r = d->request;
    char *path = naming_segment(d->pattern, 1, 1, clock_wall_ns());
    if (!path) {
        return fault_set(f, ERR_NO_MEMORY, "name the file", NULL, NULL);
    }
    bool good = file_check(path, r->overwrite, f) ||
                (r->path_is_ours && f->err == ERR_FILE_EXISTS);
    free(path);
    return good;
}

struct destination *destination_create(const struct session_request *r,
                                       struct files *files, struct queue *queue,
                                       struct fault *f)
{
    struct destination *d = calloc(1, sizeof(*d));
    if (!d) {
        fault_set(f, ERR_NO_MEMORY, "make the session", NULL, NULL);
        return NULL;
    }
    d->request = r;
    d->files = files;
    d->queue = queue;
    d->to_files = r->type != SINK_NULL && strcmp(r->path, "-") != 0;
    const struct audio_format format = {.rate = r->rate,
                                        .channels = r->channels};
    if (!sink_check(r->type, r->sample, &format, f)) {
        goto out;
    }
    if (!d->to_files && destination_splits(r)) {
        fault_set(f, ERR_UNSUPPORTED, "files",
                  "what is no file cannot be split or go on elsewhere", NULL);
        goto out;
    }
    if (d->to_files) {
        d->pattern = pattern_of(r, r->path);
        if (!d->pattern) {
            fault_set(f, ERR_NO_MEMORY, "name the file", NULL, NULL);
            goto out;
        }
        if (!check_first(d, f) || !check_fallback(d, f)) {
            goto out;
        }
    }
    return d;
out:
    destination_destroy(d);
    return NULL;
}

static void warn(void *context, const char *text)
{
    queue_post_text(context, EVENT_WARNING, text, NULL);
}

static struct sink *open_files(struct destination *d,
                               const struct sink_request *request,
                               bool virtual_time, struct fault *f)
{
    const struct session_request *r = d->request;
    const struct segments_listener listener = files_listener(d->files);
    if (!name_fallback(d, f)) {
        return NULL;
    }
    struct segments_plan plan = {.split_bytes = r->split_bytes,
                                 .virtual_time = virtual_time,
                                 .fallback = d->fallback};
    if (r->has_split) {
        plan.split_frames = duration_frames(&r->split, request->format.rate);
    }
    plan.keep =
        (struct segments_keep){.files = r->keep_files, .bytes = r->keep_bytes};
    if (r->keeps_time) {
        plan.keep.frames = duration_frames(&r->keep, request->format.rate);
    }
    return segments_open(request, &plan, &listener, f);
}

static bool open_named(struct destination *d, const struct session_facts *facts,
                       struct fault *f)
{
    const struct session_request *r = d->request;
    char date[40];
    struct sink_request request = {
        .path = d->to_files ? d->pattern : r->path,
        .type = facts->type,
        .format = facts->format,
        .sample = facts->sample,
        .compression = r->compression,
        .overwrite = r->overwrite && !r->path_is_ours,
        .tags = r->tags,
        .sync_ns = r->sync_ns,
        .device_name = facts->info.device_name,
        .ear = r->ear,
    };
    if (d->to_files) {
        d->sink = open_files(d, &request, facts->info.virtual_time, f);
    } else {
        clock_format_rfc3339(date, sizeof(date), clock_wall_ns());
        request.date = date;
        d->sink = sink_open(&request, f);
    }
    if (d->sink) {
        sink_caveats(&request, warn, d->queue);
    }
    return d->sink != NULL;
}

/* The N-th name of our own, which has no fields. */
static bool rename_files(struct destination *d, unsigned n)
{
    char *path = naming_segment(d->request->path, n, 1, 0);
    free(d->pattern);
    d->pattern = path ? pattern_of(d->request, path) : NULL;
    free(path);
    return d->pattern != NULL;
}

/* A full disk would be as full there. FIRST: a file that is there. */
static void look_at_fallback(const struct destination *d, const char *first)
{
    const char *folder = d->request->fallback;
    if (folder && !segments_fell_back(d->sink) &&
        file_same_disk(first, folder)) {
        warn(d->queue, "the folder of --fallback lies on the same disk as the "
                       "file: it is no help when that is full or fails");
    }
}

/* A name made of the clock's second can be an earlier recording's, or that of
 * one which began this moment: only opening the file tells. */
bool destination_open(struct destination *d, struct session_facts *facts,
                      struct fault *f)
{
    for (unsigned n = 2;; n++) {
        struct fault failed = {0};
        if (open_named(d, facts, &failed)) {
            break;
        }
        if (!d->request->path_is_ours || failed.err != ERR_FILE_EXISTS ||
            n > NAMES_MOST) {
            *f = failed;
            return false;
        }
        if (!rename_files(d, n)) {
            return fault_set(f, ERR_NO_MEMORY, "name the file", NULL, NULL);
        }
    }
    const struct session_file *first = files_first(d->files);
    if (!first) {
        facts->path = d->request->path;
        return true;
    }
    /* a copy: the file may be deleted while the recording runs */
    look_at_fallback(d, first->path);
    d->first_path = naming_pattern(first->path, false);
    facts->path = d->first_path;
    return d->first_path ||
           fault_set(f, ERR_NO_MEMORY, "name the file", NULL, NULL);
}

struct sink *destination_sink(const struct destination *d)
{
    return d->sink;
}

void destination_hand_over(struct destination *d)
{
    d->sink = NULL;
}

void destination_destroy(struct destination *d)
{
    if (d) {
        struct fault ignored = {0};
        sink_close(d->sink, &ignored);
        free(d->pattern);
        free(d->fallback);
        free(d->first_path);
        free(d);
    }
}
