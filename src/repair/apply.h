/* apply: what a plan says is done to a file, or to a copy of it. Main thread.
 *
 * An undo file is, little-endian: "looprec undo 1\n\0", the old length and the
 * new one (8 bytes each), the number of pieces (8); of each its offset and
 * length (8 each) and its bytes; a checksum of all of this (8, FNV-1a). */
#ifndef LOOPREC_REPAIR_APPLY_H
#define LOOPREC_REPAIR_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "repair/plan.h"

enum { UNDO_MAGIC_BYTES = 16 };

/* The first bytes of an undo file. */
extern const char undo_magic[UNDO_MAGIC_BYTES];

/* "FILE" + ".looprec-undo". False: it does not fit. */
bool undo_name(char *buffer, size_t size, const char *path);

/* The name that NAME is the undo file of. False: it is none. */
bool undo_target(char *buffer, size_t size, const char *name);

/* A new file OUTPUT with the look's bytes as P says. Nothing is left on false.
 */
bool apply_to_copy(const struct plan *p, struct look *l, const char *output,
                   struct fault *f);

/* Keep what P changes in the new file UNDO, then change the file that L looks
 * at. False before anything was changed leaves no undo file. */
bool apply_in_place(const struct plan *p, struct look *l, const char *undo,
                    struct fault *f);

/* L looks at an undo file of TARGET: put back what it keeps. */
bool apply_undo(struct look *l, const char *target, bool dry_run,
                struct fault *f);

#endif
