/* count: see count.h. */
#include "core/count.h"

#include "core/format.h"

/* Only a pause of this length tells a count that goes on from one that stands
 * still. */
#define PAUSE_LEAST_NS INT64_C(200000000)

void count_forget(struct count *c)
{
    c->next = PACKET_NO_POSITION;
    c->end_ns = PACKET_NO_TIME;
    c->runs = false;
}

void count_take(struct count *c, const struct packet *p, uint32_t rate)
{
    c->next = p->position == PACKET_NO_POSITION ? PACKET_NO_POSITION
                                                : p->position + p->frames;
    c->end_ns = p->time_ns == PACKET_NO_TIME
                    ? PACKET_NO_TIME
                    : p->time_ns + frames_to_ns(p->frames, rate);
}

uint64_t count_jump(const struct count *c, const struct packet *p)
{
    if (p->position == PACKET_NO_POSITION || c->next == PACKET_NO_POSITION ||
        p->position < c->next) {
        return 0;
    }
    return p->position - c->next;
}

bool count_is_contiguous(const struct count *c, const struct packet *p)
{
    return p->position != PACKET_NO_POSITION && p->position == c->next;
}

void count_learn(struct count *c, const struct packet *p, uint32_t rate)
{
    if (p->position == PACKET_NO_POSITION || c->next == PACKET_NO_POSITION ||
        p->time_ns == PACKET_NO_TIME || c->end_ns == PACKET_NO_TIME ||
        p->time_ns - c->end_ns < PAUSE_LEAST_NS) {
        return;
    }
    uint64_t pause = (uint64_t)frames_from_ns(p->time_ns - c->end_ns, rate);
    c->runs = count_jump(c, p) > pause / 2;
}
