/* kept: the finished files of a recording that keeps only the latest; the
 * oldest are deleted, where they are still as they were finished. Writer
 * thread. */
#ifndef LOOPREC_SINK_KEPT_H
#define LOOPREC_SINK_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "sink/segments.h"
#include "sys/file.h"

struct kept;

/* NULL: no memory. */
struct kept *kept_create(const struct segments_keep *keep,
                         const struct segments_listener *listener);
/* NULL is fine; files stay. */
void kept_destroy(struct kept *k);

/* File NUMBER at PATH is finished, is the one of MARK, and has BYTES; it ends
 * before frame END of the recording. Where that can not be made sure of, it is
 * never deleted. */
void kept_add(struct kept *k, const char *path, unsigned number,
              const struct file_mark *mark, uint64_t bytes, uint64_t end);

/* RUNNING files (0 or 1) are being written, with BYTES so far, and the
 * recording has FRAMES: delete what is too old. */
void kept_trim(struct kept *k, unsigned running, uint64_t bytes,
               uint64_t frames);

#endif
