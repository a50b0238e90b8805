/* processes: the statements about processes whose number is given anew, or that
 * nobody may open. See README.md. What the program asks Windows about processes
 * is answered here first, in the place of its imports: nobody can make Windows
 * give a number anew to order. Under the world's lock, but for the hooks: any
 * thread. */
#include <string.h>

#include <windows.h>

#include <tlhelp32.h>

#include "fakes/mmdevapi/check.h"
#include "fakes/mmdevapi/simtime_real.h"
#include "fakes/mmdevapi/words.h"

enum { CHANGED_MAX = 8, HANDLES_LOOKED_AT = 4096 };

/* A process that is there, and what the program is told of it. PID is written
 * last, under the world's lock: who finds it finds the rest. */
static struct changed {
    volatile LONG pid;
    volatile LONG closed;   /* nobody may open it */
    volatile LONG64 born;   /* as GetProcessTimes says it; 0: the truth */
    wchar_t name[TEXT_MAX]; /* its executable; empty: the truth */
} changes[CHANGED_MAX];

static struct changed *find(DWORD pid)
{
    for (int i = 0; pid && i < CHANGED_MAX; i++)
        if (changes[i].pid == (LONG)pid)
            return &changes[i];
    return NULL;
}

/* --- in the place of Windows' own --- */

static __typeof__(Process32FirstW) *real_first;
static __typeof__(Process32NextW) *real_next;
static __typeof__(OpenProcess) *real_open;
static __typeof__(GetProcessTimes) *real_times;

static void rename_entry(PROCESSENTRY32W *entry)
{
    const struct changed *c = find(entry->th32ProcessID);

    if (c && c->name[0])
        wcscpy(entry->szExeFile, c->name);
}

static BOOL WINAPI hook_first(HANDLE snapshot, PROCESSENTRY32W *entry)
{
    BOOL got = real_first(snapshot, entry);

    if (got)
        rename_entry(entry);
    return got;
}

static BOOL WINAPI hook_next(HANDLE snapshot, PROCESSENTRY32W *entry)
{
    BOOL got = real_next(snapshot, entry);

    if (got)
        rename_entry(entry);
    return got;
}

static HANDLE WINAPI hook_open(DWORD access, BOOL inherit, DWORD pid)
{
    const struct changed *c = find(pid);

    if (c && c->closed) {
        SetLastError(ERROR_ACCESS_DENIED);
        return NULL;
    }
    return real_open(access, inherit, pid);
}

static BOOL WINAPI hook_times(HANDLE process, FILETIME *born, FILETIME *ended,
                              FILETIME *kernel, FILETIME *user)
{
    BOOL got = real_times(process, born, ended, kernel, user);
    const struct changed *c = got ? find(GetProcessId(process)) : NULL;

    if (c && c->born) {
        born->dwLowDateTime = (DWORD)c->born;
        born->dwHighDateTime = (DWORD)(c->born >> 32);
    }
    return got;
}

static void replace(void *context, const char *name, void **slot)
{
    static const struct {
        const char *name;
        void *hook;
        void **real;
    } hooks[] = {
        {"Process32FirstW", (void *)hook_first, (void **)&real_first},
        {"Process32NextW", (void *)hook_next, (void **)&real_next},
        {"OpenProcess", (void *)hook_open, (void **)&real_open},
        {"GetProcessTimes", (void *)hook_times, (void **)&real_times},
    };
    DWORD before;

    (void)context;
    for (size_t i = 0; i < COUNT_OF(hooks); i++)
        if (strcmp(hooks[i].name, name) == 0 &&
            VirtualProtect(slot, sizeof(*slot), PAGE_READWRITE, &before)) {
            *hooks[i].real = *slot;
            *slot = hooks[i].hook;
            VirtualProtect(slot, sizeof(*slot), before, &before);
        }
}

/* --- the statements --- */

/* The place for what is said of the process of session KEY. */
static struct changed *change(const struct doing *d, const char *key,
                              DWORD *pid)
{
    static bool replaced;
    const struct session *s = world_session(key);
    struct changed *c;

    if (!s)
        script_die(d->words.line, "there is no session '%s' above", key);
    if (d->dry)
        return NULL;
    *pid = session_pid(s);
    if (!*pid)
        script_die(d->words.line, "the process of '%s' does not run", key);
    if (!replaced)
        real_visit_imports(GetModuleHandleW(NULL), replace, NULL);
    replaced = true;
    c = find(*pid);
    for (int i = 0; !c && i < CHANGED_MAX; i++)
        if (!changes[i].pid)
            c = &changes[i];
    if (!c)
        script_die(d->words.line, "too many processes are changed");
    return c;
}

/* Windows gives no number anew while a handle of its process is open: "Process
 * Handles and Identifiers". */
static bool is_held(DWORD pid)
{
    for (uintptr_t value = 4; value <= 4 * HANDLES_LOOKED_AT; value += 4)
        if (GetProcessId((HANDLE)value) == pid)
            return true;
    return false;
}

static void reuse_statement(struct doing *d)
{
    const char *key = words_take(&d->words, "a session");
    const char *name =
        words_match(&d->words, "exe") ? words_take(&d->words, "a name") : "";
    DWORD pid;
    struct changed *c = change(d, key, &pid);
    FILETIME now;

    if (!c)
        return;
    if (is_held(pid))
        script_die(d->words.line, "the program holds the process of '%s'", key);
    if (!MultiByteToWideChar(CP_UTF8, 0, name, -1, c->name, TEXT_MAX))
        script_die(d->words.line, "'%s' is too long", name);
    GetSystemTimeAsFileTime(&now);
    c->born = (LONG64)now.dwHighDateTime << 32 | now.dwLowDateTime;
    c->pid = (LONG)pid;
}

static void protect_statement(struct doing *d)
{
    DWORD pid;
    struct changed *c = change(d, words_take(&d->words, "a session"), &pid);

    if (!c)
        return;
    c->closed = true;
    c->pid = (LONG)pid;
}

bool number_statement(struct doing *d, const char *verb)
{
    if (strcmp(verb, "reuse") == 0)
        reuse_statement(d);
    else if (strcmp(verb, "protect") == 0)
        protect_statement(d);
    else
        return false;
    return true;
}
