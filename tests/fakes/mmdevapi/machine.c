/* machine: the statements that say what there is: endpoints, sessions,
 * processes, what plays. See README.md. Under the world's lock. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fakes/mmdevapi/callbacks.h"
#include "fakes/mmdevapi/words.h"

static void copy_text(struct words *s, char to[TEXT_MAX], const char *what)
{
    const char *text = words_take(s, what);

    if (strlen(text) >= TEXT_MAX)
        script_die(s->line, "%s is too long", what);
    strcpy(to, text);
}

/* rate, channels, mask, type; false: the next word is none of them. */
bool wave_word(struct words *s, struct wave *w)
{
    static const char *const types[] = {"f32",     "s16", "s24",
                                        "s24in32", "s32", NULL};
    static const uint32_t usual[] = {0x4,  0x4,   0x3,   0x7,  0x33,
                                     0x37, 0x60F, 0x70F, 0x63F};

    if (words_match(s, "rate")) {
        w->rate = words_count(s, "rate", 1000000);
    } else if (words_match(s, "channels")) {
        w->channels = words_count(s, "number of channels", 64);
        w->mask = w->channels < 9 ? usual[w->channels] : 0;
    } else if (words_match(s, "mask")) {
        w->mask = words_count(s, "mask", UINT_MAX);
    } else if (words_match(s, "type")) {
        w->type = (enum wave_type)words_choice(s, types, "sample type");
    } else {
        return false;
    }
    return true;
}

/* --- endpoint --- */

static void widen(wchar_t to[TEXT_MAX], const char *text)
{
    MultiByteToWideChar(CP_UTF8, 0, text, -1, to, TEXT_MAX);
}

static DWORD read_state(struct words *s)
{
    static const char *const texts[] = {"active", "disabled", "unplugged",
                                        "notpresent", NULL};
    static const DWORD states[] = {DEVICE_STATE_ACTIVE, DEVICE_STATE_DISABLED,
                                   DEVICE_STATE_UNPLUGGED,
                                   DEVICE_STATE_NOTPRESENT};

    return states[words_choice(s, texts, "state")];
}

static bool endpoint_word(struct words *s, struct endpoint *e, bool *is_default)
{
    static const char *const idle[] = {"nothing", "zeros", NULL};

    if (words_match(s, "name"))
        copy_text(s, e->name, "a name");
    else if (words_match(s, "state"))
        e->state = read_state(s);
    else if (words_match(s, "idle"))
        e->idle_zeros = words_choice(s, idle, "'nothing' or 'zeros'") == 1;
    else if (words_match(s, "default"))
        *is_default = true;
    else if (words_match(s, "capture"))
        e->capture = true;
    else
        return wave_word(s, &e->wave);
    return true;
}

static void endpoint_statement(struct doing *d)
{
    struct world *w = d->world;
    struct endpoint e = {.wave = {48000, 2, 0x3, WAVE_F32},
                         .state = DEVICE_STATE_ACTIVE,
                         .meter = -1};
    struct endpoint *old;
    bool is_default = false;

    copy_text(&d->words, e.id, "an endpoint's id");
    strcpy(e.name, e.id);
    old = world_endpoint(e.id);
    if (old)
        e = *old;
    while (words_more(&d->words))
        if (!endpoint_word(&d->words, &e, &is_default))
            words_end(&d->words);
    widen(e.wide_id, e.id);
    widen(e.wide_name, e.name);
    if (!old && !d->first)
        script_die(d->words.line, "an endpoint is made at the beginning; "
                                  "let it be 'state notpresent' until then");
    if (d->dry)
        return;
    if (!old && w->endpoint_count == ENDPOINTS_MAX)
        script_die(d->words.line, "too many endpoints");
    if (!old)
        old = &w->endpoints[w->endpoint_count++];
    *old = e;
    if (world_index(old) > 0 && e.state == DEVICE_STATE_ACTIVE) {
        int *def = e.capture ? &w->default_capture : &w->default_render;

        if (is_default || *def < 0)
            *def = world_index(old);
    }
}

/* --- session --- */

static bool session_word(struct words *s, struct session *x)
{
    static const char *const states[] = {"inactive", "active", "expired", NULL};

    if (words_match(s, "pid")) {
        x->pid = words_count(s, "process id", UINT_MAX);
    } else if (words_match(s, "exe")) {
        copy_text(s, x->exe, "a program's name");
    } else if (words_match(s, "name")) {
        copy_text(s, x->name, "a name");
    } else if (words_match(s, "endpoint")) {
        x->endpoint = world_index(words_endpoint(s));
    } else if (words_match(s, "state")) {
        x->state = (AudioSessionState)words_choice(s, states, "state");
    } else if (words_match(s, "volume")) {
        x->volume = (float)words_number(s, "volume");
    } else if (words_match(s, "mute")) {
        x->mute = words_on_off(s);
    } else if (words_match(s, "peak")) {
        x->peak = words_match(s, "auto") ? -1 : words_number(s, "peak");
    } else if (words_match(s, "system")) {
        x->system = true;
    } else {
        return false;
    }
    return true;
}

static void session_statement(struct doing *d)
{
    struct world *w = d->world;
    struct session x = {.endpoint = 1,
                        .state = AudioSessionStateActive,
                        .volume = 1,
                        .peak = -1};
    struct session *old;

    copy_text(&d->words, x.key, "a session's key");
    old = world_session(x.key);
    if (old)
        x = *old;
    while (words_more(&d->words))
        if (!session_word(&d->words, &x))
            words_end(&d->words);
    if (x.endpoint >= w->endpoint_count)
        script_die(d->words.line, "there is no endpoint above for it");
    if (!old && w->session_count == SESSIONS_MAX)
        script_die(d->words.line, "too many sessions");
    if (d->dry && old)
        return;
    if (!old) {
        /* one that comes later is there, but nobody is told of it yet */
        old = &w->sessions[w->session_count++];
        old->absent = d->dry;
    }
    x.absent = d->dry;
    if (d->first || d->dry) {
        *old = x;
        return;
    }
    callbacks_session_changed(old, &x);
}

/* --- play --- */

static struct signal read_signal(struct words *s)
{
    static const char *const texts[] = {"nothing", "silence", "tone", "counter",
                                        NULL};
    struct signal signal = {.amplitude = 0.5};

    signal.kind = (enum signal_kind)words_choice(s, texts, "signal");
    if (signal.kind == PLAY_TONE) {
        signal.hz = words_number(s, "frequency");
        if (words_more(s))
            signal.amplitude = words_number(s, "amplitude");
    }
    return signal;
}

static void play_statement(struct doing *d)
{
    const char *where = words_take(&d->words, "an endpoint or a session");
    struct endpoint *e = world_endpoint(where);
    struct session *x = world_session(where);
    struct signal signal;

    if (!e && !x)
        script_die(d->words.line, "there is no endpoint or session '%s' above",
                   where);
    signal = read_signal(&d->words);
    if (d->dry)
        return;
    if (e)
        e->signal = signal;
    else
        x->signal = signal;
}

/* --- the rest --- */

static void process_statement(struct doing *d)
{
    struct world *w = d->world;
    DWORD pid = words_count(&d->words, "process id", UINT_MAX), parent;

    if (!words_match(&d->words, "parent"))
        script_die(d->words.line, "say it as: process PID parent PPID");
    parent = words_count(&d->words, "process id", UINT_MAX);
    if (d->dry)
        return;
    if (w->process_count == PROCESSES_MAX)
        script_die(d->words.line, "too many processes");
    w->processes[w->process_count].pid = pid;
    w->processes[w->process_count++].parent = parent;
}

static void time_statement(struct doing *d)
{
    static const char *const texts[] = {"real", "simulated", NULL};
    bool simulated = words_choice(&d->words, texts, "'real' or 'simulated'");

    if (!d->first)
        script_die(d->words.line, "the clock is chosen at the beginning");
    d->world->simulated = simulated;
}

static void wake_statement(struct doing *d)
{
    int64_t wake = words_match(&d->words, "always") ? 0 : words_time(&d->words);

    if (!d->dry)
        d->world->wake = wake;
}

static void period_statement(struct doing *d)
{
    int64_t period = words_time(&d->words);

    if (period < 10000 || period > 10 * UNITS_PER_S)
        script_die(d->words.line, "a period is 1 ms to 10 s");
    if (d->dry)
        return;
    if (d->world->wake == d->world->period)
        d->world->wake = period;
    d->world->period = period;
}

bool machine_statement(struct doing *d, const char *verb)
{
    static const struct {
        const char *verb;
        void (*run)(struct doing *d);
    } verbs[] = {
        {"endpoint", endpoint_statement}, {"session", session_statement},
        {"process", process_statement},   {"play", play_statement},
        {"time", time_statement},         {"wake", wake_statement},
        {"period", period_statement},
    };

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].verb, verb) == 0) {
            verbs[i].run(d);
            return true;
        }
    return false;
}
