/* keepers: see keepers.h. */
#include "source/pulse/keepers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"

/* What is remembered of a monitor. */
#define PAST_NS INT64_C(1000000000)
/* The outputs are looked at no more often; volumes change often. */
#define LOOK_NS INT64_C(250000000)
/* What was sent before a stream was corked has come by then. */
#define UNDER_WAY_NS INT64_C(500000000)
/* PipeWire's cycle, where nobody asks for less than 20 ms at 48 kHz. */
#define CYCLE_NS INT64_C(10667000)

/* --- the outputs --- */

static void on_server(pa_context *c, const pa_server_info *info, void *data)
{
    struct keepers *k = data;
    (void)c;
    if (info == NULL) {
        return;
    }
    devices_copy(k->default_name, sizeof k->default_name,
                 info->default_sink_name);
    k->pipewire = info->server_name != NULL &&
                  strstr(info->server_name, "PipeWire") != NULL;
}

static void on_sink(pa_context *c, const pa_sink_info *info, int eol,
                    void *data)
{
    struct keepers *k = data;
    (void)c;
    if (eol != 0 || info == NULL) {
        k->asking = false;
        if (eol > 0) {
            memcpy(k->sinks, k->coming, sizeof k->sinks);
            k->sink_count = k->coming_count;
            k->news = true;
        }
        return;
    }
    if (k->coming_count == KEEPERS_SINKS_MAX ||
        info->monitor_source == PA_INVALID_INDEX) {
        return;
    }
    struct output shape;
    bool shaped =
        devices_format(&info->sample_spec, &info->channel_map, &shape);
    k->coming[k->coming_count++] = (struct keepers_sink){
        .index = info->index,
        .monitor = info->monitor_source,
        .is_default =
            info->name != NULL && strcmp(info->name, k->default_name) == 0,
        .asleep = info->state == PA_SINK_SUSPENDED,
        .hardware = (info->flags & PA_SINK_HARDWARE) != 0,
        .same = shaped && pa_sample_spec_equal(&shape.spec, &k->base->spec) &&
                pa_channel_map_equal(&shape.map, &k->base->map),
    };
}

static void forget(pa_operation **op)
{
    if (*op != NULL) {
        pa_operation_cancel(*op);
        pa_operation_unref(*op);
        *op = NULL;
    }
}

static void look(struct keepers *k, int64_t now_ns)
{
    forget(&k->server_op);
    forget(&k->sinks_op);
    k->dirty = false;
    k->next_ns = now_ns + LOOK_NS;
    k->coming_count = 0;
    k->server_op = pa_context_get_server_info(k->link->context, on_server, k);
    k->sinks_op = pa_context_get_sink_info_list(k->link->context, on_sink, k);
    k->asking = k->sinks_op != NULL;
}

void keepers_stir(struct keepers *k)
{
    k->dirty = true;
}

static const struct keepers_sink *find_sink(const struct keepers *k,
                                            uint32_t index)
{
    for (unsigned i = 0; i < k->sink_count; i++) {
        if (k->sinks[i].index == index) {
            return &k->sinks[i];
        }
    }
    return NULL;
}

bool keepers_same(const struct keepers *k, uint32_t sink)
{
    const struct keepers_sink *s = find_sink(k, sink);
    return s != NULL && s->same;
}

/* --- a keeper --- */

static void on_packet(void *context, const struct packet *packet,
                      const void *data, enum sample_type type)
{
    struct keeper *keeper = context;
    (void)type;
    past_add(&keeper->past, packet, data);
}

static void on_idle(void *context, int64_t time_ns)
{
    (void)context;
    (void)time_ns;
}

static struct keeper *find_keeper(struct keepers *k, uint32_t sink)
{
    for (unsigned i = 0; i < KEEPERS_MAX; i++) {
        struct keeper *keeper = &k->items[i];
        if (keeper->stream.phase != STREAM_CLOSED &&
            keeper->stream.output.index == sink) {
            return keeper;
        }
    }
    return NULL;
}

static void listen(struct keeper *keeper, bool listens)
{
    if (keeper->listens != listens) {
        int64_t now_ns = clock_now_ns();
        bool rested = now_ns - keeper->changed_ns > UNDER_WAY_NS;
        keeper->changed_ns = now_ns;
        keeper->listens = listens;
        stream_cork(&keeper->stream, !listens);
        flow_drop(&keeper->stream);
        past_renew(&keeper->past, listens && rested);
        keeper->stream.out = listens ? &keeper->outlet : NULL;
    }
}

static bool is_tight(const struct keepers *k, const struct keepers_sink *sink)
{
    return k->tight && sink != NULL && !sink->hardware && !k->pipewire;
}

void keepers_tighten(struct keepers *k, bool tight)
{
    k->news = k->news || k->tight != tight;
    k->tight = tight;
    for (unsigned i = 0; i < KEEPERS_MAX; i++) {
        struct keeper *keeper = &k->items[i];
        if (keeper->stream.phase != STREAM_OPEN) {
            continue;
        }
        bool wanted = is_tight(k, find_sink(k, keeper->stream.output.index));
        if (keeper->tight != wanted) {
            keeper->tight = wanted;
            stream_tighten(&keeper->stream, wanted);
        }
    }
}

static void put(struct keepers *k, const struct keepers_sink *sink,
                bool listens)
{
    struct keeper *keeper = NULL;
    for (unsigned i = 0; i < KEEPERS_MAX && keeper == NULL; i++) {
        if (k->items[i].stream.phase == STREAM_CLOSED) {
            keeper = &k->items[i];
        }
    }
    if (keeper == NULL) {
        return;
    }
    struct output output = *k->base;
    output.index = sink->index;
    output.monitor_index = sink->monitor;
    devices_copy(output.name, sizeof output.name, "an output");
    (void)snprintf(output.monitor_name, sizeof output.monitor_name, "%u",
                   (unsigned)sink->monitor);
    const struct stream_wish wish = {
        .output = &output,
        .input = STREAM_WHOLE,
        .latency_ns = k->latency_ns,
        .corked = !listens,
        .tight = is_tight(k, sink),
    };
    if (!stream_connect(&keeper->stream, k->link, &wish, NULL)) {
        return;
    }
    past_init(&keeper->past, keeper->bytes, k->past_frames,
              keeper->stream.frame_bytes, k->base->format.rate);
    keeper->outlet = (struct outlet){
        .context = keeper, .packet = on_packet, .idle = on_idle};
    keeper->stream.background = true;
    keeper->listens = listens;
    keeper->tight = wish.tight;
    keeper->stream.out = listens ? &keeper->outlet : NULL;
}

/* --- where they should be --- */

/* Where a beginning is waited for it may come on any output, but none is woken
 * for that (PipeWire does not tell which sleep). */
static bool is_used(const struct keepers *k, const struct keepers_sink *sink,
                    const struct keepers_use *used, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (used[i].sink == sink->index) {
            return true;
        }
    }
    return sink->is_default ||
           (k->tight && !sink->asleep && (!k->pipewire || !sink->hardware));
}

/* What is recorded plays on SINK, so that no beginning can be told there. */
static bool is_filled(const struct keepers *k, const struct keepers_sink *sink,
                      const struct keepers_use *used, unsigned count)
{
    for (unsigned i = 0; i < count && !k->pipewire; i++) {
        if (used[i].sink == sink->index && used[i].plays) {
            return true;
        }
    }
    return false;
}

/* Those that are used first: there may not be enough for all. */
static void follow(struct keepers *k, const struct keepers_use *used,
                   unsigned count)
{
    for (int pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < k->sink_count; i++) {
            const struct keepers_sink *sink = &k->sinks[i];
            bool listens = is_used(k, sink, used, count);
            struct keeper *keeper = find_keeper(k, sink->index);
            /* Nobody needs to hear what can't be compared with a tap. */
            bool compares = listens && sink->same;
            if (keeper != NULL) {
                listen(keeper, compares && !is_filled(k, sink, used, count));
            } else if (pass == 0 ? compares
                                 : !k->pipewire && (listens || !sink->asleep)) {
                put(k, sink, compares);
            }
        }
    }
}

void keepers_turned(struct keepers *k, const struct keepers_use *used,
                    unsigned count, bool changed, int64_t now_ns)
{
    for (unsigned i = 0; i < KEEPERS_MAX; i++) {
        struct keeper *keeper = &k->items[i];
        if (stream_advance(&keeper->stream) == STREAM_DEAD) {
            stream_close(&keeper->stream);
            k->dirty = true;
        }
    }
    if (k->dirty && !k->asking && now_ns >= k->next_ns) {
        look(k, now_ns);
    }
    if (k->bytes != NULL && (k->news || changed)) {
        follow(k, used, count);
    }
    k->news = false;
}

const struct past *keepers_past(const struct keepers *k, uint32_t sink)
{
    for (unsigned i = 0; i < KEEPERS_MAX; i++) {
        const struct keeper *keeper = &k->items[i];
        if (keeper->stream.phase == STREAM_OPEN && keeper->listens &&
            keeper->stream.output.index == sink) {
            return &keeper->past;
        }
    }
    return NULL;
}

bool keepers_are_ready(const struct keepers *k)
{
    for (unsigned i = 0; i < KEEPERS_MAX; i++) {
        const struct keeper *keeper = &k->items[i];
        if (keeper->stream.phase != STREAM_CLOSED && keeper->listens &&
            keeper->past.end == 0) {
            return false;
        }
    }
    return true;
}

/* --- beginning and end --- */

static bool make_room(struct keepers *k, struct fault *f)
{
    size_t frame_bytes = pa_frame_size(&k->base->spec);
    k->past_frames = (uint64_t)frames_from_ns(PAST_NS, k->base->format.rate);
    k->bytes = calloc(KEEPERS_MAX, (size_t)k->past_frames * frame_bytes);
    if (k->bytes == NULL) {
        return fault_set(f, ERR_NO_MEMORY, "record applications", NULL, NULL);
    }
    for (size_t i = 0; i < KEEPERS_MAX; i++) {
        k->items[i].bytes = k->bytes + i * (size_t)k->past_frames * frame_bytes;
    }
    return true;
}

static bool await(struct keepers *k, int64_t deadline_ns, struct fault *f)
{
    for (;;) {
        bool all = !k->asking && !k->news;
        for (unsigned i = 0; i < KEEPERS_MAX; i++) {
            enum stream_phase phase = k->items[i].stream.phase;
            all = all && (phase == STREAM_CLOSED || phase == STREAM_OPEN);
        }
        if (all) {
            return true;
        }
        if (!link_step(k->link, "look at the outputs", ERR_SOURCE_FAILED,
                       deadline_ns, f)) {
            return false;
        }
        keepers_turned(k, NULL, 0, false, clock_now_ns());
    }
}

bool keepers_open(struct keepers *k, struct link *l, const struct output *base,
                  int64_t latency_ns, bool listens, int64_t deadline_ns,
                  struct fault *f)
{
    *k = (struct keepers){
        .link = l,
        .base = base,
        .latency_ns = latency_ns,
        .shift_ns = CYCLE_NS,
        .tight = listens,
    };
    if (listens && !make_room(k, f)) {
        return false;
    }
    look(k, clock_now_ns());
    if (!await(k, deadline_ns, f)) {
        keepers_close(k);
        return false;
    }
    k->shift_ns = k->pipewire ? k->shift_ns : 0;
    return true;
}

void keepers_close(struct keepers *k)
{
    forget(&k->server_op);
    forget(&k->sinks_op);
    for (unsigned i = 0; i < KEEPERS_MAX; i++) {
        stream_close(&k->items[i].stream);
    }
    free(k->bytes);
    k->bytes = NULL;
}
