/* segments_parts: what the parts of segments share: its state, and the calls
 * that bring frames and marks into this file or the next. Private to segments.c
 * and segments_files.c. Writer thread.
 *
 * After a false of any of them `fault` says why, but for marks, which may have
 * no room. */
#ifndef LOOPREC_SINK_SEGMENTS_PARTS_H
#define LOOPREC_SINK_SEGMENTS_PARTS_H

#include "sink/history.h"
#include "sink/kept.h"
#include "sink/marks.h"
#include "sink/segments.h"

enum { SEGMENTS_CUTS = 8 }; /* that wait; a sleep needs one */

struct segments {
    struct sink base;
    /* constant after open */
    struct sink_request request; /* its path: the name for all */
    struct segments_plan plan;
    struct segments_listener listener;
    enum naming naming;      /* of its path */
    size_t frame_bytes;      /* as a sink takes them */
    struct history *history; /* NULL: there is no fallback */
    struct kept *kept;       /* NULL: all files are */
    /* moving */
    struct sink *file;      /* NULL: none until the next frame */
    char *path;             /* its name, or that of the one before it */
    unsigned number;        /* of the latest file */
    uint64_t written;       /* frames, over all files */
    uint64_t begun_at;      /* the frame with which `file` begins */
    uint64_t saved_at;      /* the frame behind the latest finished file */
    bool fell_back;         /* it goes on in the fallback */
    struct sink_total done; /* of the finished files */
    int64_t wall_ns;        /* the moment of frame wall_frame */
    uint64_t wall_frame;
    uint64_t cuts[SEGMENTS_CUTS];
    unsigned cut_count;
    struct marks marks; /* of the recording's frames, that `file` is to hold;
                         * as long as there is a fallback to come */
    struct fault fault; /* the first failure; nothing is written after it */
};

/* Make file NUMBER; AGAIN: see naming_segment. */
bool segments_open_file(struct segments *s, unsigned number, unsigned again,
                        bool overwrite);

/* The next file, under the next free name. */
bool segments_open_next(struct segments *s);

/* Finish the file. False with F (may be NULL). */
bool segments_close_file(struct segments *s, struct fault *f);

/* End the file where its cut is reached. */
bool segments_end_at_cut(struct segments *s);

/* FRAMES more into this file and those that follow. */
bool segments_feed(struct segments *s, const void *data, size_t frames);

/* Mark FRAME of the recording in the file that holds it: the present one, or
 * the one that begins with it. (A file is made when its first frame comes,
 * which is then about to; and where a mark has no room left in a file of a
 * limited size, that frame begins the next.) */
bool segments_place(struct segments *s, uint64_t frame);

/* Does the recording go on in the fallback after WHY? */
bool segments_can_fall_back(const struct segments *s, const struct fault *why);

/* Is there a fallback, and still to come? */
static inline bool segments_may_fall_back(const struct segments *s)
{
    return s->history != NULL && !s->fell_back;
}

#endif
