/* intake: see intake.h. The outlet's functions are on the capture path. */
#include "source/pulse/intake.h"

#include <string.h>

#include "sys/clock.h"

/* A stream that goes on elsewhere after more than this was silent meanwhile. */
#define RESUMED_NS INT64_C(10000000000)
/* The next answer about the time may put the next frame so much earlier. */
#define SLACK_NS INT64_C(30000000)

static uint32_t rate(const struct intake *in)
{
    return in->stream->output.format.rate;
}

static size_t bytes_of(const struct intake *in, uint64_t frames)
{
    return (size_t)frames * in->stream->frame_bytes;
}

/* --- onto the lane --- */

static void give(struct intake *in, const struct packet *p, const void *data)
{
    struct packet told = *p;
    if (told.position != PACKET_NO_POSITION) {
        told.position -= in->skipped_frames;
    }
    in->given = true;
    in->end_ns = p->time_ns + frames_to_ns(p->frames, rate(in));
    in->lane->packet(in->lane->context, &told, data, in->stream->output.type);
}

/* P follows what came before, and is what a corked stream gives. */
static bool is_pause(const struct intake *in, const struct packet *p,
                     const unsigned char *data)
{
    size_t bytes = bytes_of(in, p->frames);
    return in->corked && p->lost_before == 0 &&
           (p->flags & PACKET_DISCONTINUITY) == 0 &&
           in->resumes_ns == STREAM_NEVER && bytes > 0 &&
           (data == NULL ||
            (data[0] == 0 && memcmp(data, data + 1, bytes - 1) == 0));
}

static void skip(struct intake *in, const struct packet *p)
{
    int64_t reached_ns =
        p->time_ns + frames_to_ns(p->frames, rate(in)) - SLACK_NS;
    in->skipped_frames += p->frames;
    in->told_ns = reached_ns > in->told_ns ? reached_ns : in->told_ns;
    in->lane->idle(in->lane->context, in->told_ns);
}

/* P is the first of a stream that went on elsewhere: what lies between is
 * lost. */
static void count_lost(struct intake *in, struct packet *p)
{
    int64_t lost_ns = p->time_ns - in->resumes_ns;
    if (in->resumes_ns != STREAM_NEVER && lost_ns > 0 && lost_ns < RESUMED_NS) {
        p->lost_before += (uint64_t)frames_from_ns(lost_ns, rate(in));
        p->flags |= PACKET_DISCONTINUITY;
    }
    in->resumes_ns = STREAM_NEVER;
}

/* The time of what is kept, if it is known now. */
static void put_right(struct intake *in)
{
    const struct stream *s = in->stream;
    if (!s->holding && timing_known(&s->timing) &&
        s->extra_frames == in->extra_frames) {
        in->first.time_ns =
            timing_of(&s->timing, in->first.position - in->extra_frames);
    }
}

void intake_pass(struct intake *in, const struct past *past, uint64_t first,
                 uint64_t count)
{
    put_right(in);
    struct packet kept = in->first;
    struct packet p = kept;

    in->keeps = false;
    in->first.frames = 0;
    in->stream->full = false;
    if (kept.frames == 0) {
        return;
    }
    p.position -= count;
    p.time_ns -= frames_to_ns((int64_t)count, rate(in));
    count_lost(in, &p);
    while (count > 0) {
        uint64_t piece = count;
        const void *data = past_frames(past, first, &piece);
        p.frames = (uint32_t)piece;
        give(in, &p, data);
        first += piece;
        count -= piece;
        p.position += piece;
        p.time_ns += frames_to_ns((int64_t)piece, rate(in));
        p.flags = 0;
        p.lost_before = 0;
    }
    p.time_ns = kept.time_ns;
    p.frames = kept.frames;
    give(in, &p, in->bytes);
}

/* --- from the stream --- */

/* Is there no room for the largest piece? The stream then hands over no more,
 * until it is told to let go of what waits. */
static bool is_full(const struct intake *in)
{
    return bytes_of(in, in->first.frames) + INTAKE_PIECE_BYTES > in->room_bytes;
}

/* Can P be kept behind what is kept? */
static bool fits(const struct intake *in, const struct packet *p)
{
    const struct packet *first = &in->first;
    return bytes_of(in, (uint64_t)first->frames + p->frames) <=
               in->room_bytes &&
           (first->frames == 0 ||
            (p->flags == 0 && p->lost_before == 0 &&
             p->position == first->position + first->frames));
}

static void keep(struct intake *in, const struct packet *p, const void *data)
{
    unsigned char *end = in->bytes + bytes_of(in, in->first.frames);
    if (in->first.frames == 0) {
        in->first = *p;
        in->first.frames = 0;
        in->extra_frames = in->stream->extra_frames;
        in->since_ns = clock_now_ns();
    }
    memcpy(end, data, bytes_of(in, p->frames));
    in->first.frames += p->frames;
    in->stream->full = is_full(in);
}

void intake_lose(struct intake *in, uint64_t frames)
{
    if (in->lane == NULL || frames == 0 || in->end_ns == STREAM_NEVER) {
        return;
    }
    const struct packet p = packet_of_loss(
        in->end_ns + frames_to_ns((int64_t)frames, rate(in)), frames);
    give(in, &p, NULL);
}

/* What P tells did not come, and nothing comes behind it. Nothing was to come
 * of a stream that paused or has ended. */
static void tell_lost(struct intake *in, const struct packet *p)
{
    if (in->lane != NULL && !in->corked && !in->ended) {
        intake_pass(in, NULL, 0, 0);
        give(in, p, NULL);
    }
}

static void on_packet(void *context, const struct packet *packet,
                      const void *data, enum sample_type type)
{
    struct intake *in = context;
    (void)type;
    if (packet->frames == 0) {
        tell_lost(in, packet);
        return;
    }
    in->keeps = in->keeps || in->stream->holding || in->lane == NULL;
    bool fit = fits(in, packet);
    if (in->keeps && (!fit || (is_full(in) && in->lane != NULL))) {
        if (in->lane == NULL) {
            /* no place for it */
            in->stream->lost_frames += packet->frames + packet->lost_before;
            in->stream->missed = true;
            return;
        }
        intake_pass(in, NULL, 0, 0);
    }
    if (in->keeps) {
        keep(in, packet, data);
        return;
    }
    if (is_pause(in, packet, data)) {
        skip(in, packet);
        return;
    }
    struct packet p = *packet;
    count_lost(in, &p);
    give(in, &p, data);
}

/* Nothing is to be said beyond what is kept. */
static void on_idle(void *context, int64_t time_ns)
{
    struct intake *in = context;
    if (in->lane == NULL) {
        return;
    }
    if (in->first.frames == 0 && time_ns > in->told_ns) {
        in->told_ns = time_ns;
    }
    in->lane->idle(in->lane->context, in->told_ns);
}

/* --- the owner's side --- */

void intake_init(struct intake *in, struct stream *stream, void *bytes,
                 size_t room_bytes)
{
    *in = (struct intake){
        .outlet = {.context = in, .packet = on_packet, .idle = on_idle},
        .stream = stream,
        .bytes = bytes,
        .room_bytes = room_bytes,
        .told_ns = STREAM_NEVER,
        .end_ns = STREAM_NEVER,
        .resumes_ns = STREAM_NEVER,
    };
}

void intake_begin(struct intake *in, int64_t time_ns)
{
    in->lane = NULL;
    in->given = false;
    in->skipped_frames = 0;
    in->keeps = true;
    in->ended = false;
    in->first.frames = 0;
    in->stream->full = false;
    in->told_ns = time_ns > in->told_ns ? time_ns : in->told_ns;
    in->resumes_ns = STREAM_NEVER;
}

bool intake_is_ready(const struct intake *in)
{
    const struct stream *s = in->stream;
    return in->lane != NULL && in->keeps && in->first.frames > 0 &&
           !s->holding && timing_known(&s->timing);
}

void intake_describe(struct intake *in, struct onset *o)
{
    put_right(in);
    o->bytes = in->bytes;
    o->frames = in->first.frames;
    o->time_ns = in->first.time_ns;
}
