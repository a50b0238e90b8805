/* wake: an eventfd. Set from any thread and from signal handlers; waited for
 * by one thread at a time. */
#include "sys/wake.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/posix/oserror.h"

enum { NS_PER_S = 1000000000 };

struct wake {
    int fd;
};

struct wake *wake_create(struct fault *f)
{
    struct wake *w = malloc(sizeof(*w));
    if (!w) {
        fault_set(f, ERR_NO_MEMORY, "make event", NULL, NULL);
        return NULL;
    }
    w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->fd < 0) {
        oserror_fault(f, "make event", errno, NULL, NULL);
        free(w);
        return NULL;
    }
    return w;
}

void wake_destroy(struct wake *w)
{
    if (w) {
        close(w->fd);
        free(w);
    }
}

void wake_set(struct wake *w)
{
    /* write(2) is async-signal-safe; the interrupted code's errno is not ours
     * to change. EAGAIN: the counter is full, so it is set. */
    int saved = errno;
    uint64_t one = 1;
    while (write(w->fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    errno = saved;
}

/* Was it set? It is clear then. */
static bool take(struct wake *w)
{
    uint64_t count;
    ssize_t got;
    do {
        got = read(w->fd, &count, sizeof(count));
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(count);
}

bool wake_wait(struct wake *w, int64_t timeout_ns)
{
    if (timeout_ns == 0) {
        return take(w);
    }
    if (timeout_ns > INT64_MAX / 2) {
        timeout_ns = -1; /* 146 years: no limit, and no overflow below */
    }
    int64_t until = timeout_ns > 0 ? clock_now_ns() + timeout_ns : 0;
    for (;;) {
        int64_t left = timeout_ns;
        struct timespec t;
        if (timeout_ns > 0) {
            left = until - clock_now_ns();
            left = left > 0 ? left : 0;
            t.tv_sec = (time_t)(left / NS_PER_S);
            t.tv_nsec = (long)(left % NS_PER_S);
        }
        struct pollfd p = {.fd = w->fd, .events = POLLIN};
        /* ppoll for its nanoseconds: poll would round up to 1 ms. */
        int ready = ppoll(&p, 1, timeout_ns > 0 ? &t : NULL, NULL);
        if (ready == 0) {
            return false; /* the time is over: ppoll waits no less */
        }
        if (take(w)) {
            return true;
        }
    }
}

intptr_t wake_handle(const struct wake *w)
{
    return w->fd;
}
