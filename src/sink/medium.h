/* medium: what lies behind every sink that makes a file: the file, the first
 * failure, and how far its good part goes. Writer thread.
 *
 * A file may be rewritten below its end at any time, also after a failure: on
 * a full disk the headers can still be made right. A stream (pipe, standard
 * output) only goes forward: seeks succeed on paper, and what an encoder then
 * writes below the end has been sent already and is dropped. */
#ifndef LOOPREC_SINK_MEDIUM_H
#define LOOPREC_SINK_MEDIUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/sink.h"
#include "sys/file.h"

struct medium {
    struct file *file;
    bool stream;
    int64_t position;   /* where the next write goes, on paper */
    int64_t at;         /* where the file really is */
    int64_t length;     /* the end of the last append that was written whole */
    int64_t end;        /* length, and what a torn append left behind it */
    int64_t sync_ns;    /* the request's */
    int64_t synced_ns;  /* when it was last done */
    struct fault fault; /* the first failure; after it nothing is appended */
    unsigned failures;  /* how often the file failed */
};

/* Open the request's path ("-": standard output). Nothing is left on false. */
bool medium_open(struct medium *m, const struct sink_request *request,
                 struct fault *f);

/* Write at the position and move it. Returns BYTES, or less after a failure
 * (latched in m->fault). */
size_t medium_write(struct medium *m, const void *data, size_t bytes);

/* Move the position; always succeeds. */
void medium_seek(struct medium *m, int64_t position);

/* After a torn append: KEEP bytes are good, cut the rest off. No effect on
 * streams. */
void medium_cut(struct medium *m, int64_t keep);

/* The end of a commit: what was written goes to the disk itself where that is
 * due; that the file was deleted is a failure. False after any failure, with
 * the first one in F. */
bool medium_commit(struct medium *m, struct fault *f);

/* Keep FAULT if it is the first. */
void medium_latch(struct medium *m, const struct fault *fault);

/* Copy the latched failure to F; always false. */
bool medium_tell(const struct medium *m, struct fault *f);

/* Close the file. False with the first failure in F when this or anything else
 * failed since m->failures was BEFORE. */
bool medium_close(struct medium *m, unsigned before, struct fault *f);

/* The sink could not be begun: close the file, and remove it where it was made
 * for the REQUEST. */
void medium_abandon(struct medium *m, const struct sink_request *request);

#endif
