/* stop: signals that ask to end. Installed and removed on the main thread; the
 * handler runs on whichever thread a signal meets (ours block them all, those
 * of libraries may not); asked from any thread. */
#include "sys/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/posix/oserror.h"

static const struct {
    int number;
    enum stop_cause cause; /* STOP_NONE: to be ignored */
    /* Keep "ignored" if that is what we were started with. nohup ignores
     * SIGHUP, and means it. SIGINT is ignored in every `looprec &` of a script,
     * as POSIX demands of shells without job control (XCU 2.11), though the
     * script that started us so is the very one that ends us by `kill -INT`:
     * what arecord's and sox's users write works here too. */
    bool keep_ignored;
} signals[] = {
    {SIGINT, STOP_INTERRUPT, false},
    {SIGTERM, STOP_TERMINATE, true},
    {SIGHUP, STOP_HANGUP, true},
    {SIGPIPE, STOP_NONE, false}, /* write says EPIPE instead */
    {SIGXFSZ, STOP_NONE, false}, /* write says EFBIG instead */
};
enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

/* A signal handler gets no context: the program's one stop flag. */
static struct {
    /* between stop_install and stop_uninstall, main thread */
    struct sigaction before[SIGNALS];
    unsigned installed;
    /* shared with the handler */
    _Atomic(struct wake *) wake;
    atomic_uint count;
    atomic_int cause;
    atomic_llong when_ns;
} stop;

_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2 &&
                   ATOMIC_POINTER_LOCK_FREE == 2,
               "a signal handler may only use lock-free atomics");

static void handle(int number)
{
    int saved = errno;
    enum stop_cause cause = STOP_NONE;
    for (size_t i = 0; i < SIGNALS; i++) {
        if (signals[i].number == number) {
            cause = signals[i].cause;
        }
    }
    /* acq_rel: only orders the claim among handlers; the first one writes. */
    if (atomic_fetch_add_explicit(&stop.count, 1, memory_order_acq_rel) == 0) {
        atomic_store_explicit(&stop.when_ns, clock_now_ns(),
                              memory_order_relaxed);
        /* release: publishes when_ns; pairs with stop_requested's acquire. */
        atomic_store_explicit(&stop.cause, (int)cause, memory_order_release);
    }
    /* acquire: pairs with the release in stop_install. */
    struct wake *w = atomic_load_explicit(&stop.wake, memory_order_acquire);
    if (w) {
        wake_set(w);
    }
    errno = saved;
}

bool stop_install(struct wake *wake, struct fault *f)
{
    /* relaxed: no handler is installed yet. */
    atomic_store_explicit(&stop.count, 0, memory_order_relaxed);
    atomic_store_explicit(&stop.cause, STOP_NONE, memory_order_relaxed);
    atomic_store_explicit(&stop.when_ns, 0, memory_order_relaxed);
    /* release: the handler's acquire sees the wake whole. */
    atomic_store_explicit(&stop.wake, wake, memory_order_release);

    stop.installed = 0;
    for (size_t i = 0; i < SIGNALS; i++) {
        /* No SA_RESTART: a wait on the main thread shall end. The others are
         * held off meanwhile, so that "first" has one meaning. */
        struct sigaction a = {.sa_flags = 0};
        a.sa_handler = signals[i].cause == STOP_NONE ? SIG_IGN : handle;
        sigfillset(&a.sa_mask);
        int failed = sigaction(signals[i].number, NULL, &stop.before[i]);
        if (failed == 0 && !(signals[i].keep_ignored &&
                             stop.before[i].sa_handler == SIG_IGN)) {
            failed = sigaction(signals[i].number, &a, NULL);
        }
        if (failed != 0) {
            oserror_fault(f, "take over signals", errno, NULL, NULL);
            stop_uninstall();
            return false;
        }
        stop.installed++;
    }
    /* A launcher's mask is inherited too, and a blocked request never comes. */
    sigset_t ours;
    sigemptyset(&ours);
    for (size_t i = 0; i < SIGNALS; i++) {
        sigaddset(&ours, signals[i].number);
    }
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
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

void stop_finalised(void)
{
    /* A POSIX process ends when it wants to. */
}

void stop_uninstall(void)
{
    while (stop.installed > 0) {
        stop.installed--;
        sigaction(signals[stop.installed].number, &stop.before[stop.installed],
                  NULL);
    }
    /* A handler that still runs on another thread has the pointer already; the
     * caller destroys the wake only after all its threads are joined.
     * release: no later use of the wake moves before this. */
    atomic_store_explicit(&stop.wake, NULL, memory_order_release);
}
