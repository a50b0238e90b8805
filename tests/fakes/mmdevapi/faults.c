/* faults: the statements that spoil packets and calls. See README.md. Under
 * the world's lock. */
#include <limits.h>
#include <string.h>

#include "fakes/mmdevapi/callbacks.h"
#include "fakes/mmdevapi/check.h"
#include "fakes/mmdevapi/simtime.h"
#include "fakes/mmdevapi/words.h"

static void set_flag(struct doing *d, bool *flag)
{
    bool on = words_on_off(&d->words);

    if (!d->dry)
        *flag = on;
}

static void packets_statement(struct doing *d)
{
    bool *off = &words_endpoint(&d->words)->faults.packets_off;
    bool on = words_on_off(&d->words);

    if (!d->dry)
        *off = !on;
}

static void silent_statement(struct doing *d)
{
    set_flag(d, &words_endpoint(&d->words)->faults.silent);
}

static void runs_statement(struct doing *d)
{
    set_flag(d, &words_endpoint(&d->words)->faults.runs);
}

static void autoconvert_statement(struct doing *d)
{
    static const char *const texts[] = {"accepted", "refused", NULL};
    struct faults *f = &words_endpoint(&d->words)->faults;
    bool refused =
        words_choice(&d->words, texts, "'accepted' or 'refused'") == 1;

    if (!d->dry)
        f->autoconvert_refused = refused;
}

static void discontinuity_statement(struct doing *d)
{
    static const char *const texts[] = {"off", "first", "every", "next", NULL};
    struct endpoint *e = words_endpoint(&d->words);
    int choice = words_choice(&d->words, texts, "way of discontinuity");

    if (d->dry)
        return;
    if (choice < 3)
        e->faults.discontinuity = (enum fault_discontinuity)choice;
    else
        for (struct stream *s = d->world->streams; s; s = s->next)
            s->discontinuity = s->discontinuity || s->endpoint == e;
}

static void stamps_statement(struct doing *d)
{
    static const char *const texts[] = {"good",   "missing",   "zero",
                                        "absurd", "backwards", "drift",
                                        "late",   NULL};
    struct faults *f = &words_endpoint(&d->words)->faults;
    int choice = words_choice(&d->words, texts, "kind of stamp");
    double ppm = choice == 5 ? words_number(&d->words, "number of ppm") : 0;
    int64_t late = choice == 6 ? words_time(&d->words) : 0;

    if (d->dry)
        return;
    f->stamps = choice < 5 ? (enum fault_stamps)choice : STAMPS_GOOD;
    f->stamp_ppm = ppm;
    f->stamp_late = late;
    f->stamp_since = d->now; /* at the beginning: world.c sets it */
}

static void jump(struct doing *d, const struct endpoint *e, uint32_t frames)
{
    for (struct stream *s = d->world->streams; s && !d->dry; s = s->next)
        if (s->endpoint == e)
            s->position += frames;
}

static void position_statement(struct doing *d)
{
    static const char *const texts[] = {"good", "zero", "garbage", "jump",
                                        NULL};
    struct endpoint *e = words_endpoint(&d->words);
    int choice = words_choice(&d->words, texts, "kind of position");

    if (choice == 3)
        jump(d, e, words_count(&d->words, "number of frames", INT_MAX));
    else if (!d->dry)
        e->faults.position = (enum fault_position)choice;
}

static void lose_statement(struct doing *d)
{
    static const char *const texts[] = {"true", "period", "none", NULL};
    struct endpoint *e = words_endpoint(&d->words);
    uint32_t frames = words_count(&d->words, "number of frames", INT_MAX);
    bool quiet = words_match(&d->words, "quiet");
    int how = 0;

    if (words_match(&d->words, "position"))
        how = words_choice(&d->words, texts, "way of the position");
    for (struct stream *s = d->world->streams; s && !d->dry; s = s->next)
        if (s->endpoint == e)
            stream_lose(s, frames, !quiet,
                        how == 0   ? frames
                        : how == 1 ? s->packet_frames
                                   : 0);
}

static void clock_statement(struct doing *d)
{
    static const char *const texts[] = {"drift", "wrong", NULL};
    struct endpoint *e = words_endpoint(&d->words);
    bool wrong = words_choice(&d->words, texts, "'drift' or 'wrong'") == 1;
    double ppm = words_number(&d->words, "number of ppm");

    if (d->dry)
        return;
    if (wrong)
        e->faults.clock_wrong_ppm = ppm;
    else if (d->first)
        e->pace.ppm = ppm;
    else
        pace_set(&e->pace, d->now, ppm);
}

static void order(struct doing *d, bool stalls)
{
    struct failure f = {.method = words_method(&d->words), .endpoint = -1};
    struct world *w = d->world;
    int i = 0;

    if (stalls)
        f.stall = words_time(&d->words);
    else
        f.hr = words_hresult(&d->words);
    f.left = words_times(&d->words);
    if (words_match(&d->words, "on"))
        f.endpoint = world_index(words_endpoint(&d->words));
    if (d->dry)
        return;
    /* one that is used up makes room */
    while (i < w->failure_count && w->failures[i].left)
        i++;
    if (i == FAILURES_MAX)
        script_die(d->words.line, "too many failures at once");
    if (i == w->failure_count)
        w->failure_count++;
    w->failures[i] = f;
}

static void fail_statement(struct doing *d)
{
    order(d, false);
}

static void stall_statement(struct doing *d)
{
    order(d, true);
}

static void activation_statement(struct doing *d)
{
    struct activation *a = &d->world->activation, changed = *a;

    if (words_match(&d->words, "never")) {
        changed.delay = INT64_MAX;
    } else if (words_match(&d->words, "now")) {
        changed.delay = 0;
    } else if (words_match(&d->words, "result")) {
        changed.result = words_hresult(&d->words);
        changed.result_left = words_times(&d->words);
    } else if (words_match(&d->words, "inner")) {
        changed.inner = words_hresult(&d->words);
        changed.inner_left = words_times(&d->words);
    } else {
        changed.delay = words_time(&d->words);
    }
    if (!d->dry)
        *a = changed;
}

static void processloopback_statement(struct doing *d)
{
    bool on = words_on_off(&d->words);

    if (!d->dry)
        d->world->activation.unavailable = !on;
}

static void meter_statement(struct doing *d)
{
    struct endpoint *e = words_endpoint(&d->words);
    double level =
        words_match(&d->words, "auto") ? -1 : words_number(&d->words, "level");

    if (!d->dry)
        e->meter = level;
}

static void suspend_statement(struct doing *d)
{
    int64_t length = words_time(&d->words);

    if (d->first)
        script_die(d->words.line, "a machine that begins cannot sleep");
    if (d->dry)
        return;
    streams_sleep(d->now + length);
    simtime_suspend(length);
}

static void usage_statement(struct doing *d)
{
    if (!d->dry)
        log_usage();
}

bool fault_statement(struct doing *d, const char *verb)
{
    static const struct {
        const char *verb;
        void (*run)(struct doing *d);
    } verbs[] = {
        {"packets", packets_statement},
        {"silent", silent_statement},
        {"runs", runs_statement},
        {"autoconvert", autoconvert_statement},
        {"discontinuity", discontinuity_statement},
        {"stamps", stamps_statement},
        {"position", position_statement},
        {"lose", lose_statement},
        {"clock", clock_statement},
        {"fail", fail_statement},
        {"stall", stall_statement},
        {"activation", activation_statement},
        {"processloopback", processloopback_statement},
        {"meter", meter_statement},
        {"suspend", suspend_statement},
        {"usage", usage_statement},
    };

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].verb, verb) == 0) {
            verbs[i].run(d);
            return true;
        }
    return false;
}
