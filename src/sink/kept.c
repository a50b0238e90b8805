/* kept: see kept.h. Writer thread. */
#include "sink/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kept_file {
    struct kept_file *next; /* the one after it */
    struct file_mark mark;
    unsigned number;
    uint64_t bytes, end;
    char path[];
};

struct kept {
    /* constant after create */
    struct segments_keep keep;
    struct segments_listener listener;
    /* moving */
    struct kept_file *oldest, *latest;
    unsigned files; /* in the list */
    uint64_t bytes; /* of all of them */
};

struct kept *kept_create(const struct segments_keep *keep,
                         const struct segments_listener *listener)
{
    struct kept *k = calloc(1, sizeof *k);

    if (k != NULL) {
        k->keep = *keep;
        k->listener = *listener;
    }
    return k;
}

/* The oldest one is no longer looked after. */
static void forget(struct kept *k)
{
    struct kept_file *file = k->oldest;

    k->oldest = file->next;
    if (k->oldest == NULL)
        k->latest = NULL;
    k->files--;
    k->bytes -= file->bytes;
    free(file);
}

void kept_destroy(struct kept *k)
{
    while (k != NULL && k->oldest != NULL)
        forget(k);
    free(k);
}

void kept_add(struct kept *k, const char *path, unsigned number,
              const struct file_mark *mark, uint64_t bytes, uint64_t end)
{
    struct kept_file *file;
    struct file_mark sealed = *mark;

    if (!file_seal(path, &sealed))
        return;
    file = calloc(1, sizeof *file + strlen(path) + 1);
    if (file == NULL)
        return;
    strcpy(file->path, path);
    file->mark = sealed;
    file->number = number;
    file->bytes = bytes;
    file->end = end;
    if (k->latest != NULL)
        k->latest->next = file;
    else
        k->oldest = file;
    k->latest = file;
    k->files++;
    k->bytes += bytes;
}

static void warn(const struct kept *k, const char *path, const char *why)
{
    char text[600];

    snprintf(text, sizeof text, "not deleted: %s: %s", path, why);
    k->listener.warn(k->listener.context, text);
}

static void delete_oldest(struct kept *k)
{
    const struct kept_file *file = k->oldest;

    switch (file_remove_sealed(file->path, &file->mark)) {
    case FILE_REMOVED:
        k->listener.deleted(k->listener.context, file->number);
        break;
    case FILE_CHANGED:
        warn(k, file->path, "somebody has changed it since");
        break;
    case FILE_STUCK: warn(k, file->path, "the system refuses it"); break;
    case FILE_MISSING: break; /* somebody was faster */
    }
    forget(k);
}

void kept_trim(struct kept *k, unsigned running, uint64_t bytes,
               uint64_t frames)
{
    const struct segments_keep *keep = &k->keep;

    while (k->oldest != NULL &&
           ((keep->files > 0 && k->files + running > keep->files) ||
            (keep->bytes > 0 && k->bytes + bytes > keep->bytes) ||
            (keep->frames > 0 && k->oldest->end <= frames &&
             frames - k->oldest->end >= keep->frames)))
        delete_oldest(k);
}
