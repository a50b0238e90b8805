/* stop: the console's control events, and the end of the Windows session.
 * Installed and removed on the main thread; the system calls the handler on a
 * thread of its own; a hidden window has a thread of ours; asked from any. */
#include "sys/stop.h"

#include <stdatomic.h>

#include <windows.h>

#include "sys/clock.h"
#include "sys/thread.h"
#include "sys/win/oserror.h"

enum {
    FINALISE_MS = 4500, /* of the 5 s that the system gives to such handlers:
                         * HandlerRoutine, "Timeouts" */
    WINDOW_END_MS = 500,
};

/* A control handler gets no context: the program's one stop flag. */
static struct {
    /* main thread */
    struct thread *window;
    HANDLE window_ended;
    /* constant once installed; never closed, a handler may wait for it up to
     * the end of the process */
    HANDLE finalised;
    /* shared with the handlers */
    _Atomic(struct wake *) wake;
    atomic_uint count;
    atomic_int cause;
    atomic_llong when_ns;
    atomic_ulong window_thread;
    atomic_bool hangup;
    atomic_uint waking; /* handlers that may hold the wake */
} stop;

static void record(enum stop_cause cause)
{
    /* The end of the session is no insisting: it may be told in two ways. */
    unsigned none = 0;
    bool first;
    if (cause == STOP_HANGUP) {
        /* relaxed: the wake below makes it known */
        atomic_store_explicit(&stop.hangup, true, memory_order_relaxed);
        /* acq_rel: only orders the claim among handlers; the first writes. */
        first = atomic_compare_exchange_strong_explicit(
            &stop.count, &none, 1, memory_order_acq_rel, memory_order_relaxed);
    } else {
        first = atomic_fetch_add_explicit(&stop.count, 1,
                                          memory_order_acq_rel) == 0;
    }
    if (first) {
        atomic_store_explicit(&stop.when_ns, clock_now_ns(),
                              memory_order_relaxed);
        /* release: publishes when_ns; pairs with stop_requested's acquire. */
        atomic_store_explicit(&stop.cause, (int)cause, memory_order_release);
    }
    /* seq_cst, all three: either stop_uninstall sees that we are here, or we
     * see that there is no wake any longer. */
    atomic_fetch_add_explicit(&stop.waking, 1, memory_order_seq_cst);
    struct wake *w = atomic_load_explicit(&stop.wake, memory_order_seq_cst);
    if (w) {
        wake_set(w);
    }
    /* release: pairs with the acquire in stop_uninstall. */
    atomic_fetch_sub_explicit(&stop.waking, 1, memory_order_release);
}

static BOOL WINAPI handle(DWORD event)
{
    switch (event) {
    case CTRL_C_EVENT: record(STOP_INTERRUPT); return TRUE;
    case CTRL_BREAK_EVENT: record(STOP_TERMINATE); return TRUE;
    case CTRL_CLOSE_EVENT:
    case CTRL_LOGOFF_EVENT:
    case CTRL_SHUTDOWN_EVENT:
        /* The process dies the moment that this returns. */
        record(STOP_HANGUP);
        WaitForSingleObject(stop.finalised, FINALISE_MS);
        return TRUE;
    default: return FALSE;
    }
}

/* --- the hidden window --- */

static LRESULT CALLBACK window_proc(HWND window, UINT message, WPARAM w,
                                    LPARAM l)
{
    if (message == WM_ENDSESSION) {
        if (w) { /* 0: somebody refused, the session goes on */
            record(STOP_HANGUP);
            WaitForSingleObject(stop.finalised, FINALISE_MS);
        }
        return 0;
    }
    return DefWindowProcW(window, message, w, l); /* QUERYENDSESSION: TRUE */
}

/* A program that has user32 loaded (ole32 loads it) hears nothing of log-off
 * and shutdown in its control handler; a top-level window does:
 * SetConsoleCtrlHandler, Remarks. Without one (no desktop) only that is lost.
 */
static void window_run(void *unused)
{
    WNDCLASSW class = {
        .lpfnWndProc = window_proc,
        .hInstance = GetModuleHandleW(NULL),
        .lpszClassName = L"looprec",
    };
    MSG m;
    (void)unused;
    PeekMessageW(&m, NULL, WM_USER, WM_USER, PM_NOREMOVE); /* makes a queue */
    /* release: the queue is there; pairs with window_end's acquire. */
    atomic_store_explicit(&stop.window_thread, GetCurrentThreadId(),
                          memory_order_release);
    RegisterClassW(&class);
    HWND window = CreateWindowExW(WS_EX_TOOLWINDOW, class.lpszClassName,
                                  L"looprec", WS_POPUP, 0, 0, 0, 0, NULL, NULL,
                                  class.hInstance, NULL);
    if (window) {
        while (GetMessageW(&m, NULL, 0, 0) > 0) {
            DispatchMessageW(&m);
        }
        DestroyWindow(window);
    }
    UnregisterClassW(class.lpszClassName, class.hInstance);
    SetEvent(stop.window_ended);
}

static void window_end(void)
{
    if (!stop.window) {
        return;
    }
    for (int ms = 0; ms < WINDOW_END_MS; ms += 10) {
        /* acquire: pairs with the release in window_run. */
        DWORD id =
            atomic_load_explicit(&stop.window_thread, memory_order_acquire);
        if (id != 0) {
            PostThreadMessageW(id, WM_QUIT, 0, 0);
        }
        if (WaitForSingleObject(stop.window_ended, 10) == WAIT_OBJECT_0) {
            thread_join(stop.window);
            break;
        }
    }
    /* Else it waits for files that are finished or hangs in the system: the
     * end of the process ends it. */
    stop.window = NULL;
}

/* --- the contract --- */

bool stop_install(struct wake *wake, struct fault *f)
{
    static const char op[] = "take over console events";
    /* relaxed: no handler is installed yet. */
    atomic_store_explicit(&stop.count, 0, memory_order_relaxed);
    atomic_store_explicit(&stop.cause, STOP_NONE, memory_order_relaxed);
    atomic_store_explicit(&stop.when_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&stop.hangup, false, memory_order_relaxed);
    atomic_store_explicit(&stop.window_thread, 0, memory_order_relaxed);
    /* release: a handler that loads it sees the wake whole. */
    atomic_store_explicit(&stop.wake, wake, memory_order_release);

    if (!stop.finalised) {
        stop.finalised = CreateEventW(NULL, TRUE, FALSE, NULL);
    }
    if (!stop.window_ended) {
        stop.window_ended = CreateEventW(NULL, TRUE, FALSE, NULL);
    }
    if (!stop.finalised || !stop.window_ended) {
        return oserror_fault(f, op, (long)GetLastError(), NULL, NULL);
    }
    ResetEvent(stop.finalised);
    ResetEvent(stop.window_ended);
    /* Who is started with CREATE_NEW_PROCESS_GROUP, or by one who ignored
     * Ctrl-C, ignores it too until told otherwise. */
    SetConsoleCtrlHandler(NULL, FALSE);
    if (!SetConsoleCtrlHandler(handle, TRUE)) {
        return oserror_fault(f, op, (long)GetLastError(), NULL, NULL);
    }
    stop.window = thread_start("session-end", window_run, NULL, NULL);
    return true;
}

enum stop_cause stop_requested(int64_t *when_ns)
{
    /* acquire: pairs with the handler's release. */
    int cause = atomic_load_explicit(&stop.cause, memory_order_acquire);
    if (when_ns && cause != STOP_NONE) {
        *when_ns = atomic_load_explicit(&stop.when_ns, memory_order_relaxed);
    }
    return (enum stop_cause)cause;
}

unsigned stop_count(void)
{
    /* relaxed: a number on its own. */
    return atomic_load_explicit(&stop.count, memory_order_relaxed);
}

bool stop_from_process(void)
{
    return false;
}

bool stop_hangup(void)
{
    return atomic_load_explicit(&stop.hangup, memory_order_relaxed);
}

enum stop_order stop_next_order(int64_t *when_ns)
{
    (void)when_ns;
    return ORDER_NONE;
}

void stop_finalised(void)
{
    if (stop.finalised) {
        SetEvent(stop.finalised);
    }
}

void stop_uninstall(void)
{
    SetConsoleCtrlHandler(handle, FALSE);
    /* A handler that was called before runs on: the caller may destroy the wake
     * once none has it in hand, which takes a few instructions. seq_cst: see
     * record. */
    atomic_store_explicit(&stop.wake, NULL, memory_order_seq_cst);
    while (atomic_load_explicit(&stop.waking, memory_order_seq_cst) != 0) {
        SwitchToThread();
    }
    stop_finalised();
    window_end();
}
