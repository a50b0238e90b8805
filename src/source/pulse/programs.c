/* programs: see programs.h. */
#include "source/pulse/programs.h"

#include "source/pulse/run.h"
#include "sys/clock.h"

/* A stream that is new is told of, and found, within less than this; its lane
 * waits from there on. */
#define FLOOR_NS INT64_C(50000000)
/* When what is recorded is over, its streams end within this. */
#define OVER_NS INT64_C(1000000000)
/* Where nothing is recorded, the next beginning is waited for so tightly; then
 * it may lack more. */
#define TIGHT_NS INT64_C(60000000000)
/* The sound of a stream that has begun may come so much later. */
#define FIRST_NS INT64_C(300000000)

/* --- the server's news --- */

static void on_event(pa_context *c, pa_subscription_event_type_t type,
                     uint32_t index, void *data)
{
    struct programs *p = data;
    (void)c;
    unsigned facility = type & PA_SUBSCRIPTION_EVENT_FACILITY_MASK;
    unsigned kind = type & PA_SUBSCRIPTION_EVENT_TYPE_MASK;
    if (facility != PA_SUBSCRIPTION_EVENT_SINK_INPUT) {
        keepers_stir(&p->keepers);
    } else if (kind == PA_SUBSCRIPTION_EVENT_REMOVE) {
        taps_removed(&p->taps, index);
    }
}

static void take_news(struct programs *p)
{
    struct roster_news news;
    while (roster_next(p->roster, &news)) {
        const struct roster_stream *s = &news.stream;
        switch (news.word) {
        case ROSTER_ATTACH:
            if (!p->over) {
                taps_attach(&p->taps, s);
            }
            break;
        case ROSTER_DETACH: taps_detach(&p->taps, s->input, s->sink); break;
        case ROSTER_CHANGE: taps_change(&p->taps, s); break;
        case ROSTER_ENDED:
            p->over = true;
            p->over_ns = clock_now_ns();
            taps_detach_all(&p->taps);
            break;
        }
    }
}

/* False: it cannot go on, F says why. */
static bool alive(struct programs *p, struct fault *f)
{
    return link_alive(p->link, f) && roster_alive(p->roster, f);
}

/* Is somebody's first sound to come? Not longer than that: every turn of the
 * server costs, and at its end a sound may lack what the server had not sent.
 */
static bool awaits_sound(struct programs *p, int64_t now_ns)
{
    bool in_use = false;
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        const struct tap *tap = &p->taps.items[i];
        in_use = in_use || tap->state != TAP_FREE;
        if (tap->state != TAP_FREE && tap->who.fresh && !tap->heard &&
            now_ns - tap->who.seen_ns < FIRST_NS) {
            return true;
        }
    }
    p->played_ns = in_use ? now_ns : p->played_ns;
    return !in_use && now_ns - p->played_ns < TIGHT_NS;
}

/* Everything that is due after a turn. True: something is under way. */
static bool look_after(struct programs *p, int64_t now_ns)
{
    struct keepers_use used[TAPS_MAX];
    take_news(p);
    bool busy = taps_turned(&p->taps, now_ns, now_ns - FLOOR_NS);
    bool changed = p->taps.changed;
    p->taps.changed = false;
    keepers_tighten(&p->keepers, awaits_sound(p, now_ns));
    keepers_turned(&p->keepers, used, taps_outputs(&p->taps, used), changed,
                   now_ns);
    return busy;
}

/* --- opening --- */

/* The format is that of the output where an application plays; of the default
 * one where nothing does yet, and where several applications are meant. SINK is
 * where something wanted plays, if anything does. */
static bool find_base(struct programs *p, uint32_t sink, int64_t deadline_ns,
                      struct fault *f)
{
    struct link *l = p->link;
    struct fault missing = {.err = ERR_OK};
    bool there = sink != PA_INVALID_INDEX;

    if (there && p->request->scope == SCOPE_APP &&
        devices_output_at(l, sink, &p->base, deadline_ns, NULL)) {
        return true;
    }
    if (devices_default(l, &p->base, deadline_ns, &missing) ||
        (missing.err == ERR_NO_DEVICE && there &&
         devices_output_at(l, sink, &p->base, deadline_ns, NULL))) {
        return true;
    }
    if (f != NULL) {
        *f = missing;
    }
    return false;
}

static bool subscribe(struct programs *p, int64_t deadline_ns, struct fault *f)
{
    pa_context *c = p->link->context;
    pa_context_set_subscribe_callback(c, on_event, p);
    pa_operation *op = pa_context_subscribe(c,
                                            PA_SUBSCRIPTION_MASK_SERVER |
                                                PA_SUBSCRIPTION_MASK_SINK |
                                                PA_SUBSCRIPTION_MASK_SINK_INPUT,
                                            NULL, NULL);
    return link_finish(p->link, op, "subscribe", deadline_ns, f);
}

/* Has the sound come of each stream that plays, or can it not? */
static bool all_came(const struct programs *p)
{
    if (!keepers_are_ready(&p->keepers)) {
        return false;
    }
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        const struct tap *tap = &p->taps.items[i];
        if (tap->state == TAP_FREE || tap->who.corked || tap->tries > 0) {
            continue;
        }
        if (tap->state != TAP_UP || tap->stream.phase != STREAM_OPEN ||
            pa_stream_readable_size(tap->stream.pa) == 0) {
            return false;
        }
    }
    return true;
}

static bool await_sound(struct programs *p, int64_t await_ns,
                        int64_t deadline_ns, struct fault *f)
{
    int64_t until_ns = clock_now_ns() + await_ns;
    until_ns = until_ns < deadline_ns ? until_ns : deadline_ns;
    while (!all_came(p) && clock_now_ns() < until_ns) {
        if (!link_step(p->link, "record", ERR_SOURCE_FAILED, deadline_ns, f) ||
            !alive(p, f)) {
            return false;
        }
        look_after(p, clock_now_ns());
    }
    return true;
}

/* The roster's first look is over: what it found, to taps. */
static bool begin(struct programs *p, int64_t await_ns, int64_t deadline_ns,
                  struct fault *f)
{
    const struct source_request *r = p->request;
    struct roster_news first;
    bool some = roster_next(p->roster, &first);
    bool plays = some && first.word == ROSTER_ATTACH;

    if (!find_base(p, plays ? first.stream.sink : PA_INVALID_INDEX, deadline_ns,
                   f) ||
        !keepers_open(&p->keepers, p->link, &p->base, r->latency_ns,
                      r->scope != SCOPE_ALL, deadline_ns, f) ||
        !taps_open(&p->taps, p->link, &p->base, r->latency_ns, &p->keepers,
                   f) ||
        !subscribe(p, deadline_ns, f)) {
        return false;
    }
    if (plays) {
        taps_attach(&p->taps, &first.stream);
    } else if (some && first.word == ROSTER_ENDED) {
        return fault_set(f, ERR_NO_APP, "record", "it has ended", NULL);
    }
    look_after(p, clock_now_ns());
    return await_ns == 0 || await_sound(p, await_ns, deadline_ns, f);
}

bool programs_open(struct programs *p, struct link *l,
                   const struct source_request *request, struct who *who,
                   int64_t await_ns, int64_t deadline_ns, struct fault *f)
{
    p->request = request;
    p->link = l;
    p->over = false;
    p->played_ns = clock_now_ns();
    p->keepers.bytes = p->taps.bytes = NULL;
    p->roster = roster_start(request, who, l, deadline_ns, f);
    if (p->roster == NULL) {
        return false;
    }
    if (!begin(p, await_ns, deadline_ns, f)) {
        programs_close(p);
        return false;
    }
    return true;
}

void programs_close(struct programs *p)
{
    if (p->link != NULL && p->link->context != NULL) {
        pa_context_set_subscribe_callback(p->link->context, NULL, NULL);
    }
    taps_close(&p->taps);
    keepers_close(&p->keepers);
    roster_stop(p->roster);
    p->roster = NULL;
}

/* --- running --- */

struct running {
    struct programs *programs;
    const struct outlet *floor;
};

static enum run_state turned(void *owner, enum source_end *end, struct fault *f)
{
    struct running *r = owner;
    struct programs *p = r->programs;
    int64_t now_ns = clock_now_ns();

    if (!alive(p, f)) {
        *end = SOURCE_LOST;
        return RUN_IS_OVER;
    }
    bool busy = look_after(p, now_ns);
    r->floor->idle(r->floor->context, now_ns - FLOOR_NS);
    if (p->over && (!taps_in_use(&p->taps) || now_ns - p->over_ns > OVER_NS)) {
        *end = SOURCE_ENDED;
        return RUN_IS_OVER;
    }
    return busy || p->over ? RUN_HURRIES : RUN_GOES_ON;
}

enum source_end programs_run(struct programs *p, const struct outlet *out,
                             struct fault *f)
{
    struct stream *streams[TAPS_MAX + KEEPERS_MAX];
    struct running running = {.programs = p, .floor = &out[0]};
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        streams[i] = &p->taps.items[i].stream;
    }
    for (unsigned i = 0; i < KEEPERS_MAX; i++) {
        streams[TAPS_MAX + i] = &p->keepers.items[i].stream;
    }
    const struct run r = {
        .link = p->link,
        .streams = streams,
        .count = TAPS_MAX + KEEPERS_MAX,
        .owner = &running,
        .turned = turned,
    };
    taps_run(&p->taps, out + 1);
    enum source_end end = run_streams(&r, f);
    taps_run(&p->taps, NULL);
    return end;
}
