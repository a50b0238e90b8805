/* apply: what a plan says is done to a file, or to a copy of it. Main thread.
 */
#ifndef LOOPREC_REPAIR_APPLY_H
#define LOOPREC_REPAIR_APPLY_H

#include <stdbool.h>

#include "repair/plan.h"

/* A new file OUTPUT with the look's bytes as P says, for those who may read the
 * old one. Nothing is left on false. */
bool apply_to_copy(const struct plan *p, struct look *l, const char *output,
                   struct fault *f);

/* Keep what P changes in the new file UNDO, then change the file that L looks
 * at. False before anything was changed leaves no undo file. */
bool apply_in_place(const struct plan *p, struct look *l, const char *undo,
                    struct fault *f);

/* L looks at an undo file of the file that T looks at, which is FILE: put back
 * what it keeps, when all of it was checked. FILE NULL: only check. */
bool apply_undo(struct look *l, struct look *t, struct file *file,
                struct fault *f);

#endif
