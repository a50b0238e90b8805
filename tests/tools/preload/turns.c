/* turns: a library for LD_PRELOAD that measures what one thread of the program
 * does between its waits: the time from poll's or ppoll's return to its next
 * call. When the program ends it writes to the file TURNS_FILE, one line a
 * turn, the nanoseconds.
 *
 *     TURNS_THREAD   the name of the thread (as pthread_setname_np gives it)
 *     TURNS_FROM_MS  turns before this moment, counted from the naming, are not
 *                    counted (500) */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TURNS_MOST = 1 << 20 };

static __thread int64_t named_ns; /* 0: not the thread */
static __thread int64_t woken_ns; /* 0: not yet */
static uint32_t turns[TURNS_MOST];
static size_t turn_count;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t from_ns(void)
{
    const char *text = getenv("TURNS_FROM_MS");
    return (text ? atoll(text) : 500) * INT64_C(1000000);
}

int pthread_setname_np(pthread_t thread, const char *name)
{
    int (*real)(pthread_t, const char *) =
        (int (*)(pthread_t, const char *))dlsym(RTLD_NEXT,
                                                "pthread_setname_np");
    const char *wanted = getenv("TURNS_THREAD");
    if (wanted && strcmp(name, wanted) == 0) {
        named_ns = now_ns();
    }
    return real(thread, name);
}

static void turn_ends(void)
{
    if (named_ns == 0 || woken_ns == 0) {
        return;
    }
    int64_t now = now_ns();
    if (now - named_ns >= from_ns() && turn_count < TURNS_MOST) {
        turns[turn_count++] = (uint32_t)(now - woken_ns);
    }
}

static void turn_begins(void)
{
    if (named_ns != 0) {
        woken_ns = now_ns();
    }
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask)
{
    turn_ends();
    struct timespec left = {0, 0};
    if (timeout) {
        left = *timeout;
    }
    int result = (int)syscall(SYS_ppoll, fds, count, timeout ? &left : NULL,
                              mask, 8 /* bytes of the kernel's mask */);
    turn_begins();
    return result;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    turn_ends();
    int result = (int)syscall(SYS_poll, fds, count, timeout);
    turn_begins();
    return result;
}

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t bytes)
{
    (void)bytes;
    return poll(fds, count, timeout);
}

int __ppoll_chk(struct pollfd *fds, nfds_t count,
                const struct timespec *timeout, const sigset_t *mask,
                size_t bytes)
{
    (void)bytes;
    return ppoll(fds, count, timeout, mask);
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
