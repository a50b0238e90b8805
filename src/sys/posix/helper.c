/* helper: see helper.h. Main thread. */
#include "sys/posix/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/posix/oserror.h"

#define END_NS   INT64_C(2000000000)
#define SLICE_NS INT64_C(2000000)

struct helper {
    pid_t pid; /* ours until it is reaped, in helper_end */
};

/* --- in the child, between fork and exec: async-signal-safe calls only --- */

/* What this process was started with may be open beyond the three. Where the
 * kernel is older than 5.9 that stays so. */
static void close_others(void)
{
#ifdef SYS_close_range
    syscall(SYS_close_range, 3U, UINT_MAX, 0U);
#endif
}

static void set_signals(void)
{
    static const int ours[] = {SIGINT,  SIGTERM, SIGHUP,
                               SIGPIPE, SIGXFSZ, SIGCHLD};
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t none;
    sigemptyset(&plain.sa_mask);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        sigaction(ours[i], &plain, NULL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const struct helper_setup *setup, int log,
                             pid_t parent)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    /* not among the three that are to be replaced, where those were closed */
    log = fcntl(log, F_DUPFD_CLOEXEC, 3);
    nothing = fcntl(nothing, F_DUPFD_CLOEXEC, 3);
    /* before the look at the parent: one that died before is not heard of */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || log < 0 || nothing < 0) {
        _exit(127);
    }
    setsid();
    set_signals();
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    close_others();
    execve(setup->path, (char *const *)(uintptr_t)setup->argv,
           (char *const *)(uintptr_t)setup->environment);
    _exit(127);
}

/* --- */

struct helper *helper_start(const struct helper_setup *setup, struct fault *f)
{
    static const char op[] = "start a helper";
    struct helper *h = calloc(1, sizeof(*h));
    pid_t parent = getpid();
    if (!h) {
        fault_set(f, ERR_NO_MEMORY, op, NULL, NULL);
        return NULL;
    }
    int log = open(setup->log, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (log < 0) {
        oserror_fault(f, op, errno, setup->log, NULL);
        free(h);
        return NULL;
    }
    h->pid = fork();
    if (h->pid == 0) {
        become(setup, log, parent);
    }
    int code = errno;
    close(log);
    if (h->pid < 0) {
        oserror_fault(f, op, code, setup->path, NULL);
        free(h);
        return NULL;
    }
    return h;
}

bool helper_ended(const struct helper *h)
{
    siginfo_t i = {0};
    /* WNOWAIT: it is reaped in one place only. Fails where SIGCHLD is ignored,
     * and nobody is left to be waited for. */
    return waitid(P_PID, (id_t)h->pid, &i, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           i.si_pid == h->pid;
}

static bool await_end(const struct helper *h)
{
    int64_t until = clock_now_ns() + END_NS;
    while (!helper_ended(h)) {
        if (clock_now_ns() > until) {
            return false;
        }
        clock_sleep_ns(SLICE_NS);
    }
    return true;
}

void helper_end(struct helper *h)
{
    if (!h) {
        return;
    }
    if (!helper_ended(h)) {
        kill(h->pid, SIGTERM);
        if (!await_end(h)) {
            kill(h->pid, SIGKILL);
        }
    }
    while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    free(h);
}
