/* tracks: what a session asks of all its tracks together while it begins. Main
 * thread. Private to session/. */
#ifndef LOOPREC_SESSION_TRACKS_H
#define LOOPREC_SESSION_TRACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "session/internal.h"

/* How far the first openings have come. */
struct tracks_look {
    bool trying; /* some have not been tried yet */
    unsigned open, waiting;
    const struct track *failed;  /* the first of these */
    const struct track *refused; /* the same, where waiting does not help */
};

struct tracks_look tracks_look(const struct track *tracks, unsigned count);

/* The recording begins with those that are open now. */
void tracks_note_present(struct track *tracks, unsigned count);

/* What the recording is of: the names of all, and the format (the native one,
 * too) of the first that is present. False: ERR_USAGE, they do not fit
 * together. */
bool tracks_describe(const struct track *tracks, unsigned count,
                     struct source_info *out, struct fault *f);

/* Can what is present be brought to the rate of FORMAT, the file's? */
bool tracks_check_rates(const struct track *tracks, unsigned count,
                        const struct audio_format *format, struct fault *f);

/* INFO is what tracks_describe told. */
bool tracks_make_lanes(struct track *tracks, unsigned count,
                       const struct source_info *info, int64_t buffer_ns,
                       struct fault *f);

/* By the sources' own clock. */
int64_t tracks_first_opened_ns(const struct track *tracks, unsigned count);

/* By clock_now_ns: the earliest moment since when all that are present have
 * kept everything for us; at most NOW_NS. */
int64_t tracks_since_ns(const struct track *tracks, unsigned count,
                        int64_t now_ns);

#endif
