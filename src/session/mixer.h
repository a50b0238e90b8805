/* mixer: every lane of every track into the one output: straight where there is
 * one, else over the bus. Writer thread; mixer_create and mixer_destroy: main.
 * Private to session/. */
#ifndef LOOPREC_SESSION_MIXER_H
#define LOOPREC_SESSION_MIXER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bus.h"
#include "session/internal.h"
#include "session/reader.h"

struct mixer {
    /* constant after create */
    struct track *tracks;
    unsigned track_count;
    int64_t buffer_ns; /* the rings' length */
    struct reader *reader;
    struct bus *bus; /* NULL: one lane */
    /* moving */
    struct lane **lanes; /* those that are written, by their place on the bus;
                          * each track's first come first */
    unsigned lane_count;
    bool busy; /* more could be written at once */
};

/* For SETUP's tracks. READER (with its output) is the writer's; its bus is set
 * here. The first lane of each track is written from frame 0 on. False: told in
 * READER's fault; mixer_destroy cleans. */
bool mixer_create(struct mixer *m, const struct writer_setup *setup,
                  struct reader *reader);
void mixer_destroy(struct mixer *m);

/* Write what lies in the rings and may be written, as far as the lanes'
 * distance allows. False: READER's fault says. */
bool mixer_drain(struct mixer *m);

/* Every lane is finished or has all that is wanted of it. *FULL: some have that
 * and are not finished. */
bool mixer_is_done(const struct mixer *m, bool *full);

/* Nothing follows: write the last of every lane. As mixer_drain. */
bool mixer_finish(struct mixer *m);

#endif
