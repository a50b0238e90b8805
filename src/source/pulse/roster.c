/* roster: see roster.h. run and what it calls: the roster's thread; all else:
 * the capture thread. */
#include "source/pulse/roster.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "source/pulse/outbox.h"
#include "source/pulse/roll.h"
#include "sys/clock.h"
#include "sys/thread.h"

/* Processes are looked at so often while there are any whose end, and whose
 * children, are to be seen. */
#define LOOK_NS INT64_C(250000000)
/* News that found no room try again after this. */
#define FULL_NS INT64_C(5000000)
#define TURN_NS INT64_C(1000000000)

enum phase {
    PHASE_LOOKING, /* for the first time */
    PHASE_RUNS,
    PHASE_REFUSED, /* the first look failed: see fault */
    PHASE_LOST,    /* it can not go on: see fault */
};

struct roster {
    /* constant after roster_start */
    const struct source_request *request;
    struct who *who;
    struct link *capture;
    int64_t deadline_ns;
    struct thread *thread;
    /* written by the roster's thread before the phase is RUNS */
    char id[256], name[256];
    /* before it is REFUSED or LOST */
    struct fault fault;
    /* the roster's thread only */
    struct roll roll;
    int64_t looked_ns; /* when the processes were looked at */
    /* shared */
    struct link link; /* the roster's own; its stop */
    _Atomic int phase;
    struct outbox outbox;
};

static void set_phase(struct roster *r, enum phase phase)
{
    /* release: pairs with phase_of; what is written before it is complete */
    atomic_store_explicit(&r->phase, (int)phase, memory_order_release);
    link_knock(r->capture);
}

static enum phase phase_of(const struct roster *r)
{
    /* acquire: pairs with set_phase */
    return (enum phase)atomic_load_explicit(&r->phase, memory_order_acquire);
}

/* --- the roster's thread --- */

static void look_at_processes(struct roster *r, int64_t now_ns)
{
    if (r->request->scope == SCOPE_ALL || !who_has_members(r->who) ||
        now_ns - r->looked_ns < LOOK_NS) {
        return;
    }
    r->looked_ns = now_ns;
    roll_look(&r->roll);
}

static int64_t pause_ns(const struct roster *r, bool all_said)
{
    bool looks = r->request->scope != SCOPE_ALL && who_has_members(r->who);
    int64_t pause_ns = looks ? LOOK_NS : TURN_NS;
    int64_t due_ns = roll_due_ns(&r->roll) - clock_now_ns();
    if (!all_said) {
        pause_ns = FULL_NS;
    }
    return due_ns < pause_ns ? due_ns : pause_ns;
}

static bool is_lost(struct roster *r)
{
    if (link_is_up(&r->link)) {
        return false;
    }
    link_fault(&r->link, ERR_DEVICE_LOST, "watch the streams", &r->fault);
    return true;
}

static void keep_looking(struct roster *r)
{
    bool said = false, all_said = roll_say(&r->roll, &r->outbox, &said);
    set_phase(r, PHASE_RUNS);
    while (link_stop(&r->link) == LINK_RUNS) {
        if (link_turn(&r->link, pause_ns(r, all_said), LINK_RUNS) < 0) {
            fault_set(&r->fault, ERR_DEVICE_LOST, "watch the streams",
                      "libpulse's main loop failed", NULL);
            set_phase(r, PHASE_LOST);
            return;
        }
        if (is_lost(r)) {
            set_phase(r, PHASE_LOST);
            return;
        }
        roll_settle(&r->roll);
        look_at_processes(r, clock_now_ns());
        all_said = roll_say(&r->roll, &r->outbox, &said);
        if (said) {
            link_knock(r->capture);
        }
    }
}

static bool first_look(struct roster *r)
{
    if (!link_connect(&r->link, r->request->client_name, r->deadline_ns,
                      &r->fault)) {
        return false;
    }
    roll_init(&r->roll, r->request, r->who, &r->link);
    return roll_begin(&r->roll, r->deadline_ns, &r->fault);
}

static void describe(struct roster *r)
{
    if (r->request->scope == SCOPE_ALL) {
        text_copy(r->id, sizeof r->id, "every-output");
        text_copy(r->name, sizeof r->name, "every output");
    } else {
        who_describe(r->who, r->id, sizeof r->id, r->name, sizeof r->name);
    }
}

static void run(void *argument)
{
    struct roster *r = argument;
    /* What it finds is played meanwhile. */
    thread_boost();
    if (first_look(r)) {
        describe(r);
        r->looked_ns = clock_now_ns();
        keep_looking(r);
    } else {
        set_phase(r, PHASE_REFUSED);
    }
    link_close(&r->link); /* before what its callbacks have pointers to */
    roll_free(&r->roll);
}

/* --- the capture thread --- */

static bool await_first_look(struct roster *r, struct fault *f)
{
    /* A little later than its own bound, so that it tells why. */
    int64_t until_ns = r->deadline_ns + FULL_NS * 20;
    while (phase_of(r) == PHASE_LOOKING) {
        if (!link_step(r->capture, "look for the streams", ERR_SOURCE_FAILED,
                       until_ns, f)) {
            return false;
        }
    }
    if (phase_of(r) == PHASE_REFUSED) {
        if (f != NULL) {
            *f = r->fault;
        }
        return false;
    }
    return true;
}

struct roster *roster_start(const struct source_request *request,
                            struct who *who, struct link *capture,
                            int64_t deadline_ns, struct fault *f)
{
    struct roster *r = calloc(1, sizeof *r);
    if (r == NULL) {
        fault_set(f, ERR_NO_MEMORY, "look for the streams", NULL, NULL);
        return NULL;
    }
    r->request = request;
    r->who = who;
    r->capture = capture;
    r->deadline_ns = deadline_ns;
    atomic_init(&r->phase, PHASE_LOOKING);
    outbox_init(&r->outbox);
    if (!link_create(&r->link, f)) {
        free(r);
        return NULL;
    }
    r->thread = thread_start("roster", run, r, f);
    if (r->thread == NULL || !await_first_look(r, f)) {
        roster_stop(r);
        return NULL;
    }
    return r;
}

void roster_describe(const struct roster *r, char *id, size_t id_size,
                     char *name, size_t name_size)
{
    text_copy(id, id_size, r->id);
    text_copy(name, name_size, r->name);
}

bool roster_next(struct roster *r, struct roster_news *out)
{
    return outbox_take(&r->outbox, out);
}

bool roster_alive(struct roster *r, struct fault *f)
{
    if (phase_of(r) == PHASE_RUNS) {
        return true;
    }
    if (f != NULL) {
        *f = r->fault;
    }
    return false;
}

void roster_stop(struct roster *r)
{
    if (r == NULL) {
        return;
    }
    link_interrupt(&r->link, SOURCE_STOP_NOW);
    thread_join(r->thread);
    link_destroy(&r->link);
    free(r);
}
