/* process_watch: looks after a process. See process_watch.h. The functions of
 * process_watch.h: the capture thread; all else: the watch's own. */
#include "source/wasapi/process_watch.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/clock.h"
#include "sys/thread.h"

/* How often is looked for a process that cannot be waited for, or that is to
 * come; and whether a second one of the excluded name came. A snapshot of 300
 * processes takes a millisecond or two. */
enum {
    LOOK_MS = 250,
    LOOK_FOR_MORE_MS = 1000,
};

struct process_watch {
    /* constant while the thread runs */
    struct target target;
    bool excluded;
    const char *name;
    const struct source_listener *listener;
    HANDLE wake, quit;
    struct thread *thread;
    /* the watch's thread only */
    HANDLE process;
    bool runs;          /* the target does */
    uint32_t warned_of; /* the last process that was warned of */
    /* shared: release by the watch's thread, acquire by the capture thread */
    _Atomic int64_t ended_ns;
    atomic_bool returned;
};

static void warn(const struct process_watch *w, const char *name, uint32_t pid,
                 const char *what)
{
    char text[PROCESS_NAME_BYTES + 160];

    if (!w->listener || !w->listener->warn)
        return;
    snprintf(text, sizeof text, "%s (pid %lu) %s", name, (unsigned long)pid,
             what);
    w->listener->warn(w->listener->context, text);
}

static void process_ended(struct process_watch *w)
{
    w->runs = false;
    if (w->excluded) {
        warn(w, w->target.name, w->target.pid,
             "has ended: nothing is left out now");
        return;
    }
    atomic_store_explicit(&w->ended_ns, clock_now_ns(), memory_order_release);
    SetEvent(w->wake);
}

/* Does the target run? Where the system would not say, it does. */
static bool still_runs(const struct process_watch *w)
{
    struct process_list list = {0};
    bool runs = !processes_read(&list, PROCESSES_BORN, NULL) ||
                target_runs(&list, &w->target);

    process_list_free(&list);
    return runs;
}

static bool is_anywhere(const struct process_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (target_is_named(list->items[i].name, name))
            return true;
    return false;
}

/* Windows leaves out one tree of processes. A second one is told; a first one
 * is left out by opening again. */
static void look_for_others(struct process_watch *w)
{
    const struct target *known = w->runs ? &w->target : NULL;
    const struct process_entry *other = NULL;
    struct process_list list = {0};

    /* Moments of creation take a call for each process: only where needed. */
    if (processes_read(&list, 0, NULL) && is_anywhere(&list, w->name)) {
        process_list_free(&list);
        if (processes_read(&list, PROCESSES_BORN, NULL))
            other = target_other(&list, w->name, GetCurrentProcessId(), known);
    }
    if (other && !w->runs) {
        atomic_store_explicit(&w->returned, true, memory_order_release);
        SetEvent(w->wake);
    } else if (other && other->pid != w->warned_of) {
        w->warned_of = other->pid;
        warn(w, other->name, other->pid,
             "runs too and is recorded: Windows leaves out one tree of "
             "processes only");
    }
    process_list_free(&list);
}

static DWORD pause_ms(const struct process_watch *w)
{
    if (w->runs && w->process)
        return w->name ? LOOK_FOR_MORE_MS : INFINITE;
    return LOOK_MS;
}

static bool is_done(const struct process_watch *w)
{
    if (w->name)
        return atomic_load_explicit(&w->returned, memory_order_relaxed);
    return !w->runs;
}

static void run(void *argument)
{
    struct process_watch *w = argument;

    while (!is_done(w)) {
        HANDLE handles[2] = {w->quit, w->process};
        DWORD count = w->runs && w->process ? 2 : 1;
        DWORD met = WaitForMultipleObjects(count, handles, FALSE, pause_ms(w));

        if (met == WAIT_OBJECT_0)
            return;
        if (met == WAIT_FAILED && count == 2) {
            CloseHandle(w->process); /* no use; it is looked for */
            w->process = NULL;
        }
        if (w->runs &&
            (met == WAIT_OBJECT_0 + 1 || (!w->process && !still_runs(w))))
            process_ended(w);
        if (w->name)
            look_for_others(w);
    }
}

static void release(struct process_watch *w)
{
    if (w->quit)
        CloseHandle(w->quit);
    if (w->process)
        CloseHandle(w->process);
    free(w);
}

struct process_watch *process_watch_create(
    const struct process_watch_setup *setup, struct fault *f)
{
    struct process_watch *w = calloc(1, sizeof *w);

    if (!w) {
        if (setup->process)
            CloseHandle(setup->process);
        fault_set(f, ERR_NO_MEMORY, "watch the application", NULL, NULL);
        return NULL;
    }
    w->process = setup->process;
    w->runs = setup->target != NULL;
    if (setup->target)
        w->target = *setup->target;
    w->excluded = setup->excluded;
    w->name = setup->excluded ? setup->name : NULL;
    w->listener = setup->listener;
    w->wake = setup->wake;
    atomic_init(&w->ended_ns, INT64_MAX);
    atomic_init(&w->returned, false);
    w->quit = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!w->quit)
        fault_set(f, ERR_NO_MEMORY, "watch the application", NULL, NULL);
    else
        w->thread = thread_start("process-watch", run, w, f);
    if (!w->thread) {
        release(w);
        return NULL;
    }
    return w;
}

void process_watch_destroy(struct process_watch *w)
{
    if (!w)
        return;
    SetEvent(w->quit);
    thread_join(w->thread);
    release(w);
}

int64_t process_watch_ended_ns(const struct process_watch *w)
{
    return w ? atomic_load_explicit(&w->ended_ns, memory_order_acquire)
             : INT64_MAX;
}

bool process_watch_returned(const struct process_watch *w)
{
    return w && atomic_load_explicit(&w->returned, memory_order_acquire);
}
