/* history: see history.h. Writer thread. */
#include "sink/history.h"

#include <stdlib.h>
#include <string.h>

struct history {
    size_t capacity, frame_bytes;
    uint64_t end;
    unsigned char data[];
};

struct history *history_create(size_t capacity_frames, size_t frame_bytes)
{
    struct history *h = malloc(sizeof *h + capacity_frames * frame_bytes);

    if (h == NULL)
        return NULL;
    h->capacity = capacity_frames;
    h->frame_bytes = frame_bytes;
    h->end = 0;
    return h;
}

void history_destroy(struct history *h)
{
    free(h);
}

/* Where FRAME lies, and how many there are up to the buffer's end. */
static size_t place(const struct history *h, uint64_t frame, size_t *n)
{
    size_t at = (size_t)(frame % h->capacity);

    *n = h->capacity - at;
    return at * h->frame_bytes;
}

void history_add(struct history *h, const void *data, size_t frames)
{
    const unsigned char *from = data;

    while (frames > 0) {
        size_t n;
        size_t at = place(h, h->end, &n);
        n = n < frames ? n : frames;
        memcpy(h->data + at, from, n * h->frame_bytes);
        h->end += n;
        from += n * h->frame_bytes;
        frames -= n;
    }
}

uint64_t history_end(const struct history *h)
{
    return h->end;
}

uint64_t history_begin(const struct history *h)
{
    return h->end > h->capacity ? h->end - h->capacity : 0;
}

const void *history_at(const struct history *h, uint64_t frame, size_t *n)
{
    size_t at = place(h, frame, n);
    uint64_t left = h->end - frame;

    *n = left < *n ? (size_t)left : *n;
    return h->data + at;
}
