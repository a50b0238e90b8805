/* pump: takes the packets out of an open endpoint. See pump.h. Capture
 * thread; nothing here locks, allocates, prints or touches a file. */
#include "source/wasapi/pump.h"

#include "core/packet.h"
#include "source/wasapi/hresult.h"
#include "source/wasapi/stamp.h"
#include "sys/clock.h"

/* Waits. Loopback events stop when nothing plays and when the device is gone
 * (and never came before Windows 10 1703), so no wait relies on them. */
enum {
    WAIT_MS = 20,
    WAIT_STOPPING_MS = 5,
    WAIT_SETTLE_MS = 100,
    REASON_MS = 50, /* for a failed stream's reason to come after it */
};

/* What may still be on its way when the buffer is empty: packets are 10 ms
 * and, measured under Wine, up to 35 ms apart. An endpoint whose packets turn
 * out to come later than that (wireless ones?) is granted more, up to a bound.
 */
#define IN_FLIGHT_NS       INT64_C(60000000)
#define IN_FLIGHT_SLACK_NS INT64_C(20000000)
#define IN_FLIGHT_MAX_NS   INT64_C(400000000)

/* A look that follows the last one so soon is prompt: what is late then was
 * not kept waiting by us. */
#define PROMPT_NS INT64_C(40000000)

/* How far beyond the stop a packet must reach: stamps are late by what the
 * reader was kept waiting (measured under Wine: up to 20 ms either side of the
 * count of frames), and what is too much is cut off by the writer. */
#define TAIL_BEYOND_NS INT64_C(60000000)

/* After the stop, beyond what is in flight: nothing for so long and nothing
 * comes; and the bound for a stream that never says that it got there. */
#define TAIL_QUIET_NS INT64_C(60000000)
#define TAIL_MAX_NS   INT64_C(250000000)

#define SETTLE_MAX_NS INT64_C(2500000000)

/* Packets between two looks at the interrupt; passing failures in a row that
 * are taken for a loss (about two seconds of waits). */
enum {
    PACKETS_PER_LOOK = 64,
    HICCUPS_MAX = 100,
};

void interrupt_post(struct interrupt *i, int64_t stop_ns)
{
    int64_t before = atomic_load_explicit(&i->stop_ns, memory_order_relaxed);

    /* Pairs with interrupt_stop. */
    while (stop_ns < before && !atomic_compare_exchange_weak_explicit(
                                   &i->stop_ns, &before, stop_ns,
                                   memory_order_release, memory_order_relaxed))
        ;
    SetEvent(i->wake);
}

int64_t interrupt_stop(const struct interrupt *i)
{
    return atomic_load_explicit(&i->stop_ns, memory_order_acquire);
}

/* One run. Capture thread only. */
struct run {
    const struct endpoint *endpoint;
    const struct outlet *out;
    struct stamper stamper;
    int64_t arrival_ns;   /* when a packet was last read; 0: never */
    int64_t end_ns;       /* up to where packets were handed over */
    int64_t looked_ns;    /* when the last look began; INT64_MIN: never */
    int64_t in_flight_ns; /* how late packets come */
    int64_t idle_ns;      /* the last promise made with outlet->idle */
    unsigned hiccups;     /* passing failures in a row */
};

enum drained {
    DRAINED_EMPTY,  /* the system has nothing more to give now */
    DRAINED_PART,   /* it may have */
    DRAINED_HICCUP, /* it may have, but would not say: wait */
    DRAINED_FAILED, /* *hr says why */
};

/* A packet that was read at NOW_NS ended at r->end_ns. */
static void learn_delay(struct run *r, int64_t now_ns)
{
    int64_t delay_ns = now_ns - r->end_ns + IN_FLIGHT_SLACK_NS;

    if (r->looked_ns == INT64_MIN || now_ns - r->looked_ns > PROMPT_NS)
        return;
    if (delay_ns > IN_FLIGHT_MAX_NS)
        delay_ns = IN_FLIGHT_MAX_NS;
    if (delay_ns > r->in_flight_ns)
        r->in_flight_ns = delay_ns;
}

/* Promise that all which came up to now, less what is on its way, was handed
 * over. A promise is never taken back. */
static void promise(struct run *r, int64_t now_ns)
{
    if (now_ns - r->in_flight_ns > r->idle_ns)
        r->idle_ns = now_ns - r->in_flight_ns;
    r->out->idle(r->out->context, r->idle_ns);
}

static void hand_over(struct run *r, const void *data, uint32_t frames,
                      DWORD flags, uint64_t position, uint64_t qpc,
                      int64_t now_ns)
{
    const struct audio_format *format = &r->endpoint->format;
    bool missing = (flags & AUDCLNT_BUFFERFLAGS_TIMESTAMP_ERROR) != 0;
    /* "The time is in 100-nanosecond units", on the same clock as ours. */
    int64_t raw_ns = qpc <= INT64_MAX / 100 ? (int64_t)(qpc * 100) : 0;
    struct packet p = {
        .kind = PACKET_AUDIO,
        .frames = frames,
        .time_ns = stamper_time(&r->stamper, raw_ns, missing, frames, now_ns),
        .position = r->endpoint->of_processes /* always 0 */
                        ? PACKET_NO_POSITION
                        : stamper_position(&r->stamper, position, frames),
    };

    if (flags & AUDCLNT_BUFFERFLAGS_DATA_DISCONTINUITY)
        p.flags |= PACKET_DISCONTINUITY;
    /* "Treat all of the data in the packet as silence and ignore the actual
     * data values." */
    if (flags & AUDCLNT_BUFFERFLAGS_SILENT || !data) {
        p.flags |= PACKET_SILENT;
        data = NULL;
    }
    r->out->packet(r->out->context, &p, data, format->native);
    heard_samples(r->endpoint->heard, data, format->native,
                  (size_t)frames * format->channels, now_ns);
    r->arrival_ns = now_ns;
    if (p.time_ns != PACKET_NO_TIME) {
        r->end_ns = p.time_ns + frames_to_ns(frames, format->rate);
        learn_delay(r, now_ns);
    }
}

/* Failures that the next call may not meet again (GetBuffer, remarks). */
static bool is_passing(HRESULT hr)
{
    return hr == AUDCLNT_E_BUFFER_ERROR ||
           hr == AUDCLNT_E_BUFFER_OPERATION_PENDING ||
           hr == AUDCLNT_E_OUT_OF_ORDER;
}

/* Hand over what is ready. GetNextPacketSize is not asked first: under Wine it
 * goes on to answer "none" after the device went away, GetBuffer tells. */
static enum drained drain(struct run *r, HRESULT *hr)
{
    IAudioCaptureClient *capture = r->endpoint->capture;

    for (unsigned i = 0; i < PACKETS_PER_LOOK; i++) {
        /* AUDCLNT_S_BUFFER_EMPTY leaves all of these as they are. */
        BYTE *data = NULL;
        UINT32 frames = 0;
        DWORD flags = 0;
        UINT64 position = 0, qpc = 0;

        *hr = IAudioCaptureClient_GetBuffer(capture, &data, &frames, &flags,
                                            &position, &qpc);
        if (is_passing(*hr) && ++r->hiccups < HICCUPS_MAX)
            return DRAINED_HICCUP;
        if (FAILED(*hr))
            return DRAINED_FAILED;
        r->hiccups = 0;
        if (*hr == AUDCLNT_S_BUFFER_EMPTY)
            return DRAINED_EMPTY;
        if (frames)
            hand_over(r, data, frames, flags, position, qpc, clock_now_ns());
        *hr = IAudioCaptureClient_ReleaseBuffer(capture, frames);
        if (FAILED(*hr) && !is_passing(*hr))
            return DRAINED_FAILED;
        if (!frames)
            return DRAINED_EMPTY;
    }
    return DRAINED_PART;
}

/* Is everything up to STOP_NS handed over, or not to be had? */
static bool tail_is_done(const struct run *r, int64_t stop_ns,
                         enum drained drained, int64_t now_ns)
{
    int64_t quiet_since = r->arrival_ns > stop_ns ? r->arrival_ns : stop_ns;

    if (stop_ns == SOURCE_STOP_NOW)
        return true;
    if (now_ns < stop_ns)
        return false;
    if (r->end_ns - TAIL_BEYOND_NS >= stop_ns ||
        now_ns - stop_ns >= TAIL_MAX_NS + r->in_flight_ns)
        return true;
    return drained == DRAINED_EMPTY &&
           now_ns - quiet_since >= TAIL_QUIET_NS + r->in_flight_ns;
}

/* What Windows told about the device or the default, and the watch about
 * processes. False: nothing. */
static bool read_news(const struct pump_terms *t, enum source_end *end,
                      struct fault *f)
{
    const char *words;

    if (process_watch_returned(t->watch)) {
        *end = SOURCE_REROUTED;
        fault_set(f, ERR_DEVICE_LOST, "watch the application",
                  "what is left out runs again", NULL);
        return true;
    }
    *end = SOURCE_LOST;
    switch (notify_news(t->notify, t->follow)) {
    case NOTIFY_NOTHING: return false;
    case NOTIFY_MOVED:
        *end = SOURCE_REROUTED;
        words = "another output is the default now";
        break;
    case NOTIFY_NO_DEFAULT: words = "no output is left"; break;
    case NOTIFY_UNPLUGGED: words = "the device was unplugged"; break;
    case NOTIFY_DISABLED: words = "the device was disabled"; break;
    case NOTIFY_REMOVED: words = "the device was removed"; break;
    default: return false;
    }
    fault_setf(f, ERR_DEVICE_LOST, "notification", 0, NULL, "%s: %s", t->name,
               words);
    return true;
}

/* The process has ended, and what it played is fetched. */
static enum source_end process_is_over(const struct pump_terms *t,
                                       struct fault *f)
{
    fault_setf(f, ERR_NO_APP, "watch the application", 0, NULL, "%s has ended",
               t->name);
    return t->again ? SOURCE_LOST : SOURCE_ENDED;
}

/* What Windows tells about the device in use, where it may still be on its way.
 */
static bool await_news(const struct interrupt *i, const struct pump_terms *t,
                       struct fault *f)
{
    int64_t end_ns = clock_now_ns() + INT64_C(1000000) * REASON_MS;
    struct pump_terms of_device = *t;
    enum source_end end;

    of_device.follow = false;
    for (;;) {
        int64_t left_ns = end_ns - clock_now_ns();

        if (read_news(&of_device, &end, f))
            return true;
        if (left_ns <= 0)
            return false;
        WaitForSingleObject(i->wake, (DWORD)(left_ns / 1000000 + 1));
    }
}

/* The stream failed with HR. Windows says why in another way, which comes a
 * little earlier or later; of a device that was taken away it tells elsewhere
 * whether it was unplugged or disabled. */
static void tell_loss(const struct endpoint *e, const struct interrupt *i,
                      const struct pump_terms *t, HRESULT hr, struct fault *f)
{
    const char *words;
    bool removal;

    if (e->of_processes) {
        hresult_process_lost(f, "IAudioCaptureClient", hr, t->name);
        return;
    }
    words = reason_wait(e->reason, REASON_MS, &removal);
    if ((!words || removal) && await_news(i, t, f))
        return;
    if (words)
        fault_setf(f, ERR_DEVICE_LOST, "IAudioCaptureClient", (long)hr, NULL,
                   "%s: %s", t->name, words);
    else
        hresult_lost(f, "IAudioCaptureClient", hr, t->name);
}

static void wait_for_more(const struct endpoint *e, const struct interrupt *i,
                          DWORD timeout_ms)
{
    HANDLE handles[2] = {i->wake, e->event};

    WaitForMultipleObjects(e->event ? 2 : 1, handles, FALSE, timeout_ms);
}

enum source_end pump_run(const struct endpoint *e, const struct interrupt *i,
                         const struct pump_terms *terms,
                         const struct outlet *out, struct fault *f)
{
    struct run r = {
        .endpoint = e,
        .out = out,
        .end_ns = INT64_MIN / 2,
        .looked_ns = INT64_MIN,
        .in_flight_ns = IN_FLIGHT_NS,
        .idle_ns = INT64_MIN,
    };
    enum source_end end;
    HRESULT hr = S_OK;

    heard_begin(e->heard, clock_now_ns());
    stamper_init(&r.stamper, e->format.rate, e->buffer_ns);
    for (;;) {
        int64_t asked_ns = interrupt_stop(i);
        int64_t ended_ns = process_watch_ended_ns(terms->watch);
        int64_t stop_ns = asked_ns < ended_ns ? asked_ns : ended_ns;
        /* Before the look: what arrives during it is younger. */
        int64_t now_ns = clock_now_ns();
        enum drained drained = drain(&r, &hr);

        r.looked_ns = now_ns;
        if (drained == DRAINED_EMPTY)
            promise(&r, now_ns);
        if (tail_is_done(&r, stop_ns, drained, now_ns))
            return asked_ns <= ended_ns ? SOURCE_INTERRUPTED
                                        : process_is_over(terms, f);
        if (drained == DRAINED_FAILED && ended_ns != INT64_MAX)
            return process_is_over(terms, f);
        if (drained == DRAINED_FAILED) {
            tell_loss(e, i, terms, hr, f);
            return SOURCE_LOST;
        }
        if (read_news(terms, &end, f))
            return end;
        if (reason_known(e->reason)) {
            tell_loss(e, i, terms, AUDCLNT_E_DEVICE_INVALIDATED, f);
            return SOURCE_LOST;
        }
        if (drained != DRAINED_PART)
            wait_for_more(e, i, now_ns < stop_ns ? WAIT_MS : WAIT_STOPPING_MS);
    }
}

/* Under Wine a stream ticks at once, but its first packet comes up to 2 s
 * later: a PulseAudio sink that nobody hurried has mixed that far ahead, and
 * what it has mixed is not heard by a monitor that comes later. A recording
 * that began before would begin with a hole. Where nothing plays, Windows
 * sends no events (Windows 10 1703 and later) and there is nothing to wait
 * for. */
void pump_settle(const struct endpoint *e, const struct interrupt *i)
{
    HANDLE handles[2] = {i->wake, e->event};
    int64_t end_ns = clock_now_ns() + SETTLE_MAX_NS;
    UINT32 frames = 0;

    if (!e->event)
        return;
    while (clock_now_ns() < end_ns && interrupt_stop(i) == INT64_MAX) {
        if (FAILED(
                IAudioCaptureClient_GetNextPacketSize(e->capture, &frames)) ||
            frames)
            return;
        if (WaitForMultipleObjects(2, handles, FALSE, WAIT_SETTLE_MS) ==
            WAIT_TIMEOUT)
            return;
    }
}
