/* suspend: see suspend.h. Writer thread. */
#include "core/suspend.h"

/* Going to sleep and waking up take longer than this by the clock, also where
 * it stands still in between, and nothing is captured meanwhile. */
#define HOLE_NS INT64_C(100000000)

struct suspend suspend_between(int64_t from_ns, int64_t now_ns,
                               int64_t length_ns, bool counted, bool kept)
{
    /* Where the clock counts the sleep, what was stamped before is at least
     * its length older than now; and what came after is younger than that, if
     * the machine was awake for less than the sleep between the two looks. */
    return (struct suspend){.from_ns = from_ns,
                            .until_ns = counted ? now_ns - length_ns : now_ns,
                            .length_ns = length_ns,
                            .counted = counted,
                            .kept = kept};
}

void suspend_join(struct suspend *s, const struct suspend *next)
{
    if (s->length_ns == 0) {
        *s = *next;
    } else {
        s->length_ns += next->length_ns;
    }
}

bool suspend_due(const struct suspend *s, int64_t time_ns, int64_t hole_ns)
{
    if (s->length_ns == 0 || time_ns <= s->from_ns) {
        return false;
    }
    return time_ns >= s->until_ns ||
           hole_ns >= HOLE_NS + (s->counted ? s->length_ns : 0);
}

int64_t suspend_shift(const struct suspend *s)
{
    return (s->counted ? s->length_ns : 0) - (s->kept ? s->length_ns : 0);
}

static int64_t move(const struct suspend *s, int64_t time_ns, int64_t by_ns)
{
    if (s->length_ns == 0 || time_ns < s->until_ns) {
        return time_ns;
    }
    int64_t moved = time_ns + by_ns;
    return moved < s->until_ns ? s->until_ns : moved;
}

int64_t suspend_to_file(const struct suspend *s, int64_t time_ns)
{
    return move(s, time_ns, -suspend_shift(s));
}

int64_t suspend_to_clock(const struct suspend *s, int64_t time_ns)
{
    return move(s, time_ns, suspend_shift(s));
}
