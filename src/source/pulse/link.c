/* link: see link.h. */
#include "source/pulse/link.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"

static const char *const server_hint =
    "start PulseAudio or PipeWire (with pipewire-pulse), or set PULSE_SERVER";

/* The main loop's wait. Small fragments keep a sink's latency small, which is
 * what a new player's first moments in a monitor depend on; but each would wake
 * us. Nobody waits for a file's samples, so here they gather in the socket. The
 * first descriptor is the loop's own wake-up pipe (mainloop.c,
 * rebuild_pollfds), by which interrupts come. */
static int wait_batched(struct pollfd *fds, unsigned long count, int timeout_ms,
                        void *data)
{
    struct link *l = data;
    if (l->batch_ms == 0 && !l->stale) {
        return poll(fds, count, timeout_ms);
    }
    int ready = poll(fds, count, 0);
    if (ready != 0) {
        return ready; /* there is more of what has gathered */
    }
    l->stale = l->batch_ms > 0;
    if (l->batch_ms > 0 && count > 0) {
        int batch_ms = l->batch_ms;
        if (timeout_ms >= 0 && batch_ms > timeout_ms) {
            batch_ms = timeout_ms;
        }
        (void)poll(fds, 1, batch_ms);
        timeout_ms -= timeout_ms > 0 ? batch_ms : 0;
    }
    return poll(fds, count, timeout_ms);
}

bool link_create(struct link *l, struct fault *f)
{
    l->context = NULL;
    l->client_name = NULL;
    l->server = NULL;
    l->batch_ms = 0;
    l->stale = false;
    l->heard = 0;
    atomic_init(&l->knocks, 0);
    atomic_init(&l->stop_ns, LINK_RUNS);
    l->loop = pa_mainloop_new();
    if (l->loop == NULL) {
        return fault_set(f, ERR_NO_MEMORY, "pa_mainloop_new", NULL, NULL);
    }
    pa_mainloop_set_poll_func(l->loop, wait_batched, l);
    return true;
}

void link_destroy(struct link *l)
{
    link_close(l);
    if (l->loop != NULL) {
        pa_mainloop_free(l->loop);
        l->loop = NULL;
    }
}

void link_interrupt(struct link *l, int64_t stop_ns)
{
    /* relaxed: only the value itself is passed on */
    int64_t old = atomic_load_explicit(&l->stop_ns, memory_order_relaxed);
    while (stop_ns < old) {
        /* release: pairs with link_stop's acquire */
        if (atomic_compare_exchange_weak_explicit(&l->stop_ns, &old, stop_ns,
                                                  memory_order_release,
                                                  memory_order_relaxed)) {
            break;
        }
    }
    /* Writes one byte to a pipe that does not block: the one function of
     * pa_mainloop that other threads may call (mainloop.h: "Interrupt a
     * running poll (for threaded systems)"). */
    pa_mainloop_wakeup(l->loop);
}

int64_t link_stop(const struct link *l)
{
    /* acquire: pairs with link_interrupt's release */
    return atomic_load_explicit(&l->stop_ns, memory_order_acquire);
}

void link_knock(struct link *l)
{
    /* release: pairs with was_knocked */
    atomic_fetch_add_explicit(&l->knocks, 1, memory_order_release);
    pa_mainloop_wakeup(l->loop);
}

static bool was_knocked(struct link *l)
{
    /* acquire: pairs with link_knock; what it is about is there */
    unsigned knocks = atomic_load_explicit(&l->knocks, memory_order_acquire);
    bool any = knocks != l->heard;
    l->heard = knocks;
    return any;
}

int link_turn(struct link *l, int64_t timeout_ns, int64_t seen_stop)
{
    int timeout_us = timeout_ns < 0 ? 0
                     : timeout_ns > INT64_C(1000000000)
                         ? 1000000
                         : (int)((timeout_ns + 999) / 1000);
    if (pa_mainloop_prepare(l->loop, timeout_us) < 0) {
        return -1;
    }
    /* prepare empties the wake-up pipe: a stop or a knock that came before it
     * would be slept over, one that comes after it ends the poll. */
    if (was_knocked(l) || link_stop(l) != seen_stop) {
        pa_mainloop_wakeup(l->loop);
    }
    if (pa_mainloop_poll(l->loop) < 0) {
        return -1;
    }
    return pa_mainloop_dispatch(l->loop);
}

bool link_step(struct link *l, const char *what, enum error late,
               int64_t deadline_ns, struct fault *f)
{
    if (link_stop(l) != LINK_RUNS) {
        return fault_set(f, ERR_SOURCE_FAILED, what, "interrupted", NULL);
    }
    int64_t left = deadline_ns - clock_now_ns();
    if (left <= 0) {
        return fault_set(f, late, what, "the sound server does not answer",
                         late == ERR_NO_SERVER ? server_hint : NULL);
    }
    if (link_turn(l, left, LINK_RUNS) < 0) {
        return fault_set(f, ERR_SOURCE_FAILED, what, "the main loop failed",
                         NULL);
    }
    return true;
}

/* What the server said last to CONTEXT (NULL: there is none). False. */
static bool tell_fault(const struct link *l, const pa_context *context,
                       enum error err, const char *op, struct fault *f)
{
    int code = context == NULL ? PA_ERR_CONNECTIONTERMINATED
                               : pa_context_errno(context);
    const char *words = pa_strerror(code);
    words = words == NULL ? "unknown error" : words;
    const char *address = l->server ? l->server : getenv("PULSE_SERVER");
    if (err == ERR_NO_SERVER && address != NULL && address[0] != '\0') {
        return fault_setf(f, err, op, code, server_hint, "%s (PULSE_SERVER=%s)",
                          words, address);
    }
    return fault_setf(f, err, op, code,
                      err == ERR_NO_SERVER ? server_hint : NULL, "%s", words);
}

bool link_fault(const struct link *l, enum error err, const char *op,
                struct fault *f)
{
    return tell_fault(l, l->context, err, op, f);
}

/* One that is being connected as CLIENT_NAME. NULL: ERR_NO_MEMORY, NO_SERVER
 * in F. */
static pa_context *new_context(struct link *l, const char *client_name,
                               struct fault *f)
{
    pa_proplist *properties = pa_proplist_new();
    if (properties == NULL) {
        fault_set(f, ERR_NO_MEMORY, "pa_proplist_new", NULL, NULL);
        return NULL;
    }
    pa_proplist_sets(properties, PA_PROP_APPLICATION_NAME, client_name);
    pa_proplist_sets(properties, PA_PROP_APPLICATION_ID, LINK_APPLICATION_ID);
    pa_proplist_sets(properties, PA_PROP_APPLICATION_ICON_NAME, "media-record");
    pa_context *context = pa_context_new_with_proplist(
        pa_mainloop_get_api(l->loop), client_name, properties);
    pa_proplist_free(properties);
    if (context == NULL) {
        fault_set(f, ERR_NO_MEMORY, "pa_context_new", NULL, NULL);
        return NULL;
    }
    /* NOAUTOSPAWN: a server that we started ourselves plays nothing that
     * anybody hears, and on a machine with PipeWire it would take the sound
     * card away from it. */
    if (pa_context_connect(context, l->server, PA_CONTEXT_NOAUTOSPAWN, NULL) <
        0) {
        tell_fault(l, context, ERR_NO_SERVER, "connect", f);
        link_prune(context);
        return NULL;
    }
    return context;
}

bool link_connect(struct link *l, const char *client_name, int64_t deadline_ns,
                  struct fault *f)
{
    l->client_name = client_name;
    l->context = new_context(l, client_name, f);
    while (l->context != NULL) {
        pa_context_state_t state = pa_context_get_state(l->context);
        if (state == PA_CONTEXT_READY) {
            return true;
        }
        if (!PA_CONTEXT_IS_GOOD(state)) {
            link_fault(l, ERR_NO_SERVER, "connect", f);
            break;
        }
        if (!link_step(l, "connect", ERR_NO_SERVER, deadline_ns, f)) {
            break;
        }
    }
    link_close(l);
    return false;
}

pa_context *link_branch(struct link *l)
{
    return new_context(l, l->client_name, NULL);
}

void link_prune(pa_context *c)
{
    if (c != NULL) {
        pa_context_disconnect(c);
        pa_context_unref(c);
    }
}

bool link_begin(struct link *l, const char *client_name, int64_t deadline_ns,
                struct fault *f)
{
    if (!link_create(l, f)) {
        return false;
    }
    if (!link_connect(l, client_name, deadline_ns, f)) {
        link_destroy(l);
        return false;
    }
    return true;
}

bool link_finish(struct link *l, pa_operation *op, const char *what,
                 int64_t deadline_ns, struct fault *f)
{
    if (op == NULL) {
        return link_fault(l, ERR_SOURCE_FAILED, what, f);
    }
    bool ok = true;
    while (ok && pa_operation_get_state(op) == PA_OPERATION_RUNNING) {
        ok = link_step(l, what, ERR_SOURCE_FAILED, deadline_ns, f);
    }
    /* Cancelled: the connection broke while it was under way. */
    if (ok && pa_operation_get_state(op) != PA_OPERATION_DONE) {
        ok = link_fault(l, ERR_NO_SERVER, what, f);
    }
    if (!ok) {
        pa_operation_cancel(op);
    }
    pa_operation_unref(op);
    return ok;
}

bool link_is_up(const struct link *l)
{
    return l->context != NULL &&
           pa_context_get_state(l->context) == PA_CONTEXT_READY;
}

bool link_alive(const struct link *l, struct fault *f)
{
    if (link_is_up(l)) {
        return true;
    }
    return fault_setf(f, ERR_DEVICE_LOST, "record",
                      l->context != NULL ? pa_context_errno(l->context) : 0,
                      NULL, "the sound server closed the connection");
}

void link_close(struct link *l)
{
    if (l->context == NULL) {
        return;
    }
    pa_context_set_state_callback(l->context, NULL, NULL);
    pa_context_set_subscribe_callback(l->context, NULL, NULL);
    link_prune(l->context);
    l->context = NULL;
}
