/* stream: opening and closing, and the server's news. See stream.h. */
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
 * at most 10). PipeWire takes it for the whole graph's cycle (rounded down to
 * a power of two frames), up to 2048; when a player with less latency starts,
 * the graph changes its cycle, and a null sink skips the difference (0.3.65:
 * with 50 ms, 37 ms of every player's sound, with 20 ms 5). */
#define FRAGMENT_MIN_NS INT64_C(5000000)
#define FRAGMENT_MAX_NS INT64_C(20000000)
#define ABSENCE_NS      INT64_C(100000000)

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

static void on_event(pa_context *c, pa_subscription_event_type_t type,
                     uint32_t index, void *data)
{
    struct stream *s = data;
    (void)c;
    unsigned facility = type & PA_SUBSCRIPTION_EVENT_FACILITY_MASK;
    unsigned kind = type & PA_SUBSCRIPTION_EVENT_TYPE_MASK;
    if (facility == PA_SUBSCRIPTION_EVENT_SERVER) {
        s->ask_default = s->follows;
    } else if (facility == PA_SUBSCRIPTION_EVENT_SINK &&
               kind == PA_SUBSCRIPTION_EVENT_REMOVE &&
               index == s->output.index) {
        s->removed = true;
    }
    /* A change of the sink is not looked at. Most are volumes. A new rate or
     * format: PulseAudio gives a sink in use no other (sink.c,
     * pa_sink_reconfigure), PipeWire's graph may change its rate; both
     * resample for us then, without a gap, and we go on in the format that
     * the file has. Opening again would cost a gap and gain nothing. */
}

static void on_default(pa_context *c, const pa_server_info *info, void *data)
{
    struct stream *s = data;
    (void)c;
    if (info == NULL || info->default_sink_name == NULL ||
        info->default_sink_name[0] == '\0') {
        return;
    }
    devices_copy(s->default_name, sizeof s->default_name,
                 info->default_sink_name);
    s->default_moved = strcmp(s->default_name, s->output.id) != 0;
}

void stream_check_default(struct stream *s)
{
    if (!s->ask_default) {
        return;
    }
    s->ask_default = false;
    pa_operation *op =
        pa_context_get_server_info(s->link->context, on_default, s);
    if (op != NULL) {
        pa_operation_unref(op);
    }
}

void stream_await_sound(struct stream *s, int64_t until_ns)
{
    bool came = false;
    for (;;) {
        int64_t now_ns = clock_now_ns();
        if (!came && pa_stream_readable_size(s->pa) > 0) {
            came = true;
            until_ns = now_ns + s->fragment_ns;
        }
        if (now_ns >= until_ns || link_stop(s->link) != LINK_RUNS ||
            !stream_alive(s, NULL) ||
            link_turn(s->link, until_ns - now_ns, LINK_RUNS) < 0) {
            return;
        }
    }
}

bool stream_alive(const struct stream *s, struct fault *f)
{
    static const char *const op = "record";
    pa_context *c = s->link->context;
    if (pa_context_get_state(c) != PA_CONTEXT_READY) {
        return fault_setf(f, ERR_DEVICE_LOST, op, pa_context_errno(c), NULL,
                          "the sound server closed the connection");
    }
    if (s->broken) {
        return fault_setf(f, ERR_DEVICE_LOST, op, 0, NULL,
                          "the sound server put something else in the place "
                          "of the output %s",
                          s->output.name);
    }
    if (s->removed) {
        return fault_setf(f, ERR_DEVICE_LOST, op, 0, NULL,
                          "the output %s was removed", s->output.name);
    }
    if (pa_stream_get_state(s->pa) != PA_STREAM_READY) {
        /* Killed: the sink went, or somebody ended this recording by hand. */
        return fault_setf(f, ERR_DEVICE_LOST, op, pa_context_errno(c), NULL,
                          "the output %s was removed", s->output.name);
    }
    return true;
}

/* --- opening --- */

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
        s->link->context, named ? NULL : "recording", &s->output.spec,
        &s->output.map, properties);
    pa_proplist_free(properties);
    return pa;
}

static bool connect_stream(struct stream *s, int64_t latency_ns,
                           int64_t deadline_ns, struct fault *f)
{
    static const char *const op = "record the output";
    int64_t fragment_ns = latency_ns < FRAGMENT_MIN_NS   ? FRAGMENT_MIN_NS
                          : latency_ns > FRAGMENT_MAX_NS ? FRAGMENT_MAX_NS
                                                         : latency_ns;
    pa_buffer_attr attr = {
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
    /* DONT_MOVE: what vanishes must not become a microphone. NO_REMIX: our map
     * has the monitor's places in another order, nothing is to be mixed.
     * START_UNMUTED: module-stream-restore would bring back a mute that
     * somebody set in another recording. */
    pa_stream_flags_t flags = PA_STREAM_DONT_MOVE | PA_STREAM_ADJUST_LATENCY |
                              PA_STREAM_NO_REMIX_CHANNELS |
                              PA_STREAM_START_UNMUTED;
    if (pa_stream_connect_record(s->pa, s->output.monitor_name, &attr, flags) <
        0) {
        return link_fault(s->link, ERR_SOURCE_FAILED, op, f);
    }
    for (;;) {
        pa_stream_state_t state = pa_stream_get_state(s->pa);
        if (state == PA_STREAM_READY) {
            return true;
        }
        if (!PA_STREAM_IS_GOOD(state)) {
            return link_fault(s->link, ERR_SOURCE_FAILED, op, f);
        }
        if (!link_step(s->link, op, ERR_SOURCE_FAILED, deadline_ns, f)) {
            return false;
        }
    }
}

struct volume_answer {
    bool known;
    bool mute;
    pa_cvolume volume;
};

static void on_volume(pa_context *c, const pa_source_output_info *info, int eol,
                      void *data)
{
    struct volume_answer *a = data;
    (void)c;
    if (eol == 0 && info != NULL && info->has_volume) {
        a->known = true;
        a->mute = info->mute != 0;
        a->volume = info->volume;
    }
}

/* The recording is to be as loud as what is played: put right a volume that
 * the server remembers from an earlier stream of our name. The server's
 * refusal changes nothing. */
static bool reset_volume(struct stream *s, int64_t deadline_ns, struct fault *f)
{
    static const char *const op_name = "look at the recording's volume";
    struct volume_answer a = {.known = false};
    uint32_t index = pa_stream_get_index(s->pa);
    pa_context *c = s->link->context;
    pa_operation *op =
        pa_context_get_source_output_info(c, index, on_volume, &a);
    if (!link_finish(s->link, op, op_name, deadline_ns, f)) {
        return false;
    }
    if (!a.known || pa_cvolume_is_norm(&a.volume)) {
        return true;
    }
    log_line("the server had this recording's volume changed: put to 100 %%");
    pa_cvolume_reset(&a.volume, a.volume.channels);
    op = pa_context_set_source_output_volume(c, index, &a.volume, NULL, NULL);
    return link_finish(s->link, op, op_name, deadline_ns, f);
}

static bool subscribe(struct stream *s, int64_t deadline_ns, struct fault *f)
{
    pa_context *c = s->link->context;
    pa_context_set_subscribe_callback(c, on_event, s);
    pa_operation *op = pa_context_subscribe(
        c, PA_SUBSCRIPTION_MASK_SERVER | PA_SUBSCRIPTION_MASK_SINK, NULL, NULL);
    /* What changed between the look-up and now is not told any more. */
    s->ask_default = s->follows;
    return link_finish(s->link, op, "subscribe", deadline_ns, f);
}

/* The stream hangs on the monitor that was looked up and on nothing else. */
static bool on_monitor(struct stream *s, struct fault *f)
{
    uint32_t device = pa_stream_get_device_index(s->pa);
    if (device == s->output.monitor_index) {
        return true;
    }
    return fault_setf(f, ERR_SOURCE_FAILED, "record the output", 0, NULL,
                      "the sound server gave another source than the monitor "
                      "of %s",
                      s->output.id);
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

bool stream_open(struct stream *s, struct link *l, const struct output *output,
                 int64_t latency_ns, bool follows, int64_t deadline_ns,
                 struct fault *f)
{
    *s = (struct stream){.link = l, .output = *output, .follows = follows};
    s->frame_bytes = pa_frame_size(&s->output.spec);
    s->pa = new_stream(s);
    if (s->pa == NULL) {
        return link_fault(l, ERR_SOURCE_FAILED, "pa_stream_new", f);
    }
    pa_stream_set_suspended_callback(s->pa, on_suspended, s);
    pa_stream_set_moved_callback(s->pa, on_moved, s);
    s->batch_ns =
        latency_ns > FRAGMENT_MAX_NS ? latency_ns - FRAGMENT_MAX_NS : 0;
    if (!connect_stream(s, latency_ns, deadline_ns, f) || !on_monitor(s, f) ||
        !reset_volume(s, deadline_ns, f) || !subscribe(s, deadline_ns, f)) {
        stream_close(s);
        return false;
    }
    learn_buffers(s);
    flow_begin(s);
    log_line(
        "pulse: fragments of %lld us, room for %lld ms",
        (long long)(s->fragment_ns / 1000),
        (long long)(frames_to_ns((int64_t)(s->capacity_bytes / s->frame_bytes),
                                 s->output.format.rate) /
                    1000000));
    return true;
}

void stream_close(struct stream *s)
{
    if (s->pa == NULL) {
        return;
    }
    if (s->link->context != NULL) {
        pa_context_set_subscribe_callback(s->link->context, NULL, NULL);
    }
    pa_stream_set_read_callback(s->pa, NULL, NULL);
    pa_stream_set_suspended_callback(s->pa, NULL, NULL);
    pa_stream_set_moved_callback(s->pa, NULL, NULL);
    pa_stream_disconnect(s->pa);
    pa_stream_unref(s->pa);
    s->pa = NULL;
}
