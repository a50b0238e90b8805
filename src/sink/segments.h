/* segments: one recording in several files, each finished and valid before the
 * next is begun: a sink made of sinks; and what such files are called.
 *
 * Frames are counted over all of them; none is lost or doubled between two. A
 * file is made when its first frame comes, so a recording that ends at a cut
 * leaves no empty one. Only the first file is ever written over another, where
 * the request says so. When the next file cannot be made the write fails; those
 * before it are kept. Where there is a fallback, the first failure of a disk
 * ends the file, as far as it goes, and the next one begins there with the
 * first frame that it does not hold. Writer thread, but for names (any) and
 * what is said. */
#ifndef LOOPREC_SINK_SEGMENTS_H
#define LOOPREC_SINK_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/sink.h"

/* --- naming.c --- */

/* What a name may hold: %n, the file's number, also filled with zeros (%03n);
 * of strftime's these, in English, for the moment of its first frame; and %%.
 * A percent sign with anything else behind it stands for itself. */
#define NAMING_FIELDS "aAbBdFHIjmMpsSTUwWyY%"

enum naming {
    NAMING_PLAIN, /* the name has no field */
    NAMING_TIME,  /* of the clock's only */
    NAMING_NUMBER /* %n */
};

enum naming naming_of(const char *path);

/* What file NUMBER (from 1) of a recording to PATH is called, which begins at
 * WALL_NS. Where PATH is PLAIN, all but number 1 get -2, -3 ... before the
 * ending; where it has a TIME, AGAIN is put there if it is above 1. malloc;
 * NULL: no memory. */
char *naming_segment(const char *path, unsigned number, unsigned again,
                     int64_t wall_ns);

/* PATH's last component in FOLDER, where no percent sign is a field. malloc;
 * NULL: no memory. */
char *naming_in_folder(const char *folder, const char *path);

/* A copy of PATH which, where it is to be NUMBERED and is PLAIN, has a number
 * of three digits before its ending. malloc; NULL: no memory. */
char *naming_pattern(const char *path, bool numbered);

/* --- segments.c --- */

/* The latest files are kept, the others deleted; of those limits that are 0
 * there is none. A file is deleted only if this recording made it, and it is
 * still the same and unchanged. */
struct segments_keep {
    unsigned files;  /* so many, with the one that is written */
    uint64_t bytes;  /* no more, in all of them */
    uint64_t frames; /* so much of the recording, and the rest of a file */
};

/* When a file ends and the next one begins; of those that are 0 none is for
 * that reason. */
struct segments_plan {
    uint64_t split_frames; /* it has so many */
    uint64_t split_bytes; /* it would be larger; SEGMENTS_LEAST_BYTES or more */
    bool virtual_time;    /* the clock says nothing of when a file begins */
    struct segments_keep keep;
    const char *fallback; /* the name for all files after a disk has failed,
                           * valid as long as the sink; NULL: there is none */
};

#define SEGMENTS_LEAST_BYTES UINT64_C(1000000)

/* Who hears of the files; all members are required. Writer thread, but for the
 * first file's beginning: the thread that calls segments_open. */
struct segments_listener {
    void *context;
    /* A file was made; it begins with frame AT_FRAME of the recording. PATH is
     * valid during the call. */
    void (*begun)(void *context, const char *path, unsigned number,
                  uint64_t at_frame);
    /* It is finished, as well as could be. */
    void (*ended)(void *context, const struct sink_total *total);
    /* In the place of that: somebody has deleted it, or it was to be the
     * fallback, held nothing and was removed. */
    void (*vanished)(void *context);
    /* File NUMBER was deleted, since it was not to be kept. */
    void (*deleted)(void *context, unsigned number);
    /* A sentence for a warning, with names as they are. */
    void (*warn)(void *context, const char *text);
};

/* Make the first file. REQUEST's path is a name for all of them (see
 * naming_segment), neither "-" nor NULL; its strings must outlive the sink.
 * NULL: what sink_open says. The calls of sink.h are for what comes back; its
 * bytes, frames and total are those of all files. */
struct sink *segments_open(const struct sink_request *request,
                           const struct segments_plan *plan,
                           const struct segments_listener *listener,
                           struct fault *f);

/* SINK is segments_open's. The file ends before FRAME of the recording, which
 * is not yet written; it begins the next. Cuts come in order. */
void segments_cut(struct sink *sink, uint64_t frame);

/* SINK is segments_open's. Does it write into the fallback by now? */
bool segments_fell_back(const struct sink *sink);

#endif
