/* null_sink: see null_sink.h.
 *
 * On a server that runs already it must change nothing for anybody else. That
 * is why it is asked first what a new sink would do there (survey_bears_one_
 * more), why it has the lowest of priorities, by which WirePlumber chooses the
 * default output, and why what still plays into it at the end is ended: servers
 * move it to the default output else, where it would be heard (PulseAudio 16.1,
 * PipeWire 0.3.65 with WirePlumber 0.4.13). */
#include "source/pulse/null_sink.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "source/pulse/private.h"
#include "source/pulse/survey.h"
#include "sys/clock.h"
#include "sys/posix/folder.h"
#include "sys/process.h"

#define PLAN_NS INT64_C(5000000000)
/* The end of a program waits for it. */
#define CLOSE_NS INT64_C(3000000000)
/* A server does not show at once what it has made, nor drops what it has
 * removed. */
#define LOOK_NS INT64_C(10000000)
#define SHOW_NS INT64_C(1000000000)

static const char make_op[] = "make a null sink";

enum { NAME_BYTES = 48, VARIABLES = 4, VARIABLE_BYTES = 160, ROUNDS = 20 };

struct null_sink {
    /* constant after plan */
    const char *client_name;
    char name[NAME_BYTES];
    char mark[MARK_BYTES];
    struct private_server *server; /* NULL: the one that runs already */
    char variables[VARIABLES][VARIABLE_BYTES];
    const char *environment[VARIABLES + 1];
    /* shared */
    atomic_bool closed; /* not to be made again */
};

/* --- removing --- */

/* The sink inputs of one sink. */
struct inputs {
    uint32_t sink;
    uint32_t found[64]; /* more of them are found the next time */
    unsigned count;
};

static void on_input(pa_context *c, const pa_sink_input_info *info, int eol,
                     void *data)
{
    struct inputs *inputs = data;
    (void)c;
    if (eol == 0 && info != NULL && info->sink == inputs->sink &&
        inputs->count < sizeof inputs->found / sizeof inputs->found[0]) {
        inputs->found[inputs->count++] = info->index;
    }
}

static bool end_inputs(struct link *l, uint32_t sink, int64_t deadline_ns,
                       struct fault *f)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct inputs inputs = {.sink = sink};
        if (round > 0) {
            clock_sleep_ns(LOOK_NS);
        }
        if (!link_finish(l,
                         pa_context_get_sink_input_info_list(l->context,
                                                             on_input, &inputs),
                         "look for players", deadline_ns, f)) {
            return false;
        }
        for (unsigned i = 0; i < inputs.count; i++) {
            if (!link_finish(l,
                             pa_context_kill_sink_input(
                                 l->context, inputs.found[i], NULL, NULL),
                             "end a player's stream", deadline_ns, f)) {
                return false;
            }
        }
        if (inputs.count == 0) {
            break;
        }
    }
    return true;
}

/* Is NAME there, as OWNER's? *SINK (may be NULL) is filled. */
static bool look_up(struct link *l, const char *name, const char *owner,
                    struct survey_sink *sink, int64_t deadline_ns)
{
    struct survey s;
    if (!survey_take(l, &s, deadline_ns, NULL)) {
        return false;
    }
    const struct survey_sink *found = survey_find(&s, name);
    bool there = found != NULL && strcmp(found->owner, owner) == 0;
    if (there && sink != NULL) {
        *sink = *found;
    }
    survey_free(&s);
    return there;
}

/* Wait a moment until it is there, or is not. */
static bool becomes(struct link *l, const char *name, const char *owner,
                    bool there, int64_t deadline_ns)
{
    int64_t until_ns = clock_now_ns() + SHOW_NS;
    while (look_up(l, name, owner, NULL, deadline_ns) != there) {
        if (clock_now_ns() > until_ns || clock_now_ns() > deadline_ns) {
            return false;
        }
        clock_sleep_ns(LOOK_NS);
    }
    return true;
}

/* NAME of OWNER, whatever its module's number is by now: pipewire-pulse gives
 * numbers anew. */
static void remove_sink(struct link *l, const char *name, const char *owner,
                        int64_t deadline_ns)
{
    struct survey_sink sink;
    if (look_up(l, name, owner, &sink, deadline_ns) &&
        sink.module != PA_INVALID_INDEX &&
        end_inputs(l, sink.index, deadline_ns, NULL) &&
        link_finish(
            l, pa_context_unload_module(l->context, sink.module, NULL, NULL),
            "remove the null sink", deadline_ns, NULL)) {
        becomes(l, name, owner, false, deadline_ns);
    }
}

/* --- plan --- */

static void remove_left(struct link *l, const struct survey *s,
                        int64_t deadline_ns)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct survey_sink *sink = &s->sinks[i];
        if (mark_is_dead(sink->owner)) {
            log_line("removing %s, which a killed run has left", sink->name);
            remove_sink(l, sink->name, sink->owner, deadline_ns);
        }
    }
}

/* Our process number, and another one where processes of several namespaces
 * share a server. */
static void choose_name(struct null_sink *n, const struct survey *s)
{
    long long id = (long long)process_id();
    snprintf(n->name, sizeof n->name, "looprec_null_%lld", id);
    for (int i = 2; s != NULL && survey_find(s, n->name) != NULL; i++) {
        snprintf(n->name, sizeof n->name, "looprec_null_%lld_%d", id, i);
    }
}

/* False: no server runs that would do. */
static bool plan_on_running(struct null_sink *n)
{
    struct link l;
    struct survey s;
    struct fault f = {.err = ERR_OK};
    int64_t deadline_ns = clock_now_ns() + PLAN_NS;
    bool good = false;
    if (!link_create(&l, &f)) {
        return false;
    }
    if (link_connect(&l, n->client_name, deadline_ns, &f) &&
        survey_take(&l, &s, deadline_ns, &f)) {
        remove_left(&l, &s, deadline_ns);
        choose_name(n, &s);
        good = survey_bears_one_more(&s);
        if (!good) {
            log_line("a sink of ours would become this server's default "
                     "output: a private server is started instead");
        }
        survey_free(&s);
    } else {
        log_line("no sound server to use (%s): a private one is started",
                 f.detail);
    }
    link_destroy(&l);
    return good;
}

static void add_variable(struct null_sink *n, const char *name,
                         const char *value)
{
    int i = 0;
    while (n->environment[i] != NULL) {
        i++;
    }
    snprintf(n->variables[i], sizeof n->variables[i], "%s=%s", name, value);
    n->environment[i] = n->variables[i];
}

static void null_sink_close(struct null_sink *n);

static struct null_sink *null_sink_plan(const char *client_name,
                                        struct fault *f)
{
    struct null_sink *n = calloc(1, sizeof *n);
    if (n == NULL) {
        fault_set(f, ERR_NO_MEMORY, "plan a null sink", NULL, NULL);
        return NULL;
    }
    n->client_name = client_name;
    atomic_init(&n->closed, false);
    folder_sweep();
    if (!mark_make(n->mark)) {
        fault_set(f, ERR_INTERNAL, "plan a null sink", "/proc is missing",
                  NULL);
        goto out;
    }
    if (!plan_on_running(n)) {
        choose_name(n, NULL);
        n->server = private_plan(f);
        if (n->server == NULL) {
            goto out;
        }
        add_variable(n, "PULSE_SERVER", private_address(n->server));
    }
    add_variable(n, "PULSE_SINK", n->name);
    if (n->server != NULL) {
        /* Who speaks PipeWire first is to fall back, and not to play on one
         * where it is not recorded. */
        add_variable(n, "PIPEWIRE_REMOTE", private_nowhere(n->server));
    } else {
        add_variable(n, "PIPEWIRE_NODE", n->name);
    }
    return n;
out:
    null_sink_close(n);
    return NULL;
}

static const char *const *null_sink_environment(const struct null_sink *n)
{
    return n->environment;
}

static bool null_sink_open(struct null_sink *n, struct fault *f)
{
    return n->server == NULL || private_start(n->server, n->client_name, f);
}

static void null_sink_close(struct null_sink *n)
{
    struct link l;
    if (n == NULL) {
        return;
    }
    /* release: pairs with null_sink_ensure; nothing of it follows */
    atomic_store_explicit(&n->closed, true, memory_order_release);
    if (n->server == NULL && n->name[0] != '\0' && link_create(&l, NULL)) {
        int64_t deadline_ns = clock_now_ns() + CLOSE_NS;
        if (link_connect(&l, n->client_name, deadline_ns, NULL)) {
            remove_sink(&l, n->name, n->mark, deadline_ns);
        }
        link_destroy(&l);
    }
    private_end(n->server);
    free(n);
}

/* --- the sink itself --- */

const char *null_sink_server(const struct null_sink *n)
{
    return n->server == NULL ? NULL : private_address(n->server);
}

const char *null_sink_name(const struct null_sink *n)
{
    return n->name;
}

bool null_sink_is_over(const struct null_sink *n, struct fault *f)
{
    return n->server != NULL && private_ended(n->server) &&
           !fault_set(f, ERR_SERVER_ENDED, "record", null_sink_name(n),
                      "was it killed, or out of memory?");
}

static void on_module(pa_context *c, uint32_t index, void *data)
{
    (void)c;
    *(uint32_t *)data = index;
}

/* What the server makes of the sink's arguments; PA_INVALID_INDEX: it refuses.
 *
 * Without norewinds a null sink of PulseAudio's that nobody plays into has
 * mixed two seconds of silence ahead, and once it is recorded it cannot take
 * that back: the first sound would come two seconds late, or be missed by a
 * short recording (16.1). pipewire-pulse passes over the word; a
 * PulseAudio that does not know it refuses. */
static bool ask_for(const struct null_sink *n, struct link *l,
                    const char *rewinds, uint32_t *module, int64_t deadline_ns,
                    struct fault *f)
{
    char argument[512];
    *module = PA_INVALID_INDEX;
    snprintf(argument, sizeof argument,
             "sink_name=%s rate=48000 channels=2 format=s16le "
             "channel_map=front-left,front-right %s "
             "sink_properties=\"device.description='Null sink of looprec "
             "%lld' " SURVEY_OWNER "=%s priority.session=-1000000\"",
             n->name, rewinds, (long long)process_id(), n->mark);
    return link_finish(l,
                       pa_context_load_module(l->context, "module-null-sink",
                                              argument, on_module, module),
                       make_op, deadline_ns, f);
}

static bool load(const struct null_sink *n, struct link *l, int64_t deadline_ns,
                 struct fault *f)
{
    uint32_t module;
    if (!ask_for(n, l, "norewinds=1", &module, deadline_ns, f) ||
        (module == PA_INVALID_INDEX &&
         !ask_for(n, l, "", &module, deadline_ns, f))) {
        return false;
    }
    if (module == PA_INVALID_INDEX) {
        return link_fault(l, ERR_UNSUPPORTED, make_op, f);
    }
    if (!becomes(l, n->name, n->mark, true, deadline_ns)) {
        /* It may have got another name, which nobody would play into. */
        link_finish(l, pa_context_unload_module(l->context, module, NULL, NULL),
                    make_op, deadline_ns, NULL);
        return fault_set(f, ERR_UNSUPPORTED, make_op,
                         "the server does not show it", NULL);
    }
    return true;
}

/* In spite of all it is the default output: put that back. */
static bool default_stayed(const struct null_sink *n, struct link *l,
                           const char *before, int64_t deadline_ns,
                           struct fault *f)
{
    struct survey s;
    if (!survey_take(l, &s, deadline_ns, f)) {
        return false;
    }
    bool stayed = strcmp(s.default_sink, n->name) != 0;
    survey_free(&s);
    if (!stayed) {
        remove_sink(l, n->name, n->mark, deadline_ns);
        fault_setf(f, ERR_UNSUPPORTED, make_op, 0, "it was removed again",
                   "the server made it its default output in the place of %s",
                   before);
    }
    return stayed;
}

bool null_sink_ensure(struct null_sink *n, struct link *l, int64_t deadline_ns,
                      struct fault *f)
{
    struct survey s;
    if (!survey_take(l, &s, deadline_ns, f)) {
        return false;
    }
    const struct survey_sink *now = survey_find(&s, n->name);
    bool there = now != NULL && strcmp(now->owner, n->mark) == 0;
    bool may_come = n->server != NULL || survey_bears_one_more(&s);
    survey_free(&s);
    if (there) {
        return true;
    }
    /* acquire: pairs with null_sink_close */
    if (atomic_load_explicit(&n->closed, memory_order_acquire)) {
        return fault_set(f, ERR_SOURCE_FAILED, make_op, "too late", NULL);
    }
    if (!may_come) {
        return fault_set(f, ERR_NO_DEVICE, make_op,
                         "it would be the server's default output", NULL);
    }
    return load(n, l, deadline_ns, f) &&
           (n->server != NULL ||
            default_stayed(n, l, s.default_sink, deadline_ns, f));
}

const struct null_sink_ops null_sink_ops = {
    .plan = null_sink_plan,
    .environment = null_sink_environment,
    .open = null_sink_open,
    .close = null_sink_close,
};
