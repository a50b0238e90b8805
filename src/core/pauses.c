/* pauses: see pauses.h. Writer thread. */
#include "core/pauses.h"

#include <string.h>

/* The latest edge that is known, passed or to come. */
static uint64_t last_edge(const struct pauses *p)
{
    return p->count > 0 ? p->edges[p->count - 1] : p->since;
}

/* Paused once all that is known has passed? */
static bool at_last(const struct pauses *p)
{
    return p->paused != (p->count % 2 == 1);
}

bool pauses_toggle(struct pauses *p, uint64_t frame, struct pauses_edge *edge)
{
    if (p->count == PAUSES_EDGES) {
        return false;
    }
    uint64_t before = last_edge(p);
    uint64_t least = before > p->at ? before : p->at;
    frame = frame > least ? frame : least;
    bool was_paused = at_last(p);
    p->edges[p->count++] = frame;
    *edge = (struct pauses_edge){
        .paused = !was_paused,
        .at_frame = pauses_to_file(p, frame),
        .frames = was_paused ? frame - before : 0,
    };
    return true;
}

/* How many frames before FRAME, which has not passed, are not in the file. */
static uint64_t hidden_before(const struct pauses *p, uint64_t frame)
{
    uint64_t hidden = p->hidden;
    uint64_t from = p->at;
    bool paused = p->paused;
    for (unsigned i = 0; i < p->count && p->edges[i] < frame; i++) {
        hidden += paused ? p->edges[i] - from : 0;
        from = p->edges[i];
        paused = !paused;
    }
    return hidden + (paused && frame > from ? frame - from : 0);
}

uint64_t pauses_to_file(const struct pauses *p, uint64_t frame)
{
    return frame - hidden_before(p, frame);
}

uint64_t pauses_place(const struct pauses *p, uint64_t frame)
{
    return frame >= p->at ? pauses_to_file(p, frame)
                          : p->at - p->hidden - pauses_shown(p, p->at - frame);
}

uint64_t pauses_end(const struct pauses *p, uint64_t length)
{
    uint64_t last = last_edge(p) > p->at ? last_edge(p) : p->at;
    uint64_t hidden = hidden_before(p, last);
    if (length == UINT64_MAX || (at_last(p) && last - hidden < length)) {
        return UINT64_MAX;
    }
    return length + hidden;
}

uint64_t pauses_pass(struct pauses *p, uint64_t count, bool *hidden)
{
    while (p->count > 0 && p->edges[0] <= p->at) {
        p->paused = !p->paused;
        p->since = p->edges[0];
        p->count--;
        memmove(p->edges, p->edges + 1, p->count * sizeof p->edges[0]);
    }
    uint64_t left = p->count > 0 ? p->edges[0] - p->at : UINT64_MAX;
    uint64_t n = count < left ? count : left;
    p->at += n;
    p->hidden += p->paused ? n : 0;
    *hidden = p->paused;
    return n;
}

uint64_t pauses_shown(const struct pauses *p, uint64_t count)
{
    uint64_t here = p->at - p->since;
    if (p->paused) {
        return count > here ? count - here : 0;
    }
    return count < here ? count : here;
}
