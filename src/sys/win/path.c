/* path: questions about files that are not open: what is there, would opening
 * work, why did it not, how much room is left. Any thread. */
#include "sys/win/path.h"

#include "sys/file.h" /* first: windows.h has a macro FILE_OVERWRITE */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "sys/win/oserror.h"
#include "sys/win/utf.h"

enum {
    HINT_BYTES = sizeof(((struct fault *)NULL)->hint),
    /* CreateFileW takes 259, CreateDirectoryW 247: prefix from here on. */
    LONG_FROM = 240,
};

static bool is_separator(wchar_t c)
{
    return c == L'\\' || c == L'/';
}

bool path_is_device(const wchar_t *full)
{
    return wcsncmp(full, L"\\\\.\\", 4) == 0;
}

/* FULL (n characters) behind the prefix that lifts MAX_PATH: "Maximum Path
 * Length Limitation". It switches all rewriting off: FULL must be final. */
static wchar_t *prefixed(const wchar_t *full, size_t n)
{
    bool unc = wcsncmp(full, L"\\\\", 2) == 0;
    const wchar_t *prefix = unc ? L"\\\\?\\UNC" : L"\\\\?\\";
    size_t from = unc ? 1 : 0; /* \\server -> \\?\UNC\server */
    size_t size = wcslen(prefix) + n - from + 1;
    wchar_t *out = malloc(size * sizeof(*out));
    if (out) {
        wcscpy(out, prefix);
        wcscat(out, full + from);
    }
    return out;
}

static bool is_literal(const wchar_t *path)
{
    return wcsncmp(path, L"\\\\?\\", 4) == 0;
}

/* Why WIDE, a path in use as FULL, would become something else than a file of
 * that name; NULL: it would not. ("Naming Files, Paths, and Namespaces") */
static const char *misnomer(const wchar_t *wide, const wchar_t *full)
{
    size_t n = wcslen(wide);
    if (path_is_device(full)) {
        /* "con.wav", "C:\x\com1" (not on Windows 11). Who writes \\.\ means it,
         * and NUL, alone, is known to keep nothing. */
        bool meant = is_separator(wide[0]) && is_separator(wide[1]);
        return meant || _wcsicmp(wide, L"nul") == 0
                   ? NULL
                   : "a device of Windows' has this name: use another";
    }
    const wchar_t *rest = full + (is_literal(full) ? 4 : 0);
    if (wcslen(rest) > 2 && wcschr(rest + 2, L':')) {
        /* "12:30.wav" makes no file of that name but a stream of data hidden
         * in a file "12": nobody wants that for a recording. */
        return "a name may not hold < > : \" | ? *";
    }
    size_t name = n;
    while (name > 0 && !is_separator(wide[name - 1])) {
        name--;
    }
    bool dots = wcscmp(wide + name, L".") == 0 ||
                wcscmp(wide + name, L"..") == 0; /* folders */
    if (name < n && !dots && (wide[n - 1] == L'.' || wide[n - 1] == L' ')) {
        return "Windows drops a dot or a space at a name's end: leave it out";
    }
    return NULL;
}

wchar_t *path_full(const char *path, const char *op, struct fault *f)
{
    wchar_t *full = NULL, *out = NULL;
    wchar_t *wide = utf8_to_wide(path);
    if (!wide) {
        bool bad = GetLastError() == ERROR_NO_UNICODE_TRANSLATION;
        fault_set(f, bad ? ERR_USAGE : ERR_NO_MEMORY, op, path,
                  bad ? "the name is no UTF-8" : NULL);
        return NULL;
    }
    /* It also finds devices: "nul", "C:\x\COM1" become "\\.\..." */
    DWORD size = GetFullPathNameW(wide, 0, NULL, NULL);
    if (size == 0) {
        oserror_fault(f, op, (long)GetLastError(), path, NULL);
        goto out;
    }
    full = malloc(size * sizeof(*full));
    if (!full) {
        fault_set(f, ERR_NO_MEMORY, op, path, NULL);
        goto out;
    }
    DWORD n = GetFullPathNameW(wide, size, full, NULL);
    if (n == 0 || n >= size) {
        fault_set(f, ERR_IO, op, path, NULL);
        goto out;
    }
    const char *why = misnomer(wide, full);
    if (why) {
        oserror_fault(f, op, ERROR_INVALID_NAME, path, why);
        goto out;
    }
    if (n < LONG_FROM || is_literal(full) || path_is_device(full)) {
        out = full;
        full = NULL;
    } else {
        out = prefixed(full, n);
        if (!out) {
            fault_set(f, ERR_NO_MEMORY, op, path, NULL);
        }
    }
out:
    free(full);
    free(wide);
    return out;
}

/* What GetFileAttributesW says of the first N characters of PATH. */
static DWORD attributes(const wchar_t *path, size_t n)
{
    wchar_t *part = malloc((n + 1) * sizeof(*part));
    DWORD a = INVALID_FILE_ATTRIBUTES;
    if (part) {
        wmemcpy(part, path, n);
        part[n] = L'\0';
        a = GetFileAttributesW(part);
        free(part);
    }
    return a;
}

/* The length of FULL's folder. */
static size_t folder_length(const wchar_t *full)
{
    size_t n = wcslen(full);
    while (n > 0 && !is_separator(full[n - 1])) {
        n--;
    }
    return n > 0 && !(n >= 2 && full[n - 2] == L':') ? n - 1 : n;
}

static bool is_directory(DWORD a)
{
    return a != INVALID_FILE_ATTRIBUTES && (a & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

/* CODE says that the way to FULL is not there: is there a file in the way
 * (Windows has one code for both)? */
static bool file_in_the_way(const wchar_t *full, char hint[HINT_BYTES])
{
    size_t n = folder_length(full);
    for (size_t i = 1; i <= n; i++) {
        DWORD a = is_separator(full[i]) ? attributes(full, i)
                                        : INVALID_FILE_ATTRIBUTES;
        if (a != INVALID_FILE_ATTRIBUTES && !is_directory(a)) {
            wchar_t part[HINT_BYTES / 2];
            char name[HINT_BYTES - 32];
            if (i >= sizeof(part) / sizeof(part[0])) {
                snprintf(hint, HINT_BYTES, "a part of the path is no folder");
                return true;
            }
            wmemcpy(part, full, i);
            part[i] = L'\0';
            utf8_copy_wide(name, sizeof(name), part);
            snprintf(hint, HINT_BYTES, "%s is a file, no folder", name);
            return true;
        }
    }
    return false;
}

/* The length of FULL's drive ("C:\") or share ("\\server\share"). */
static size_t root_length(const wchar_t *full)
{
    size_t n = is_literal(full) ? 4 : 0;
    bool unc = n > 0 ? _wcsnicmp(full + n, L"UNC\\", 4) == 0
                     : wcsncmp(full, L"\\\\", 2) == 0;
    if (!unc) {
        return n + 3;
    }
    n += n > 0 ? 4 : 2;
    n += wcscspn(full + n, L"\\");
    return full[n] == L'\0' ? n : n + 1 + wcscspn(full + n + 1, L"\\");
}

/* Is it the drive or the share itself that is missing? */
static bool root_missing(const wchar_t *full, char hint[HINT_BYTES])
{
    size_t n = root_length(full);
    if (n > wcslen(full) || attributes(full, n) != INVALID_FILE_ATTRIBUTES) {
        return false;
    }
    if (full[n - 2] == L':') {
        snprintf(hint, HINT_BYTES,
                 "there is no drive %c: (a name itself may hold no colon)",
                 full[n - 3] < 128 ? (char)full[n - 3] : '?');
    } else {
        snprintf(hint, HINT_BYTES, "check the server's and the share's name");
    }
    return true;
}

static void hint_mkdir(const wchar_t *full, char hint[HINT_BYTES])
{
    wchar_t *folder = _wcsdup(full);
    char name[HINT_BYTES];
    int n = HINT_BYTES;
    if (folder) {
        folder[folder_length(full)] = L'\0';
        char *whole = utf8_from_wide(folder);
        if (whole && strlen(whole) < sizeof(name)) {
            n = snprintf(hint, HINT_BYTES,
                         "make the folder first: mkdir \"%s\"", whole);
        }
        free(whole);
        free(folder);
    }
    if (n >= HINT_BYTES) {
        snprintf(hint, HINT_BYTES, "make the folder first (mkdir)");
    }
}

bool path_fault(struct fault *f, const char *op, const char *path, long code)
{
    char hint[HINT_BYTES] = "";
    wchar_t *full = NULL;
    if (code == ERROR_PATH_NOT_FOUND || code == ERROR_ACCESS_DENIED ||
        code == ERROR_FILE_EXISTS || code == ERROR_ALREADY_EXISTS ||
        code == ERROR_INVALID_NAME || code == ERROR_DIRECTORY ||
        code == ERROR_FILE_NOT_FOUND) {
        full = path_full(path, op, NULL);
    }
    size_t n = full ? wcslen(full) : 0;
    bool device = full && path_is_device(full);
    DWORD a =
        full && !device ? GetFileAttributesW(full) : INVALID_FILE_ATTRIBUTES;
    bool ended = n > 0 && is_separator(full[n - 1]);
    if (device && code == ERROR_FILE_NOT_FOUND) {
        oserror_fault(f, op, code, path,
                      "start what reads from it first: it makes the pipe");
    } else if (is_directory(a) || ended) {
        fault_setf(f, ERR_IS_A_DIRECTORY, op, code,
                   "give a file name inside it", "%s", path);
    } else if (full &&
               (code == ERROR_PATH_NOT_FOUND || code == ERROR_FILE_NOT_FOUND) &&
               root_missing(full, hint)) {
        fault_setf(f, ERR_NO_SUCH_DIRECTORY, op, code, hint, "%s", path);
    } else if (full && code == ERROR_PATH_NOT_FOUND) {
        bool file = file_in_the_way(full, hint);
        if (!file) {
            hint_mkdir(full, hint);
        }
        fault_setf(f, file ? ERR_NOT_A_DIRECTORY : ERR_NO_SUCH_DIRECTORY, op,
                   code, hint, "%s", path);
    } else if (code == ERROR_ACCESS_DENIED && a != INVALID_FILE_ATTRIBUTES) {
        oserror_fault(f, op, code, path,
                      "you may not write this file (read-only, hidden?): use "
                      "another name");
    } else {
        oserror_fault(f, op, code, path, NULL);
    }
    free(full);
    return false;
}

bool file_exists(const char *path)
{
    wchar_t *full = path_full(path, "check file", NULL);
    bool there = full && !path_is_device(full) &&
                 GetFileAttributesW(full) != INVALID_FILE_ATTRIBUTES;
    free(full);
    return there;
}

bool file_remove(const char *path)
{
    wchar_t *full = path_full(path, "remove file", NULL);
    DWORD is = full && !path_is_device(full) ? GetFileAttributesW(full)
                                             : INVALID_FILE_ATTRIBUTES;
    bool removed =
        is != INVALID_FILE_ATTRIBUTES &&
        !(is & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) &&
        DeleteFileW(full);
    free(full);
    return removed;
}

bool file_check(const char *path, bool overwrite, struct fault *f)
{
    static const char op[] = "check file";
    if (path[0] == '\0') {
        return fault_set(f, ERR_USAGE, op, "", "give a file name");
    }
    wchar_t *full = path_full(path, op, f);
    if (!full) {
        return false;
    }
    bool ok = true;
    /* Asking for a pipe's attributes would use up its one connection. */
    if (!path_is_device(full)) {
        DWORD a = GetFileAttributesW(full);
        size_t n = folder_length(full);
        if (a != INVALID_FILE_ATTRIBUTES) {
            if (is_directory(a) || !overwrite) {
                ok = path_fault(f, op, path, ERROR_FILE_EXISTS);
            } else if (a & (FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN |
                            FILE_ATTRIBUTE_SYSTEM)) {
                /* CREATE_ALWAYS fails for the last two: CreateFileW. */
                ok = path_fault(f, op, path, ERROR_ACCESS_DENIED);
            }
        } else if (full[n] == L'\0' || full[n + 1] == L'\0' ||
                   !is_directory(attributes(full, n))) {
            ok = path_fault(f, op, path, ERROR_PATH_NOT_FOUND);
        }
    }
    free(full);
    return ok;
}

int64_t file_free_bytes(const char *path)
{
    wchar_t *full = path_full(path, "free space", NULL);
    ULARGE_INTEGER free_bytes;
    BOOL ok = FALSE;
    if (full && !path_is_device(full)) {
        if (!is_directory(GetFileAttributesW(full))) {
            size_t n = folder_length(full);
            /* A share's root wants its backslash, others take it. */
            if (full[n] != L'\0') {
                full[n + (is_separator(full[n]) ? 1 : 0)] = L'\0';
            }
        }
        ok = GetDiskFreeSpaceExW(full, &free_bytes, NULL, NULL);
    }
    free(full);
    if (!ok) {
        return -1;
    }
    return free_bytes.QuadPart > INT64_MAX ? INT64_MAX
                                           : (int64_t)free_bytes.QuadPart;
}

/* The folder that the volume of PATH is mounted on. (Wine's volumes have no
 * serial numbers.) malloc; NULL: nothing lies there, or it is unknown. */
static wchar_t *volume_of(const char *path)
{
    wchar_t *full = path_full(path, "look at the disk", NULL);
    size_t size = full ? wcslen(full) + 2 : 0;
    wchar_t *root = full ? calloc(size, sizeof(*root)) : NULL;
    bool found = root && !path_is_device(full) &&
                 GetFileAttributesW(full) != INVALID_FILE_ATTRIBUTES &&
                 GetVolumePathNameW(full, root, (DWORD)size);
    free(full);
    if (!found) {
        free(root);
        return NULL;
    }
    return root;
}

bool file_same_disk(const char *a, const char *b)
{
    wchar_t *one = volume_of(a), *two = volume_of(b);
    bool same = one && two && _wcsicmp(one, two) == 0;
    free(one);
    free(two);
    return same;
}
