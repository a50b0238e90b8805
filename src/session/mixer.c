/* mixer: see mixer.h. Writer thread. */
#include "session/mixer.h"

#include <stdlib.h>

#include "session/output.h"
#include "sys/clock.h"

/* How far one of several lanes may be ahead of the slowest: more than the
 * looks ahead, the lags and the longest packet in any rate make. Those that are
 * ahead then wait in their rings; for half of the rings' length, then the
 * slowest is waited for no longer: what it does not have by then is filled as
 * what its timeline knows, and what comes for that place is lost. */
#define WINDOW_NS INT64_C(4000000000)
/* So many lanes have rings before they are used. */
enum { LANES_SPARE = 16 };

/* --- beginning and end --- */

static void add_lane(struct mixer *m, struct lane *l)
{
    l->joined = true;
    l->place = m->lane_count;
    m->lanes[m->lane_count++] = l;
}

/* Room for every lane that there may be. */
static bool make_room(struct mixer *m, uint32_t channels, uint32_t rate)
{
    unsigned most = 0;
    for (unsigned i = 0; i < m->track_count; i++) {
        most += m->tracks[i].lane_count;
    }
    /* a session has a track, and a track a lane, so it is not of 0 bytes */
    m->lanes = calloc(most, sizeof(struct lane *)); /* NOLINT */
    if (most > 1) {
        m->bus = bus_create(most, m->track_count, channels,
                            (uint64_t)frames_from_ns(WINDOW_NS, rate));
    }
    return m->lanes && (m->bus || most == 1);
}

bool mixer_create(struct mixer *m, const struct writer_setup *setup,
                  struct reader *reader)
{
    *m = (struct mixer){
        .tracks = setup->tracks,
        .track_count = setup->track_count,
        .buffer_ns = setup->buffer_ns,
        .reader = reader,
    };
    if (!make_room(m, setup->format.channels, setup->format.rate)) {
        return fault_set(&reader->fault, ERR_NO_MEMORY, "make the writer", NULL,
                         NULL);
    }
    reader->bus = m->bus;
    for (unsigned i = 0; i < m->track_count; i++) {
        struct lane *l = &m->tracks[i].lanes[0];
        add_lane(m, l);
        if (!reader_begin(reader, l, setup->start_ns, setup->limit,
                          setup->look_ns)) {
            return false;
        }
    }
    return true;
}

void mixer_destroy(struct mixer *m)
{
    bus_destroy(m->bus);
    free(m->lanes);
}

/* --- lanes that begin --- */

/* Rings for lanes that are not used yet, before they are asked for. */
static bool make_spare(struct mixer *m)
{
    for (unsigned i = 0; i < m->track_count; i++) {
        struct track *t = &m->tracks[i];
        if (t->lane_count == 1 || track_phase(t) != TRACK_OPEN) {
            continue;
        }
        unsigned most = 1 + t->info.lanes;
        unsigned wanted = lanes_used(t) + LANES_SPARE;
        wanted = wanted < most ? wanted : most;
        /* relaxed: only this thread makes lanes by now */
        while (atomic_load_explicit(&t->lanes_made, memory_order_relaxed) <
               wanted) {
            if (!lane_make(t, &t->info.format, &m->reader->fault)) {
                return false;
            }
        }
    }
    return true;
}

static bool has_begun(const struct lane *l)
{
    /* acquire: pairs with emit_begin */
    return atomic_load_explicit(&l->begun, memory_order_acquire);
}

/* Those that were begun are written from here on, and no other: nothing would
 * come of it, and the mix would wait. */
static bool join_lanes(struct mixer *m)
{
    for (unsigned i = 0; i < m->track_count; i++) {
        struct track *t = &m->tracks[i];
        unsigned used = lanes_used(t);
        for (unsigned k = 1; k < used; k++) {
            struct lane *l = &t->lanes[k];
            if (l->joined || !has_begun(l)) {
                continue;
            }
            add_lane(m, l);
            if (!reader_join(m->reader, l, &t->lanes[0],
                             bus_begin(m->bus, l->place))) {
                return false;
            }
        }
    }
    return true;
}

/* --- from the rings to the output --- */

/* The moment that no lane may be behind. After a sleep of the machine all are
 * behind, until they have passed it. */
static int64_t overdue_ns(const struct mixer *m)
{
    if (!m->bus || m->reader->virtual_time) {
        return PACKET_NO_TIME;
    }
    int64_t moment_ns = clock_now_ns() - WINDOW_NS - m->buffer_ns / 2;
    for (unsigned i = 0; i < m->lane_count; i++) {
        const struct suspend *slept = &m->lanes[i]->timeline.suspend;
        if (slept->length_ns > 0 && moment_ns < slept->until_ns) {
            return PACKET_NO_TIME;
        }
    }
    return moment_ns;
}

/* Those whose places are FROM to UNTIL. *WAITS: some wait for room. */
static bool drain_lanes(struct mixer *m, unsigned from, unsigned until,
                        bool *waits)
{
    for (unsigned i = from; i < until; i++) {
        struct lane *l = m->lanes[i];
        if (!reader_drain(m->reader, l)) {
            return false;
        }
        *waits = *waits || l->planned != PLAN_NONE;
        if (m->bus && l->finishing && l->planned == PLAN_NONE) {
            bus_end(m->bus, i);
        }
    }
    return true;
}

/* Everything that all lanes have passed; *MOVED: there was something. */
static bool mix(struct mixer *m, bool *moved)
{
    struct output *o = m->reader->output;
    struct fault *f = &m->reader->fault;
    struct bus_run run;
    *moved = false;
    while (m->bus && bus_peek(m->bus, &run)) {
        const struct plan_gap gap = {
            .class = run.class, .frames = run.count, .reason = run.reason};
        bool good = run.class == CLASS_CAPTURED
                        ? output_frames(o, run.frames, run.count, f)
                        : output_gap(o, &gap, run.frames, f);
        if (!good) {
            return false;
        }
        bus_pop(m->bus, &run);
        *moved = true;
    }
    return true;
}

/* Before the first lanes: what began before a sleep of the machine is to expect
 * that, and a first lane may pass it at once. After them: what joins now are
 * all that were begun when the first lane last said how far time has come;
 * their streams are not much older than that, and the mix is further behind. */
bool mixer_drain(struct mixer *m)
{
    unsigned firsts = m->track_count;
    bool waits = false;
    bool moved;
    m->reader->overdue_ns = overdue_ns(m);
    if (!join_lanes(m) || !drain_lanes(m, 0, firsts, &waits) ||
        !join_lanes(m) || !make_spare(m) ||
        !drain_lanes(m, firsts, m->lane_count, &waits) || !mix(m, &moved) ||
        !output_flush(m->reader->output, &m->reader->fault)) {
        return false;
    }
    gaps_tell_lost(&m->reader->output->gaps);
    m->busy = waits && moved;
    return true;
}

bool mixer_is_done(const struct mixer *m, bool *full)
{
    *full = false;
    for (unsigned i = 0; i < m->lane_count; i++) {
        const struct lane *l = m->lanes[i];
        if (!reader_is_done(l)) {
            return false;
        }
        *full = *full || !l->finishing;
    }
    return true;
}

bool mixer_finish(struct mixer *m)
{
    do {
        for (unsigned i = 0; i < m->lane_count; i++) {
            struct lane *l = m->lanes[i];
            if (!l->finishing && l->planned == PLAN_NONE) {
                reader_finish(l, PACKET_NO_TIME);
            }
        }
        if (!mixer_drain(m)) {
            return false;
        }
    } while (m->busy);
    return true;
}
