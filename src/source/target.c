/* target: which process an application's name or number means. See target.h.
 * Any thread. */
#include "source/target.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

static const char op_find[] = "find the application";
static const char hint_list[] =
    "`looprec -L` lists what plays; --wait waits for it";

bool target_is_number(const char *wanted, uint32_t *pid)
{
    uint64_t number = 0;

    if (!*wanted)
        return false;
    for (; *wanted; wanted++) {
        if (*wanted < '0' || *wanted > '9')
            return false;
        number = number * 10 + (uint64_t)(*wanted - '0');
        if (number > UINT32_MAX)
            return false;
    }
    *pid = (uint32_t)number;
    return true;
}

bool target_is_named(const char *name, const char *wanted)
{
    static const char ending[] = ".exe";
    size_t length = strlen(wanted);
    char stem[PROCESS_NAME_BYTES];

    if (text_same(name, wanted))
        return true;
    if (strlen(name) != length + sizeof ending - 1 ||
        !text_same(name + length, ending))
        return false;
    text_copy(stem, length + 1, name);
    return text_same(stem, wanted);
}

bool target_bears(const struct process_entry *p, const char *wanted)
{
    return target_is_named(p->name, wanted) ||
           (p->command[0] != '\0' && target_is_named(p->command, wanted));
}

/* A parent younger than its child is another process with its number. Where a
 * time is not to be had (a process of another user), the same executable is
 * sign enough. */
const struct process_entry *target_parent(const struct process_list *list,
                                          const struct process_entry *p)
{
    const struct process_entry *parent =
        p->parent && p->parent != p->pid ? process_list_find(list, p->parent)
                                         : NULL;

    if (!parent)
        return NULL;
    if (p->born && parent->born)
        return parent->born <= p->born ? parent : NULL;
    return text_same(p->name, parent->name) ? parent : NULL;
}

/* Numbers given anew can make a ring, so that the steps are bounded, here and
 * below. */
const struct process_entry *target_above(const struct process_list *list,
                                         uint32_t pid, const char *wanted,
                                         uint32_t own)
{
    const struct process_entry *p = process_list_find(list, pid), *top = NULL;

    for (size_t steps = 0; p && steps < list->count; steps++) {
        if (p->pid && p->pid != own && !p->ended && target_bears(p, wanted))
            top = p;
        p = target_parent(list, p);
    }
    return top;
}

const struct process_entry *target_root(const struct process_list *list,
                                        uint32_t pid)
{
    const struct process_entry *p = process_list_find(list, pid);

    for (size_t steps = 0; p && steps < list->count; steps++) {
        const struct process_entry *above = target_parent(list, p);
        if (!above || !text_same(above->name, p->name))
            return p;
        p = above;
    }
    return p;
}

static bool is_candidate(const struct process_list *list, size_t i,
                         const char *wanted, uint32_t own)
{
    const struct process_entry *p = &list->items[i];

    return target_bears(p, wanted) &&
           target_above(list, p->pid, wanted, own) == p;
}

static void choose(const struct process_entry *p, struct target *out)
{
    *out = (struct target){.pid = p->pid, .born = p->born};
    memcpy(out->name, p->name, sizeof out->name);
}

/* Append to TEXT the candidates for WANTED, or (PARTS) all in whose name it
 * is: "a.exe (pid 12), b.exe (pid 34)". */
static void describe(const struct process_list *list, const char *wanted,
                     uint32_t own, bool parts, char *text, size_t size)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct process_entry *p = &list->items[i];

        if (parts ? p->pid == own || !text_contains(p->name, wanted)
                  : !is_candidate(list, i, wanted, own))
            continue;
        if (!text_list(text, size, "%s (pid %lu)", p->name,
                       (unsigned long)p->pid))
            break;
    }
}

bool target_ambiguous(struct fault *f, const char *detail)
{
    return fault_set(f, ERR_APP_AMBIGUOUS, op_find, detail,
                     "give the process id instead of the name");
}

static bool ambiguous(const struct process_list *list, const char *wanted,
                      uint32_t own, struct fault *f)
{
    char detail[sizeof f->detail], asked[sizeof detail / 4];

    snprintf(detail, sizeof detail,
             "%s:", text_copy(asked, sizeof asked, wanted));
    describe(list, wanted, own, false, detail, sizeof detail);
    return target_ambiguous(f, detail);
}

/* Nothing is taken for what it only resembles, but it may help. */
static bool none(const struct process_list *list, const char *wanted,
                 uint32_t own, struct fault *f)
{
    static const char near[] = "; similar:";
    char detail[sizeof f->detail], asked[sizeof detail / 4];
    size_t length;

    text_copy(asked, sizeof asked, wanted);
    length = (size_t)snprintf(detail, sizeof detail, "%s%s", asked, near);
    describe(list, wanted, own, true, detail, sizeof detail);
    if (!detail[length])
        text_copy(detail, sizeof detail, asked);
    return fault_set(f, ERR_NO_APP, op_find, detail, hint_list);
}

bool target_find(const struct process_list *list, const char *wanted,
                 uint32_t own, struct target *out, struct fault *f)
{
    const struct process_entry *found = NULL;
    size_t fits = 0;
    uint32_t pid;

    if (!*wanted)
        return fault_set(f, ERR_USAGE, op_find, "the name is empty", NULL);
    if (target_is_number(wanted, &pid)) {
        if (pid == own)
            return fault_set(f, ERR_USAGE, op_find,
                             "looprec itself plays nothing", hint_list);
        found = pid ? process_list_find(list, pid) : NULL;
        if (!found || found->ended)
            return fault_setf(f, ERR_NO_APP, op_find, 0,
                              "`looprec -L` lists what plays",
                              "no process has the id %s", wanted);
        choose(found, out);
        return true;
    }
    for (size_t i = 0; i < list->count; i++)
        if (is_candidate(list, i, wanted, own)) {
            found = &list->items[i];
            fits++;
        }
    if (fits > 1)
        return ambiguous(list, wanted, own, f);
    if (!found)
        return none(list, wanted, own, f);
    choose(found, out);
    return true;
}

/* By number and birth; the name may change (a process becomes another program
 * on Linux) and decides only where a birth is not to be had. */
static bool is_target(const struct process_entry *p, const struct target *t)
{
    return p->pid == t->pid && !p->ended &&
           (p->born && t->born ? p->born == t->born
                               : text_same(p->name, t->name));
}

bool target_holds(const struct process_list *list, const struct target *t,
                  uint32_t pid)
{
    const struct process_entry *p = process_list_find(list, pid);

    for (size_t steps = 0; p && steps < list->count; steps++) {
        if (is_target(p, t))
            return true;
        p = target_parent(list, p);
    }
    return false;
}

bool target_runs(const struct process_list *list, const struct target *t)
{
    const struct process_entry *p = process_list_find(list, t->pid);

    return p && is_target(p, t);
}

const struct process_entry *target_other(const struct process_list *list,
                                         const char *wanted, uint32_t own,
                                         const struct target *t)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct process_entry *p = &list->items[i];

        if (is_candidate(list, i, wanted, own) && !(t && is_target(p, t)))
            return p;
    }
    return NULL;
}
