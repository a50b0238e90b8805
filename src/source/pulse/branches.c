/* branches: see branches.h. */
#include "source/pulse/branches.h"

#include "sys/clock.h"

/* One that is not there by then is done without. */
#define CONNECT_NS INT64_C(1000000000)

static void begin(struct branches *b, unsigned place)
{
    if (b->contexts[place] == NULL) {
        b->contexts[place] = link_branch(b->link);
        b->begun_ns[place] = clock_now_ns();
    }
}

void branches_open(struct branches *b, struct link *l)
{
    *b = (struct branches){.link = l};
    begin(b, 0);
}

pa_context *branches_get(struct branches *b, unsigned i)
{
    unsigned place = i % BRANCHES_MAX;
    begin(b, place);
    begin(b, (i + 1) % BRANCHES_MAX); /* before it is needed */
    pa_context *c = b->contexts[place];
    if (c == NULL) {
        return b->link->context;
    }
    pa_context_state_t state = pa_context_get_state(c);
    bool late = clock_now_ns() - b->begun_ns[place] > CONNECT_NS;
    if (state == PA_CONTEXT_READY) {
        return c;
    }
    if (PA_CONTEXT_IS_GOOD(state)) {
        return late ? b->link->context : NULL;
    }
    if (!late) {
        return b->link->context;
    }
    link_prune(c); /* to be made anew */
    b->contexts[place] = NULL;
    return NULL;
}

void branches_close(struct branches *b)
{
    for (unsigned i = 0; i < BRANCHES_MAX; i++) {
        link_prune(b->contexts[i]);
        b->contexts[i] = NULL;
    }
}
