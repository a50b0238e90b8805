/* link: the connection to a sound server, and the main loop that drives it.
 * Everything is one thread's (the capture thread's, the roster's, the main
 * thread's for a list of devices) but link_interrupt and link_knock. */
#ifndef LOOPREC_SOURCE_PULSE_LINK_H
#define LOOPREC_SOURCE_PULSE_LINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <pulse/pulseaudio.h>

#include "core/error.h"

/* What every connection of this program calls itself (application.id). */
#define LINK_APPLICATION_ID "looprec"

/* stop_ns before anybody interrupted. */
#define LINK_RUNS INT64_MAX

struct link {
    pa_mainloop *loop;       /* constant between create and destroy, so that an
                              * interrupt always finds it */
    pa_context *context;     /* NULL: not connected */
    const char *client_name; /* as whom it was connected; outlives the link */
    const char *server;      /* its address; NULL, as link_create leaves it: as
                              * libpulse finds it. Outlives the link */
    _Atomic int64_t stop_ns; /* shared; the earliest stop asked for */
    _Atomic unsigned knocks; /* shared; how often somebody knocked */
    unsigned heard;          /* so many of them ended a turn */
    int batch_ms; /* let messages gather for so long, but for interrupts; 0:
                   * take each as it comes */
    bool stale;   /* what is read now may have waited for us */
};

bool link_create(struct link *l, struct fault *f);
void link_destroy(struct link *l);

/* Any thread, lock-free: end what runs, at STOP_NS. The earliest wins. */
void link_interrupt(struct link *l, int64_t stop_ns);
int64_t link_stop(const struct link *l);

/* Any thread, lock-free: there is something to look at; the turn of the loop
 * that runs, or else the next one, ends at once. */
void link_knock(struct link *l);

/* One turn of the loop: wait for the server up to TIMEOUT_NS, call back for
 * what came. Returns at once when stop_ns is no longer SEEN_STOP. The number
 * of events dealt with; negative: the loop itself failed. */
int link_turn(struct link *l, int64_t timeout_ns, int64_t seen_stop);

/* One turn while something is being opened. False, told in F: interrupted
 * (ERR_SOURCE_FAILED), or DEADLINE_NS has passed (LATE). */
bool link_step(struct link *l, const char *what, enum error late,
               int64_t deadline_ns, struct fault *f);

/* Connect as CLIENT_NAME until DEADLINE_NS. False, nothing left open:
 * ERR_NO_SERVER, or SOURCE_FAILED when interrupted. */
bool link_connect(struct link *l, const char *client_name, int64_t deadline_ns,
                  struct fault *f);

/* A further connection on the same loop, as the same client: it is being made
 * when this returns; its state tells how far it is. NULL: it cannot be. */
pa_context *link_branch(struct link *l);
/* Let go of one. NULL is fine. */
void link_prune(pa_context *c);

/* Create and connect, for one question. False: nothing is left to destroy. */
bool link_begin(struct link *l, const char *client_name, int64_t deadline_ns,
                struct fault *f);

/* Wait for OP (released here; NULL: it could not even be sent). True: the
 * server answered, whatever it said. WHAT names it in F. */
bool link_finish(struct link *l, pa_operation *op, const char *what,
                 int64_t deadline_ns, struct fault *f);

/* Is there a connection that works? */
bool link_is_up(const struct link *l);

/* The same of one that is recorded from. False: it has ended, ERR_DEVICE_LOST
 * in F. */
bool link_alive(const struct link *l, struct fault *f);

/* Disconnect. Fine when not connected. */
void link_close(struct link *l);

/* The server's last word as a fault of kind ERR. False. */
bool link_fault(const struct link *l, enum error err, const char *op,
                struct fault *f);

#endif
