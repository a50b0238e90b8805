/* processes: those that run, as data, so that what a name or a number means is
 * decided without the system. Any thread, but never the capture path: what
 * reads asks the system, and takes memory. */
#ifndef LOOPREC_SYS_PROCESSES_H
#define LOOPREC_SYS_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* An executable's name: MAX_PATH characters of UTF-16, three bytes each; on
 * Linux NAME_MAX, 255 bytes, is less. */
enum { PROCESS_NAME_BYTES = 260 * 3 };

struct process_entry {
    uint32_t pid;
    uint32_t parent;  /* who made it. Windows: it may be gone, and its number
                       * given anew; Linux: then it is who took its place */
    uint64_t born;    /* when it was made, in the system's own units (Windows:
                       * 100 ns, Linux: clock ticks); 0: unknown */
    bool ended;       /* Linux: it only waits to be reaped */
    bool unnamed;     /* Linux: its executable may not be known (a process of
                       * another user, a thread of the kernel): NAME is COMMAND */
    char command[16]; /* Linux: what it calls itself, 15 bytes at most */
    char name[PROCESS_NAME_BYTES]; /* the executable's, no folder; raw */
};

struct process_list {
    struct process_entry *items; /* malloc; process_list_free */
    size_t count;
    size_t room;
};

/* Append an entry, zeroed; NULL: out of memory. */
struct process_entry *process_list_add(struct process_list *list);

/* Append a copy of ENTRY. False: out of memory. */
bool process_list_push(struct process_list *list,
                       const struct process_entry *entry);

/* The entry with that number; NULL: none. */
const struct process_entry *process_list_find(const struct process_list *list,
                                              uint32_t pid);

/* Keep those that descend from TOP, without TOP itself. */
void process_list_keep_below(struct process_list *list, uint32_t top);

/* Keep the children of TOP. */
void process_list_keep_children(struct process_list *list, uint32_t top);

/* Leave out those that are in OTHERS, by number and birth. */
void process_list_leave_out(struct process_list *list,
                            const struct process_list *others);

/* Fine on an empty one, which it is afterwards. */
void process_list_free(struct process_list *list);

/* What is not to be had for nothing. */
enum {
    PROCESSES_BORN = 1,  /* a call for each on Windows, free on Linux */
    PROCESSES_NAMED = 2, /* two calls for each on Linux, free on Windows */
};

/* Every process to OUT (process_list_free, also after a failure), in no order.
 * Not of one moment: what begins or ends meanwhile may be missing. False:
 * NO_MEMORY, SOURCE_FAILED. */
bool processes_read(struct process_list *out, unsigned what, struct fault *f);

/* --- Linux only: Windows tells of all processes at once --- */

/* The number that was given last, to a process or to a thread: while it stays
 * the same, no process has begun. 0: not to be had. */
uint32_t process_newest(void);

/* Which processes have begun, from one look to the next. A number is given a
 * moment before its process is to be seen: so the youngest that were not are
 * looked for once more. */
enum { BIRTHS_UNSEEN = 16 };

struct process_births {
    uint32_t newest; /* process_newest, as of the last look */
    uint32_t unseen[BIRTHS_UNSEEN];
    unsigned unseen_count;
};

/* What is there by now has not begun since. */
void process_births_begin(struct process_births *b);

/* To OUT (process_list_free, also after a failure): what has begun since the
 * last look, births and parents. Nearly free where nothing has; where it is not
 * to be told, or is much, all there are. False: as by processes_read. */
bool process_births_read(struct process_births *b, struct process_list *out,
                         struct fault *f);

/* One process, named. False: there is none of that number (a thread's is
 * none). */
bool process_read(uint32_t pid, struct process_entry *out);

/* The same but for its name, for half the price. */
bool process_look(uint32_t pid, struct process_entry *out);

/* Append process PID, named, and all from which it descends; nothing where
 * there is none of that number, and none that the list has. False: out of
 * memory. */
bool processes_read_above(struct process_list *out, uint32_t pid);

#endif
