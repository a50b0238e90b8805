/* repair: a sound file that was cut off or never finished, of any program, is
 * made whole again: WAV, RF64, Wave64 and FLAC. Main thread.
 *
 * Nothing is decoded and no sound is made: what is there is found, and the
 * file's own words about it are put right. In the place of the file only after
 * what is changed was copied into FILE.looprec-undo, and that is on the disk.
 * Such an undo file is a file to be repaired, too: that puts everything back,
 * where it is this user's and the file is still as the repair left it. */
#ifndef LOOPREC_REPAIR_REPAIR_H
#define LOOPREC_REPAIR_REPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

struct repair_request {
    const char *path;   /* UTF-8 */
    const char *output; /* a new file for the whole one; NULL: in place */
    bool dry_run;       /* only tell what would be done */
};

enum repair_state {
    REPAIR_GOOD,   /* nothing to repair; nothing was written */
    REPAIR_NEEDED, /* dry run: it would be repaired */
    REPAIR_DONE,
    REPAIR_UNDONE, /* the file was an undo file, and what it keeps is back */
};

struct repair_report {
    enum repair_state state;
    char kind[16];   /* "WAV", "FLAC" ... */
    char found[512]; /* what is wrong, sentences joined by "; " */
    char undo[4096]; /* REPAIR_DONE in place: where the old bytes are;
                      * REPAIR_UNDONE: the file that they belong to */
    uint64_t frames; /* that the whole file holds */
    uint32_t rate;
};

/* False: F says why, and the file is as it was (or, where a write failed
 * midway, F's hint tells how to get that back): ERR_NOT_REPAIRED where it is no
 * file of these types or not understood, what file_open says, ERR_FILE_EXISTS
 * for an undo file that is already there, ERR_FILE_IN_USE where somebody is
 * writing to it. */
bool repair_file(const struct repair_request *request,
                 struct repair_report *report, struct fault *f);

/* The file that NAME, by that alone, is the undo file of. False: it is none, or
 * does not fit. */
bool repair_undo_target(char *buffer, size_t size, const char *name);

#endif
