/* stepped: a library for LD_PRELOAD in which somebody sets the machine's clock:
 * the wall clock is ahead by as many nanoseconds as the file STEPPED_FILE
 * holds, 8 bytes in this machine's order, and follows it when that changes.
 * What counts the time that passes (CLOCK_MONOTONIC) goes on as it was. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *step;

__attribute__((constructor)) static void open_step(void)
{
    const char *path = getenv("STEPPED_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *map = mmap(NULL, sizeof(*step), PROT_READ, MAP_SHARED, fd, 0);
        step = map == MAP_FAILED ? NULL : map;
        close(fd);
    }
    unsetenv("LD_PRELOAD"); /* for this program only */
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    int result = (int)syscall(SYS_clock_gettime, id, t);
    if (result == 0 && id == CLOCK_REALTIME && step) {
        int64_t ns = t->tv_nsec + *step % 1000000000;
        t->tv_sec += *step / 1000000000 + (ns >= 1000000000) - (ns < 0);
        t->tv_nsec = (ns + 1000000000) % 1000000000;
    }
    return result;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}
