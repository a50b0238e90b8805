/* waits: for a library for LD_PRELOAD that looks at one thread of the program:
 * knows it by the name that pthread_setname_np gives it, and sees each of its
 * waits in poll or ppoll. Who includes it (one file of the library, with
 * _GNU_SOURCE) defines WATCHED_THREAD before, the name of the environment's
 * variable that has the thread's, and afterwards the two functions below. */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* On any thread, as poll or ppoll is called and has returned. */
static void wait_begins(void);
static void wait_ends(void);

static __thread int64_t named_ns; /* 0: not the thread */

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t setting_ms(const char *name, int64_t fallback)
{
    const char *text = getenv(name);
    return text ? atoll(text) : fallback;
}

int pthread_setname_np(pthread_t thread, const char *name)
{
    int (*real)(pthread_t, const char *) =
        (int (*)(pthread_t, const char *))dlsym(RTLD_NEXT,
                                                "pthread_setname_np");
    const char *wanted = getenv(WATCHED_THREAD);
    if (wanted && strcmp(name, wanted) == 0) {
        named_ns = now_ns();
    }
    return real(thread, name);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask)
{
    wait_begins();
    struct timespec left = {0, 0};
    if (timeout) {
        left = *timeout;
    }
    int result = (int)syscall(SYS_ppoll, fds, count, timeout ? &left : NULL,
                              mask, 8 /* bytes of the kernel's mask */);
    wait_ends();
    return result;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    wait_begins();
    int result = (int)syscall(SYS_poll, fds, count, timeout);
    wait_ends();
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
