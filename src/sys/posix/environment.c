/* environment: see environment.h. Main thread. */
#include "sys/posix/environment.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_changed(const char *variable, const char *const *changes)
{
    for (; *changes; changes++) {
        size_t name = strcspn(*changes, "=") + 1; /* with the '=' */
        if (strncmp(variable, *changes, name) == 0) {
            return true;
        }
    }
    return false;
}

char **environment_with(const char *const *changes)
{
    static const char *const none[] = {NULL};
    size_t room = 1, count = 0;
    changes = changes ? changes : none;
    for (char **v = environ; v && *v; v++) {
        room++;
    }
    for (const char *const *c = changes; *c; c++) {
        room++;
    }
    char **made = calloc(room, sizeof(*made));
    if (!made) {
        return NULL;
    }
    for (char **v = environ; v && *v; v++) {
        if (!is_changed(*v, changes)) {
            made[count++] = *v;
        }
    }
    for (const char *const *c = changes; *c; c++) {
        made[count++] = (char *)(uintptr_t)*c;
    }
    return made;
}
