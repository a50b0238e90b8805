/* scope: one application, all but one, or every output. See scope.h. Capture
 * thread. */
#include "source/wasapi/scope.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "source/wasapi/device.h"
#include "source/wasapi/hold.h"
#include "source/wasapi/process.h"
#include "source/wasapi/sessions.h"
#include "sys/clock.h"

#define LOOK_NS INT64_C(250000000)

/* The system's own process, whose tree plays nothing. */
enum { SYSTEM_PID = 4 };

static const char op_choose[] = "choose what to record";

static bool excludes(const struct scope *s)
{
    return s->request->scope == SCOPE_EXCLUDE;
}

/* What to look for; NULL: the process that was started for us. */
static const char *wanted(const struct scope *s)
{
    return s->request->process_id ? NULL : s->request->apps[0];
}

/* The executable to look for. */
static const char *executable(const struct scope *s)
{
    return s->called[0] ? s->called : wanted(s);
}

/* Is it a program that the caller started? Its end is not ours to look for: the
 * caller holds it, and its tree may play on. */
static bool launched(const struct scope *s)
{
    return s->request->scope == SCOPE_APP && s->request->process_id;
}

/* Was it given by name, so that it can be found again? */
static bool by_name(const struct scope *s)
{
    uint32_t pid;

    return wanted(s) && !target_is_number(wanted(s), &pid);
}

bool scope_returns(const struct scope *s)
{
    return s->request->scope == SCOPE_APP && s->request->wait &&
           !s->request->until_exit && by_name(s);
}

bool scope_check(struct scope *s, const struct source_request *request,
                 struct fault *f)
{
    *s = (struct scope){.request = request};
    if (request->scope == SCOPE_ALL)
        return true;
    if (request->process_id)
        return request->scope == SCOPE_APP ||
               fault_set(f, ERR_INTERNAL, op_choose, NULL, NULL);
    if (request->app_count == 1)
        return true;
    if (excludes(s) && request->app_count)
        return fault_set(f, ERR_USAGE, op_choose,
                         "Windows can leave out one application only",
                         "record those that are wanted, with --app");
    return fault_set(f, ERR_INTERNAL, op_choose, NULL, NULL);
}

/* --- which process --- */

static bool has_ended(const struct scope *s, struct fault *f)
{
    return fault_setf(f, ERR_NO_APP, "find the application", 0, NULL,
                      "%s has ended", s->target.name);
}

/* The application whose audio session is called NAME: of its process the
 * topmost of that executable. */
static bool find_session(struct scope *s, const struct process_list *list,
                         const char *name, struct fault *f)
{
    IMMDeviceEnumerator *e = device_enumerator(NULL);
    const struct process_entry *found = NULL;
    char detail[sizeof f->detail], asked[sizeof detail / 4];
    struct app_list apps = {0};
    unsigned count = 0;

    snprintf(detail, sizeof detail,
             "%s:", text_copy(asked, sizeof asked, name));
    if (e && sessions_list(e, &apps, NULL))
        for (size_t i = 0; i < apps.count; i++) {
            const struct app *a = &apps.items[i];
            const struct process_entry *p;

            if (a->is_system || !text_same(a->name, name))
                continue;
            p = target_root(list, (uint32_t)a->process_id);
            if (!p || p == found)
                continue;
            text_list(detail, sizeof detail, "%s (pid %lu)", p->name,
                      (unsigned long)p->pid);
            found = p;
            count++;
        }
    app_list_free(&apps);
    if (e)
        IMMDeviceEnumerator_Release(e);
    if (count > 1)
        return target_ambiguous(f, detail);
    if (!found)
        return false;
    s->target = (struct target){.pid = found->pid, .born = found->born};
    text_copy(s->target.name, sizeof s->target.name, found->name);
    text_copy(s->called, sizeof s->called, found->name);
    return true;
}

/* What bears the name: an executable, or else an audio session. What is left
 * out by its session's name is its executable from then on, since it is to be
 * left out before it has a session again. What is recorded is never another
 * program of the same executable. */
static bool look_up_name(struct scope *s, const struct process_list *list,
                         struct fault *f)
{
    const char *name = excludes(s) ? executable(s) : wanted(s);
    struct fault why = {0};

    if (target_find(list, name, GetCurrentProcessId(), &s->target, &why) ||
        (why.err == ERR_NO_APP && find_session(s, list, wanted(s), &why)))
        return true;
    if (f)
        *f = why;
    return false;
}

/* Who bears the number. It is asked for once: whoever bears it after this one
 * has ended is another process. */
static bool look_up_number(struct scope *s, const struct process_list *list,
                           struct fault *f)
{
    const char *text = wanted(s);
    char number[24];

    if (!text) {
        snprintf(number, sizeof number, "%lld",
                 (long long)s->request->process_id);
        text = number;
    }
    return target_find(list, text, GetCurrentProcessId(), &s->target, f);
}

/* An application that was there once is told about where the name has become
 * ambiguous: the session tries on, and the user may not be looking. */
static void warn_ambiguous(struct scope *s, const struct fault *f)
{
    const struct source_listener *l = s->request->listener;
    char text[sizeof f->detail + 64];

    if (!s->known || s->warned || f->err != ERR_APP_AMBIGUOUS || !l || !l->warn)
        return;
    snprintf(text, sizeof text, "nothing is recorded until one is left of %s",
             f->detail);
    l->warn(l->context, text);
    s->warned = true;
}

/* The target to s->target. *RUNS false: there is none, and none is needed. */
static bool choose(struct scope *s, const struct process_list *list, bool *runs,
                   struct fault *f)
{
    struct fault why = {0};

    *runs = true;
    if (s->known && (launched(s) || target_runs(list, &s->target)))
        return true;
    *runs = false;
    if (s->known && excludes(s) && !by_name(s))
        return true;
    if (s->known && !excludes(s) && !scope_returns(s))
        return has_ended(s, f);
    if (by_name(s) ? look_up_name(s, list, &why)
                   : look_up_number(s, list, &why)) {
        s->warned = false;
        return s->known = *runs = true;
    }
    if (s->known && excludes(s) && why.err == ERR_NO_APP)
        return true;
    warn_ambiguous(s, &why);
    if (f)
        *f = why;
    return false;
}

/* The same with the processes that run now, and a hold on it. */
static bool resolve(struct scope *s, bool *runs, HANDLE *process,
                    struct fault *f)
{
    struct process_list list = {0};
    bool ok =
        processes_read(&list, PROCESSES_BORN, f) && choose(s, &list, runs, f);

    process_list_free(&list);
    *process = NULL;
    if (ok && *runs && !launched(s) &&
        hold_take(&s->target, process) == HOLD_GONE) {
        *runs = false;
        return excludes(s) || has_ended(s, f);
    }
    return ok;
}

/* --- the stream --- */

static void describe(struct scope *s, bool runs)
{
    char name[sizeof s->name];
    unsigned long pid = s->target.pid;

    /* Half of the room for the name, so that the number is not cut. */
    text_copy(name, sizeof name / 2, s->target.name);
    if (s->request->scope == SCOPE_ALL) {
        text_copy(s->id, sizeof s->id, "every-output");
        text_copy(s->name, sizeof s->name, "every output");
    } else if (!excludes(s)) {
        snprintf(s->id, sizeof s->id, "process:%lu", pid);
        snprintf(s->name, sizeof s->name, "%s (pid %lu)", name, pid);
    } else if (runs) {
        snprintf(s->id, sizeof s->id, "exclude:%lu", pid);
        snprintf(s->name, sizeof s->name, "everything but %s (pid %lu)", name,
                 pid);
    } else {
        text_copy(s->id, sizeof s->id, "exclude:");
        snprintf(s->name, sizeof s->name, "everything (%s does not run)", name);
    }
}

/* Everything: what is left out is a process that plays nothing. That is this
 * one or, where Windows does not take it, the system's. (The tree of a command
 * that we started hangs on ours, but then it is what is recorded.) */
static bool open_all(struct scope *s, struct endpoint *e,
                     const struct interrupt *i, struct fault *f)
{
    int64_t end_ns = clock_now_ns() + PROCESS_OPEN_NS;
    struct fault first = {0};

    if (process_open(e, GetCurrentProcessId(), PROCESS_LOOPBACK_EXCLUDE_TREE,
                     s->name, i, end_ns, &first))
        return true;
    if (first.err != ERR_NO_APP_CAPTURE && interrupt_stop(i) == INT64_MAX &&
        clock_now_ns() < end_ns &&
        process_open(e, SYSTEM_PID, PROCESS_LOOPBACK_EXCLUDE_TREE, s->name, i,
                     end_ns, NULL))
        return true;
    if (f)
        *f = first;
    return false;
}

static bool open_stream(struct scope *s, bool runs, struct endpoint *e,
                        const struct interrupt *i, struct fault *f)
{
    if (!runs)
        return open_all(s, e, i, f);
    return process_open(e, s->target.pid,
                        excludes(s) ? PROCESS_LOOPBACK_EXCLUDE_TREE
                                    : PROCESS_LOOPBACK_INCLUDE_TREE,
                        s->name, i, clock_now_ns() + PROCESS_OPEN_NS, f);
}

static bool open_scope(struct scope *s, struct endpoint *e,
                       const struct interrupt *i, struct fault *f)
{
    struct process_watch_setup setup = {
        .excluded = excludes(s),
        .listener = s->request->listener,
        .wake = i->wake,
    };
    bool runs = false;

    if (s->request->scope == SCOPE_ALL) {
        describe(s, false);
        return open_all(s, e, i, f);
    }
    if (!resolve(s, &runs, &setup.process, f))
        return false;
    describe(s, runs);
    if (launched(s))
        return open_stream(s, true, e, i, f);
    /* From before the stream is opened, so that no end is missed. */
    setup.name = excludes(s) && by_name(s) ? executable(s) : NULL;
    setup.target = runs ? &s->target : NULL;
    s->watch = process_watch_create(&setup, f);
    if (s->watch && open_stream(s, runs, e, i, f))
        return true;
    scope_close(s);
    return false;
}

bool scope_open(struct scope *s, struct endpoint *e, const struct interrupt *i,
                struct fault *f)
{
    bool ok = open_scope(s, e, i, f);

    s->opened = s->opened || ok;
    if (!s->opened) {
        /* nothing of it was recorded: another one may be waited for */
        s->known = false;
        s->called[0] = '\0';
    }
    return ok;
}

void scope_close(struct scope *s)
{
    process_watch_destroy(s->watch);
    s->watch = NULL;
}

bool scope_came(struct scope *s)
{
    struct process_list list = {0};
    int64_t now_ns = clock_now_ns();
    bool came = false;

    if (s->request->scope == SCOPE_ALL || !by_name(s) ||
        (s->looked_ns && now_ns - s->looked_ns < LOOK_NS))
        return false;
    s->looked_ns = now_ns;
    if (processes_read(&list, 0, NULL) &&
        !(s->known && target_runs(&list, &s->target)))
        for (size_t n = 0; n < list.count && !came; n++)
            came = target_is_named(list.items[n].name, executable(s));
    process_list_free(&list);
    return came;
}
