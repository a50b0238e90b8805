/* command_line: see command_line.h. Any thread. */
#include "sys/win/command_line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sys/win/utf.h"

/* CreateProcessW, lpCommandLine: 32767 with the NUL. */
enum { LONGEST = 32766 };

static const char op[] = "start the command";

/* A line that grows; cut off, and marked so, where it is full. */
struct line {
    wchar_t *text; /* LONGEST + 1 */
    size_t length;
    bool full;
};

static void put(struct line *l, wchar_t c)
{
    if (l->length < LONGEST) {
        l->text[l->length++] = c;
    } else {
        l->full = true;
    }
}

static void put_times(struct line *l, wchar_t c, size_t times)
{
    while (times-- > 0) {
        put(l, c);
    }
}

/* The first word: no character means anything in it but the quotation mark,
 * which no file's name holds. Always quoted: CreateProcess would take
 * C:\Program for the program of C:\Program Files\x.exe. */
static void put_program(struct line *l, const wchar_t *word)
{
    put(l, L'"');
    while (*word) {
        put(l, *word++);
    }
    put(l, L'"');
}

/* Another word. Backslashes mean themselves, but before a quotation mark:
 * there 2n make n and end or begin a quotation, 2n+1 make n and the mark:
 * CommandLineToArgvW, Remarks; "Parsing C command-line arguments". */
static void put_argument(struct line *l, const wchar_t *word, bool always)
{
    bool quoted = always || *word == L'\0' || wcspbrk(word, L" \t\n\v\"");
    if (quoted) {
        put(l, L'"');
    }
    for (;;) {
        size_t slashes = wcsspn(word, L"\\");
        word += slashes;
        if (*word == L'\0') {
            put_times(l, L'\\', quoted ? 2 * slashes : slashes);
            break;
        }
        put_times(l, L'\\', *word == L'"' ? 2 * slashes + 1 : slashes);
        put(l, *word++);
    }
    if (quoted) {
        put(l, L'"');
    }
}

/* CreateProcess gives these to cmd.exe, whatever spaces and dots follow. */
static bool is_batch(const wchar_t *program)
{
    size_t n = wcslen(program);
    while (n > 0 && (program[n - 1] == L' ' || program[n - 1] == L'.')) {
        n--;
    }
    return n >= 4 && (_wcsnicmp(program + n - 4, L".bat", 4) == 0 ||
                      _wcsnicmp(program + n - 4, L".cmd", 4) == 0);
}

/* One word, checked, behind those before it. */
static bool add(struct line *l, const char *word, bool first, bool *batch,
                struct fault *f)
{
    wchar_t *wide = utf8_to_wide(word);
    if (!wide) {
        return fault_setf(f, ERR_BAD_COMMAND, op, 0, NULL,
                          "'%s' is no UTF-8, or memory is short", word);
    }
    bool good = true;
    if (first) {
        good = *wide != L'\0' && !wcschr(wide, L'"');
        if (!good) {
            fault_set(f, ERR_NO_COMMAND, op, word,
                      "check its name, or give its path");
        }
        *batch = is_batch(wide);
        put_program(l, wide);
    } else {
        /* cmd.exe has quotation marks of its own kind, and looks for
         * variables between them too. */
        good = !*batch || !wcspbrk(wide, L"\"%\r\n");
        if (!good) {
            fault_setf(f, ERR_BAD_COMMAND, op, 0,
                       "use an .exe, or cmd /c with what cmd understands",
                       "a batch file cannot be given '%s' as it is", word);
        }
        put(l, L' ');
        put_argument(l, wide, *batch);
    }
    free(wide);
    return good;
}

wchar_t *command_line_make(char *const *argv, struct fault *f)
{
    struct line l = {.text = malloc((LONGEST + 1) * sizeof(wchar_t))};
    bool batch = false;
    if (!l.text) {
        fault_set(f, ERR_NO_MEMORY, op, argv[0], NULL);
        return NULL;
    }
    for (size_t i = 0; argv[i]; i++) {
        if (!add(&l, argv[i], i == 0, &batch, f)) {
            free(l.text);
            return NULL;
        }
    }
    if (l.full) {
        fault_setf(f, ERR_BAD_COMMAND, op, 0,
                   "give it fewer or shorter arguments",
                   "%s: its arguments are longer than Windows takes (%d)",
                   argv[0], (int)LONGEST);
        free(l.text);
        return NULL;
    }
    l.text[l.length] = L'\0';
    return l.text;
}
