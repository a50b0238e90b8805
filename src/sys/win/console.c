/* console: keys from a Windows console, and what the consoles behind the other
 * two streams can do. Main thread. */
#include "sys/console.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "sys/clock.h"

/* Younger than some header sets: consoleapi.h. */
#ifndef ENABLE_VIRTUAL_TERMINAL_PROCESSING
#define ENABLE_VIRTUAL_TERMINAL_PROCESSING 0x0004
#endif

enum { NS_PER_MS = 1000000 };

struct console {
    HANDLE input; /* NULL: no console, no keys */
    DWORD before; /* its mode */
};

static void make_binary(FILE *stream)
{
    int fd = _fileno(stream);
    if (fd >= 0) { /* -2: a program without such a stream */
        _setmode(fd, _O_BINARY);
    }
}

unsigned console_setup_streams(void)
{
    make_binary(stdin);
    make_binary(stdout);
    make_binary(stderr);
    /* The C library writes to a console byte by byte, of which consoles before
     * Windows 10 1903 make no character. What is written is flushed. */
    if (_isatty(_fileno(stdout))) {
        setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
    }
    UINT before = GetConsoleOutputCP(); /* 0: no console */
    if (before == 0 || before == CP_UTF8) {
        return 0;
    }
    return SetConsoleOutputCP(CP_UTF8) ? before : 0;
}

void console_restore_streams(unsigned before)
{
    /* The code page is the console's, and so the next program's too. */
    if (before != 0) {
        SetConsoleOutputCP(before);
    }
}

static bool takes_escapes(DWORD which)
{
    const char *term = getenv("TERM"); /* set by people who mean it */
    HANDLE h = GetStdHandle(which);
    DWORD mode;
    if ((term && strcmp(term, "dumb") == 0) || !GetConsoleMode(h, &mode)) {
        return false;
    }
    if (mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING) {
        return true;
    }
    /* Left on at the end: it changes nothing for programs that write none. */
    return SetConsoleMode(h, mode | ENABLE_PROCESSED_OUTPUT |
                                 ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0;
}

bool console_stderr_is_terminal(void)
{
    return takes_escapes(STD_ERROR_HANDLE);
}

bool console_stdout_is_terminal(void)
{
    return takes_escapes(STD_OUTPUT_HANDLE);
}

struct console *console_open(void)
{
    struct console *c = calloc(1, sizeof(*c));
    HANDLE h = GetStdHandle(STD_INPUT_HANDLE);
    if (!c || !h || h == INVALID_HANDLE_VALUE ||
        !GetConsoleMode(h, &c->before)) {
        return c;
    }
    /* PROCESSED_INPUT: Ctrl-C stays an event and does not become a key. */
    DWORD mode = (c->before | ENABLE_PROCESSED_INPUT) &
                 ~(DWORD)(ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT);
    if (SetConsoleMode(h, mode)) {
        c->input = h;
    }
    return c;
}

void console_close(struct console *c)
{
    if (!c) {
        return;
    }
    if (c->input) {
        SetConsoleMode(c->input, c->before);
    }
    free(c);
}

/* The next key among what lies in the console's queue (mouse, focus and key-up
 * records are there too, and make the handle signalled); 0: none. */
static int fetch(struct console *c)
{
    for (;;) {
        INPUT_RECORD r;
        DWORD left, got;
        if (!GetNumberOfConsoleInputEvents(c->input, &left) ||
            (left > 0 && !ReadConsoleInputW(c->input, &r, 1, &got))) {
            c->input = NULL; /* gone: it would be signalled for ever */
            return 0;
        }
        if (left == 0 || got == 0) {
            return 0;
        }
        if (r.EventType == KEY_EVENT && r.Event.KeyEvent.bKeyDown) {
            unsigned key = (unsigned)r.Event.KeyEvent.uChar.UnicodeChar;
            bool alt = (r.Event.KeyEvent.dwControlKeyState &
                        (LEFT_ALT_PRESSED | RIGHT_ALT_PRESSED)) != 0;
            if (key > 0 && key < 128 && !alt) {
                return (int)key;
            }
        }
    }
}

static DWORD wait_ms(bool limited, int64_t until)
{
    if (!limited) {
        return INFINITE;
    }
    int64_t left = until - clock_now_ns();
    int64_t ms = left > 0 ? (left + NS_PER_MS - 1) / NS_PER_MS : 0;
    return ms < 1000000 ? (DWORD)ms : 1000000;
}

int console_wait(struct console *c, struct wake *wake, int64_t timeout_ns)
{
    bool limited = timeout_ns >= 0 && timeout_ns <= INT64_MAX / 2;
    int64_t until = limited ? clock_now_ns() + timeout_ns : 0;
    for (;;) {
        HANDLE h[2];
        DWORD n = 0;
        bool keys = c && c->input;
        if (keys) {
            h[n++] = c->input; /* first: keys win over wakes */
        }
        if (wake) {
            h[n++] = (HANDLE)wake_handle(wake);
        }
        DWORD ms = wait_ms(limited, until);
        if (n == 0) {
            Sleep(ms);
            return 0;
        }
        DWORD got = WaitForMultipleObjects(n, h, FALSE, ms);
        if (keys && got == WAIT_OBJECT_0) {
            int key = fetch(c);
            if (key != 0) {
                return key;
            }
            /* Nothing of use; a wake must not starve behind such records. */
            if (wake && wake_wait(wake, 0)) {
                return 0;
            }
        } else if (got == WAIT_TIMEOUT) {
            if (clock_now_ns() >= until) {
                return 0;
            }
        } else if (got == WAIT_FAILED && keys) {
            c->input = NULL; /* the console's handle, not ours */
        } else {
            return 0; /* the wake; waiting cleared it */
        }
    }
}

unsigned console_columns(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (GetConsoleScreenBufferInfo(GetStdHandle(STD_ERROR_HANDLE), &info) &&
        info.srWindow.Right > info.srWindow.Left) {
        return (unsigned)(info.srWindow.Right - info.srWindow.Left) + 1;
    }
    return 80;
}
