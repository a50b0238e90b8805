/* wake: an auto-reset event. Set from any thread; waited for by one thread at
 * a time. */
#include "sys/wake.h"

#include <stdlib.h>

#include <windows.h>

#include "sys/clock.h"
#include "sys/win/oserror.h"

enum { NS_PER_MS = 1000000 };

struct wake {
    HANDLE event;
};

struct wake *wake_create(struct fault *f)
{
    struct wake *w = malloc(sizeof(*w));
    if (!w) {
        fault_set(f, ERR_NO_MEMORY, "make event", NULL, NULL);
        return NULL;
    }
    w->event = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!w->event) {
        oserror_fault(f, "make event", (long)GetLastError(), NULL, NULL);
        free(w);
        return NULL;
    }
    return w;
}

void wake_destroy(struct wake *w)
{
    if (w) {
        CloseHandle(w->event);
        free(w);
    }
}

void wake_set(struct wake *w)
{
    SetEvent(w->event);
}

static bool take(struct wake *w, DWORD timeout_ms)
{
    return WaitForSingleObject(w->event, timeout_ms) == WAIT_OBJECT_0;
}

bool wake_wait(struct wake *w, int64_t timeout_ns)
{
    if (timeout_ns < 0 || timeout_ns > INT64_MAX / 2) {
        return take(w, INFINITE);
    }
    /* In parts: a DWORD holds 49 days, and waits may end a tick early. */
    int64_t until = clock_now_ns() + timeout_ns;
    int64_t left = timeout_ns;
    for (;;) {
        int64_t ms = (left + NS_PER_MS - 1) / NS_PER_MS;
        if (take(w, ms < 1000000 ? (DWORD)ms : 1000000)) {
            return true;
        }
        left = until - clock_now_ns();
        if (left <= 0) {
            return false;
        }
    }
}

intptr_t wake_handle(const struct wake *w)
{
    return (intptr_t)w->event;
}
