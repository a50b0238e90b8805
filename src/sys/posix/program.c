/* program: see program.h. Any thread. */
#include "sys/posix/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char op[] = "find the command";

/* Could PATH be run? 0, or why not. */
static int look(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0) {
        return errno;
    }
    if (S_ISDIR(s.st_mode)) {
        return EISDIR;
    }
    /* AT_EACCESS: exec asks for the effective user. */
    if (!S_ISREG(s.st_mode) ||
        faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) {
        return EACCES;
    }
    return 0;
}

static bool is_missing(int code)
{
    return code == ENOENT || code == ENOTDIR;
}

static void tell(struct fault *f, const char *name, int code)
{
    if (is_missing(code)) {
        fault_setf(f, ERR_NO_COMMAND, op, code,
                   "check its name, or give its path", "%s", name);
    } else if (code == EISDIR) {
        fault_setf(f, ERR_BAD_COMMAND, op, code, "give a program's name",
                   "%s is a folder", name);
    } else if (code == EACCES) {
        fault_setf(f, ERR_BAD_COMMAND, op, code,
                   "it is no program, or you may not run it: see chmod +x",
                   "%s", name);
    } else {
        fault_setf(f, ERR_BAD_COMMAND, op, code, NULL, "%s: %s", name,
                   strerror(code));
    }
}

/* NAME in FOLDER (LENGTH bytes, empty: the current one). */
static char *join(const char *folder, size_t length, const char *name)
{
    char *path = malloc(length + strlen(name) + 3);
    if (path) {
        char *at = path;
        if (length == 0) {
            *at++ = '.';
        }
        memcpy(at, folder, length);
        at += length;
        *at++ = '/';
        strcpy(at, name);
    }
    return path;
}

static char *search(const char *name, const char *folders, struct fault *f)
{
    int found = ENOENT; /* the worst that is no "missing" is told */
    const char *folder = folders;
    for (;;) {
        size_t length = strcspn(folder, ":");
        char *path = join(folder, length, name);
        if (!path) {
            fault_set(f, ERR_NO_MEMORY, op, name, NULL);
            return NULL;
        }
        int code = look(path);
        if (code == 0) {
            return path;
        }
        free(path);
        /* execvp passes over folders and remembers a denial */
        if (code == EACCES) {
            found = code;
        }
        if (folder[length] == '\0') {
            tell(f, name, found);
            return NULL;
        }
        folder += length + 1;
    }
}

char *program_find(const char *name, struct fault *f)
{
    if (strchr(name, '/') == NULL) {
        const char *folders = getenv("PATH");
        /* execvp's own where there is no PATH: exec(3) */
        return *name == '\0'
                   ? (tell(f, name, ENOENT), NULL)
                   : search(name, folders ? folders : "/bin:/usr/bin", f);
    }
    int code = look(name);
    if (code != 0) {
        tell(f, name, code);
        return NULL;
    }
    char *path = strdup(name);
    if (!path) {
        fault_set(f, ERR_NO_MEMORY, op, name, NULL);
    }
    return path;
}
