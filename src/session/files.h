/* files: the files of a recording, as they come. The writer adds to them, the
 * main thread looks. Private to session/. */
#ifndef LOOPREC_SESSION_FILES_H
#define LOOPREC_SESSION_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "session/session.h"
#include "sink/segments.h"

struct files;
struct queue;

/* Each file that is finished is told as an event in QUEUE where TELL says so.
 * NULL: no memory. */
struct files *files_create(struct queue *queue, bool tell);
/* NULL is fine. */
void files_destroy(struct files *f);

/* What a sequence of sinks tells them. */
struct segments_listener files_listener(struct files *f);

/* The oldest file that was not deleted, which leads to the others, or NULL;
 * constant but for `next` while the recording runs. */
const struct session_file *files_first(struct files *f);

/* File NUMBER (as its name has it): a copy of what is known of it. False: there
 * is none. Its path is valid as long as F, or
 * until it is forgotten. */
bool files_find(struct files *f, unsigned number, struct session_file *out);

/* It was deleted, and told: nothing more is known of it, its path neither. */
void files_forget(struct files *f, unsigned number);

/* How many were deleted. */
uint64_t files_deletions(struct files *f);

#endif
