/* who: see who.h. */
#include "source/pulse/who_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

static const char op_choose[] = "choose what to record";

bool who_excludes(const struct who *w)
{
    return w->request->scope == SCOPE_EXCLUDE;
}

bool who_launched(const struct who *w)
{
    return !who_excludes(w) && w->request->process_id != 0;
}

uint32_t who_number(const struct who *w)
{
    uint32_t pid = 0;
    if (who_launched(w)) {
        return (uint32_t)w->request->process_id;
    }
    if (!who_excludes(w)) {
        (void)target_is_number(w->request->apps[0], &pid);
    }
    return pid;
}

const char *who_name(const struct who *w)
{
    uint32_t pid;
    if (who_excludes(w) || who_launched(w) ||
        target_is_number(w->request->apps[0], &pid)) {
        return NULL;
    }
    return w->request->apps[0];
}

bool who_check(const struct source_request *request, uint32_t own,
               struct fault *f)
{
    bool app = request->scope == SCOPE_APP;
    if (app && request->process_id != 0) {
        return true;
    }
    if (request->app_count == 0 || (app && request->app_count != 1)) {
        return fault_set(f, ERR_INTERNAL, op_choose, NULL, NULL);
    }
    for (size_t i = 0; i < request->app_count; i++) {
        uint32_t pid;
        if (request->apps[i][0] == '\0') {
            return fault_set(f, ERR_USAGE, op_choose,
                             "the application's name is empty", NULL);
        }
        if (target_is_number(request->apps[i], &pid) && pid == own) {
            return fault_set(f, ERR_USAGE, op_choose,
                             "looprec itself plays nothing",
                             "`looprec -L` lists what plays");
        }
    }
    return true;
}

void who_init(struct who *w, const struct source_request *request, uint32_t own)
{
    *w = (struct who){.request = request, .own = own};
}

void who_free(struct who *w)
{
    free(w->members);
    free(w->strangers);
    free(w->told);
    memset(w, 0, sizeof *w);
}

/* --- processes --- */

static bool same(struct who_process a, struct who_process b)
{
    return a.pid == b.pid && a.born == b.born;
}

struct who_process who_identity(const struct process_entry *p)
{
    return (struct who_process){.pid = p->pid, .born = p->born};
}

static bool has(const struct who_process *items, size_t count,
                struct who_process p)
{
    for (size_t i = 0; i < count; i++) {
        if (same(items[i], p)) {
            return true;
        }
    }
    return false;
}

static void add(struct who *w, struct who_process **items, size_t *count,
                size_t *room, struct who_process p)
{
    if (has(*items, *count, p)) {
        return;
    }
    if (*count == *room) {
        size_t more = *room > 0 ? *room * 2 : 16;
        struct who_process *grown = realloc(*items, more * sizeof *grown);
        if (grown == NULL) {
            w->no_memory = true;
            return;
        }
        *items = grown;
        *room = more;
    }
    (*items)[(*count)++] = p;
}

static bool is_member(const struct who *w, const struct process_entry *p)
{
    return has(w->members, w->member_count, who_identity(p));
}

void who_add_member(struct who *w, struct who_process p)
{
    add(w, &w->members, &w->member_count, &w->member_room, p);
}

/* The top of a tree. */
void who_graft(struct who *w, struct who_process p)
{
    size_t before = w->member_count;
    who_add_member(w, p);
    w->grafted = w->grafted || w->member_count > before;
}

void who_add_stranger(struct who *w, struct who_process p)
{
    add(w, &w->strangers, &w->stranger_count, &w->stranger_room, p);
}

/* Does PID descend from a member? Then all in between are members from now on
 * (but for a command's: they can not leave it, see below). Numbers given anew
 * can make a ring, so that the steps are bounded. */
static bool join(struct who *w, const struct process_list *list, uint32_t pid)
{
    const struct process_entry *first = process_list_find(list, pid);
    const struct process_entry *p = first;
    size_t steps = 0;
    while (p != NULL && steps < list->count && !is_member(w, p) &&
           !has(w->strangers, w->stranger_count, who_identity(p))) {
        p = target_parent(list, p);
        steps++;
    }
    if (p == NULL || !is_member(w, p)) {
        return false;
    }
    if (!who_launched(w)) {
        for (p = first; p != NULL && steps-- > 0; p = target_parent(list, p)) {
            who_add_member(w, who_identity(p));
        }
    }
    return true;
}

bool who_has_members(const struct who *w)
{
    /* What becomes of a command's children is its parent's to know: they stay
     * below this process, which reaps orphans (sys/child.h). */
    return w->member_count > 0 && !who_launched(w);
}

void who_follow(struct who *w, const struct process_list *list)
{
    size_t before;
    do {
        before = w->member_count;
        for (size_t i = 0; i < list->count; i++) {
            const struct process_entry *p = &list->items[i];
            const struct process_entry *parent = target_parent(list, p);
            if (parent != NULL && is_member(w, parent)) {
                who_add_member(w, who_identity(p));
            }
        }
    } while (w->member_count > before);

    size_t kept = 0;
    for (size_t i = 0; i < w->member_count; i++) {
        const struct process_entry *p =
            process_list_find(list, w->members[i].pid);
        if (p != NULL && !p->ended && p->born == w->members[i].born) {
            w->members[kept++] = w->members[i];
        }
    }
    w->member_count = kept;
}

/* --- how a stream is meant --- */

static void set_top(struct who_stream *s, enum who_match match,
                    const struct process_entry *top)
{
    s->match = match;
    s->top = (struct who_process){.pid = 0};
    s->top_name[0] = '\0';
    if (top != NULL) {
        s->top = who_identity(top);
        text_copy(s->top_name, sizeof s->top_name, top->name);
    }
}

void who_match_name(const struct who *w, const struct process_list *list,
                    struct who_stream *s, const char *name)
{
    const struct process_entry *top = NULL;
    set_top(s, WHO_OTHER, NULL);
    if (s->process_id != 0) {
        top = target_above(list, s->process_id, name, w->own);
    }
    if (top != NULL) {
        set_top(s, WHO_EXECUTABLE, top);
    } else if (s->application[0] != '\0' &&
               target_is_named(s->application, name)) {
        /* Not what merely started it: an interpreter's other programs are none
         * of this one. */
        top = s->process_id == 0 ? NULL : target_root(list, s->process_id);
        set_top(s, top == NULL ? WHO_NAMELESS : WHO_APPLICATION, top);
    }
}

/* Every tree that bears a name is left out. */
static void place_excluded(struct who *w, const struct process_list *list,
                           struct who_stream *s)
{
    for (size_t i = 0; i < w->request->app_count; i++) {
        const char *app = w->request->apps[i];
        uint32_t pid;
        if (target_is_number(app, &pid)) {
            continue;
        }
        who_match_name(w, list, s, app);
        if (s->match == WHO_EXECUTABLE || s->match == WHO_APPLICATION) {
            who_graft(w, s->top);
            s->member = join(w, list, s->process_id) || s->member;
        }
        if (s->match != WHO_OTHER) {
            return;
        }
    }
}

void who_place(struct who *w, const struct process_list *list,
               struct who_stream *s)
{
    set_top(s, WHO_OTHER, NULL);
    s->member = false;
    if (s->ours) {
        return;
    }
    s->member = s->process_id != 0 && join(w, list, s->process_id);
    if (who_excludes(w)) {
        place_excluded(w, list, s);
    } else if (who_name(w) != NULL) {
        who_match_name(w, list, s, who_name(w));
    }
}

bool who_is_nameless(const struct who_stream *s)
{
    return s->input != WHO_PLAYS_NOTHING && s->process_id == 0 &&
           s->application[0] != '\0' && !s->ours && !s->relay;
}

/* --- choosing --- */

static bool independent(const struct who_stream *a, const struct who_stream *b)
{
    bool a_nameless = a->match == WHO_NAMELESS;
    bool b_nameless = b->match == WHO_NAMELESS;
    return a_nameless != b_nameless || (!a_nameless && !same(a->top, b->top));
}

static bool fits(const struct who_stream *s, bool plays, bool executable)
{
    return !s->ours && s->match != WHO_OTHER &&
           (s->input != WHO_PLAYS_NOTHING) == plays &&
           (s->match == WHO_EXECUTABLE) == executable;
}

bool who_leads(const struct who_stream *streams, const struct who_stream *s,
               const struct who_stream *like)
{
    bool plays = like->input != WHO_PLAYS_NOTHING;
    bool executable = like->match == WHO_EXECUTABLE;
    if (!fits(s, plays, executable)) {
        return false;
    }
    for (; streams != s; streams = streams->next) {
        if (fits(streams, plays, executable) && !independent(streams, s)) {
            return false;
        }
    }
    return true;
}

static struct who_candidates find(struct who_stream *streams, bool plays,
                                  bool executable)
{
    struct who_candidates c = {.count = 0};
    for (struct who_stream *s = streams; s != NULL; s = s->next) {
        if (fits(s, plays, executable) && who_leads(streams, s, s)) {
            c.first = c.first == NULL ? s : c.first;
            c.count++;
        }
    }
    return c;
}

struct who_candidates who_candidates(struct who_stream *streams, bool plays)
{
    struct who_candidates c = find(streams, plays, true);
    return c.count > 0 ? c : find(streams, plays, false);
}

void who_choose_process(struct who *w, struct who_process p, const char *name)
{
    w->known = w->chosen = true;
    w->nameless = false;
    w->ambiguity_told = false;
    w->top = p;
    who_label(w, name, p.pid);
    who_graft(w, p);
}

void who_choose_stream(struct who *w, struct who_stream *streams,
                       const struct who_stream *s)
{
    if (s->match == WHO_NAMELESS) {
        w->known = w->chosen = w->nameless = true;
        w->ambiguity_told = false;
        text_copy(w->label, sizeof w->label, s->name);
        return;
    }
    who_choose_process(w, s->top, s->top_name);
    for (struct who_stream *t = streams; t != NULL; t = t->next) {
        t->member =
            t->member || (t->match != WHO_OTHER && t->match != WHO_NAMELESS &&
                          same(t->top, s->top));
    }
}

/* Of an application by name, once it is there: by what plays. */
static void choose(struct who *w, struct who_stream *streams)
{
    struct who_candidates c = who_candidates(streams, true);
    if (c.count == 1) {
        who_choose_stream(w, streams, c.first);
    } else if (c.count > 1) {
        /* Nothing is recorded meanwhile, and the user may not be looking. */
        if (!w->ambiguity_told) {
            who_warn_ambiguous(w, streams, c.first);
        }
        w->ambiguity_told = true;
    }
}

/* --- deciding --- */

static bool is_meant(const struct who *w, const struct who_stream *s)
{
    if (who_excludes(w)) {
        return !s->member && s->match == WHO_OTHER && !s->relay;
    }
    return s->member || (w->chosen && w->nameless && s->match == WHO_NAMELESS);
}

/* S plays and bears the name, and is not meant. Not told yet. */
static bool is_other(const struct who *w, const struct who_stream *s)
{
    if (!w->chosen || s->ours || s->input == WHO_PLAYS_NOTHING ||
        s->match == WHO_OTHER || is_meant(w, s)) {
        return false;
    }
    return s->match == WHO_NAMELESS ? !w->nameless_told
                                    : !has(w->told, w->told_count, s->top);
}

bool who_doubts(const struct who *w, const struct who_stream *streams)
{
    for (; streams != NULL; streams = streams->next) {
        if (!who_excludes(w) && is_other(w, streams)) {
            return true;
        }
    }
    return false;
}

/* Once for each tree. */
static void tell_other(struct who *w, const struct who_stream *s)
{
    if (s->match == WHO_NAMELESS) {
        w->nameless_told = true;
    } else {
        add(w, &w->told, &w->told_count, &w->told_room, s->top);
    }
    who_warn_other(w, s);
}

/* A number or a command is asked for, and nothing of it plays, but something
 * whose number nobody knows: which may be it. Told once. */
static void tell_nameless(struct who *w, struct who_stream *streams)
{
    const struct who_stream *nameless = NULL;
    for (struct who_stream *s = streams; s != NULL; s = s->next) {
        if (s->wanted) {
            return;
        }
        if (who_is_nameless(s) && (s->fresh || !who_launched(w))) {
            nameless = s;
        }
    }
    if (nameless != NULL && !w->nameless_told) {
        w->nameless_told = true;
        who_warn_nameless(w, nameless);
    }
}

void who_decide(struct who *w, struct who_stream *streams)
{
    if (!w->chosen && who_name(w) != NULL) {
        choose(w, streams);
    }
    for (struct who_stream *s = streams; s != NULL; s = s->next) {
        bool plays = s->input != WHO_PLAYS_NOTHING && !s->ours;
        w->nameless_seen = w->nameless_seen || s->match == WHO_NAMELESS;
        s->wanted = plays && is_meant(w, s);
        if (!who_excludes(w) && is_other(w, s)) {
            tell_other(w, s);
        }
        if (s->wanted && s->silent && !s->silence_told) {
            s->silence_told = true;
            who_warn_silence(w, s);
        }
    }
    if (!who_excludes(w) && who_name(w) == NULL) {
        tell_nameless(w, streams);
    }
}

enum who_word who_over(struct who *w, struct who_stream *streams)
{
    if (!w->chosen || who_excludes(w) || w->member_count > 0) {
        return WHO_GOES_ON;
    }
    if (w->nameless && !w->nameless_seen) {
        return WHO_GOES_ON; /* the server has just begun */
    }
    for (struct who_stream *s = streams; s != NULL; s = s->next) {
        if (s->wanted || (w->nameless && s->match == WHO_NAMELESS)) {
            return WHO_GOES_ON;
        }
    }
    if (who_name(w) == NULL || w->request->until_exit) {
        return WHO_HAS_ENDED;
    }
    w->chosen = false;
    return WHO_FORGOTTEN;
}
