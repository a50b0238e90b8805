/* devices: see devices.h. Names come from the server, which has them from
 * device firmware and from any client: data, copied with a bound. */
#include "source/pulse/devices.h"

#include <stdio.h>
#include <string.h>

/* What the callbacks of one question leave behind. */
struct answer {
    struct device_list *list;
    struct output *output;
    struct server *server;
    bool found;
    bool no_memory;
    uint32_t monitor_of;
    pa_sample_spec spec;
    pa_channel_map map;
};

void devices_copy(char *dst, size_t size, const char *src)
{
    (void)snprintf(dst, size, "%s", src == NULL ? "" : src);
}

/* --- formats --- */

/* WAVEFORMATEXTENSIBLE's dwChannelMask, lowest bit first. */
static const pa_channel_position_t wave_order[] = {
    PA_CHANNEL_POSITION_FRONT_LEFT,
    PA_CHANNEL_POSITION_FRONT_RIGHT,
    PA_CHANNEL_POSITION_FRONT_CENTER,
    PA_CHANNEL_POSITION_LFE,
    PA_CHANNEL_POSITION_REAR_LEFT,
    PA_CHANNEL_POSITION_REAR_RIGHT,
    PA_CHANNEL_POSITION_FRONT_LEFT_OF_CENTER,
    PA_CHANNEL_POSITION_FRONT_RIGHT_OF_CENTER,
    PA_CHANNEL_POSITION_REAR_CENTER,
    PA_CHANNEL_POSITION_SIDE_LEFT,
    PA_CHANNEL_POSITION_SIDE_RIGHT,
    PA_CHANNEL_POSITION_TOP_CENTER,
    PA_CHANNEL_POSITION_TOP_FRONT_LEFT,
    PA_CHANNEL_POSITION_TOP_FRONT_CENTER,
    PA_CHANNEL_POSITION_TOP_FRONT_RIGHT,
    PA_CHANNEL_POSITION_TOP_REAR_LEFT,
    PA_CHANNEL_POSITION_TOP_REAR_CENTER,
    PA_CHANNEL_POSITION_TOP_REAR_RIGHT,
};

/* The mask for MAP, and in ORDERED the same places in the mask's order. A
 * place that WAVE does not know, or one that is there twice: mask 0 and the
 * map as it is. */
static uint32_t wave_mask(const pa_channel_map *map, pa_channel_map *ordered)
{
    *ordered = *map;
    if (map->channels == 1) {
        return format_default_mask(1); /* MONO or any one place */
    }
    pa_channel_map sorted = {.channels = 0};
    uint32_t mask = 0;
    for (unsigned bit = 0; bit < sizeof wave_order / sizeof wave_order[0];
         bit++) {
        for (unsigned c = 0; c < map->channels; c++) {
            if (map->map[c] == wave_order[bit]) {
                mask |= UINT32_C(1) << bit;
                sorted.map[sorted.channels++] = wave_order[bit];
                break;
            }
        }
    }
    if (sorted.channels != map->channels) {
        return 0;
    }
    *ordered = sorted;
    return mask;
}

/* The server converts nothing where its own type is one of ours. 8 bits, A-law
 * and u-law are wholly contained in 16. */
static const struct {
    pa_sample_format_t theirs;
    pa_sample_format_t ask;
    enum sample_type ours;
} formats[] = {
    {PA_SAMPLE_U8, PA_SAMPLE_S16NE, SAMPLE_S16},
    {PA_SAMPLE_ALAW, PA_SAMPLE_S16NE, SAMPLE_S16},
    {PA_SAMPLE_ULAW, PA_SAMPLE_S16NE, SAMPLE_S16},
    {PA_SAMPLE_S16NE, PA_SAMPLE_S16NE, SAMPLE_S16},
    {PA_SAMPLE_S16RE, PA_SAMPLE_S16NE, SAMPLE_S16},
    {PA_SAMPLE_S24NE, PA_SAMPLE_S24NE, SAMPLE_S24},
    {PA_SAMPLE_S24RE, PA_SAMPLE_S24NE, SAMPLE_S24},
    {PA_SAMPLE_S24_32NE, PA_SAMPLE_S24_32NE, SAMPLE_S24LOW32},
    {PA_SAMPLE_S24_32RE, PA_SAMPLE_S24_32NE, SAMPLE_S24LOW32},
    {PA_SAMPLE_S32NE, PA_SAMPLE_S32NE, SAMPLE_S32},
    {PA_SAMPLE_S32RE, PA_SAMPLE_S32NE, SAMPLE_S32},
};

bool devices_format(const pa_sample_spec *spec, const pa_channel_map *map,
                    struct output *out)
{
    if (!pa_sample_spec_valid(spec) || !pa_channel_map_valid(map) ||
        map->channels != spec->channels) {
        return false;
    }
    out->spec = *spec;
    out->spec.format = PA_SAMPLE_FLOAT32NE;
    out->type = SAMPLE_F32;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (formats[i].theirs == spec->format) {
            out->spec.format = formats[i].ask;
            out->type = formats[i].ours;
        }
    }
    out->format = (struct audio_format){
        .rate = spec->rate,
        .channels = spec->channels,
        .channel_mask = wave_mask(map, &out->map),
        .native = out->type,
    };
    return format_valid(&out->format);
}

/* --- questions to the server --- */

static void on_server(pa_context *c, const pa_server_info *info, void *data)
{
    struct answer *a = data;
    (void)c;
    if (info != NULL) {
        devices_copy(a->server->default_sink, sizeof a->server->default_sink,
                     info->default_sink_name);
        a->found = true;
    }
}

const char *devices_state_name(pa_sink_state_t state)
{
    switch (state) {
    case PA_SINK_RUNNING: return "running";
    case PA_SINK_IDLE: return "idle";
    case PA_SINK_SUSPENDED: return "suspended";
    default: return "unknown";
    }
}

static void on_list(pa_context *c, const pa_sink_info *info, int eol,
                    void *data)
{
    struct answer *a = data;
    (void)c;
    if (eol != 0 || info == NULL || info->name == NULL || a->no_memory) {
        return;
    }
    struct device *d = device_list_add(a->list);
    if (d == NULL) {
        a->no_memory = true;
        return;
    }
    devices_copy(d->id, sizeof d->id, info->name);
    devices_copy(d->name, sizeof d->name,
                 info->description == NULL ? info->name : info->description);
    d->index = info->index;
    d->state = devices_state_name(info->state);
    struct output shape;
    if (devices_format(&info->sample_spec, &info->channel_map, &shape)) {
        d->format = shape.format;
    }
}

static void on_sink(pa_context *c, const pa_sink_info *info, int eol,
                    void *data)
{
    struct answer *a = data;
    (void)c;
    if (eol != 0 || info == NULL || info->name == NULL ||
        info->monitor_source_name == NULL) {
        return;
    }
    struct output *o = a->output;
    o->index = info->index;
    o->running = info->state == PA_SINK_RUNNING;
    devices_copy(o->id, sizeof o->id, info->name);
    devices_copy(o->name, sizeof o->name,
                 info->description == NULL ? info->name : info->description);
    devices_copy(o->monitor_name, sizeof o->monitor_name,
                 info->monitor_source_name);
    o->monitor_index = info->monitor_source;
    a->found = true;
}

static void on_source(pa_context *c, const pa_source_info *info, int eol,
                      void *data)
{
    struct answer *a = data;
    (void)c;
    if (eol != 0 || info == NULL) {
        return;
    }
    a->monitor_of = info->monitor_of_sink;
    a->spec = info->sample_spec;
    a->map = info->channel_map;
    a->output->monitor_index = info->index;
    a->found = true;
}

bool devices_server(struct link *l, struct server *out, int64_t deadline_ns,
                    struct fault *f)
{
    static const char *const op_name = "ask the sound server";
    *out = (struct server){.default_sink = ""};
    struct answer a = {.server = out};
    pa_operation *op = pa_context_get_server_info(l->context, on_server, &a);
    if (!link_finish(l, op, op_name, deadline_ns, f)) {
        return false;
    }
    return a.found || link_fault(l, ERR_SOURCE_FAILED, op_name, f);
}

bool devices_list(struct link *l, struct device_list *out, int64_t deadline_ns,
                  struct fault *f)
{
    struct answer a = {.list = out};
    pa_operation *op = pa_context_get_sink_info_list(l->context, on_list, &a);
    if (!link_finish(l, op, "list the outputs", deadline_ns, f)) {
        return false;
    }
    if (a.no_memory) {
        return fault_set(f, ERR_NO_MEMORY, "list the outputs", NULL, NULL);
    }
    struct server server;
    if (!devices_server(l, &server, deadline_ns, f)) {
        return false;
    }
    for (size_t i = 0; i < out->count; i++) {
        out->items[i].is_default =
            strcmp(out->items[i].id, server.default_sink) == 0;
    }
    return true;
}

/* Both servers name a sink's monitor after it. */
static bool find_by_monitor(const struct device_list *list, const char *wanted,
                            size_t *found)
{
    static const char suffix[] = ".monitor";
    size_t length = strlen(wanted);
    if (length < sizeof suffix ||
        strcmp(wanted + length - (sizeof suffix - 1), suffix) != 0) {
        return false;
    }
    length -= sizeof suffix - 1;
    for (size_t i = 0; i < list->count; i++) {
        if (strlen(list->items[i].id) == length &&
            memcmp(list->items[i].id, wanted, length) == 0) {
            *found = i;
            return true;
        }
    }
    return false;
}

bool devices_find(struct link *l, const char *wanted, char *name, size_t size,
                  int64_t deadline_ns, struct fault *f)
{
    struct device_list list = {.items = NULL};
    size_t found = 0;
    bool ok = devices_list(l, &list, deadline_ns, f);
    if (ok && !find_by_monitor(&list, wanted, &found)) {
        ok = device_list_find(&list, wanted, &found, f);
    }
    if (ok) {
        devices_copy(name, size, list.items[found].id);
    }
    device_list_free(&list);
    return ok;
}

/* OUT's format, from what the server said of its monitor. */
static bool take_shape(struct output *out, const struct answer *monitor,
                       struct fault *f)
{
    if (devices_format(&monitor->spec, &monitor->map, out)) {
        return true;
    }
    char shape[PA_SAMPLE_SPEC_SNPRINT_MAX];
    return fault_setf(
        f, ERR_UNSUPPORTED, "look up the output", 0, NULL, "%s: %s", out->id,
        pa_sample_spec_snprint(shape, sizeof shape, &monitor->spec));
}

/* OUT's monitor, after the question OP for its sink, which is called NAME. */
static bool complete(struct link *l, pa_operation *op, const char *name,
                     struct answer *a, int64_t deadline_ns, struct fault *f)
{
    static const char *const op_name = "look up the output";
    struct output *out = a->output;
    if (!link_finish(l, op, op_name, deadline_ns, f)) {
        return false;
    }
    if (!a->found) {
        return fault_set(f, ERR_NO_DEVICE, op_name, name,
                         "looprec -l lists the outputs");
    }
    a->found = false;
    a->monitor_of = PA_INVALID_INDEX;
    op = pa_context_get_source_info_by_name(l->context, out->monitor_name,
                                            on_source, a);
    if (!link_finish(l, op, op_name, deadline_ns, f)) {
        return false;
    }
    /* Never anything but what this output plays: a source that goes by the
     * monitor's name and is not, may be a microphone. */
    if (!a->found || a->monitor_of != out->index) {
        return fault_setf(f, ERR_UNSUPPORTED, op_name, 0, NULL,
                          "%s has no monitor to record from", out->id);
    }
    return take_shape(out, a, f);
}

bool devices_output(struct link *l, const char *name, struct output *out,
                    int64_t deadline_ns, struct fault *f)
{
    *out = (struct output){.index = PA_INVALID_INDEX};
    struct answer a = {.output = out};
    return complete(
        l, pa_context_get_sink_info_by_name(l->context, name, on_sink, &a),
        name, &a, deadline_ns, f);
}

bool devices_output_at(struct link *l, uint32_t index, struct output *out,
                       int64_t deadline_ns, struct fault *f)
{
    *out = (struct output){.index = PA_INVALID_INDEX};
    struct answer a = {.output = out};
    return complete(
        l, pa_context_get_sink_info_by_index(l->context, index, on_sink, &a),
        "an output that has just gone", &a, deadline_ns, f);
}

static const char asked_default[] = "@DEFAULT_SINK@";

/* Do the three answers speak of the same output? Between them the default may
 * have moved, and a server may know no such names. */
static bool agree(const struct answer *server, const struct answer *sink,
                  const struct answer *monitor)
{
    return sink->found && monitor->found &&
           strcmp(sink->output->id, server->server->default_sink) == 0 &&
           monitor->monitor_of == sink->output->index;
}

/* Where it has none PipeWire gives the question back as the name (0.3.65). */
static bool has_default(const struct answer *server, const struct answer *sink)
{
    const char *name = server->server->default_sink;
    return name[0] != '\0' && (sink->found || strcmp(name, asked_default) != 0);
}

/* No output is the default: one is to be chosen, or made where there is none
 * at all. False. */
static bool no_default(struct link *l, int64_t deadline_ns, struct fault *f)
{
    static const char *const op_name = "choose the output";
    struct device_list list = {.items = NULL};
    bool none = devices_list(l, &list, deadline_ns, NULL) && list.count == 0;
    device_list_free(&list);
    return none ? fault_set(f, ERR_NO_DEVICE, op_name,
                            "the sound server has no output at all",
                            "plug one in or make one; --wait waits for it, "
                            "--null-sink makes one for a command")
                : fault_set(f, ERR_NO_DEVICE, op_name,
                            "the sound server has no default output",
                            "looprec -l lists the outputs, -D chooses one");
}

bool devices_default(struct link *l, struct output *out, int64_t deadline_ns,
                     struct fault *f)
{
    static const char *const op_name = "ask the sound server";
    struct server told = {.default_sink = ""};
    struct output other = {.index = PA_INVALID_INDEX};
    struct answer server = {.server = &told};
    struct answer sink = {.output = out};
    struct answer monitor = {.output = &other, .monitor_of = PA_INVALID_INDEX};
    pa_context *c = l->context;

    *out = other;
    /* All at once: a recording waits for the answers, and a sound that begins
     * does not. Each is waited for, even if one fails: they write here. */
    pa_operation *ops[] = {
        pa_context_get_server_info(c, on_server, &server),
        pa_context_get_sink_info_by_name(c, asked_default, on_sink, &sink),
        pa_context_get_source_info_by_name(c, "@DEFAULT_MONITOR@", on_source,
                                           &monitor),
    };
    bool ok = true;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        ok = link_finish(l, ops[i], op_name, deadline_ns, ok ? f : NULL) && ok;
    }
    if (!ok) {
        return false;
    }
    if (!server.found) {
        return link_fault(l, ERR_SOURCE_FAILED, op_name, f);
    }
    if (!has_default(&server, &sink)) {
        return no_default(l, deadline_ns, f);
    }
    return agree(&server, &sink, &monitor)
               ? take_shape(out, &monitor, f)
               : devices_output(l, told.default_sink, out, deadline_ns, f);
}
