/* own_folder: for tests of files: each test has a folder of its own below the
 * system's for temporary files, and works in it by relative names. One thread.
 */
#ifndef LOOPREC_TESTS_OWN_FOLDER_H
#define LOOPREC_TESTS_OWN_FOLDER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "sys/process.h"

#ifdef _WIN32
#include <direct.h>

#define make_folder(path) _mkdir(path)
#else
#include <unistd.h>

#define make_folder(path) mkdir(path, 0777)
#endif

/* Where own_folder_leave goes back to. */
static char own_folder_home[512];

/* Make a folder, NAME in its name, and go there. False: it cannot be. */
static bool own_folder_enter(const char *name)
{
    static int number;
    const char *temporary = getenv("TMPDIR");
    char path[96];
#ifdef _WIN32
    temporary = temporary ? temporary : getenv("TEMP");
#else
    temporary = temporary ? temporary : "/tmp";
#endif
    if (!getcwd(own_folder_home, sizeof own_folder_home) ||
        (temporary && chdir(temporary) != 0)) {
        return false;
    }
    /* Each Wine counts its processes by itself: the name may be taken. */
    do {
        snprintf(path, sizeof path, "looprec-%s-%d-%d.tmp", name,
                 (int)process_id(), number++);
    } while (make_folder(path) != 0 && number < 10000);
    return chdir(path) == 0;
}

/* Go back; the folder, which is to be empty by now, goes. */
static bool own_folder_leave(void)
{
    char here[600];
    return getcwd(here, sizeof here) && chdir(own_folder_home) == 0 &&
           rmdir(here) == 0;
}

#endif
