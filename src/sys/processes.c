/* processes: the list of them, on every system. See processes.h. Any thread. */
#include "sys/processes.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

struct process_entry *process_list_add(struct process_list *list)
{
    if (list->count == list->room) {
        size_t room = list->room > 0 ? list->room * 2 : FIRST_ROOM;
        struct process_entry *items =
            realloc(list->items, room * sizeof(*items));
        if (!items) {
            return NULL;
        }
        list->items = items;
        list->room = room;
    }
    struct process_entry *added = &list->items[list->count++];
    memset(added, 0, sizeof(*added));
    return added;
}

bool process_list_push(struct process_list *list,
                       const struct process_entry *entry)
{
    struct process_entry *added = process_list_add(list);
    if (added) {
        *added = *entry;
    }
    return added != NULL;
}

static const struct process_entry *find(const struct process_list *list,
                                        size_t count, uint32_t pid)
{
    for (size_t i = 0; i < count; i++) {
        if (list->items[i].pid == pid) {
            return &list->items[i];
        }
    }
    return NULL;
}

const struct process_entry *process_list_find(const struct process_list *list,
                                              uint32_t pid)
{
    return find(list, list->count, pid);
}

void process_list_keep_below(struct process_list *list, uint32_t top)
{
    /* What is known to descend stands in front; each round finds the children
     * of what the rounds before found. */
    size_t kept = 0, before;
    do {
        before = kept;
        for (size_t i = kept; i < list->count; i++) {
            struct process_entry p = list->items[i];
            if (p.pid != top &&
                (p.parent == top || find(list, kept, p.parent))) {
                list->items[i] = list->items[kept];
                list->items[kept++] = p;
            }
        }
    } while (kept > before);
    list->count = kept;
}

void process_list_keep_children(struct process_list *list, uint32_t top)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].parent == top) {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
}

void process_list_leave_out(struct process_list *list,
                            const struct process_list *others)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct process_entry *p = &list->items[i];
        const struct process_entry *o = process_list_find(others, p->pid);
        if (!o || o->born != p->born) {
            list->items[kept++] = *p;
        }
    }
    list->count = kept;
}

void process_list_free(struct process_list *list)
{
    free(list->items);
    memset(list, 0, sizeof(*list));
}
