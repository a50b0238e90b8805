/* orders: see orders.h. */
#include "session/orders.h"

#include <string.h>

#include "sys/clock.h"

void orders_init(struct orders *o, struct mutex *mutex, uint64_t length,
                 bool virtual_time)
{
    *o = (struct orders){.mutex = mutex,
                         .length = length,
                         .virtual_time = virtual_time,
                         .limit = length};
}

bool orders_give(struct orders *o, enum order_kind kind, int64_t at_ns)
{
    mutex_lock(o->mutex);
    bool room = o->count < ORDERS_WAITING;
    if (room) {
        o->asked[o->count++] = (struct order){.kind = kind, .at_ns = at_ns};
        o->paused = o->paused != (kind == ORDER_IS_PAUSE);
    }
    mutex_unlock(o->mutex);
    return room;
}

bool orders_paused(struct orders *o)
{
    mutex_lock(o->mutex);
    bool paused = o->paused;
    mutex_unlock(o->mutex);
    return paused;
}

/* The recording's frame that AT_NS means. All lanes have one sense of time, so
 * the first one's does; in virtual time a moment of ours says nothing. */
static uint64_t frame_of(const struct orders *o, const struct mixer *m,
                         const struct output *out, int64_t at_ns)
{
    return o->virtual_time ? out->pauses.at
                           : timeline_cut_frame(&m->lanes[0]->timeline, at_ns);
}

/* The same moment by the wall clock. */
static int64_t moment(int64_t at_ns)
{
    return clock_wall_ns() - (clock_now_ns() - at_ns);
}

static void toggle(struct orders *o, struct mixer *m, struct output *out,
                   int64_t at_ns)
{
    struct pauses_edge edge;
    if (!pauses_toggle(&out->pauses, frame_of(o, m, out, at_ns), &edge)) {
        return;
    }
    const struct session_event event = {
        .kind = edge.paused ? EVENT_PAUSED : EVENT_RESUMED,
        .wall_ns = moment(at_ns),
        .at_frame = edge.at_frame,
        .frames = edge.frames,
    };
    queue_post(out->queue, &event);
    o->limit = pauses_end(&out->pauses, o->length);
    for (unsigned i = 0; i < m->lane_count; i++) {
        m->lanes[i]->timeline.limit = o->limit;
    }
}

static void mark(struct orders *o, struct mixer *m, struct output *out,
                 int64_t at_ns)
{
    uint64_t frame = pauses_place(&out->pauses, frame_of(o, m, out, at_ns));
    const struct session_event event = {
        .kind = EVENT_MARKER,
        .wall_ns = moment(at_ns),
        .at_frame = frame,
        .number = ++o->marks,
    };
    queue_post(out->queue, &event);
    output_mark(out, frame);
}

/* As many as there is room for; the others wait here. */
static unsigned take(struct orders *o, const struct output *out,
                     struct order *asked)
{
    mutex_lock(o->mutex);
    unsigned room = PAUSES_EDGES - out->pauses.count;
    unsigned n = o->count < room ? o->count : room;
    memcpy(asked, o->asked, n * sizeof asked[0]);
    o->count -= n;
    memmove(o->asked, o->asked + n, o->count * sizeof asked[0]);
    mutex_unlock(o->mutex);
    return n;
}

void orders_look(struct orders *o, struct mixer *m, struct output *out)
{
    struct order asked[ORDERS_WAITING];
    unsigned count = take(o, out, asked);
    for (unsigned i = 0; i < count; i++) {
        switch (asked[i].kind) {
        case ORDER_IS_PAUSE: toggle(o, m, out, asked[i].at_ns); break;
        case ORDER_IS_MARK: mark(o, m, out, asked[i].at_ns); break;
        }
    }
}
