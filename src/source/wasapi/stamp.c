/* stamp: how far a packet's time stamp and position can be believed. See
 * stamp.h. Capture thread.
 *
 * IAudioCaptureClient::GetBuffer promises the performance counter "at the time
 * that the audio endpoint device recorded the device position of the first
 * audio frame in the data packet", in 100 ns. What comes in practice:
 *  - nonsense from some drivers; Chromium (wasapi_audio_input_stream / win)
 *    takes its own clock beyond 500 ms of difference, and so does this;
 *  - under Wine the moment at which its own thread took the packet from
 *    PulseAudio (winepulse, pulse_read), so the packet's *end* at best. */
#include "source/wasapi/stamp.h"

#include "core/format.h"
#include "core/packet.h"

/* A stamp may lie this far ahead of the clock (loopback is tapped where the
 * audio is mixed, which is before it is heard), and this far behind, beyond
 * what the system's buffer explains. */
#define AHEAD_NS  INT64_C(100000000)
#define BEHIND_NS INT64_C(500000000)

/* A stamp that follows the last packet's end this closely continues it. */
#define JOIN_NS INT64_C(20000000)

/* So many plausible stamps in a row and they are believed again: a second. */
enum { GOOD_ENOUGH = 100 };

void stamper_init(struct stamper *s, uint32_t rate, int64_t buffer_ns)
{
    *s = (struct stamper){.rate = rate, .buffer_ns = buffer_ns};
}

static bool near_clock(const struct stamper *s, int64_t raw_ns, int64_t now_ns)
{
    return raw_ns <= now_ns + AHEAD_NS &&
           raw_ns >= now_ns - s->buffer_ns - BEHIND_NS;
}

/* Old, but right behind its predecessor: this process stood still (a suspended
 * machine, a debugger) while the packet waited in the system's buffer, and no
 * more of it than the buffer holds. */
static bool continues(const struct stamper *s, int64_t raw_ns)
{
    return s->last_raw_ns && raw_ns > s->last_raw_ns &&
           raw_ns >= s->next_ns - JOIN_NS && raw_ns <= s->next_ns + JOIN_NS &&
           s->old_ns <= s->buffer_ns + BEHIND_NS;
}

static bool plausible(struct stamper *s, int64_t raw_ns, int64_t length_ns,
                      int64_t now_ns)
{
    bool near = near_clock(s, raw_ns, now_ns);
    bool good = raw_ns > 0 && raw_ns >= s->last_raw_ns &&
                (near || continues(s, raw_ns));

    s->old_ns = near ? 0 : s->old_ns + length_ns;
    s->last_raw_ns = raw_ns;
    s->next_ns = raw_ns + length_ns;
    return good;
}

int64_t stamper_time(struct stamper *s, int64_t raw_ns, bool missing,
                     uint32_t frames, int64_t now_ns)
{
    int64_t length_ns = frames_to_ns(frames, s->rate);
    /* What was read now had ended by now: no first frame is younger. This
     * also turns Wine's stamp of the end into one of the beginning. */
    int64_t latest_ns = now_ns - length_ns;

    if (missing)
        return PACKET_NO_TIME;
    if (raw_ns < 0 || raw_ns > INT64_MAX / 2)
        raw_ns = 0; /* nonsense that sums would overflow with */
    if (plausible(s, raw_ns, length_ns, now_ns)) {
        if (s->astray && ++s->good >= GOOD_ENOUGH)
            s->astray = false;
    } else {
        s->astray = true;
        s->good = 0;
    }
    if (s->astray)
        return latest_ns;
    return raw_ns < latest_ns ? raw_ns : latest_ns;
}

uint64_t stamper_position(struct stamper *s, uint64_t raw, uint32_t frames)
{
    /* Process loopback and some drivers always say 0. One that falls short of
     * the frames handed over does not count frames. */
    if (s->position_known && raw < s->next_position)
        s->position_dead = true;
    s->next_position = raw + frames;
    s->position_known = frames > 0 || s->position_known;
    return s->position_dead ? PACKET_NO_POSITION : raw;
}
