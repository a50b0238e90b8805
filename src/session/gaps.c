/* gaps: see gaps.h. Writer thread. */
#include "session/gaps.h"

#include <string.h>

#include "core/text.h"
#include "session/internal.h"
#include "sys/clock.h"

void gaps_init(struct gaps *g, struct queue *queue, struct account *account)
{
    *g = (struct gaps){.queue = queue, .account = account};
}

static uint64_t end_of(const struct gap *gap)
{
    return gap->at + gap->frames;
}

static void post(struct gaps *g, const struct gap *gap,
                 enum session_event_kind kind, enum account_class was)
{
    struct session_event event = {
        .kind = kind,
        .wall_ns = clock_wall_ns(),
        .class = gap->class,
        .was = was,
        .at_frame = gap->at,
        .frames = gap->frames,
    };
    text_copy(event.reason, sizeof(event.reason), gap->reason);
    queue_post(g->queue, &event);
}

/* --- those that are kept --- */

static void tell_one(struct gaps *g)
{
    const struct gap *gap = &g->kept[g->told++];
    post(g, gap, EVENT_GAP, gap->class);
}

void gaps_end(struct gaps *g)
{
    while (g->told < g->count) {
        tell_one(g);
    }
}

static void forget_first(struct gaps *g)
{
    if (g->told == 0) {
        tell_one(g);
    }
    g->forgotten = end_of(&g->kept[0]);
    g->told--;
    g->count--;
    memmove(g->kept, g->kept + 1, g->count * sizeof g->kept[0]);
}

static void make_room(struct gaps *g, unsigned count)
{
    while (g->count > GAPS_KEPT - count) {
        forget_first(g);
    }
}

/* GAP becomes the one with number I; there is room. */
static void insert(struct gaps *g, unsigned i, const struct gap *gap)
{
    memmove(g->kept + i + 1, g->kept + i, (g->count - i) * sizeof *gap);
    g->kept[i] = *gap;
    g->count++;
}

void gaps_add(struct gaps *g, const struct gap *next)
{
    bool open = g->told < g->count; /* the last may grow */
    if (open && g->kept[g->count - 1].class == next->class) {
        g->kept[g->count - 1].frames += next->frames;
        return;
    }
    gaps_end(g);
    make_room(g, 1);
    insert(g, g->count, next);
}

/* --- what is lost after all --- */

void gaps_tell_lost(struct gaps *g)
{
    if (g->lost.frames > 0) {
        post(g, &g->lost, EVENT_RECLASSIFIED, g->was);
    }
    g->lost.frames = 0;
}

static uint64_t count_as_lost(struct gaps *g, enum account_class was,
                              uint64_t frames)
{
    uint64_t *from = &g->account->frames[was];
    uint64_t n = frames < *from ? frames : *from;
    *from -= n;
    g->account->frames[CLASS_LOST] += n;
    return n;
}

/* LOST was told to be of the class WAS, or was captured. */
static void amend(struct gaps *g, const struct gap *lost,
                  enum account_class was)
{
    struct gap counted = *lost;
    counted.frames = count_as_lost(g, was, lost->frames);
    if (g->lost.frames > 0 && g->was == was && end_of(&g->lost) == lost->at) {
        g->lost.frames += counted.frames;
        return;
    }
    gaps_tell_lost(g);
    g->lost = counted;
    g->was = was;
}

/* What lies before all that is kept: which class that was nobody knows. */
static void lose_forgotten(struct gaps *g, struct gap lost, bool heard)
{
    static const enum account_class order[] = {CLASS_CAPTURED, CLASS_IDLE,
                                               CLASS_GONE};
    for (unsigned i = heard ? 0 : 1; i < 3 && lost.frames > 0; i++) {
        uint64_t there = g->account->frames[order[i]];
        struct gap part = lost;
        part.frames = lost.frames < there ? lost.frames : there;
        if (part.frames > 0) {
            amend(g, &part, order[i]);
            lost.at += part.frames;
            lost.frames -= part.frames;
        }
    }
}

/* The gap with number I ends at FRAME, and what of it lies behind is another
 * one. */
static void cut(struct gaps *g, unsigned i, uint64_t frame)
{
    struct gap behind = g->kept[i];
    bool told = i < g->told;
    behind.frames = end_of(&behind) - frame;
    behind.at = frame;
    g->kept[i].frames -= behind.frames;
    insert(g, i + 1, &behind);
    g->told += told ? 1 : 0;
}

/* The gap with number I, all of it. */
static void lose_gap(struct gaps *g, unsigned i, const char *reason)
{
    struct gap *gap = &g->kept[i];
    enum account_class was = gap->class;
    gap->class = CLASS_LOST;
    gap->reason = reason;
    if (i < g->told) {
        amend(g, gap, was);
        return;
    }
    count_as_lost(g, was, gap->frames);
    if (i > g->told && g->kept[i - 1].class == CLASS_LOST) {
        g->kept[i - 1].frames += gap->frames;
        g->count--;
        memmove(gap, gap + 1, (g->count - i) * sizeof *gap);
    }
}

/* The first gap that ends behind FRAME; COUNT: there is none. */
static unsigned find(const struct gaps *g, uint64_t frame)
{
    unsigned i = 0;
    while (i < g->count && end_of(&g->kept[i]) <= frame) {
        i++;
    }
    return i;
}

/* PART lies in the gap with number I. */
static void lose_part(struct gaps *g, unsigned i, const struct gap *part)
{
    if (g->kept[i].class == CLASS_LOST) {
        return;
    }
    if (end_of(&g->kept[i]) > end_of(part)) {
        cut(g, i, end_of(part));
    }
    if (g->kept[i].at < part->at) {
        cut(g, i, part->at);
        i++;
    }
    lose_gap(g, i, part->reason);
}

void gaps_lose(struct gaps *g, uint64_t at, uint64_t frames, bool heard,
               const char *reason)
{
    struct gap part = {.class = CLASS_LOST, .at = at, .reason = reason};
    for (uint64_t end = at + frames; part.at < end; part.at += part.frames) {
        make_room(g, 2);
        unsigned i = find(g, part.at);
        const struct gap *gap = i < g->count ? &g->kept[i] : NULL;
        bool inside = gap != NULL && gap->at <= part.at;
        bool known = part.at >= g->forgotten;
        uint64_t until = !known        ? g->forgotten
                         : gap == NULL ? end
                         : inside      ? end_of(gap)
                                       : gap->at;
        part.frames = (until < end ? until : end) - part.at;
        if (!known) {
            lose_forgotten(g, part, heard);
        } else if (inside) {
            lose_part(g, i, &part);
        } else if (heard) {
            amend(g, &part, CLASS_CAPTURED);
            insert(g, i, &part);
            g->told++;
        }
    }
}
