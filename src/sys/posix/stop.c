/* stop: signals that ask to end. Installed and removed on the main thread; the
 * handler runs on whichever thread a signal meets (ours block them all, those
 * of libraries may not); asked from any thread. */
#include "sys/stop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/posix/oserror.h"

static const struct {
    int number;
    enum stop_cause cause; /* STOP_NONE: to be ignored, or an order */
    /* Keep "ignored" if that is what we were started with. nohup ignores
     * SIGHUP, and means it. SIGINT is ignored in every `looprec &` of a script,
     * as POSIX demands of shells without job control (XCU 2.11), though the
     * script that started us so is the very one that ends us by `kill -INT`:
     * what arecord's and sox's users write works here too. */
    bool keep_ignored;
    enum stop_order order;
} signals[] = {
    {SIGINT, STOP_INTERRUPT, false, ORDER_NONE},
    {SIGTERM, STOP_TERMINATE, true, ORDER_NONE},
    {SIGHUP, STOP_HANGUP, true, ORDER_NONE},
    {SIGPIPE, STOP_NONE, false, ORDER_NONE}, /* write says EPIPE instead */
    {SIGXFSZ, STOP_NONE, false, ORDER_NONE}, /* write says EFBIG instead */
    {SIGUSR1, STOP_NONE, false, ORDER_MARK},
    {SIGUSR2, STOP_NONE, false, ORDER_PAUSE},
};
enum {
    SIGNALS = sizeof(signals) / sizeof(signals[0]),
    ORDERS = 64,     /* that wait to be taken */
    ORDER_KINDS = 4, /* more than there are in enum stop_order */
};

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
    atomic_bool from_process;
    atomic_bool hangup;
    /* each when * ORDER_KINDS + order, or 0; in no order */
    atomic_llong orders[ORDERS];
} stop;

_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2 &&
                   ATOMIC_POINTER_LOCK_FREE == 2,
               "a signal handler may only use lock-free atomics");

static void wake_up(void)
{
    /* acquire: pairs with the release in stop_install. */
    struct wake *w = atomic_load_explicit(&stop.wake, memory_order_acquire);
    if (w) {
        wake_set(w);
    }
}

static void handle_order(int number)
{
    int saved = errno;
    long long value = clock_now_ns() * ORDER_KINDS;
    for (size_t i = 0; i < SIGNALS; i++) {
        value += signals[i].number == number ? (long long)signals[i].order : 0;
    }
    for (size_t i = 0; i < ORDERS; i++) {
        long long none = 0;
        /* relaxed: a number on its own; the wake makes it known */
        if (atomic_compare_exchange_strong_explicit(&stop.orders[i], &none,
                                                    value, memory_order_relaxed,
                                                    memory_order_relaxed)) {
            break;
        }
    }
    wake_up();
    errno = saved;
}

static void handle(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    int saved = errno;
    enum stop_cause cause = STOP_NONE;
    for (size_t i = 0; i < SIGNALS; i++) {
        if (signals[i].number == number) {
            cause = signals[i].cause;
        }
    }
    if (cause == STOP_HANGUP) {
        /* relaxed: the wake below makes it known */
        atomic_store_explicit(&stop.hangup, true, memory_order_relaxed);
    }
    /* acq_rel: only orders the claim among handlers; the first one writes. */
    if (atomic_fetch_add_explicit(&stop.count, 1, memory_order_acq_rel) == 0) {
        atomic_store_explicit(&stop.when_ns, clock_now_ns(),
                              memory_order_relaxed);
        /* The terminal's come from the kernel: sigaction(2), si_code. */
        atomic_store_explicit(&stop.from_process, info->si_code <= 0,
                              memory_order_relaxed);
        /* release: publishes the two; pairs with stop_requested's acquire. */
        atomic_store_explicit(&stop.cause, (int)cause, memory_order_release);
    }
    wake_up();
    errno = saved;
}

/* What is to be done about signal number I of the table. */
static struct sigaction action_for(size_t i)
{
    /* No SA_RESTART: a wait on the main thread shall end. The others are held
     * off meanwhile, so that "first" has one meaning. */
    struct sigaction a = {.sa_flags = SA_SIGINFO, .sa_sigaction = handle};
    if (signals[i].order != ORDER_NONE) {
        /* A write to a slow reader goes on; waits for a wake end by that. */
        a.sa_flags = SA_RESTART;
        a.sa_handler = handle_order;
    } else if (signals[i].cause == STOP_NONE) {
        a.sa_flags = 0;
        a.sa_handler = SIG_IGN;
    }
    sigfillset(&a.sa_mask);
    return a;
}

bool stop_install(struct wake *wake, struct fault *f)
{
    /* relaxed: no handler is installed yet. */
    atomic_store_explicit(&stop.count, 0, memory_order_relaxed);
    atomic_store_explicit(&stop.cause, STOP_NONE, memory_order_relaxed);
    atomic_store_explicit(&stop.when_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&stop.hangup, false, memory_order_relaxed);
    for (size_t i = 0; i < ORDERS; i++) {
        atomic_store_explicit(&stop.orders[i], 0, memory_order_relaxed);
    }
    /* release: the handler's acquire sees the wake whole. */
    atomic_store_explicit(&stop.wake, wake, memory_order_release);

    stop.installed = 0;
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction a = action_for(i);
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

bool stop_from_process(void)
{
    return stop_requested(NULL) != STOP_NONE &&
           atomic_load_explicit(&stop.from_process, memory_order_relaxed);
}

bool stop_hangup(void)
{
    return atomic_load_explicit(&stop.hangup, memory_order_relaxed);
}

enum stop_order stop_next_order(int64_t *when_ns)
{
    size_t oldest = ORDERS;
    long long least = LLONG_MAX;
    for (size_t i = 0; i < ORDERS; i++) {
        /* relaxed: see handle_order; only this thread makes it 0 again */
        long long value =
            atomic_load_explicit(&stop.orders[i], memory_order_relaxed);
        if (value != 0 && value < least) {
            least = value;
            oldest = i;
        }
    }
    if (oldest == ORDERS) {
        return ORDER_NONE;
    }
    atomic_store_explicit(&stop.orders[oldest], 0, memory_order_relaxed);
    *when_ns = least / ORDER_KINDS;
    return (enum stop_order)(least % ORDER_KINDS);
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
