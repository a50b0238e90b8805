/* stream: packets as a function of time. See stream.h. Under the world's lock.
 */
#include "fakes/mmdevapi/stream.h"

#include <stdlib.h>
#include <string.h>

#include "fakes/mmdevapi/check.h"
#include "fakes/mmdevapi/simtime.h"

void stream_add(struct stream *s)
{
    struct world *w = world();

    s->queue = calloc(QUEUE_MAX, sizeof(*s->queue));
    if (!s->queue)
        abort();
    s->next = w->streams;
    s->next_event = INT64_MAX;
    w->streams = s;
}

void stream_remove(struct stream *s)
{
    struct stream **at = &world()->streams;

    while (*at && *at != s)
        at = &(*at)->next;
    if (*at)
        *at = s->next;
    free(s->queue);
    s->queue = NULL;
    s->head = s->count = 0;
}

/* --- what is heard --- */

static bool hears(const struct stream *s, const struct session *session)
{
    DWORD pid;

    if (session->absent || session->state == AudioSessionStateExpired)
        return false;
    if (!s->process)
        return session->endpoint == world_index(s->endpoint);
    pid = session_pid(session);
    return pid && process_is_below(pid, s->pid) != s->excludes;
}

static bool keeps_alive(const struct endpoint *e)
{
    for (const struct stream *s = world()->streams; s; s = s->next)
        if (!s->capture && s->endpoint == e && s->started && s->dead == S_OK)
            return true;
    return false;
}

static void add_voice(struct mix *mix, const struct signal *signal, double gain)
{
    if (signal->kind == PLAY_NOTHING)
        return;
    mix->flows = true;
    if (signal->kind == PLAY_SILENCE || gain <= 0)
        return;
    mix->voices[mix->count++] = (struct voice){*signal, gain};
}

static bool same_mix(const struct mix *a, const struct mix *b)
{
    int same = 0;

    if (a->flows != b->flows || a->count != b->count)
        return false;
    while (same < a->count &&
           a->voices[same].signal.kind == b->voices[same].signal.kind &&
           a->voices[same].signal.hz == b->voices[same].signal.hz &&
           a->voices[same].signal.amplitude ==
               b->voices[same].signal.amplitude &&
           a->voices[same].gain == b->voices[same].gain)
        same++;
    return same == a->count;
}

/* Each is kept, once: packets that wait point to it, and of different ones
 * there are few. */
static const struct mix *keep_mix(struct mix *mix)
{
    struct world *w = world();

    for (struct mix *m = w->mixes; m; m = m->next)
        if (same_mix(m, mix)) {
            free(mix);
            return m;
        }
    mix->next = w->mixes;
    w->mixes = mix;
    return mix;
}

static const struct mix *make_mix(const struct stream *s)
{
    const struct world *w = world();
    struct mix *mix = calloc(1, sizeof(*mix) + (size_t)(w->session_count + 1) *
                                                   sizeof(mix->voices[0]));

    if (!mix)
        abort();
    add_voice(mix, &s->endpoint->signal, 1);
    for (int i = 0; i < w->session_count; i++) {
        const struct session *session = &w->sessions[i];

        if (session->signal.kind != PLAY_NOTHING && hears(s, session))
            add_voice(mix, &session->signal,
                      session->mute ? 0 : session->volume);
    }
    if (s->endpoint->idle_zeros || (!s->process && keeps_alive(s->endpoint)))
        mix->flows = true;
    if (s->endpoint->faults.packets_off || s->mute)
        mix->flows = false;
    return keep_mix(mix);
}

/* Processes come and go without a word: they are looked for so often. */
#define LOOK_AGAIN (UNITS_PER_S / 2)

static void look_again(struct stream *s, int64_t now)
{
    if (s->mix && s->revision == world()->revision &&
        (!s->process || now - s->looked < LOOK_AGAIN))
        return;
    s->revision = world()->revision;
    s->looked = now;
    s->mix = make_mix(s);
}

/* --- packets --- */

static int64_t stamp_of(struct stream *s)
{
    const struct faults *f = &s->endpoint->faults;
    int64_t true_stamp =
        pace_time(&s->endpoint->pace, s->next_frame, s->wave.rate);
    int64_t stamp =
        true_stamp + f->stamp_late +
        (int64_t)((double)(true_stamp - f->stamp_since) * f->stamp_ppm / 1e6);

    switch (f->stamps) {
    case STAMPS_MISSING:
    case STAMPS_ZERO: return 0;
    case STAMPS_ABSURD:
        /* years ahead, then at the beginning of all things, by turns */
        return (s->next_frame / s->packet_frames) % 2 ? 7
                                                      : INT64_MAX / 4 + stamp;
    case STAMPS_BACKWARDS: return s->last_stamp - 12345;
    default: return stamp;
    }
}

static uint64_t position_of(const struct stream *s)
{
    switch (s->endpoint->faults.position) {
    case POSITION_ZERO: return 0;
    case POSITION_GARBAGE:
        return (uint64_t)s->next_frame * 0x9E3779B97F4A7C15ull;
    default: return s->position;
    }
}

static DWORD flags_of(struct stream *s)
{
    const struct faults *f = &s->endpoint->faults;
    DWORD flags = 0;

    if (s->discontinuity || f->discontinuity == EVERY_PACKET ||
        (f->discontinuity == FIRST_PACKET && !s->any))
        flags |= AUDCLNT_BUFFERFLAGS_DATA_DISCONTINUITY;
    if (f->silent)
        flags |= AUDCLNT_BUFFERFLAGS_SILENT;
    if (f->stamps == STAMPS_MISSING)
        flags |= AUDCLNT_BUFFERFLAGS_TIMESTAMP_ERROR;
    s->discontinuity = false;
    s->any = true;
    return flags;
}

/* The system's buffer is full: the oldest goes. */
static void make_room(struct stream *s)
{
    uint32_t lost = 0;

    while (s->count && !s->holding &&
           (s->count == QUEUE_MAX ||
            s->queued_frames + s->packet_frames > s->buffer_frames)) {
        lost += stream_peek(s)->frames;
        stream_take(s);
        if (s->count)
            s->queue[s->head].flags |= AUDCLNT_BUFFERFLAGS_DATA_DISCONTINUITY;
        else
            s->discontinuity = true;
    }
    if (lost)
        log_json("\"overrun\":%d,\"frames\":%u", s->number, lost);
}

static void make_packet(struct stream *s)
{
    struct packet *p;

    make_room(s);
    if (s->count == QUEUE_MAX) { /* held back by the caller for ever */
        s->next_frame += s->packet_frames;
        s->discontinuity = true;
        return;
    }
    p = &s->queue[(s->head + s->count++) % QUEUE_MAX];
    *p = (struct packet){.frame = s->next_frame,
                         .frames = s->packet_frames,
                         .position = position_of(s),
                         .mix = s->mix};
    p->stamp = s->last_stamp = stamp_of(s);
    p->flags = flags_of(s);
    s->queued_frames += p->frames;
    s->next_frame += p->frames;
    s->position += p->frames;
}

/* Nothing flows up to NOW. */
static void pass_over(struct stream *s, int64_t now)
{
    int64_t reached = pace_frame(&s->endpoint->pace, now, s->wave.rate);
    int64_t packets = (reached - s->next_frame) / s->packet_frames;

    if (packets <= 0)
        return;
    s->next_frame += packets * s->packet_frames;
    if (s->endpoint->faults.runs)
        s->position += (uint64_t)packets * s->packet_frames;
}

void streams_sleep(int64_t until)
{
    for (struct stream *s = world()->streams; s; s = s->next) {
        int64_t frame = pace_frame(&s->endpoint->pace, until, s->wave.rate);

        if (s->capture && s->started && s->next_frame < frame)
            s->next_frame = frame;
    }
}

static int64_t packet_end(const struct stream *s)
{
    return pace_time(&s->endpoint->pace, s->next_frame + s->packet_frames,
                     s->wave.rate);
}

void stream_advance(struct stream *s, int64_t now)
{
    if (!s->started || s->dead != S_OK || !s->capture)
        return;
    look_again(s, now);
    if (!s->mix->flows)
        pass_over(s, now);
    else
        while (packet_end(s) <= now)
            make_packet(s);
}

void streams_advance(int64_t now)
{
    for (struct stream *s = world()->streams; s; s = s->next)
        stream_advance(s, now);
}

const struct packet *stream_peek(const struct stream *s)
{
    return s->count ? &s->queue[s->head] : NULL;
}

void stream_take(struct stream *s)
{
    s->queued_frames -= s->queue[s->head].frames;
    s->head = (s->head + 1) % QUEUE_MAX;
    s->count--;
}

void stream_lose(struct stream *s, uint32_t frames, bool flag, int64_t jump)
{
    if (!s->started || s->dead != S_OK || !s->capture)
        return;
    s->next_frame += frames;
    s->position += (uint64_t)jump;
    s->discontinuity = s->discontinuity || flag;
    log_json("\"lost\":%d,\"frame\":%lld,\"frames\":%u", s->number,
             (long long)(s->next_frame - frames), frames);
}

/* --- start, stop --- */

void stream_start(struct stream *s, int64_t now)
{
    char id[2 * TEXT_MAX];

    s->started = true;
    s->began = now;
    s->mix = NULL;
    if (s->capture) {
        s->number = (int)++world()->opens;
        s->next_frame = pace_frame(&s->endpoint->pace, now, s->wave.rate);
        s->last_stamp = now;
    } else {
        s->number = (int)++world()->renders;
        s->played_since = now;
        world()->revision++; /* it makes packets flow */
    }
    log_escape(id, sizeof(id), s->endpoint->id);
    log_json("\"%s\":%d,\"endpoint\":\"%s\",\"frame\":%lld,\"rate\":%u,"
             "\"channels\":%u,\"pid\":%lu",
             s->capture ? "open" : "render", s->number, id,
             (long long)s->next_frame, s->wave.rate, s->wave.channels, s->pid);
    s->next_event = now;
    world_touch();
}

uint32_t stream_padding(const struct stream *s, int64_t now)
{
    int64_t played = 0;

    if (s->started)
        played = (now - s->played_since) * s->wave.rate / UNITS_PER_S;
    return played < s->written ? (uint32_t)(s->written - played) : 0;
}

void stream_stop(struct stream *s, int64_t now)
{
    if (!s->started)
        return;
    stream_advance(s, now);
    if (!s->capture)
        s->written = stream_padding(s, now);
    s->started = false;
    s->next_event = INT64_MAX;
    world()->revision++;
}

void stream_reset(struct stream *s)
{
    s->head = s->count = 0;
    s->queued_frames = 0;
    s->position = 0;
    s->written = 0;
    s->any = false;
}

void streams_kill(const struct endpoint *e, HRESULT hr)
{
    for (struct stream *s = world()->streams; s; s = s->next)
        if (s->dead == S_OK && (!e || s->endpoint == e)) {
            s->dead = hr;
            s->next_event = INT64_MAX;
        }
}

/* --- events --- */

static void signal_event(struct stream *s)
{
    DWORD flags;

    if (!GetHandleInformation(s->event, &flags)) {
        violation("event", "the event handle was closed, the stream uses it");
        s->event = NULL;
        return;
    }
    simtime_signal(s->event);
}

/* When S's event is due next, after it was set, or looked at, at NOW. */
static int64_t next_event(const struct stream *s, int64_t now)
{
    const struct world *w = world();
    int64_t step = w->wake > w->period ? w->wake : 0;

    if (!s->capture || !w->wake)
        return now + w->period;
    if (!s->mix || !s->mix->flows)
        return INT64_MAX;
    return packet_end(s) > now + step ? packet_end(s) : now + step;
}

int64_t streams_signal(int64_t now)
{
    const struct world *w = world();
    int64_t next = INT64_MAX;

    for (struct stream *s = w->streams; s; s = s->next) {
        if (!s->started || s->dead != S_OK || !s->event)
            continue;
        stream_advance(s, now);
        if (s->next_event > now && s->mix && s->mix->flows &&
            s->next_event == INT64_MAX)
            s->next_event = next_event(s, now); /* it flows again */
        if (s->next_event <= now) {
            if (!s->capture || s->count || !w->wake)
                signal_event(s);
            s->next_event = next_event(s, now);
        }
        if (s->event && s->next_event < next)
            next = s->next_event;
    }
    return next;
}
