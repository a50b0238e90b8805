/* child: see child.h. A fork that waits at a socket before it becomes the
 * program, and a thread that hears of ends by a signalfd (SIGCHLD is blocked
 * in every thread for that). Orphans of the tree become children of this
 * process (PR_SET_CHILD_SUBREAPER), so the end of the last one is heard too. */
#include "sys/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/posix/environment.h"
#include "sys/posix/oserror.h"
#include "sys/posix/program.h"
#include "sys/processes.h"
#include "sys/thread.h"

/* How long SIGTERM, and then SIGKILL, may take; and between two of those. */
#define END_NS        INT64_C(2000000000)
#define KILL_SLICE_NS INT64_C(50000000)

static const char op[] = "start the command";

struct child {
    /* constant after child_start */
    struct child_setup setup;
    char *path;
    char shell[16];
    char **environment;
    pid_t pid;
    sigset_t mask_before;
    struct sigaction action_before; /* of SIGCHLD */
    int signals;                    /* the signalfd */
    struct wake *quit;              /* ends the watcher */
    struct wake *over;              /* set by it: the tree ended */
    struct thread *watcher;
    /* main thread */
    int gate; /* our end; -1 once it is open */
    bool signals_taken;
    bool released;
    /* by the main thread until the gate opens; constant since then */
    struct process_list before; /* other children, none of its tree: a server of
                                 * our own, what an exec'ing shell left */
    atomic_bool opens;          /* `before` is complete */
    /* written by the watcher */
    _Atomic int64_t status; /* -1: it has not ended */
    atomic_bool tree_ended;
};

/* --- in the child, between fork and exec: async-signal-safe calls only --- */

/* The word to go is one byte; the end of the other side is none. */
static bool wait_for_word(int gate)
{
    char word;
    ssize_t got;
    do {
        got = read(gate, &word, 1);
    } while (got < 0 && errno == EINTR);
    return got == 1;
}

/* A script's `looprec &` begins with SIGINT ignored. We take it all the same
 * (see stop.c), and hand it on: a program that ignores it because of where we
 * were started would never end. */
static void hear_interrupts(void)
{
    struct sigaction now;
    if (sigaction(SIGINT, NULL, &now) == 0 && now.sa_handler == SIG_IGN) {
        now.sa_handler = SIG_DFL;
        sigaction(SIGINT, &now, NULL);
    }
}

static _Noreturn void become(const struct child *c, int gate, pid_t parent,
                             char *const *shell)
{
    if (c->setup.kill_with_us) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    }
    hear_interrupts();
    sigaction(SIGCHLD, &c->action_before, NULL);
    pthread_sigmask(SIG_SETMASK, &c->mask_before, NULL);
    if (!wait_for_word(gate) ||
        (c->setup.kill_with_us && getppid() != parent)) {
        _exit(127);
    }
    if (c->setup.output_to_stderr) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
    }
    execve(c->path, c->setup.argv, c->environment);
    int code = errno;
    if (code == ENOEXEC) { /* a script without #!, as execvp does */
        execve(shell[0], shell, c->environment);
    }
    /* The socket closes at exec: whatever comes is a failure. */
    (void)!write(gate, &code, sizeof(code));
    _exit(127);
}

/* --- the watcher --- */

/* Every process but those that were our children before, and these processes'
 * own as long as they live. */
static bool read_others(const struct child *c, struct process_list *out)
{
    bool ok = processes_read(out, 0, NULL);
    process_list_leave_out(out, &c->before);
    return ok;
}

/* Is anything left of the tree but its first process: a child of ours? Reaps
 * those that ended. */
static bool any_left(const struct child *c)
{
    struct process_list all;
    uint32_t self = (uint32_t)getpid();
    bool left = false;
    bool ok = read_others(c, &all);
    for (size_t i = 0; ok && i < all.count; i++) {
        const struct process_entry *p = &all.items[i];
        if (p->parent != self || p->pid == (uint32_t)c->pid) {
            continue;
        }
        if (p->ended) {
            waitpid((pid_t)p->pid, NULL, WNOHANG);
        } else {
            left = true;
        }
    }
    process_list_free(&all);
    return left;
}

/* It is kept as a zombie, so that nobody else gets its number. */
static void look_at_program(struct child *c)
{
    siginfo_t i = {0};
    if (waitid(P_PID, (id_t)c->pid, &i, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        i.si_pid == c->pid) {
        int64_t status =
            i.si_code == CLD_EXITED ? i.si_status : 128 + i.si_status;
        /* release: pairs with child_ended */
        atomic_store_explicit(&c->status, status, memory_order_release);
        wake_set(c->setup.wake);
    }
}

static void look(struct child *c)
{
    if (!child_ended(c, NULL)) {
        look_at_program(c);
    }
    /* acquire: pairs with note_children */
    if (!atomic_load_explicit(&c->opens, memory_order_acquire)) {
        return; /* who is whose is not known yet */
    }
    /* Reap orphans in any case. Look twice: /proc is not read in one moment,
     * and one that begins while its parent ends may have been missed. */
    bool left = any_left(c);
    if (child_ended(c, NULL) && !child_tree_ended(c) && !left && !any_left(c)) {
        /* release: pairs with child_tree_ended */
        atomic_store_explicit(&c->tree_ended, true, memory_order_release);
        wake_set(c->over);
        wake_set(c->setup.wake);
    }
}

static void watch(void *argument)
{
    struct child *c = argument;
    struct pollfd p[2] = {
        {.fd = c->signals, .events = POLLIN},
        {.fd = (int)wake_handle(c->quit), .events = POLLIN},
    };
    for (;;) {
        if (poll(p, 2, -1) < 0 && errno != EINTR) {
            return;
        }
        if (p[1].revents != 0) {
            return;
        }
        struct signalfd_siginfo told[8];
        while (read(c->signals, told, sizeof(told)) > 0) {
        }
        look(c);
    }
}

/* --- start --- */

static bool take_signals(struct child *c, struct fault *f)
{
    sigset_t ends;
    /* Where SIGCHLD is ignored nothing is left to be waited for. */
    struct sigaction plain = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    sigemptyset(&plain.sa_mask);
    pthread_sigmask(SIG_BLOCK, &ends, &c->mask_before);
    sigaction(SIGCHLD, &plain, &c->action_before);
    c->signals_taken = true;
    c->signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    return c->signals >= 0 || oserror_fault(f, op, errno, NULL, NULL);
}

/* The children that we have beside it, before it can start any. Where /proc
 * cannot be read: none. */
static void note_children(struct child *c)
{
    struct process_entry it;
    struct process_list only = {.items = &it, .count = 1};
    (void)processes_read(&c->before, 0, NULL);
    process_list_keep_children(&c->before, (uint32_t)getpid());
    if (process_read((uint32_t)c->pid, &it)) {
        process_list_leave_out(&c->before, &only);
    }
    /* release: pairs with look */
    atomic_store_explicit(&c->opens, true, memory_order_release);
    /* It may have ended already, and that was not looked at. */
    kill(getpid(), SIGCHLD);
}

/* What runs a script without #!. malloc'd; the words are C's. */
static char **shell_for(struct child *c)
{
    size_t count = 0;
    while (c->setup.argv[count]) {
        count++;
    }
    char **words = calloc(count + 2, sizeof(*words));
    if (words) {
        words[0] = c->shell;
        words[1] = c->path;
        for (size_t i = 1; i < count; i++) {
            words[i + 1] = c->setup.argv[i];
        }
    }
    return words;
}

static bool fork_it(struct child *c, struct fault *f)
{
    int ends[2];
    pid_t self = getpid();
    char **shell = shell_for(c);
    if (!shell) {
        return fault_set(f, ERR_NO_MEMORY, op, c->setup.argv[0], NULL);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        oserror_fault(f, op, errno, NULL, NULL);
        free(shell);
        return false;
    }
    c->pid = fork();
    if (c->pid == 0) {
        close(ends[0]); /* or our own end would keep the gate shut */
        become(c, ends[1], self, shell);
    }
    int code = errno;
    free(shell);
    close(ends[1]);
    c->gate = ends[0];
    return c->pid > 0 || oserror_fault(f, op, code, NULL, NULL);
}

struct child *child_start(const struct child_setup *setup, struct fault *f)
{
    struct child *c = calloc(1, sizeof(*c));
    if (!c) {
        fault_set(f, ERR_NO_MEMORY, op, NULL, NULL);
        return NULL;
    }
    c->setup = *setup;
    c->gate = c->signals = -1;
    c->environment = environment_with(setup->environment);
    if (!c->environment) {
        fault_set(f, ERR_NO_MEMORY, op, NULL, NULL);
        free(c);
        return NULL;
    }
    strcpy(c->shell, "/bin/sh");
    atomic_init(&c->status, -1);
    atomic_init(&c->tree_ended, false);
    atomic_init(&c->opens, false);
    if ((c->path = program_find(setup->argv[0], f)) &&
        (c->quit = wake_create(f)) && (c->over = wake_create(f)) &&
        take_signals(c, f) && fork_it(c, f) &&
        (c->watcher = thread_start("command", watch, c, f))) {
        return c;
    }
    child_destroy(c);
    return NULL;
}

int64_t child_id(const struct child *c)
{
    return c->pid;
}

/* --- release --- */

static bool tell_failure(const struct child *c, int code, struct fault *f)
{
    const char *hint = NULL;
    if (code == ENOENT) {
        hint = "what runs it is missing: its first line (#!) or its loader";
    } else if (code == E2BIG) {
        hint = "give it fewer or shorter arguments";
    }
    return fault_setf(f, ERR_BAD_COMMAND, op, code, hint, "%s: %s",
                      c->setup.argv[0], strerror(code));
}

bool child_release(struct child *c, struct fault *f)
{
    int code = 0;
    ssize_t got;
    note_children(c);
    /* Not before: what ended before the command ran is none of its tree. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    /* Fails where a signal ended it at the gate: that is its end then. */
    (void)!send(c->gate, "", 1, MSG_NOSIGNAL);
    do {
        got = recv(c->gate, &code, sizeof(code), 0);
    } while (got < 0 && errno == EINTR);
    close(c->gate);
    c->gate = -1;
    if (got == (ssize_t)sizeof(code)) {
        return tell_failure(c, code, f);
    }
    c->released = true;
    return true;
}

/* --- watched, told, ended --- */

bool child_ended(const struct child *c, int64_t *status)
{
    /* acquire: pairs with look_at_program */
    int64_t value = atomic_load_explicit(&c->status, memory_order_acquire);
    if (value >= 0 && status) {
        *status = value;
    }
    return value >= 0;
}

bool child_tree_ended(const struct child *c)
{
    /* acquire: pairs with look */
    return atomic_load_explicit(&c->tree_ended, memory_order_acquire);
}

static void signal_tree(const struct child *c, int number)
{
    struct process_list all;
    if (read_others(c, &all)) {
        process_list_keep_below(&all, (uint32_t)getpid());
        for (size_t i = 0; i < all.count; i++) {
            if (!all.items[i].ended) {
                kill((pid_t)all.items[i].pid, number);
            }
        }
    }
    process_list_free(&all);
}

void child_pass_on(const struct child *c, enum stop_cause cause)
{
    int number = cause == STOP_INTERRUPT ? SIGINT
                 : cause == STOP_HANGUP  ? SIGHUP
                                         : SIGTERM;
    if (!child_ended(c, NULL)) {
        kill(c->pid, number); /* not reaped: the number is still its own */
    } else {
        signal_tree(c, number);
    }
}

void child_kill(struct child *c)
{
    if (child_tree_ended(c)) {
        return;
    }
    signal_tree(c, SIGTERM);
    signal_tree(c, SIGCONT); /* a stopped one hears SIGTERM only then */
    if (wake_wait(c->over, END_NS)) {
        return;
    }
    /* Again and again: a process may begin while the list is read. */
    int64_t until = clock_now_ns() + END_NS;
    do {
        signal_tree(c, SIGKILL);
    } while (!wake_wait(c->over, KILL_SLICE_NS) && clock_now_ns() < until);
}

static void reap(struct child *c)
{
    if (c->gate >= 0 || !c->released) {
        kill(c->pid, SIGKILL); /* it still is our own code, or failed */
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    } else {
        waitpid(c->pid, NULL, WNOHANG);
    }
}

void child_destroy(struct child *c)
{
    if (!c) {
        return;
    }
    if (c->watcher) {
        wake_set(c->quit);
        thread_join(c->watcher);
    }
    if (c->pid > 0) {
        reap(c);
    }
    if (c->gate >= 0) {
        close(c->gate);
    }
    if (c->signals >= 0) {
        close(c->signals);
    }
    if (c->signals_taken) {
        sigset_t ends;
        sigemptyset(&ends);
        sigaddset(&ends, SIGCHLD);
        sigaction(SIGCHLD, &c->action_before, NULL);
        if (!sigismember(&c->mask_before, SIGCHLD)) {
            pthread_sigmask(SIG_UNBLOCK, &ends, NULL);
        }
    }
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    wake_destroy(c->quit);
    wake_destroy(c->over);
    process_list_free(&c->before);
    free(c->environment);
    free(c->path);
    free(c);
}
