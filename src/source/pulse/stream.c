/* stream: opening and closing. See stream.h. */
#include "source/pulse/stream.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "sys/clock.h"

/* A stream's time that moves by more than a fragment and this has jumped: an
 * under-run in the server, a suspension we were not told of. PulseAudio's
 * answers leave out what waits in the server for the rest of a fragment (40 ms
 * seen with fragments of 100 ms), and what its rewind buffer holds back. */
#define JUMP_LEAST_NS INT64_C(20000000)

/* The least and the most that is asked for as a fragment. PulseAudio's null
 * sink and ALSA sinks manage 5 ms.
 *
 * Not more than 20 ms: PulseAudio's sinks mix ahead by it, and when a player
 * starts, the monitor does not hear what is mixed again (16.1, null sink: with
 * 100 ms the first 45 to 100 ms of every new sound were missing, with 20 ms
 * at most 20). PipeWire takes it for the whole graph's cycle (rounded down to
 * a power of two frames), up to 2048; when a player with less latency starts,
 * the graph changes its cycle, and a null sink skips the difference (0.3.65:
 * with 50 ms, 37 ms of every player's sound, with 20 ms 5). */
#define FRAGMENT_MIN_NS INT64_C(5000000)
#define FRAGMENT_MAX_NS INT64_C(20000000)
/* What a tight stream asks for. */
#define FRAGMENT_TIGHT_NS INT64_C(2000000)
#define ABSENCE_NS        INT64_C(100000000)

/* What a position begins with, so that its owner may put frames before it. */
#define POSITION_FIRST UINT64_C(0x100000000)

/* --- the server's news --- */

static void on_suspended(pa_stream *pa, void *data)
{
    struct stream *s = data;
    if (pa_stream_is_suspended(pa) == 0) {
        s->slept = true;
    }
}

/* PA_STREAM_DONT_MOVE rules it out; if it happens all the same, what comes now
 * may be a microphone. */
static void on_moved(pa_stream *pa, void *data)
{
    struct stream *s = data;
    (void)pa;
    s->broken = true;
}

/* --- asking for it --- */

static pa_stream *new_stream(struct stream *s)
{
    char name[320];
    (void)snprintf(name, sizeof name, "what %s plays", s->output.name);
    pa_proplist *properties = pa_proplist_new();
    if (properties == NULL) {
        return NULL;
    }
    /* Refused when a name that was cut is not UTF-8 any more. */
    bool named = pa_proplist_sets(properties, PA_PROP_MEDIA_NAME, name) == 0;
    pa_stream *pa = pa_stream_new_with_proplist(
        s->context, named ? NULL : "recording", &s->output.spec, &s->output.map,
        properties);
    pa_proplist_free(properties);
    return pa;
}

static pa_buffer_attr buffers(const struct stream *s, bool tight)
{
    int64_t fragment_ns = s->latency_ns < FRAGMENT_MIN_NS   ? FRAGMENT_MIN_NS
                          : s->latency_ns > FRAGMENT_MAX_NS ? FRAGMENT_MAX_NS
                                                            : s->latency_ns;
    fragment_ns = tight ? FRAGMENT_TIGHT_NS : fragment_ns;
    return (pa_buffer_attr){
        /* What both servers allow at most, 4 MiB: 21 s of 16-bit stereo at
         * 48 kHz. For so long this process may be stopped. */
        .maxlength = (uint32_t)-1,
        .tlength = (uint32_t)-1,
        .prebuf = (uint32_t)-1,
        .minreq = (uint32_t)-1,
        .fragsize =
            (uint32_t)(frames_from_ns(fragment_ns, s->output.format.rate) *
                       (int64_t)s->frame_bytes),
    };
}

static bool ask_for(struct stream *s, const struct stream_wish *wish)
{
    pa_buffer_attr attr = buffers(s, wish->tight);
    /* DONT_MOVE: what vanishes must not become a microphone. NO_REMIX: our map
     * has the monitor's places in another order, nothing is to be mixed.
     * START_UNMUTED: module-stream-restore would bring back a mute that
     * somebody set in another recording. */
    pa_stream_flags_t flags = PA_STREAM_DONT_MOVE | PA_STREAM_ADJUST_LATENCY |
                              PA_STREAM_START_UNMUTED;
    flags |= wish->same_places ? PA_STREAM_NO_REMIX_CHANNELS : 0;
    flags |= wish->corked ? PA_STREAM_START_CORKED : 0;
    return (s->input == STREAM_WHOLE ||
            pa_stream_set_monitor_stream(s->pa, s->input) == 0) &&
           pa_stream_connect_record(s->pa, s->output.monitor_name, &attr,
                                    flags) == 0;
}

bool stream_connect(struct stream *s, struct link *l,
                    const struct stream_wish *wish, struct fault *f)
{
    *s = (struct stream){
        .link = l,
        .context = wish->context != NULL ? wish->context : l->context,
        .output = *wish->output,
        .input = wish->input,
        .latency_ns = wish->latency_ns,
        .phase = STREAM_CONNECTING,
        .extra_frames = POSITION_FIRST,
    };
    s->frame_bytes = pa_frame_size(&s->output.spec);
    s->pa = new_stream(s);
    if (s->pa == NULL) {
        s->phase = STREAM_CLOSED;
        return link_fault(l, ERR_SOURCE_FAILED, "pa_stream_new", f);
    }
    pa_stream_set_suspended_callback(s->pa, on_suspended, s);
    pa_stream_set_moved_callback(s->pa, on_moved, s);
    s->batch_ns = wish->latency_ns > FRAGMENT_MAX_NS
                      ? wish->latency_ns - FRAGMENT_MAX_NS
                      : 0;
    if (!ask_for(s, wish)) {
        link_fault(l, ERR_SOURCE_FAILED, "record", f);
        stream_close(s);
        return false;
    }
    return true;
}

/* --- until it is open --- */

static void on_volume_set(pa_context *c, int success, void *data)
{
    struct stream *s = data;
    (void)c;
    (void)success;
    s->phase = STREAM_OPEN;
}

/* The recording is to be as loud as what is played: put right a volume that
 * the server remembers from an earlier stream of our name. The server's
 * refusal changes nothing. */
static void on_volume(pa_context *c, const pa_source_output_info *info, int eol,
                      void *data)
{
    struct stream *s = data;
    if (eol != 0 || info == NULL) {
        s->phase = s->volume_set != NULL ? s->phase : STREAM_OPEN;
    } else if (info->has_volume && !pa_cvolume_is_norm(&info->volume)) {
        pa_cvolume volume = info->volume;
        pa_cvolume_reset(&volume, volume.channels);
        s->volume_set = pa_context_set_source_output_volume(
            c, info->index, &volume, on_volume_set, s);
    }
}

static void learn_buffers(struct stream *s)
{
    const pa_buffer_attr *attr = pa_stream_get_buffer_attr(s->pa);
    if (attr != NULL) {
        s->fragment_bytes = attr->fragsize;
        s->capacity_bytes = attr->maxlength;
    }
    s->fragment_ns = frames_to_ns((int64_t)(s->fragment_bytes / s->frame_bytes),
                                  s->output.format.rate);
    s->jump_ns = s->fragment_ns + JUMP_LEAST_NS;
    s->absence_ns = s->batch_ns + 3 * s->fragment_ns;
    if (s->absence_ns < s->batch_ns + ABSENCE_NS) {
        s->absence_ns = s->batch_ns + ABSENCE_NS;
    }
}

/* It is there: does it hang on the monitor that was meant and on nothing
 * else? */
static void check(struct stream *s)
{
    if (pa_stream_get_device_index(s->pa) != s->output.monitor_index) {
        s->broken = true;
        s->phase = STREAM_DEAD;
        return;
    }
    s->phase = STREAM_CHECKING;
    /* On its own connection: others may not have heard of it yet. */
    s->volume_asked = pa_context_get_source_output_info(
        s->context, pa_stream_get_index(s->pa), on_volume, s);
    learn_buffers(s);
    flow_begin(s);
}

enum stream_phase stream_advance(struct stream *s)
{
    if (s->phase == STREAM_CLOSED || s->phase == STREAM_DEAD) {
        return s->phase;
    }
    pa_stream_state_t state = pa_stream_get_state(s->pa);
    if (s->broken || !PA_STREAM_IS_GOOD(state)) {
        s->phase = STREAM_DEAD;
    } else if (s->phase == STREAM_CONNECTING && state == PA_STREAM_READY) {
        check(s);
    }
    if (s->phase == STREAM_CHECKING && s->volume_asked == NULL) {
        s->phase = STREAM_OPEN; /* it could not be asked */
    }
    return s->phase;
}

bool stream_open(struct stream *s, struct link *l,
                 const struct stream_wish *wish, int64_t deadline_ns,
                 struct fault *f)
{
    static const char *const op = "record the output";
    if (!stream_connect(s, l, wish, f)) {
        return false;
    }
    while (stream_advance(s) != STREAM_OPEN) {
        if (s->broken) {
            fault_setf(f, ERR_SOURCE_FAILED, op, 0, NULL,
                       "the sound server gave another source than the monitor "
                       "of %s",
                       s->output.id);
        } else if (s->phase == STREAM_DEAD) {
            link_fault(l, ERR_SOURCE_FAILED, op, f);
        } else if (link_step(l, op, ERR_SOURCE_FAILED, deadline_ns, f)) {
            continue;
        }
        stream_close(s);
        return false;
    }
    if (s->volume_set != NULL) {
        log_line("the server had this recording's volume changed: put to "
                 "100 %%");
    }
    log_line(
        "pulse: fragments of %lld us, room for %lld ms",
        (long long)(s->fragment_ns / 1000),
        (long long)(frames_to_ns((int64_t)(s->capacity_bytes / s->frame_bytes),
                                 s->output.format.rate) /
                    1000000));
    return true;
}

/* --- afterwards --- */

void stream_cork(struct stream *s, bool corked)
{
    pa_operation *op = pa_stream_cork(s->pa, corked, NULL, NULL);
    if (op != NULL) {
        pa_operation_unref(op);
    }
}

void stream_tighten(struct stream *s, bool tight)
{
    pa_buffer_attr attr = buffers(s, tight);
    pa_operation *op = pa_stream_set_buffer_attr(s->pa, &attr, NULL, NULL);
    if (op != NULL) {
        pa_operation_unref(op);
    }
}

static void forget_question(pa_operation **op)
{
    if (*op != NULL) {
        pa_operation_cancel(*op);
        pa_operation_unref(*op);
        *op = NULL;
    }
}

void stream_close(struct stream *s)
{
    if (s->pa == NULL) {
        return;
    }
    forget_question(&s->volume_asked);
    forget_question(&s->volume_set);
    pa_stream_set_read_callback(s->pa, NULL, NULL);
    pa_stream_set_suspended_callback(s->pa, NULL, NULL);
    pa_stream_set_moved_callback(s->pa, NULL, NULL);
    pa_stream_disconnect(s->pa);
    pa_stream_unref(s->pa);
    s->pa = NULL;
    s->phase = STREAM_CLOSED;
}
