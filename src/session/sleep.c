/* sleep: see sleep.h. Writer thread. */
#include "session/sleep.h"

#include "sink/segments.h"
#include "sys/clock.h"

/* What is shorter is the two clocks' own unrest. */
#define LEAST_NS INT64_C(500000000)
/* Two clocks agree within this. */
#define AGREE_NS INT64_C(100000000)

void sleep_init(struct sleep *s, enum session_suspend policy,
                struct queue *queue, struct sink *sink, bool virtual_time)
{
    *s = (struct sleep){
        .policy = policy,
        .queue = queue,
        .segments = policy == SUSPEND_SPLIT ? sink : NULL,
        .virtual_time = virtual_time,
        .looked_ns = clock_now_ns(),
        .count_ns = clock_asleep_ns(),
    };
}

void sleep_look(struct sleep *s, struct lane *const *lanes, unsigned count,
                int64_t stop_ns)
{
    if (s->virtual_time) {
        return;
    }
    int64_t count_ns = clock_asleep_ns();
    int64_t now_ns = clock_now_ns();
    int64_t length_ns = count_ns - s->count_ns;
    int64_t from_ns = s->looked_ns;
    s->count_ns = count_ns;
    s->looked_ns = now_ns;
    if (length_ns < LEAST_NS) {
        return;
    }
    /* A clock that should have counted the sleep and moved less did not. */
    bool counted =
        clock_counts_sleep() && now_ns - from_ns >= length_ns - AGREE_NS;
    if (!counted && stop_ns > from_ns && stop_ns < now_ns) {
        /* Nobody asks for anything while the machine is asleep, and before it
         * went to sleep the request would have woken us. */
        now_ns = stop_ns;
    }
    struct suspend slept = suspend_between(from_ns, now_ns, length_ns, counted,
                                           s->policy == SUSPEND_FILL);
    for (unsigned i = 0; i < count; i++) {
        timeline_expect_sleep(&lanes[i]->timeline, &slept);
    }
}

void sleep_tell(const struct sleep *s, struct lane *l, int64_t time_ns,
                int64_t length_ns)
{
    struct suspend slept =
        suspend_between(time_ns, time_ns + length_ns, length_ns, true,
                        s->policy == SUSPEND_FILL);
    timeline_expect_sleep(&l->timeline, &slept);
}

void sleep_passed(struct sleep *s, const struct lane *l, uint64_t frame)
{
    int64_t length_ns = l->timeline.slept_ns - s->told_ns;
    if (length_ns <= 0) {
        return; /* another lane told it */
    }
    s->told_ns += length_ns;
    struct session_event event = {.kind = EVENT_SUSPEND,
                                  .wall_ns = clock_wall_ns(),
                                  .at_frame = frame,
                                  .length_ns = length_ns,
                                  .policy = s->policy};
    queue_post(s->queue, &event);
    if (s->segments) {
        segments_cut(s->segments, frame);
    }
}
