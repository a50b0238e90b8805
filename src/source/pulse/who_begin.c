/* who_begin: the first look on a connection. See who.h. */
#include <string.h>

#include "source/pulse/who_parts.h"

static const char op_find[] = "find the application";

static bool has_ended(const struct who *w, struct fault *f)
{
    return fault_setf(f, ERR_NO_APP, op_find, 0, NULL, "%s has ended",
                      w->label);
}

static bool begin_number(struct who *w, const struct process_list *all,
                         struct who_stream *streams, struct fault *f)
{
    struct target t;
    struct fault why = {.err = ERR_OK};
    if (w->known) { /* and never looked for again */
        return w->member_count > 0 || has_ended(w, f);
    }
    if (!target_find(all, w->request->apps[0], w->own, &t, &why)) {
        who_add_nameless(streams, &why);
        if (f != NULL) {
            *f = why;
        }
        return false;
    }
    who_choose_process(w, (struct who_process){t.pid, t.born}, t.name);
    return true;
}

/* What plays decides, then what runs, then what is connected. */
static bool find_name(struct who *w, const struct process_list *all,
                      struct who_stream *streams, struct fault *f)
{
    struct who_candidates c = who_candidates(streams, true);
    struct fault why = {.err = ERR_OK};
    struct target t;
    if (c.count == 0) {
        if (target_find(all, who_name(w), w->own, &t, &why)) {
            who_choose_process(w, (struct who_process){t.pid, t.born}, t.name);
            return true;
        }
        if (why.err == ERR_NO_APP) {
            c = who_candidates(streams, false);
        }
    }
    if (c.count == 1) {
        who_choose_stream(w, streams, c.first);
        return true;
    }
    if (c.count > 1) {
        return who_ambiguous(w, streams, c.first, f);
    }
    if (f != NULL) {
        *f = why;
    }
    return false;
}

static bool begin_name(struct who *w, const struct process_list *all,
                       struct who_stream *streams, struct fault *f)
{
    if (!w->known) {
        return find_name(w, all, streams, f);
    }
    if (w->chosen && !w->nameless && w->member_count == 0) {
        if (w->request->until_exit) {
            return has_ended(w, f);
        }
        w->chosen = false;
    }
    return true;
}

/* Is there anything that bears the name, which is to be left out? Its processes
 * are members from now on. */
static bool begin_excluded(struct who *w, const struct process_list *all,
                           const char *app, struct who_stream *streams,
                           struct fault *f)
{
    struct fault why = {.err = ERR_OK};
    struct target t;
    uint32_t pid;
    if (target_is_number(app, &pid)) {
        if (w->known) {
            return true;
        }
        if (!target_find(all, app, w->own, &t, f)) {
            return false;
        }
        who_graft(w, (struct who_process){t.pid, t.born});
        return true;
    }
    for (size_t i = 0; i < all->count; i++) {
        const struct process_entry *p = &all->items[i];
        if (p->pid != 0 && p->pid != w->own && !p->ended &&
            target_bears(p, app)) {
            who_graft(w, who_identity(p));
        }
    }
    if (w->known || target_find(all, app, w->own, &t, &why) ||
        why.err != ERR_NO_APP) {
        return true;
    }
    for (struct who_stream *s = streams; s != NULL; s = s->next) {
        who_match_name(w, all, s, app);
        if (!s->ours && s->match != WHO_OTHER) {
            return true;
        }
    }
    if (f != NULL) {
        *f = why;
    }
    return false;
}

static bool begin_exclude(struct who *w, const struct process_list *all,
                          struct who_stream *streams, struct fault *f)
{
    for (size_t i = 0; i < w->request->app_count; i++) {
        if (!begin_excluded(w, all, w->request->apps[i], streams, f)) {
            return false;
        }
    }
    w->known = true;
    return true;
}

/* The command's own tree, and whatever of it has become our child. What was our
 * child before it is another's: a job of the shell that became this program. */
static void begin_launched(struct who *w, const struct process_list *all)
{
    const uint32_t pids[] = {(uint32_t)w->request->process_id, w->own};
    for (size_t i = 0; i < sizeof pids / sizeof pids[0]; i++) {
        const struct process_entry *p = process_list_find(all, pids[i]);
        if (p != NULL) {
            who_add_member(w, who_identity(p));
        }
    }
    for (size_t i = 0; i < all->count && !w->known; i++) {
        const struct process_entry *p = &all->items[i];
        if (p->parent == w->own && p->pid != pids[0]) {
            who_add_stranger(w, who_identity(p));
        }
    }
    /* Its own name is still ours: it is held before it becomes the program. */
    who_label(w, "the command", pids[0]);
    w->known = true;
}

static void place_all(struct who *w, const struct process_list *all,
                      struct who_stream *streams)
{
    for (struct who_stream *s = streams; s != NULL; s = s->next) {
        who_place(w, all, s);
    }
}

static void follow_all(struct who *w, const struct process_list *all)
{
    who_follow(w, all);
    w->grafted = false;
}

bool who_begin(struct who *w, const struct process_list *all,
               struct who_stream *streams, struct fault *f)
{
    bool ok = true;
    w->nameless_seen = false;
    if (who_launched(w)) {
        begin_launched(w, all);
    } else if (who_excludes(w)) {
        ok = begin_exclude(w, all, streams, f);
    }
    if (!who_launched(w)) {
        follow_all(w, all);
    }
    place_all(w, all, streams);
    if (!who_excludes(w) && !who_launched(w)) {
        ok = who_name(w) != NULL ? begin_name(w, all, streams, f)
                                 : begin_number(w, all, streams, f);
        follow_all(w, all);
        place_all(w, all, streams);
    }
    if (!ok) {
        return false;
    }
    if (w->no_memory) {
        return fault_set(f, ERR_NO_MEMORY, op_find, NULL, NULL);
    }
    who_decide(w, streams);
    return true;
}
