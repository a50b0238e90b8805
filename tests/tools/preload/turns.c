/* turns: a library for LD_PRELOAD that measures what one thread of the program
 * does between its waits: the time from poll's or ppoll's return to its next
 * call. When the program ends it writes to the file TURNS_FILE, one line a
 * turn, the nanoseconds.
 *
 *     TURNS_THREAD   the name of the thread (as pthread_setname_np gives it)
 *     TURNS_FROM_MS  turns before this moment, counted from the naming, are not
 *                    counted (500) */
#define _GNU_SOURCE
#include <stdio.h>

#define WATCHED_THREAD "TURNS_THREAD"
#include "waits.h"

enum { TURNS_MOST = 1 << 20 };

static __thread int64_t woken_ns; /* 0: not yet */
static uint32_t turns[TURNS_MOST];
static size_t turn_count;

static void wait_begins(void)
{
    if (named_ns == 0 || woken_ns == 0) {
        return;
    }
    int64_t now = now_ns();
    if (now - named_ns >= setting_ms("TURNS_FROM_MS", 500) * 1000000 &&
        turn_count < TURNS_MOST) {
        turns[turn_count++] = (uint32_t)(now - woken_ns);
    }
}

static void wait_ends(void)
{
    if (named_ns != 0) {
        woken_ns = now_ns();
    }
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("TURNS_FILE");
    FILE *file = path && turn_count > 0 ? fopen(path, "w") : NULL;
    if (file) {
        for (size_t i = 0; i < turn_count; i++) {
            fprintf(file, "%u\n", turns[i]);
        }
        fclose(file);
    }
}
