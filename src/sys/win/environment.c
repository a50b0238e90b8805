/* environment: see environment.h. Main thread. */
#include "sys/win/environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "sys/win/utf.h"

static const char op[] = "start the command";

/* The length of a variable's name. One of cmd.exe's own ("=C:=C:\\x", where a
 * drive's current folder is kept) begins with the sign. */
static size_t name_length(const wchar_t *variable)
{
    return 1 + wcscspn(variable + 1, L"=");
}

/* As Windows sorts them: "alphabetically by name. The sort is case-insensitive,
 * Unicode order, without regard to locale"
 * (learn.microsoft.com/windows/win32/procthread/changing-environment-variables).
 */
static int compare(const wchar_t *a, const wchar_t *b)
{
    return CompareStringOrdinal(a, (int)name_length(a), b, (int)name_length(b),
                                TRUE) -
           CSTR_EQUAL;
}

/* A block on its way; NULL: out of memory. */
struct block {
    wchar_t *text;
    size_t length;
};

static void append(struct block *b, const wchar_t *variable, size_t length)
{
    if (b->text) {
        memcpy(b->text + b->length, variable, length * sizeof(*variable));
        b->length += length;
        b->text[b->length++] = L'\0';
    }
}

/* VARIABLE to its place among those of OLD, or in the place of its namesake.
 * The old text is freed. */
static void put(struct block *b, const wchar_t *variable)
{
    struct block old = *b;
    size_t length = wcslen(variable);
    bool done = false;
    b->text = malloc((old.length + length + 2) * sizeof(*b->text));
    b->length = 0;
    for (const wchar_t *v = old.text; v && *v; v += wcslen(v) + 1) {
        int order = done ? -1 : compare(v, variable);
        if (order >= 0) {
            append(b, variable, length);
            done = true;
        }
        if (order != 0) {
            append(b, v, wcslen(v));
        }
    }
    if (!done) {
        append(b, variable, length);
    }
    if (b->text) {
        b->text[b->length] = L'\0';
    }
    free(old.text);
}

static struct block copy_ours(void)
{
    struct block b = {NULL, 0};
    wchar_t *ours = GetEnvironmentStringsW();
    size_t length = 0;
    while (ours && ours[length]) {
        length += wcslen(ours + length) + 1;
    }
    b.text = malloc((length + 1) * sizeof(*b.text));
    if (b.text) {
        if (length > 0) {
            memcpy(b.text, ours, length * sizeof(*b.text));
        }
        b.text[length] = L'\0';
        b.length = length;
    }
    if (ours) {
        FreeEnvironmentStringsW(ours);
    }
    return b;
}

wchar_t *environment_with(const char *const *changes, struct fault *f)
{
    struct block b = copy_ours();
    for (; b.text && *changes; changes++) {
        wchar_t *variable = utf8_to_wide(*changes);
        if (!variable) {
            fault_set(f, ERR_BAD_COMMAND, op, *changes, NULL);
            free(b.text);
            return NULL;
        }
        put(&b, variable);
        free(variable);
    }
    if (!b.text) {
        fault_set(f, ERR_NO_MEMORY, op, NULL, NULL);
    }
    return b.text;
}
