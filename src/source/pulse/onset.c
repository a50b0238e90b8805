/* onset: see onset.h. */
#include "source/pulse/onset.h"

#include <stdbool.h>
#include <string.h>

#include "core/format.h"

/* Time that moves by more, without a gap in the count, is a pause. */
#define PAUSE_NS INT64_C(50000000)
/* The monitor has a stream's sound so much earlier or later than its tap: by a
 * cycle of PipeWire's graph, and by the stamps' unrest where a new player has
 * just changed that cycle (21 ms seen). */
#define EARLIEST_NS INT64_C(-40000000)
#define LATEST_NS   INT64_C(50000000)
/* A place so near to the expected one is the right one. */
#define NEAR_NS INT64_C(1000000)
/* So much silence lies before a beginning. */
#define QUIET_NS INT64_C(5000000)
/* What is compared at first, at least and at most: a quarter of the least must
 * be changes. */
#define PATTERN_NS      INT64_C(2000000)
#define PATTERN_MOST_NS INT64_C(20000000)
/* So long a silence is no sound's missing beginning. */
#define SILENT_NS INT64_C(100000000)
/* A tap is not later than this. */
#define MISSED_NS INT64_C(500000000)

/* --- the past --- */

void past_init(struct past *p, void *bytes, uint64_t room, size_t frame_bytes,
               uint32_t rate)
{
    *p = (struct past){
        .bytes = bytes, .room = room, .frame_bytes = frame_bytes, .rate = rate};
}

static unsigned char *place(const struct past *p, uint64_t frame)
{
    return p->bytes + (frame % p->room) * p->frame_bytes;
}

static int64_t moment(const struct past *p, uint64_t frame)
{
    return p->end_ns - frames_to_ns((int64_t)(p->end - frame), p->rate);
}

void past_renew(struct past *p, bool fresh)
{
    p->begin = p->end;
    p->fresh = fresh;
}

void past_add(struct past *p, const struct packet *packet, const void *data)
{
    const unsigned char *bytes = data;
    int64_t off_ns = packet->time_ns - p->end_ns;
    uint64_t left = packet->frames;

    bool follows = packet->position == p->next_position && off_ns <= PAUSE_NS &&
                   off_ns >= -PAUSE_NS;

    if (p->begin < p->end && !follows) {
        p->begin = p->end;
        p->fresh = false;
    }
    p->next_position = packet->position + packet->frames;
    p->end_ns = packet->time_ns + frames_to_ns(packet->frames, p->rate);
    while (left > 0) {
        uint64_t piece = p->room - p->end % p->room;
        piece = piece < left ? piece : left;
        if (bytes != NULL) {
            memcpy(place(p, p->end), bytes, piece * p->frame_bytes);
            bytes += piece * p->frame_bytes;
        } else {
            memset(place(p, p->end), 0, piece * p->frame_bytes);
        }
        p->end += piece;
        left -= piece;
    }
    if (p->end - p->begin > p->room) {
        p->begin = p->end - p->room;
        p->fresh = false;
    }
}

const void *past_frames(const struct past *p, uint64_t first, uint64_t *count)
{
    uint64_t piece = p->room - first % p->room;
    *count = *count < piece ? *count : piece;
    return place(p, first);
}

/* --- frames --- */

static bool is_zero(const unsigned char *frame, size_t bytes)
{
    return frame[0] == 0 && memcmp(frame, frame + 1, bytes - 1) == 0;
}

static const unsigned char *onset_frame(const struct past *p,
                                        const struct onset *o, uint64_t n)
{
    return o->bytes + n * p->frame_bytes;
}

/* Are COUNT of O's frames from number N on the past's from number FRAME on? */
static bool same(const struct past *p, uint64_t frame, const struct onset *o,
                 uint64_t n, uint64_t count)
{
    while (count > 0) {
        uint64_t piece = count;
        const void *theirs = past_frames(p, frame, &piece);
        if (memcmp(theirs, onset_frame(p, o, n), piece * p->frame_bytes) != 0) {
            return false;
        }
        frame += piece;
        n += piece;
        count -= piece;
    }
    return true;
}

/* --- finding it --- */

/* The tap's first frame that is not silent; its count, where there is none. */
static uint64_t first_sound(const struct past *p, const struct onset *o)
{
    uint64_t n = 0;
    while (n < o->frames && is_zero(onset_frame(p, o, n), p->frame_bytes)) {
        n++;
    }
    return n;
}

/* How many frames from N on can be recognised: they change often enough. 0:
 * more are needed. None at all: more than O will have. */
static uint64_t telling(const struct past *p, const struct onset *o, uint64_t n)
{
    uint64_t least = (uint64_t)frames_from_ns(PATTERN_NS, p->rate);
    uint64_t most = (uint64_t)frames_from_ns(PATTERN_MOST_NS, p->rate);
    uint64_t changes = 0;
    for (uint64_t i = 1; i <= most; i++) {
        if (i >= least && changes >= least / 4) {
            return i;
        }
        if (n + i >= o->frames) {
            return 0;
        }
        changes += memcmp(onset_frame(p, o, n + i - 1),
                          onset_frame(p, o, n + i), p->frame_bytes) != 0;
    }
    return UINT64_MAX;
}

/* Is FRAME of the past the tap's frame SOUND, as far as both go? */
static bool fits(const struct past *p, uint64_t frame, const struct onset *o,
                 uint64_t sound)
{
    uint64_t first = frame - sound;
    uint64_t both = p->end - first;
    both = both < o->frames ? both : o->frames;
    return frame >= p->begin + sound && same(p, first, o, 0, both);
}

/* The frame of the past that is the tap's frame SOUND; the one whose time fits
 * best. False: none. */
static bool match(const struct past *p, const struct onset *o, uint64_t sound,
                  uint64_t pattern, uint64_t *found, int64_t *shift_ns)
{
    int64_t due_ns = o->time_ns + frames_to_ns((int64_t)sound, p->rate);
    int64_t best_ns = INT64_MAX;

    for (uint64_t n = p->end - pattern + 1; n-- > p->begin;) {
        int64_t later_ns = moment(p, n) - due_ns;
        int64_t off_ns = later_ns - o->shift_ns;
        off_ns = off_ns < 0 ? -off_ns : off_ns;
        if (later_ns < EARLIEST_NS) {
            break;
        }
        if (later_ns <= LATEST_NS && off_ns < best_ns &&
            same(p, n, o, sound, pattern) && fits(p, n, o, sound)) {
            best_ns = off_ns;
            *found = n;
            *shift_ns = later_ns;
        }
    }
    return best_ns < INT64_MAX;
}

/* Where the sound began that goes on at FRAME. False: it is older than the
 * stream, or than what is known. */
static bool look_back(const struct past *p, uint64_t frame, int64_t since_ns,
                      uint64_t *first)
{
    uint64_t quiet = (uint64_t)frames_from_ns(QUIET_NS, p->rate);
    uint64_t zeros = 0;

    for (uint64_t n = frame; n-- > p->begin;) {
        bool zero = is_zero(place(p, n), p->frame_bytes);
        zeros = zero ? zeros + 1 : 0;
        if (zeros == quiet) {
            *first = n + quiet;
            return true;
        }
        if (!zero && moment(p, n) < since_ns) {
            return false;
        }
    }
    /* One that began before it was listened to again, or just after: what there
     * is of it is nobody else's. */
    *first = p->begin + zeros;
    return p->fresh;
}

enum onset_found onset_find(const struct past *p, const struct onset *o,
                            uint64_t *first, uint64_t *count, int64_t *shift_ns)
{
    uint64_t sound = first_sound(p, o);
    uint64_t pattern = telling(p, o, sound);
    int64_t silent_ns = frames_to_ns((int64_t)sound, p->rate);
    uint64_t found = 0, begin = 0;

    *first = p->end;
    *count = 0;
    if (sound == o->frames) {
        return silent_ns > SILENT_NS ? ONSET_NONE : ONSET_LATER;
    }
    if (silent_ns > QUIET_NS) {
        *shift_ns = o->shift_ns;
        return ONSET_FOUND; /* its first sound is all there */
    }
    if (pattern == 0 || pattern == UINT64_MAX) {
        return pattern == 0 ? ONSET_LATER : ONSET_NONE;
    }
    bool all_seen = p->end_ns - frames_to_ns((int64_t)pattern, p->rate) >
                    o->time_ns + silent_ns + LATEST_NS;
    bool matches = p->end - p->begin >= pattern &&
                   match(p, o, sound, pattern, &found, shift_ns);
    int64_t off_ns = matches ? *shift_ns - o->shift_ns : 0;
    if (!all_seen && (!matches || off_ns > NEAR_NS || off_ns < -NEAR_NS)) {
        return ONSET_LATER;
    }
    if (!matches || !look_back(p, found, o->since_ns, &begin)) {
        return ONSET_NONE;
    }
    uint64_t tap = found - sound; /* the tap's first frame */
    if (begin < tap) {
        *first = begin;
        *count = tap - begin;
    }
    return *count > (uint64_t)frames_from_ns(MISSED_NS, p->rate) ? ONSET_NONE
                                                                 : ONSET_FOUND;
}
