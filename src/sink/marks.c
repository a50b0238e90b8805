/* marks: see marks.h. Writer thread. */
#include "sink/marks.h"

#include <stdlib.h>

bool marks_add(struct marks *m, uint64_t frame, size_t most)
{
    if (m->count >= most || m->count >= MARKS_MOST)
        return false;
    if (m->count == m->room) {
        size_t room = m->room == 0 ? 64 : 2 * m->room;
        uint64_t *frames = realloc(m->frames, room * sizeof *frames);
        if (frames == NULL)
            return false;
        m->frames = frames;
        m->room = room;
    }
    m->frames[m->count++] = frame;
    return true;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

void marks_sort(struct marks *m)
{
    size_t kept = 0;

    if (m->count == 0)
        return;
    qsort(m->frames, m->count, sizeof m->frames[0], compare);
    for (size_t i = 0; i < m->count; i++)
        if (kept == 0 || m->frames[kept - 1] != m->frames[i])
            m->frames[kept++] = m->frames[i];
    m->count = kept;
}

bool marks_cut(struct marks *m, uint64_t frame)
{
    size_t before = m->count;

    m->count = 0;
    for (size_t i = 0; i < before; i++)
        if (m->frames[i] < frame)
            m->frames[m->count++] = m->frames[i];
    return m->count < before;
}

void marks_free(struct marks *m)
{
    free(m->frames);
    *m = (struct marks){0};
}
