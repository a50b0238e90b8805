/* roll: see roll.h. */
#include "source/pulse/roll_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"
#include "sys/clock.h"

struct roll_entry *roll_next(const struct roll_entry *e)
{
    return (struct roll_entry *)e->who.next;
}

/* A stream that is silent from its volume is told of after so long: on PipeWire
 * (0.3.65) its volume is told as 0 until it is known, some milliseconds. */
#define SILENCE_NS INT64_C(500000000)

/* What has another side is not wanted before that is known, at most so long: on
 * PipeWire (0.3.65) a loopback's two streams are told a moment apart, and the
 * one that plays comes first. */
#define HALF_NS INT64_C(100000000)

static struct who_stream *streams(const struct roll *r)
{
    return r->first == NULL ? NULL : &r->first->who;
}

struct roll_entry *roll_find(const struct roll *r, enum roll_kind kind,
                             uint32_t index)
{
    struct roll_entry *e = r->first;
    while (e != NULL && (e->kind != kind || e->index != index || e->gone)) {
        e = roll_next(e);
    }
    return e;
}

struct roll_entry *roll_add(struct roll *r, enum roll_kind kind, uint32_t index)
{
    struct roll_entry *e = calloc(1, sizeof *e);
    if (e == NULL) {
        log_line("a stream is missing: out of memory");
        return NULL;
    }
    e->roll = r;
    e->kind = kind;
    e->index = index;
    e->sink = PA_INVALID_INDEX;
    e->event_ns = e->asked_ns = e->seen_ns = clock_now_ns();
    e->who.input = kind == ROLL_INPUT ? index : WHO_PLAYS_NOTHING;
    e->who.fresh = r->begun;
    e->who.next = streams(r);
    r->first = e;
    return e;
}

/* Forget what is gone, once everybody knows, and the server's last answer has
 * come. */
static void sweep(struct roll *r)
{
    struct roll_entry *kept = NULL, *e = r->first;
    while (e != NULL) {
        struct roll_entry *following = roll_next(e);
        if (e->gone && !e->said && !e->asking) {
            free(e);
        } else {
            e->who.next = kept == NULL ? NULL : &kept->who;
            kept = e;
        }
        e = following;
    }
    r->first = kept;
}

/* --- what the census tells --- */

static bool calls_itself(const struct census_client *k, const char *name)
{
    const char *its = k == NULL ? NULL : census_application(k);
    return its != NULL && target_is_named(its, name);
}

/* Clients that call themselves as was asked for are there, though nothing of
 * them plays. */
static void follow_clients(struct roll *r)
{
    const char *name = r->who == NULL ? NULL : who_name(r->who);
    if (name == NULL) {
        return;
    }
    for (struct roll_entry *e = r->first; e != NULL; e = roll_next(e)) {
        e->gone = e->gone ||
                  (e->kind == ROLL_CLIENT &&
                   !calls_itself(census_client(&r->census, e->index), name));
    }
    for (size_t i = 0; i < r->census.client_count; i++) {
        const struct census_client *k = &r->census.clients[i];
        if (!calls_itself(k, name) ||
            roll_find(r, ROLL_CLIENT, k->index) != NULL) {
            continue;
        }
        struct roll_entry *e = roll_add(r, ROLL_CLIENT, k->index);
        if (e != NULL) {
            struct player p;
            census_describe_client(&r->census, k, &p);
            roll_take_player(e, &p);
            e->moved = true;
        }
    }
}

/* All of every sink. */
static void follow_sinks(struct roll *r)
{
    if (r->request->scope != SCOPE_ALL) {
        return;
    }
    for (struct roll_entry *e = r->first; e != NULL; e = roll_next(e)) {
        e->gone = e->gone || (e->kind == ROLL_SINK &&
                              census_sink(&r->census, e->index) == NULL);
    }
    for (size_t i = 0; i < r->census.sink_count; i++) {
        const struct census_sink *s = &r->census.sinks[i];
        if (roll_find(r, ROLL_SINK, s->index) == NULL) {
            struct roll_entry *e = roll_add(r, ROLL_SINK, s->index);
            if (e != NULL) {
                e->sink = s->index;
                e->answered = true;
                text_copy(e->who.name, sizeof e->who.name, s->name);
            }
        }
    }
}

static void follow_census(struct roll *r)
{
    if (r->census_seen != r->census.news) {
        r->census_seen = r->census.news;
        r->dirty = true;
        follow_clients(r);
        follow_sinks(r);
    }
}

/* --- deciding --- */

static void find_relays(struct roll *r)
{
    for (struct roll_entry *e = r->first; e != NULL && r->relays;
         e = roll_next(e)) {
        if (e->kind != ROLL_INPUT || !e->answered) {
            continue;
        }
        e->who.relay = relay_is(&r->census, &e->relay);
        e->held_ns = 0;
        if (relay_is_half(&r->census, &e->relay) &&
            clock_now_ns() < e->seen_ns + HALF_NS) {
            e->held_ns = e->seen_ns + HALF_NS;
        }
    }
}

/* Sinks that are passed on to others are heard there. */
static void decide_sinks(struct roll *r)
{
    for (struct roll_entry *e = r->first; e != NULL; e = roll_next(e)) {
        const struct census_sink *s = census_sink(&r->census, e->index);
        if (e->kind != ROLL_SINK) {
            continue;
        }
        e->who.wanted = s != NULL;
        for (struct roll_entry *i = r->first; i != NULL && s != NULL;
             i = roll_next(i)) {
            if (i->kind == ROLL_INPUT && i->answered && !i->gone &&
                relay_passes_on(&r->census, &i->relay, s)) {
                e->who.wanted = false;
            }
        }
    }
}

static void find_silence(struct roll *r)
{
    int64_t now_ns = clock_now_ns();
    for (struct roll_entry *e = r->first; e != NULL; e = roll_next(e)) {
        e->who.silent =
            e->silent_ns != 0 && now_ns - e->silent_ns >= SILENCE_NS;
    }
}

/* Whoever is gone counts no more; his entry may stay until that is said. */
static void hide_gone(struct roll *r)
{
    for (struct roll_entry *e = r->first; e != NULL; e = roll_next(e)) {
        if (e->gone) {
            e->who.input = WHO_PLAYS_NOTHING;
            e->who.match = WHO_OTHER;
            e->who.member = e->who.wanted = e->moved = false;
        }
    }
}

static void place_moved(struct roll *r)
{
    for (struct roll_entry *e = r->first; e != NULL; e = roll_next(e)) {
        struct process_list above = {.count = 0};
        if (!e->moved || r->who == NULL) {
            continue;
        }
        e->moved = false;
        if (e->who.process_id == 0 ||
            processes_read_above(&above, e->who.process_id)) {
            who_place(r->who, &above, &e->who);
        }
        process_list_free(&above);
    }
}

static void place_all(struct roll *r)
{
    struct process_list all;
    if (processes_read(&all, PROCESSES_NAMED, NULL)) {
        for (struct roll_entry *e = r->first; e != NULL; e = roll_next(e)) {
            if (!e->gone) {
                who_place(r->who, &all, &e->who);
            }
        }
    }
    process_list_free(&all);
}

static bool top_runs(const struct who *w)
{
    struct process_entry p;
    return process_look(w->top.pid, &p) && !p.ended && p.born == w->top.born;
}

static void add_members(const struct who *w, struct process_list *list)
{
    for (size_t i = 0; i < w->member_count; i++) {
        struct process_entry p;
        if (process_list_find(list, w->members[i].pid) == NULL &&
            process_look(w->members[i].pid, &p)) {
            /* out of memory: it counts as ended, as if it were not seen */
            (void)process_list_push(list, &p);
        }
    }
}

/* Not at all processes, of which there may be hundreds: at those of the trees,
 * and those that have begun; at none where none have, and the tree that is
 * recorded has not ended. False: nothing has happened. */
static bool look(struct roll *r)
{
    struct process_list list = {.count = 0};
    struct who *w = r->who;
    bool ok = w->grafted ? processes_read(&list, 0, NULL)
                         : process_births_read(&r->births, &list, NULL);
    bool news = ok && (list.count > 0 ||
                       (r->request->scope == SCOPE_APP && !top_runs(w)));
    if (news) {
        add_members(w, &list);
        who_follow(w, &list);
        w->grafted = false;
    }
    process_list_free(&list);
    return news;
}

static void check_end(struct roll *r)
{
    switch (who_over(r->who, streams(r))) {
    case WHO_GOES_ON: break;
    case WHO_FORGOTTEN: place_all(r); break;
    case WHO_HAS_ENDED: r->ended = true; break;
    }
}

static void decide(struct roll *r)
{
    hide_gone(r);
    find_silence(r);
    find_relays(r);
    if (r->who == NULL) {
        decide_sinks(r);
        return;
    }
    place_moved(r);
    if (who_doubts(r->who, streams(r))) {
        (void)look(r);
    }
    check_end(r);
    who_decide(r->who, streams(r));
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

int64_t roll_due_ns(const struct roll *r)
{
    int64_t due_ns = INT64_MAX;
    for (const struct roll_entry *e = r->first; e != NULL; e = roll_next(e)) {
        if (!e->gone && e->silent_ns != 0 && !e->who.silent) {
            due_ns = earlier(due_ns, e->silent_ns + SILENCE_NS);
        }
        if (!e->gone && e->held_ns != 0) {
            due_ns = earlier(due_ns, e->held_ns);
        }
    }
    return due_ns;
}

void roll_settle(struct roll *r)
{
    follow_census(r);
    if (r->dirty || clock_now_ns() >= roll_due_ns(r)) {
        r->dirty = false;
        decide(r);
    }
}

void roll_look(struct roll *r)
{
    if (look(r)) {
        decide(r);
    }
}

/* --- saying --- */

/* What is to be recorded of E now; false: nothing. */
static bool feed(const struct roll_entry *e, struct roster_stream *out)
{
    const struct census_sink *s = census_sink(&e->roll->census, e->sink);
    if (e->gone || !e->answered || e->held_ns != 0 || !e->who.wanted ||
        s == NULL || s->monitor == PA_INVALID_INDEX) {
        return false;
    }
    *out = (struct roster_stream){
        .input = e->who.input,
        .sink = e->sink,
        .monitor = s->monitor,
        .seen_ns = e->seen_ns,
        .corked = e->corked,
        .fresh = e->who.fresh,
    };
    text_copy(out->name, sizeof out->name, e->who.name);
    return true;
}

static bool say(struct outbox *out, enum roster_word word,
                const struct roster_stream *stream, bool *said)
{
    const struct roster_news news = {.word = word, .stream = *stream};
    if (!outbox_put(out, &news)) {
        return false;
    }
    *said = true;
    return true;
}

/* Its output is gone, and it is on its way to another one: what records it goes
 * along on PipeWire (0.3.65), if it is left alone. */
static bool is_between(const struct roll_entry *e)
{
    return e->kind == ROLL_INPUT && !e->gone && e->answered && e->who.wanted &&
           census_sink(&e->roll->census, e->sink) == NULL;
}

/* What is no longer recorded, or elsewhere now. */
static bool say_gone(struct roll_entry *e, struct outbox *out, bool *said)
{
    struct roster_stream now;
    if (!e->said || is_between(e) ||
        (feed(e, &now) && now.sink == e->told.sink &&
         now.monitor == e->told.monitor)) {
        return true;
    }
    e->said = !say(out, ROSTER_DETACH, &e->told, said);
    return !e->said;
}

static bool say_new(struct roll_entry *e, struct outbox *out, bool *said)
{
    struct roster_stream now;
    if (!feed(e, &now) || (e->said && now.corked == e->told.corked)) {
        return true;
    }
    if (!say(out, e->said ? ROSTER_CHANGE : ROSTER_ATTACH, &now, said)) {
        return false;
    }
    e->said = true;
    e->told = now;
    return true;
}

/* First what gives room for what comes. */
bool roll_say(struct roll *r, struct outbox *out, bool *said)
{
    bool all = true;
    *said = false;
    for (struct roll_entry *e = r->first; e != NULL && all; e = roll_next(e)) {
        all = say_gone(e, out, said);
    }
    for (struct roll_entry *e = r->first; e != NULL && all; e = roll_next(e)) {
        all = say_new(e, out, said);
    }
    sweep(r);
    if (all && r->ended && !r->ended_said) {
        const struct roster_stream none = {.input = PA_INVALID_INDEX};
        all = r->ended_said = say(out, ROSTER_ENDED, &none, said);
    }
    return all;
}

/* --- the beginning --- */

void roll_init(struct roll *r, const struct source_request *request,
               struct who *who, struct link *link)
{
    *r = (struct roll){
        .request = request,
        .link = link,
        .who = request->scope == SCOPE_ALL ? NULL : who,
        .relays = request->scope != SCOPE_APP,
    };
    process_births_begin(&r->births);
    census_begin(&r->census, link);
}

void roll_free(struct roll *r)
{
    while (r->first != NULL) {
        struct roll_entry *e = r->first;
        r->first = roll_next(e);
        free(e);
    }
    census_end(&r->census);
}

/* Every process, each with its name only where names decide. */
static bool read_all(const struct who *w, struct process_list *all,
                     struct fault *f)
{
    uint32_t pid = who_number(w);
    if (!processes_read(all, pid == 0 ? PROCESSES_NAMED : 0, f)) {
        return false;
    }
    for (size_t i = 0; i < all->count; i++) {
        struct process_entry p, *one = &all->items[i];
        if (one->pid == pid && process_read(pid, &p) && p.born == one->born) {
            *one = p;
        }
    }
    return true;
}

bool roll_begin(struct roll *r, int64_t deadline_ns, struct fault *f)
{
    struct process_list all = {.count = 0};
    bool ok = roll_ask(r, deadline_ns, f);
    if (ok) {
        follow_census(r);
        hide_gone(r);
        find_relays(r);
    }
    if (ok && r->who == NULL) {
        decide_sinks(r);
    } else if (ok) {
        ok =
            read_all(r->who, &all, f) && who_begin(r->who, &all, streams(r), f);
    }
    process_list_free(&all);
    for (struct roll_entry *e = r->first; e != NULL; e = roll_next(e)) {
        e->moved = false; /* all were placed just now */
    }
    r->dirty = false;
    r->begun = true;
    return ok;
}
