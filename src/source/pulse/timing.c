/* timing: see timing.h. */
#include "source/pulse/timing.h"

#include "core/format.h"

void timing_init(struct timing *t, uint32_t rate)
{
    *t = (struct timing){.rate = rate};
}

void timing_reset(struct timing *t)
{
    t->count = 0;
    t->next = 0;
    t->doubts = 0;
}

bool timing_known(const struct timing *t)
{
    return t->count > 0;
}

void timing_answer(struct timing *t, int64_t now_ns, int64_t stream_ns)
{
    t->doubts = 0;
    t->origins_ns[t->next] = now_ns - stream_ns;
    t->next = (t->next + 1) % TIMING_WINDOW;
    if (t->count < TIMING_WINDOW) {
        t->count++;
    }
    t->origin_ns = t->origins_ns[0];
    for (unsigned i = 1; i < t->count; i++) {
        if (t->origins_ns[i] < t->origin_ns) {
            t->origin_ns = t->origins_ns[i];
        }
    }
}

bool timing_believe(struct timing *t)
{
    if (t->doubts == 0) {
        return false;
    }
    timing_reset(t);
    timing_answer(t, t->doubted_ns, 0);
    return true;
}

bool timing_doubt(struct timing *t, int64_t now_ns, int64_t stream_ns)
{
    int64_t origin_ns = now_ns - stream_ns;
    if (t->doubts == 0 || origin_ns < t->doubted_ns) {
        t->doubted_ns = origin_ns;
    }
    t->doubts++;
    return t->doubts >= TIMING_WITNESSES && timing_believe(t);
}

int64_t timing_of(const struct timing *t, uint64_t frame)
{
    return t->origin_ns + frames_to_ns((int64_t)frame, t->rate);
}
