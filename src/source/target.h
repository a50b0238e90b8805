/* target: which process an application's name or number means. Pure: the
 * processes are given as data, so that it is tested everywhere. Any thread.
 *
 * Several processes of one executable that descend from each other (browsers
 * play from a helper process) are one target: the topmost, whose tree holds
 * them all. A number says nothing about who bears it: Windows gives a process
 * id anew as soon as nobody holds it ("Process Handles and Identifiers",
 * learn.microsoft.com), Linux when its count has come round, so that a process
 * is known by its id and the moment when it was made. */
#ifndef LOOPREC_SOURCE_TARGET_H
#define LOOPREC_SOURCE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "sys/processes.h"

/* One process, for good. */
struct target {
    uint32_t pid;
    uint64_t born; /* 0: unknown */
    char name[PROCESS_NAME_BYTES];
};

/* Is WANTED a process id? *PID is it. */
bool target_is_number(const char *wanted, uint32_t *pid);

/* Does the executable NAME bear the name WANTED: without case (ASCII letters),
 * with or without ".exe"? */
bool target_is_named(const char *name, const char *wanted);

/* Does P bear it: by its executable's name, or by the one that it was started
 * by, where the system tells that (Linux: "paplay" is a link to pacat, a script
 * is an interpreter's)? The latter is the process's own word. */
bool target_bears(const struct process_entry *p, const char *wanted);

/* A NAME that fits several: DETAIL lists them ("radio: a (pid 12), b (pid
 * 34)"). ERR_APP_AMBIGUOUS, with what to do. Returns false. */
bool target_ambiguous(struct fault *f, const char *detail);

/* The process that WANTED (an id, or a name) means. OWN, this process, is never
 * meant. False: ERR_NO_APP, ERR_APP_AMBIGUOUS (detail lists the candidates),
 * ERR_USAGE (it is this process). */
bool target_find(const struct process_list *list, const char *wanted,
                 uint32_t own, struct target *out, struct fault *f);

/* Whom P descends from, where it can be believed; NULL: nobody who runs. */
const struct process_entry *target_parent(const struct process_list *list,
                                          const struct process_entry *p);

/* The topmost process named WANTED, OWN excepted, among PID and those above
 * it; NULL: none is. */
const struct process_entry *target_above(const struct process_list *list,
                                         uint32_t pid, const char *wanted,
                                         uint32_t own);

/* The topmost process from which PID descends by processes of its own
 * executable alone; NULL: there is no PID. */
const struct process_entry *target_root(const struct process_list *list,
                                        uint32_t pid);

/* Is PID that of T or of a process below it, by those that run? */
bool target_holds(const struct process_list *list, const struct target *t,
                  uint32_t pid);

/* Does T itself still run, and no other process with its number? */
bool target_runs(const struct process_list *list, const struct target *t);

/* A process tree named WANTED other than T's (T may be NULL) and OWN; NULL:
 * none. */
const struct process_entry *target_other(const struct process_list *list,
                                         const char *wanted, uint32_t own,
                                         const struct target *t);

#endif
