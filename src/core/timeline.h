/* timeline: where each packet belongs in the file.
 *
 * Pure arithmetic: no clock, no heap, no system. Its unit is the file's frame;
 * frame 0 is the moment start_ns. For each packet it says how much silence of
 * which class comes first, how many of the packet's frames are left out at its
 * front, and how many are taken. The rules are told in HACKING.md, "Time".
 * Writer thread. */
#ifndef LOOPREC_CORE_TIMELINE_H
#define LOOPREC_CORE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/account.h"
#include "core/count.h"
#include "core/packet.h"
#include "core/skew.h"
#include "core/suspend.h"

enum { PLAN_GAPS = 3 };

/* What a source may do, and no more: hand a frame over so long before it is
 * played (what is mixed ahead comes out of a monitor at once). A stamp that
 * lies further ahead of the clock is none. */
#define TIMELINE_AHEAD_NS INT64_C(2000000000)

/* What to write next: the gaps in order, then TAKE frames of the packet,
 * leaving SKIP at its front and whatever remains at its end. */
struct plan {
    struct plan_gap {
        enum account_class class;
        uint64_t frames;    /* of the file */
        const char *reason; /* static string, for the gap event */
    } gaps[PLAN_GAPS];
    unsigned gap_count;
    uint32_t skip_frames;    /* of the packet */
    uint32_t take_frames;    /* of the packet */
    uint64_t file_frames;    /* what take_frames amount to in the file */
    uint32_t surplus_frames; /* of the skipped: more than time has passed */
    uint64_t late_frames;    /* of the file: audio that came after its place was
                              * filled as idle, and is left out, or was dropped
                              * on its way there; these frames are `lost` after
                              * all */
    uint64_t late_from;      /* the first of them; all are before the gaps */
};

struct timeline {
    /* constant after init */
    uint32_t rate;    /* of the file */
    int64_t start_ns; /* the moment of frame 0 */
    int64_t look_ns;  /* how far ahead a stamp is refined */
    /* moving */
    int64_t now_ns;    /* the clock, as far as it was told; NO_TIME: never */
    uint64_t limit;    /* frames: nothing is placed beyond; UINT64_MAX: none */
    uint64_t at;       /* file frames placed so far */
    bool gone;         /* between GONE and back, or the next audio */
    int64_t opened_ns; /* since when the device that came back is open, until
                        * its first audio; or NO_TIME */
    bool woke;         /* a sleep was passed, and nothing was placed since */
    struct suspend suspend; /* a sleep that is still to be passed */
    int64_t slept_ns;       /* of those that were */
    /* the run: an unbroken stretch of packets of one format */
    bool run_open;
    uint32_t run_rate;   /* the source's rate */
    uint64_t run_origin; /* file frame where the run began */
    uint64_t run_frames; /* source frames taken in the run */
    struct count count;  /* the device's own */
    struct skew skew;    /* of the run; its drift: of all runs */
};

/* Begin: the file's RATE, the moment of its frame 0, at most LIMIT frames;
 * stamps are refined by what follows within LOOK_NS: more than any one stamp's
 * lateness lasts. */
void timeline_init(struct timeline *t, uint32_t rate, int64_t start_ns,
                   uint64_t limit, int64_t look_ns);

/* Begin beside OTHER, a timeline of the same file: with its sense of time, the
 * same sleep to come, the same end; at file frame AT, with nothing placed. */
void timeline_join(struct timeline *t, const struct timeline *other,
                   uint64_t at);

/* It is NOW_NS by the stamps' clock, for all that is placed from here on. From
 * then on this holds, whatever a source says: the file ends no later than
 * TIMELINE_AHEAD_NS after now, what a crystal can do to its length, and one
 * packet. What would lie beyond is no time that has passed: silence is not
 * placed, sound is surplus. (A source whose stamps are never ahead nor late
 * gets no further than now and one packet.) Nobody calls it in virtual time,
 * where the source's word is the clock. */
void timeline_tell_now(struct timeline *t, int64_t now_ns);

/* Should the caller look ahead (timeline_refine) before it places PACKET? True
 * where its stamp speaks of a gap that only the following stamps can confirm:
 * a stamp can be late (the reader was), but never early. */
bool timeline_wants_look(const struct timeline *t, const struct packet *p);

/* A packet's stamp made better by those that follow: call it with FIRST, then
 * with each follower in order; it lowers *TIME_NS (begin with FIRST's) to what
 * the follower's stamp proves. *FRAMES counts the frames in between (begin
 * with 0). False: what follows says nothing more about FIRST. */
bool timeline_refine(const struct timeline *t, const struct packet *first,
                     const struct packet *follower, uint64_t *frames,
                     int64_t *time_ns);

/* Place an audio packet. TIME_NS is its (refined) stamp or NO_TIME. QUIET: its
 * samples are all zero, so that the skew may be settled here. */
void timeline_place(struct timeline *t, const struct packet *p, int64_t time_ns,
                    bool quiet, struct plan *plan);

/* From here on packets have this rate (PACKET_FORMAT; also for the first). */
void timeline_reformat(struct timeline *t, uint32_t source_rate);

/* The device is away from TIME_NS on (PACKET_GONE); LOST frames were dropped
 * before. */
void timeline_gone(struct timeline *t, int64_t time_ns, uint64_t lost,
                   struct plan *plan);

/* The device is back: its opening began at TIME_NS and took LENGTH_NS. Nothing
 * of it is older. Silence is gone up to the end of the opening, but its first
 * audio can come from within. */
void timeline_back(struct timeline *t, int64_t time_ns, int64_t length_ns,
                   struct plan *plan);

/* Nothing came up to TIME_NS: silence up to there (less a margin that the
 * caller has taken off). */
void timeline_idle(struct timeline *t, int64_t time_ns, struct plan *plan);

/* Nothing follows; the recording stopped at STOP_NS (NO_TIME: at the last
 * frame). LOST frames were dropped after the last packet. */
void timeline_finish(struct timeline *t, int64_t stop_ns, uint64_t lost,
                     struct plan *plan);

/* The recording stops at STOP_NS: what was played until then is placed, no
 * more. Unlike a limit given at the start it gives way to a skew that a crystal
 * has added up, so that no sound is cut off. */
void timeline_set_stop(struct timeline *t, int64_t stop_ns);

/* The file frame at which somebody who asks at TIME_NS wants a cut: that
 * moment's; later where a skew that a crystal has added up puts the sound of
 * that moment more than 50 ms later in the file. */
uint64_t timeline_cut_frame(const struct timeline *t, int64_t time_ns);

/* --- the machine slept --- */

/* A sleep lies among the moments to come. From now on moments after it are
 * understood. */
static inline void timeline_expect_sleep(struct timeline *t,
                                         const struct suspend *s)
{
    suspend_join(&t->suspend, s);
}

/* Does the expected sleep lie before what is stamped TIME_NS? It is then to be
 * passed before that is placed. */
bool timeline_sleep_due(const struct timeline *t, int64_t time_ns);

/* Pass it: PLAN has the silence up to it, and where the file keeps the time
 * asleep that too, as gone. Returns the file's frame before which the machine
 * slept. */
uint64_t timeline_pass_sleep(struct timeline *t, struct plan *plan);

/* The moment that file frame FRAME stands for. */
int64_t timeline_time(const struct timeline *t, uint64_t frame);

/* The device's clock against ours, if a stretch was long enough to tell. */
bool timeline_drift(const struct timeline *t, double *ppm);

#endif
