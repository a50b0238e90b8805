/* whole: see whole.h. */
#include "source/pulse/whole.h"

#include <string.h>

#include "source/pulse/run.h"
#include "sys/clock.h"

/* --- the server's news --- */

static void on_event(pa_context *c, pa_subscription_event_type_t type,
                     uint32_t index, void *data)
{
    struct whole *w = data;
    (void)c;
    unsigned facility = type & PA_SUBSCRIPTION_EVENT_FACILITY_MASK;
    unsigned kind = type & PA_SUBSCRIPTION_EVENT_TYPE_MASK;
    if (facility == PA_SUBSCRIPTION_EVENT_SERVER) {
        w->ask_default = w->follows;
    } else if (facility == PA_SUBSCRIPTION_EVENT_SINK &&
               kind == PA_SUBSCRIPTION_EVENT_REMOVE &&
               index == w->stream.output.index) {
        w->removed = true;
    }
    /* A change of the sink is not looked at. Most are volumes. A new rate or
     * format: PulseAudio gives a sink in use no other (sink.c,
     * pa_sink_reconfigure), PipeWire's graph may change its rate; both
     * resample for us then, without a gap, and we go on in the format that
     * the file has. Opening again would cost a gap and gain nothing. */
}

static void on_default(pa_context *c, const pa_server_info *info, void *data)
{
    struct whole *w = data;
    (void)c;
    if (info == NULL || info->default_sink_name == NULL ||
        info->default_sink_name[0] == '\0') {
        return;
    }
    devices_copy(w->default_name, sizeof w->default_name,
                 info->default_sink_name);
    w->default_moved = strcmp(w->default_name, w->stream.output.id) != 0;
}

/* Look where the default output is, if the server spoke of a change. */
static void check_default(struct whole *w)
{
    if (!w->ask_default) {
        return;
    }
    w->ask_default = false;
    pa_operation *op =
        pa_context_get_server_info(w->stream.link->context, on_default, w);
    if (op != NULL) {
        pa_operation_unref(op);
    }
}

/* False: it has ended, F says why (ERR_DEVICE_LOST). */
static bool alive(struct whole *w, struct fault *f)
{
    static const char *const op = "record";
    struct stream *s = &w->stream;
    if (!link_alive(s->link, f)) {
        return false;
    }
    bool dead = stream_advance(s) == STREAM_DEAD;
    if (s->broken) {
        return fault_setf(f, ERR_DEVICE_LOST, op, 0, NULL,
                          "the sound server put something else in the place "
                          "of the output %s",
                          s->output.name);
    }
    if (w->removed) {
        return fault_setf(f, ERR_DEVICE_LOST, op, 0, NULL,
                          "the output %s was removed", s->output.name);
    }
    if (dead) {
        /* Killed: the sink went, or somebody ended this recording by hand. */
        return fault_setf(f, ERR_DEVICE_LOST, op,
                          pa_context_errno(s->link->context), NULL,
                          "the output %s was removed", s->output.name);
    }
    return true;
}

/* --- opening --- */

static bool subscribe(struct whole *w, int64_t deadline_ns, struct fault *f)
{
    struct link *l = w->stream.link;
    pa_context_set_subscribe_callback(l->context, on_event, w);
    pa_operation *op = pa_context_subscribe(
        l->context, PA_SUBSCRIPTION_MASK_SERVER | PA_SUBSCRIPTION_MASK_SINK,
        NULL, NULL);
    /* What changed between the look-up and now is not told any more. */
    w->ask_default = w->follows;
    return link_finish(l, op, "subscribe", deadline_ns, f);
}

bool whole_open(struct whole *w, struct link *l, const struct output *output,
                int64_t latency_ns, bool follows, int64_t deadline_ns,
                struct fault *f)
{
    const struct stream_wish wish = {
        .output = output,
        .input = STREAM_WHOLE,
        .latency_ns = latency_ns,
        .same_places = true,
    };
    *w = (struct whole){.follows = follows};
    if (!stream_open(&w->stream, l, &wish, deadline_ns, f)) {
        return false;
    }
    if (!subscribe(w, deadline_ns, f)) {
        whole_close(w);
        return false;
    }
    return true;
}

/* How long the zeros last that come first. PipeWire (0.3.65) gives a new stream
 * up to a cycle of its graph of them, 10 ms measured, before what is played. */
static int64_t zeros_ns(const struct stream *s)
{
    const void *data = NULL;
    size_t bytes = 0;
    if (pa_stream_peek(s->pa, &data, &bytes) != 0 || data == NULL) {
        return 0;
    }
    const unsigned char *byte = data;
    size_t zeros = 0;
    while (zeros < bytes && byte[zeros] == 0) {
        zeros++;
    }
    return frames_to_ns((int64_t)(zeros / s->frame_bytes),
                        s->output.format.rate);
}

int64_t whole_await_sound(struct whole *w, int64_t until_ns)
{
    struct stream *s = &w->stream;
    bool came = false;
    for (;;) {
        int64_t now_ns = clock_now_ns();
        if (!came && pa_stream_readable_size(s->pa) > 0) {
            came = true;
            until_ns = now_ns + s->fragment_ns;
            flow_ask(s, now_ns, true);
        }
        int64_t heard_ns = flow_next_ns(s);
        if (came && heard_ns != STREAM_NEVER && heard_ns < until_ns) {
            until_ns = heard_ns;
        }
        if (now_ns >= until_ns || link_stop(s->link) != LINK_RUNS ||
            !alive(w, NULL) ||
            link_turn(s->link, until_ns - now_ns, LINK_RUNS) < 0) {
            bool known = came && heard_ns <= now_ns && heard_ns > 0;
            return known ? heard_ns + zeros_ns(s) : 0;
        }
    }
}

void whole_close(struct whole *w)
{
    if (w->stream.pa != NULL && w->stream.link->context != NULL) {
        pa_context_set_subscribe_callback(w->stream.link->context, NULL, NULL);
    }
    stream_close(&w->stream);
}

/* --- running --- */

static enum run_state turned(void *owner, enum source_end *end, struct fault *f)
{
    struct whole *w = owner;
    if (!alive(w, f)) {
        *end = SOURCE_LOST;
        return RUN_IS_OVER;
    }
    check_default(w);
    if (w->default_moved) {
        fault_setf(f, ERR_DEVICE_LOST, "record", 0, NULL,
                   "the default output is %s now", w->default_name);
        *end = SOURCE_REROUTED;
        return RUN_IS_OVER;
    }
    return RUN_GOES_ON;
}

enum source_end whole_run(struct whole *w, const struct outlet *out,
                          struct fault *f)
{
    struct stream *s = &w->stream;
    const struct run r = {
        .link = s->link,
        .streams = &s,
        .count = 1,
        .owner = w,
        .turned = turned,
    };
    s->out = out;
    /* Bytes may have come before there was anywhere to put them. */
    if (stream_advance(s) == STREAM_OPEN) {
        flow_read(s);
    }
    enum source_end end = run_streams(&r, f);
    s->out = NULL;
    return end;
}
