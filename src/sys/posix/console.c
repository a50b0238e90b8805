/* console: keys from a terminal in its raw-ish mode, and what the terminals
 * behind the other two streams can do. Main thread. */
#include "sys/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"

enum { NS_PER_S = 1000000000, LOOK_AGAIN_NS = 500 * 1000 * 1000, ESC = 27 };

struct console {
    bool watching; /* standard input is a terminal that may still say something
                    */
    bool changed;  /* the modes are ours: put back at the end */
    struct termios before;
    unsigned char keys[32];
    size_t have, next;
};

unsigned console_setup_streams(void)
{
    /* Whoever starts us with one of the three closed would find the next file
     * opened in its place, and audio or messages in a foreign thing. Opened
     * the wrong way round each use still fails, as it should. */
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
            (void)!open("/dev/null", flags); /* the lowest free one: FD */
        }
    }
    return 0;
}

void console_restore_streams(unsigned before)
{
    (void)before;
}

static bool is_terminal(int fd)
{
    const char *term = getenv("TERM");
    return term && term[0] != '\0' && strcmp(term, "dumb") != 0 && isatty(fd);
}

bool console_stderr_is_terminal(void)
{
    return is_terminal(STDERR_FILENO);
}

bool console_stdout_is_terminal(void)
{
    return is_terminal(STDOUT_FILENO);
}

static bool in_foreground(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Set modes without being stopped for it: the shell may have put us into the
 * background since the look, and then tcsetattr raises SIGTTOU unless that is
 * blocked (POSIX XBD 11.1.4). */
static bool set_modes(const struct termios *modes)
{
    sigset_t block, saved;
    sigemptyset(&block);
    sigaddset(&block, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &block, &saved);
    int code;
    do {
        code = tcsetattr(STDIN_FILENO, TCSADRAIN, modes);
    } while (code != 0 && errno == EINTR);
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    return code == 0;
}

/* read, likewise without SIGTTIN: it says EIO then. */
static ssize_t read_keys(struct console *c)
{
    sigset_t block, saved;
    sigemptyset(&block);
    sigaddset(&block, SIGTTIN);
    pthread_sigmask(SIG_BLOCK, &block, &saved);
    ssize_t n = read(STDIN_FILENO, c->keys, sizeof(c->keys));
    int code = errno;
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    errno = code;
    return n;
}

/* May keys be read right now? Asked before each wait, because a shell may move
 * us to the background and back, and puts its own modes in force meanwhile:
 * this finds both out and needs no handlers for SIGTSTP and SIGCONT. */
static bool take_terminal(struct console *c)
{
    struct termios now;
    if (!c->watching || !in_foreground()) {
        return false;
    }
    if (tcgetattr(STDIN_FILENO, &now) != 0) {
        c->watching = false;
        return false;
    }
    if (now.c_lflag & (ICANON | ECHO)) {
        c->before = now;
        now.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ISIG stays: Ctrl-C */
        now.c_cc[VMIN] = 1;
        now.c_cc[VTIME] = 0;
        if (!set_modes(&now)) {
            return false;
        }
        c->changed = true;
    }
    return true;
}

struct console *console_open(void)
{
    struct console *c = calloc(1, sizeof(*c));
    if (c) {
        c->watching = isatty(STDIN_FILENO);
        take_terminal(c);
    }
    return c;
}

void console_close(struct console *c)
{
    if (!c) {
        return;
    }
    /* In the background the terminal is somebody else's, modes and all. */
    if (c->changed && in_foreground()) {
        set_modes(&c->before);
    }
    free(c);
}

/* Fetch what was typed. False: nothing. */
static bool fetch(struct console *c)
{
    ssize_t n = read_keys(c);
    if (n > 0) {
        /* An escape sequence (an arrow, Alt-q) comes in one piece: it is not
         * the letters that it is made of. */
        bool sequence = c->keys[0] == ESC && n > 1;
        c->next = 0;
        c->have = sequence ? 0 : (size_t)n;
        return c->have > 0;
    }
    if (n == 0 || (errno != EINTR && errno != EAGAIN && in_foreground())) {
        c->watching = false; /* hung up: it would poll readable for ever */
    }
    return false;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int console_wait(struct console *c, struct wake *wake, int64_t timeout_ns)
{
    bool limited = timeout_ns >= 0 && timeout_ns <= INT64_MAX / 2;
    int64_t until = limited ? clock_now_ns() + timeout_ns : INT64_MAX;
    for (;;) {
        if (c && c->next < c->have) {
            return c->keys[c->next++];
        }
        bool keys = c && take_terminal(c);
        int64_t left = limited ? until - clock_now_ns() : INT64_MAX;
        left = left > 0 ? left : 0;
        /* A terminal can be given and taken without anything to wait for. */
        int64_t part = c && c->watching ? least(left, LOOK_AGAIN_NS) : left;
        struct timespec t = {
            .tv_sec = (time_t)(part / NS_PER_S),
            .tv_nsec = (long)(part % NS_PER_S),
        };
        struct pollfd p[2] = {
            {.fd = wake ? (int)wake_handle(wake) : -1, .events = POLLIN},
            {.fd = keys ? STDIN_FILENO : -1, .events = POLLIN},
        };
        int ready = ppoll(p, 2, part == INT64_MAX ? NULL : &t, NULL);
        if (ready > 0 && keys && p[1].revents != 0 && fetch(c)) {
            continue; /* WAKE stays set for the next call */
        }
        if (wake && wake_wait(wake, 0)) {
            return 0;
        }
        if (left == part && ready == 0) {
            return 0;
        }
        if (ready < 0 && errno != EINTR) {
            return 0;
        }
        if (ready < 0 && !wake) {
            return 0; /* a signal, and nobody else to tell */
        }
    }
}

unsigned console_columns(void)
{
    struct winsize w;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0) {
        return w.ws_col;
    }
    return 80;
}
