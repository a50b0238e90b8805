/* marks: the frames of a file that somebody marked, until they are written into
 * it. Writer thread. */
#ifndef LOOPREC_SINK_MARKS_H
#define LOOPREC_SINK_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MARKS_MOST = 4096 };

/* All zeros: none. */
struct marks {
    uint64_t *frames; /* of the file, in the order in which they came */
    size_t count, room;
};

/* False: there are as many as MOST (MARKS_MOST at most), or no memory. */
bool marks_add(struct marks *m, uint64_t frame, size_t most);

/* In the order of frames, each once. */
void marks_sort(struct marks *m);

/* Only those below FRAME stay. True: some went. */
bool marks_cut(struct marks *m, uint64_t frame);

void marks_free(struct marks *m);

#endif
