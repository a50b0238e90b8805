/* world: the machine's state and what happens to it in which order. See
 * world.h. Any thread; the ticker is a thread of its own. */
#include "fakes/mmdevapi/world.h"

#include <math.h>
#include <string.h>

#include <tlhelp32.h>

#include "fakes/mmdevapi/callbacks.h"
#include "fakes/mmdevapi/check.h"
#include "fakes/mmdevapi/simtime.h"
#include "fakes/mmdevapi/stream.h"

/* A DLL has one of it. */
static struct {
    INIT_ONCE once;
    CRITICAL_SECTION lock;
    struct world world;
    volatile LONG used;
} the;

static unsigned __stdcall ticker(void *argument)
{
    struct world *w = argument;

    for (;;) {
        int64_t now, next;

        world_lock();
        now = simtime_now();
        world_advance(now);
        next = streams_signal(now);
        if (w->next_at != INT64_MAX && w->zero + w->next_at < next)
            next = w->zero + w->next_at;
        world_unlock();
        simtime_wait(w->ticker, next);
    }
    return 0;
}

static BOOL CALLBACK begin(INIT_ONCE *once, void *argument, void **context)
{
    struct world *w = &the.world;
    HMODULE module;

    (void)once, (void)argument, (void)context;
    InitializeCriticalSection(&the.lock);
    /* its threads run until the process ends */
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN |
                           GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                       (void *)begin, &module);
    w->ticker = CreateEventW(NULL, FALSE, FALSE, NULL);
    w->period = w->wake = UNITS_PER_S / 100;
    w->default_render = w->default_capture = -1;
    GetEnvironmentVariableA("LOOPREC_FAKE_SCRIPT", w->script,
                            sizeof(w->script));
    script_read(w, w->script);
    world_plan();
    if (!simtime_begin(w->simulated))
        script_die(0, "this double has no simulated time");
    log_begin();
    w->zero = simtime_now();
    for (int i = 0; i < w->endpoint_count; i++)
        w->endpoints[i].pace.since = w->endpoints[i].faults.stamp_since =
            w->zero;
    InterlockedExchange(&the.used, 1);
    memory_watch();
    callbacks_begin();
    CloseHandle(simtime_thread_start(ticker, w));
    return TRUE;
}

struct world *world(void)
{
    InitOnceExecuteOnce(&the.once, begin, NULL, NULL);
    return &the.world;
}

struct world *world_if_used(void)
{
    return the.used ? &the.world : NULL;
}

void world_lock(void)
{
    EnterCriticalSection(&the.lock);
}

void world_unlock(void)
{
    LeaveCriticalSection(&the.lock);
}

double world_seconds(void)
{
    return the.used ? (double)(simtime_now() - the.world.zero) / UNITS_PER_S
                    : 0;
}

void world_touch(void)
{
    simtime_signal(the.world.ticker);
}

/* --- what happens --- */

void world_plan(void)
{
    struct world *w = &the.world;

    w->next_at = INT64_MAX;
    w->awaited = 0;
    for (int i = 0; i < w->action_count; i++) {
        const struct action *a = &w->actions[i];

        if (a->when == WHEN_AT && a->at < w->next_at)
            w->next_at = a->at;
        w->awaited += a->when == WHEN_ON;
    }
}

static struct action *due(struct world *w, int64_t now)
{
    struct action *first = NULL;

    if (w->next_at > now - w->zero)
        return NULL;
    for (int i = 0; i < w->action_count; i++) {
        struct action *a = &w->actions[i];

        if (a->when == WHEN_AT && w->zero + a->at <= now &&
            (!first || a->at < first->at))
            first = a;
    }
    return first;
}

static void happen(struct world *w, struct action *a, int64_t now)
{
    char text[512] = "", escaped[1024];

    for (int i = 0; i < a->words; i++) {
        strncat(text, a->word[i], sizeof(text) - strlen(text) - 1);
        if (i + 1 < a->words)
            strncat(text, " ", sizeof(text) - strlen(text) - 1);
    }
    a->when = WHEN_DONE;
    world_plan();
    streams_advance(now);
    log_escape(escaped, sizeof(escaped), text);
    log_json("\"action\":\"%s\",\"line\":%d,\"at\":%.7f", escaped, a->line,
             (double)(now - w->zero) / UNITS_PER_S);
    action_run(w, a, false, now);
    w->revision++;
    world_touch();
}

void world_advance(int64_t now)
{
    struct world *w = &the.world;
    struct action *a;

    while ((a = due(w, now)))
        happen(w, a, w->zero + a->at);
}

void world_event(enum method method, bool open, int64_t now)
{
    struct world *w = &the.world;
    unsigned count = open ? w->opens : ++w->calls[method];

    for (int i = 0; w->awaited && i < w->action_count; i++) {
        struct action *a = &w->actions[i];

        if (a->when != WHEN_ON || a->method != method || a->open != open ||
            a->count != count)
            continue;
        if (a->after == 0) {
            happen(w, a, now);
        } else {
            a->when = WHEN_AT;
            a->at = now - w->zero + a->after;
            world_plan();
            world_touch();
        }
    }
}

/* What was ordered for this call, one of it less from now on; NULL: nothing. */
static const struct failure *ordered(enum method method,
                                     const struct endpoint *e, bool stalls)
{
    struct world *w = &the.world;

    for (int i = 0; i < w->failure_count; i++) {
        struct failure *f = &w->failures[i];

        if (!f->left || f->method != method || (f->stall != 0) != stalls ||
            (f->endpoint >= 0 && &w->endpoints[f->endpoint] != e))
            continue;
        if (f->left != UINT_MAX)
            f->left--;
        return f;
    }
    return NULL;
}

HRESULT world_failure(enum method method, const struct endpoint *e)
{
    const struct failure *f = ordered(method, e, false);

    return f ? f->hr : S_OK;
}

int64_t world_stall(enum method method, const struct endpoint *e)
{
    const struct failure *f = ordered(method, e, true);

    return f ? f->stall : 0;
}

/* --- looking up --- */

struct endpoint *world_endpoint(const char *id)
{
    struct world *w = &the.world;

    for (int i = 0; i < w->endpoint_count; i++)
        if (strcmp(w->endpoints[i].id, id) == 0)
            return &w->endpoints[i];
    return NULL;
}

struct session *world_session(const char *key)
{
    struct world *w = &the.world;

    for (int i = 0; i < w->session_count; i++)
        if (strcmp(w->sessions[i].key, key) == 0)
            return &w->sessions[i];
    return NULL;
}

int world_index(const struct endpoint *e)
{
    return (int)(e - the.world.endpoints);
}

/* --- processes --- */

DWORD session_pid(const struct session *s)
{
    PROCESSENTRY32 entry = {.dwSize = sizeof(entry)};
    HANDLE all;
    DWORD pid = 0;

    if (s->pid || !s->exe[0])
        return s->pid;
    all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32First(all, &entry); more && !pid;
         more = Process32Next(all, &entry)) {
        char name[TEXT_MAX];

        WideCharToMultiByte(CP_UTF8, 0, entry.szExeFile, -1, name, TEXT_MAX,
                            NULL, NULL);
        if (_stricmp(name, s->exe) == 0)
            pid = entry.th32ProcessID;
    }
    CloseHandle(all);
    return pid;
}

static DWORD parent_of(DWORD pid)
{
    const struct world *w = &the.world;
    PROCESSENTRY32 entry = {.dwSize = sizeof(entry)};
    HANDLE all;
    DWORD parent = 0;

    for (int i = 0; i < w->process_count; i++)
        if (w->processes[i].pid == pid)
            return w->processes[i].parent;
    all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32First(all, &entry); more && !parent;
         more = Process32Next(all, &entry))
        if (entry.th32ProcessID == pid)
            parent = entry.th32ParentProcessID;
    CloseHandle(all);
    return parent;
}

bool process_is_below(DWORD pid, DWORD ancestor)
{
    for (int depth = 0; pid && depth < 64; depth++) {
        if (pid == ancestor)
            return true;
        pid = parent_of(pid);
    }
    return false;
}

/* --- pace --- */

double pace_device_time(const struct pace *p, int64_t t)
{
    return p->base + (double)(t - p->since) * (1 + p->ppm / 1e6);
}

int64_t pace_frame(const struct pace *p, int64_t t, uint32_t rate)
{
    /* what is a frame to within a millionth is that frame */
    return (int64_t)floor(pace_device_time(p, t) * rate / UNITS_PER_S + 1e-6);
}

int64_t pace_time(const struct pace *p, int64_t frame, uint32_t rate)
{
    double device = (double)frame * UNITS_PER_S / rate;

    return p->since +
           (int64_t)ceil((device - p->base) / (1 + p->ppm / 1e6) - 1e-6);
}

void pace_set(struct pace *p, int64_t t, double ppm)
{
    p->base = pace_device_time(p, t);
    p->since = t;
    p->ppm = ppm;
}
