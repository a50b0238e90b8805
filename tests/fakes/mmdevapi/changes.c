/* changes: the statements about devices that come, go and change, and
 * sessions that end: what Windows tells the caller of. See README.md. Under
 * the world's lock. */
#include <string.h>

#include "fakes/mmdevapi/callbacks.h"
#include "fakes/mmdevapi/words.h"

/* AudioSessionDisconnectReason; -1: nobody is told. */
enum {
    NOT_TOLD = -1,
    WAS_REMOVED,
    SERVER_DOWN,
    FORMAT_CHANGED,
    LOGGED_OFF,
    REMOTE,
    EXCLUSIVE,
};

static int read_reason(struct words *s)
{
    static const char *const names[] = {
        "removed", "server", "format", "logoff", "remote", "exclusive", NULL};
    static const char *const numbers[] = {"0", "1", "2", "3", "4", "5", NULL};
    const char *word;

    if (!words_match(s, "reason"))
        return NOT_TOLD;
    word = words_more(s) ? s->word[s->next] : "";
    return words_choice(s, *word >= '0' && *word <= '9' ? numbers : names,
                        "reason");
}

/* Before the program's first call there is nobody to be told, no stream. */
static void kill(const struct doing *d, const struct endpoint *e, HRESULT hr,
                 int reason)
{
    if (d->first)
        return;
    streams_kill(e, hr);
    if (reason != NOT_TOLD)
        callbacks_disconnected(e, reason);
}

static void invalidate_statement(struct doing *d)
{
    const struct endpoint *e = words_endpoint(&d->words);
    HRESULT hr = AUDCLNT_E_DEVICE_INVALIDATED;
    int reason;

    if (words_has_hresult(&d->words))
        hr = words_hresult(&d->words);
    reason = read_reason(&d->words);
    if (!d->dry)
        kill(d, e, hr, reason);
}

/* --- the default --- */

static int *default_of(struct world *w, const struct endpoint *e)
{
    return e->capture ? &w->default_capture : &w->default_render;
}

static void set_default(const struct doing *d, bool capture, struct endpoint *e)
{
    struct world *w = d->world;
    int *def = capture ? &w->default_capture : &w->default_render;

    *def = e ? world_index(e) : -1;
    if (!d->first)
        callbacks_default(capture, e);
}

/* The first active endpoint of a direction, or NULL. */
static struct endpoint *first_active(struct world *w, bool capture)
{
    for (int i = 1; i < w->endpoint_count; i++)
        if (w->endpoints[i].capture == capture &&
            w->endpoints[i].state == DEVICE_STATE_ACTIVE)
            return &w->endpoints[i];
    return NULL;
}

static void default_statement(struct doing *d)
{
    struct endpoint *e = NULL;

    if (!words_match(&d->words, "none"))
        e = words_endpoint(&d->words);
    if (!d->dry)
        set_default(d, e && e->capture, e);
}

/* --- gone and back --- */

static void leave(struct doing *d, DWORD state, bool removed)
{
    struct endpoint *e = words_endpoint(&d->words);
    struct world *w = d->world;

    if (d->dry)
        return;
    e->state = state;
    e->removed = removed;
    e->was_default = *default_of(w, e) == world_index(e);
    kill(d, e, AUDCLNT_E_DEVICE_INVALIDATED, WAS_REMOVED);
    if (!d->first)
        callbacks_state(e);
    if (!d->first && removed)
        callbacks_removed(e);
    if (e->was_default)
        set_default(d, e->capture, first_active(w, e->capture));
}

static void remove_statement(struct doing *d)
{
    leave(d, DEVICE_STATE_NOTPRESENT, true);
}

static void disable_statement(struct doing *d)
{
    leave(d, DEVICE_STATE_DISABLED, false);
}

static void unplug_statement(struct doing *d)
{
    leave(d, DEVICE_STATE_UNPLUGGED, false);
}

static void return_statement(struct doing *d)
{
    struct endpoint *e = words_endpoint(&d->words);

    if (d->dry)
        return;
    if (!d->first && e->removed)
        callbacks_added(e);
    e->removed = false;
    e->state = DEVICE_STATE_ACTIVE;
    if (!d->first)
        callbacks_state(e);
    if (e->was_default || *default_of(d->world, e) < 0)
        set_default(d, e->capture, e);
    e->was_default = false;
}

static void format_statement(struct doing *d)
{
    struct endpoint *e = words_endpoint(&d->words);
    struct wave wave = e->wave;

    while (words_more(&d->words))
        if (!wave_word(&d->words, &wave))
            words_end(&d->words);
    if (d->dry)
        return;
    e->wave = wave;
    kill(d, e, AUDCLNT_E_DEVICE_INVALIDATED, FORMAT_CHANGED);
    if (!d->first)
        callbacks_format(e);
}

static void exclusive_statement(struct doing *d)
{
    struct endpoint *e = words_endpoint(&d->words);
    bool on = words_on_off(&d->words);

    if (d->dry)
        return;
    e->exclusive = on;
    if (on)
        kill(d, e, AUDCLNT_E_DEVICE_INVALIDATED, EXCLUSIVE);
}

static void service_statement(struct doing *d)
{
    static const char *const texts[] = {"up", "down", NULL};
    bool down = words_choice(&d->words, texts, "'down' or 'up'") == 1;

    if (d->dry)
        return;
    d->world->service_down = down;
    if (down)
        kill(d, NULL, AUDCLNT_E_SERVICE_NOT_RUNNING, SERVER_DOWN);
}

/* --- sessions --- */

static void end(struct doing *d, bool process_too)
{
    const char *key = words_take(&d->words, "a session");
    struct session *s = world_session(key), ended;
    HANDLE process = NULL;

    if (!s)
        script_die(d->words.line, "there is no session '%s' above", key);
    if (d->dry)
        return;
    if (process_too)
        process = OpenProcess(PROCESS_TERMINATE, FALSE, session_pid(s));
    ended = *s;
    ended.state = AudioSessionStateExpired;
    ended.signal.kind = PLAY_NOTHING;
    if (d->first)
        *s = ended;
    else
        callbacks_session_changed(s, &ended);
    if (process) {
        TerminateProcess(process, 0);
        CloseHandle(process);
    }
}

static void end_statement(struct doing *d)
{
    end(d, false);
}

static void exit_statement(struct doing *d)
{
    end(d, true);
}

bool change_statement(struct doing *d, const char *verb)
{
    static const struct {
        const char *verb;
        void (*run)(struct doing *d);
    } verbs[] = {
        {"invalidate", invalidate_statement},
        {"default", default_statement},
        {"remove", remove_statement},
        {"disable", disable_statement},
        {"unplug", unplug_statement},
        {"return", return_statement},
        {"format", format_statement},
        {"exclusive", exclusive_statement},
        {"service", service_statement},
        {"end", end_statement},
        {"exit", exit_statement},
    };

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verbs[i].verb, verb) == 0) {
            verbs[i].run(d);
            return true;
        }
    return false;
}
