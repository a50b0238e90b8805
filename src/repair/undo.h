/* undo: what a repair changed, in a file beside the one that was repaired, and
 * the way back. Main thread.
 *
 * An undo file is, little-endian: "looprec undo 2\n\0"; the old length and the
 * new one (8 bytes each); a checksum (8) of what the repair leaves alone at the
 * beginning and at the end; the number of patches (8); of each its offset and
 * length (8 each), the old bytes and the new ones; what was cut off behind the
 * new length; a checksum of all of this (8). Checksums are FNV-1a.
 *
 * Such a file comes from anywhere, as the others do. */
#ifndef LOOPREC_REPAIR_UNDO_H
#define LOOPREC_REPAIR_UNDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "repair/plan.h"

/* What a repair may add behind a file, at most: padding. */
enum { UNDO_PADDING_MOST = 8 };

struct undo_patch {
    int64_t at;
    size_t bytes;
    uint8_t before[PLAN_PATCH_BYTES], after[PLAN_PATCH_BYTES];
};

struct undo {
    int64_t old_length, new_length;
    uint64_t around; /* the checksum of what is left alone */
    struct undo_patch patches[PLAN_PATCHES];
    size_t count;
    int64_t cut_at; /* where in the undo file lies what was cut off */
};

/* "FILE" + ".looprec-undo". False: it does not fit. */
bool undo_name(char *buffer, size_t size, const char *path);

/* The name that NAME is the undo file of. False: it is none. */
bool undo_target(char *buffer, size_t size, const char *name);

/* Does L look at an undo file, of this version or another? */
bool undo_is_one(struct look *l);

/* Write to OUT, a new file, what P will change in the file of L, and onto the
 * disk. */
bool undo_write(const struct plan *p, struct look *l, struct file *out,
                struct fault *f);

/* L looks at an undo file: is it whole, and does it say nothing that a repair
 * would not? Then it is in U. */
bool undo_read(struct undo *u, struct look *l, struct fault *f);

/* Is the file that T looks at as the repair of U, which L looks at, has left
 * it? Or half way there or back: each byte is the old one or the new one. */
bool undo_fits(const struct undo *u, struct look *l, struct look *t,
               struct fault *f);

/* Put it all back into FILE, of which undo_fits has been true. */
bool undo_put_back(const struct undo *u, struct look *l, struct file *file,
                   struct fault *f);

#endif
