/* pauses: which stretches of a recording are not in its file, because somebody
 * paused it. The recording goes on in its own frames meanwhile; of these the
 * output leaves out what lies in a pause, so that everything before it (several
 * lanes, converters, clocks) knows nothing of pauses and is cut at one instant.
 * Pure arithmetic; writer thread. */
#ifndef LOOPREC_CORE_PAUSES_H
#define LOOPREC_CORE_PAUSES_H

#include <stdbool.h>
#include <stdint.h>

enum { PAUSES_EDGES = 64 }; /* that are still to come */

/* All zeros: nothing has passed, not paused. */
struct pauses {
    uint64_t at;                  /* frames of the recording that have passed */
    uint64_t hidden;              /* of these: not in the file */
    bool paused;                  /* at AT */
    uint64_t since;               /* when that began */
    uint64_t edges[PAUSES_EDGES]; /* to come, in order: where it changes */
    unsigned count;
};

/* An edge, as a user is told it. */
struct pauses_edge {
    bool paused;       /* from there on */
    uint64_t at_frame; /* of the file */
    uint64_t frames;   /* not in the file: the pause's, when it ends */
};

/* From frame FRAME of the recording on it is paused, or, if it was, goes on;
 * where that has passed, from the next one on. False: there is no room; nothing
 * was done. */
bool pauses_toggle(struct pauses *p, uint64_t frame, struct pauses_edge *edge);

/* The frame of the file for a frame of the recording that has not passed; in a
 * pause: the one before which it lies. By what is known now. */
uint64_t pauses_to_file(const struct pauses *p, uint64_t frame);

/* Where a file of LENGTH frames ends in the recording, by what is known now;
 * UINT64_MAX: it is paused, or LENGTH is that. */
uint64_t pauses_end(const struct pauses *p, uint64_t length);

/* Up to COUNT frames pass. Returns how many of them have one fate, at least one
 * of COUNT; *HIDDEN: they are not in the file. Call it again for the rest. */
uint64_t pauses_pass(struct pauses *p, uint64_t count, bool *hidden);

/* The same for any frame, also one that has passed, as far back as pauses_shown
 * looks: where it is in the file, or would be. */
uint64_t pauses_place(const struct pauses *p, uint64_t frame);

/* How many of the last COUNT frames that passed are in the file. Looks no
 * further back than the edge before the latest: a pause and what lies before
 * it, or the other way round. */
uint64_t pauses_shown(const struct pauses *p, uint64_t count);

#endif
