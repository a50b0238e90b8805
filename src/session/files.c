/* files: see files.h. */
#include "session/files.h"

#include <stdlib.h>
#include <string.h>

#include "session/internal.h"
#include "sys/clock.h"

struct node {
    struct session_file file; /* its next is the next node's */
    struct node *next;
    char path[];
};

struct files {
    /* constant after create */
    struct queue *queue;
    struct mutex *mutex;
    bool tell;
    /* under the mutex */
    struct node *first;
    struct node *last;
    struct node *deleted; /* until it is told, or by somebody else */
    uint64_t deletions;
};

struct files *files_create(struct queue *queue, bool tell)
{
    struct files *f = calloc(1, sizeof(*f));
    if (!f || !(f->mutex = mutex_create())) {
        free(f);
        return NULL;
    }
    f->queue = queue;
    f->tell = tell;
    return f;
}

static void release(struct node *n)
{
    while (n) {
        struct node *next = n->next;
        free(n);
        n = next;
    }
}

void files_destroy(struct files *f)
{
    if (!f) {
        return;
    }
    release(f->first);
    release(f->deleted);
    mutex_destroy(f->mutex);
    free(f);
}

static void begun(void *context, const char *path, unsigned number,
                  uint64_t at_frame)
{
    struct files *f = context;
    struct node *n = calloc(1, sizeof(*n) + strlen(path) + 1);
    if (!n) {
        queue_post_text(f->queue, EVENT_WARNING,
                        "out of memory: a file was made and is not listed",
                        NULL);
        return;
    }
    strcpy(n->path, path);
    n->file.path = n->path;
    n->file.number = number;
    n->file.at_frame = at_frame;
    mutex_lock(f->mutex);
    if (f->last) {
        f->last->next = n;
        f->last->file.next = &n->file;
    } else {
        f->first = n;
    }
    f->last = n;
    mutex_unlock(f->mutex);
}

static void ended(void *context, const struct sink_total *total)
{
    struct files *f = context;
    struct session_event event = {.kind = EVENT_SEGMENT,
                                  .wall_ns = clock_wall_ns()};
    mutex_lock(f->mutex);
    if (f->last) {
        f->last->file.frames = total->frames;
        f->last->file.bytes = total->bytes;
        event.number = f->last->file.number;
    }
    mutex_unlock(f->mutex);
    if (f->tell && event.number > 0) {
        queue_post(f->queue, &event);
    }
}

/* Where the node with NUMBER hangs, in the list that begins at *FROM; NULL: it
 * is not there. *BEFORE: the one before it. */
static struct node **find(struct node **from, unsigned number,
                          struct node **before)
{
    *before = NULL;
    while (*from && (*from)->file.number != number) {
        *before = *from;
        from = &(*from)->next;
    }
    return *from ? from : NULL;
}

/* File NUMBER is none of the recording's files any more. Under the mutex.
 * False: it was none. */
static bool set_aside(struct files *f, unsigned number)
{
    struct node *before;
    struct node **at = find(&f->first, number, &before);
    if (!at) {
        return false;
    }
    struct node *n = *at;
    *at = n->next;
    if (before) {
        before->file.next = n->next ? &n->next->file : NULL;
    }
    if (f->last == n) {
        f->last = before;
    }
    n->next = f->deleted;
    n->file.next = NULL;
    f->deleted = n;
    return true;
}

static void deleted(void *context, unsigned number)
{
    struct files *f = context;
    const struct session_event event = {
        .kind = EVENT_DELETED, .wall_ns = clock_wall_ns(), .number = number};
    mutex_lock(f->mutex);
    f->deletions += set_aside(f, number) ? 1 : 0;
    mutex_unlock(f->mutex);
    queue_post(f->queue, &event);
}

/* Its node stays as long as the list: who looks may be at it. */
static void vanished(void *context)
{
    struct files *f = context;
    mutex_lock(f->mutex);
    if (f->last) {
        set_aside(f, f->last->file.number);
    }
    mutex_unlock(f->mutex);
}

static void warn(void *context, const char *text)
{
    struct files *f = context;
    queue_post_text(f->queue, EVENT_WARNING, text, NULL);
}

struct segments_listener files_listener(struct files *f)
{
    return (struct segments_listener){.context = f,
                                      .begun = begun,
                                      .ended = ended,
                                      .vanished = vanished,
                                      .deleted = deleted,
                                      .warn = warn};
}

const struct session_file *files_first(struct files *f)
{
    mutex_lock(f->mutex);
    const struct session_file *file = f->first ? &f->first->file : NULL;
    mutex_unlock(f->mutex);
    return file;
}

bool files_find(struct files *f, unsigned number, struct session_file *out)
{
    struct node *before;
    mutex_lock(f->mutex);
    struct node **at = find(&f->first, number, &before);
    at = at ? at : find(&f->deleted, number, &before);
    if (at) {
        *out = (*at)->file;
    }
    mutex_unlock(f->mutex);
    return at != NULL;
}

void files_forget(struct files *f, unsigned number)
{
    struct node *before;
    mutex_lock(f->mutex);
    struct node **at = find(&f->deleted, number, &before);
    if (at) {
        struct node *n = *at;
        *at = n->next;
        free(n);
    }
    mutex_unlock(f->mutex);
}

uint64_t files_deletions(struct files *f)
{
    mutex_lock(f->mutex);
    uint64_t count = f->deletions;
    mutex_unlock(f->mutex);
    return count;
}
