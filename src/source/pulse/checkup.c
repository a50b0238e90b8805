/* checkup: see checkup.h. Each of the two has a connection of its own. */
#include "source/pulse/checkup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "source/pulse/devices.h"
#include "source/pulse/link.h"
#include "sys/clock.h"
#include "sys/stop.h"

/* What a server that hangs may take. */
#define ASK_NS INT64_C(1000000000)
/* So far ahead the sound is written: with 50 ms a busy machine runs dry in the
 * midst of it. */
#define AHEAD_NS INT64_C(200000000)
/* A turn of the loop, so that a stop is soon seen. */
#define TURN_NS INT64_C(20000000)

enum { BLOCK_FRAMES = 1024 };

/* Below this nothing is left of the sound in 16 bits. */
static const double volume_least = 0.001;

/* --- playing --- */

struct play {
    struct link link;
    const struct sound *sound;
    struct sound_played *out;
    struct output output;
    pa_stream *pa;
    float *block; /* interleaved */
    size_t lead;  /* frames of silence that were written */
    size_t at;    /* frames of the sound that were written */
};

/* What other recordings or a mixer have set for streams of our name is not to
 * be taken over, nor to be changed: the volume is given, and in parts of the
 * output's, so that PulseAudio's flat volumes leave that alone
 * (protocol-native.c, PA_STREAM_RELATIVE_VOLUME); WirePlumber asks for
 * properties of its own. */
static pa_stream *new_stream(struct play *p, const pa_sample_spec *spec)
{
    pa_proplist *properties = pa_proplist_new();
    if (properties == NULL) {
        return NULL;
    }
    pa_proplist_sets(properties, PA_PROP_MEDIA_NAME, "a sound to be found");
    pa_proplist_sets(properties, PA_PROP_MEDIA_ROLE, "test");
    pa_proplist_sets(properties, "state.restore-props", "false");
    pa_proplist_sets(properties, "state.restore-target", "false");
    pa_stream *pa =
        pa_stream_new_with_proplist(p->link.context, "a sound to be found",
                                    spec, &p->output.map, properties);
    pa_proplist_free(properties);
    return pa;
}

static void on_underflow(pa_stream *pa, void *data)
{
    struct play *p = data;
    (void)pa;
    log_line("pulse: the player ran dry after %zu frames", p->at);
    p->out->ran_dry = p->out->begun;
}

static bool begin(struct play *p, const char *id, int64_t deadline_ns,
                  struct fault *f)
{
    static const char *const op = "play a sound";
    if (!devices_output(&p->link, id, &p->output, deadline_ns, f)) {
        return false;
    }
    const pa_sample_spec spec = {.format = PA_SAMPLE_FLOAT32NE,
                                 .rate = p->sound->rate,
                                 .channels = p->output.spec.channels};
    p->block = calloc(BLOCK_FRAMES, pa_frame_size(&spec));
    if (p->block == NULL) {
        return fault_set(f, ERR_NO_MEMORY, op, NULL, NULL);
    }
    p->pa = new_stream(p, &spec);
    if (p->pa == NULL) {
        return link_fault(&p->link, ERR_SOURCE_FAILED, op, f);
    }
    pa_stream_set_underflow_callback(p->pa, on_underflow, p);
    const pa_buffer_attr attr = {
        .maxlength = (uint32_t)-1,
        .tlength = (uint32_t)((size_t)frames_from_ns(AHEAD_NS, spec.rate) *
                              pa_frame_size(&spec)),
        .prebuf = (uint32_t)-1,
        .minreq = (uint32_t)-1,
        .fragsize = (uint32_t)-1,
    };
    pa_cvolume volume;
    pa_cvolume_reset(&volume, spec.channels);
    if (pa_stream_connect_playback(
            p->pa, id, &attr,
            PA_STREAM_DONT_MOVE | PA_STREAM_ADJUST_LATENCY |
                PA_STREAM_NO_REMIX_CHANNELS | PA_STREAM_START_UNMUTED |
                PA_STREAM_RELATIVE_VOLUME,
            &volume, NULL) < 0) {
        return link_fault(&p->link, ERR_SOURCE_FAILED, op, f);
    }
    while (pa_stream_get_state(p->pa) == PA_STREAM_CREATING &&
           stop_requested(NULL) == STOP_NONE) {
        if (!link_step(&p->link, op, ERR_SOURCE_FAILED, deadline_ns, f)) {
            return false;
        }
    }
    return PA_STREAM_IS_GOOD(pa_stream_get_state(p->pa)) ||
           link_fault(&p->link, ERR_SOURCE_FAILED, op, f);
}

/* FRAMES of the sound, or of the silence before it, go to the server. */
static bool write_block(struct play *p, size_t frames)
{
    unsigned channels = p->output.spec.channels;
    for (size_t i = 0; i < frames * channels; i++) {
        p->block[i] =
            p->out->begun ? p->sound->samples[p->at + i / channels] : 0.0f;
    }
    if (p->out->begun) {
        p->at += frames;
    } else {
        p->lead += frames;
    }
    return pa_stream_write(p->pa, p->block,
                           frames * channels * sizeof *p->block, NULL, 0,
                           PA_SEEK_RELATIVE) == 0;
}

/* Has enough of the silence been played? Then the sound is written from now on;
 * there is ROOM. */
static void begin_sound(struct play *p, size_t room)
{
    const pa_buffer_attr *attr = pa_stream_get_buffer_attr(p->pa);
    size_t frame_bytes = p->output.spec.channels * sizeof *p->block;
    size_t all = attr != NULL ? attr->tlength / frame_bytes : 0;
    size_t queued = all > room ? all - room : 0;
    if (p->lead >=
        queued + (size_t)frames_from_ns(SOUND_LEAD_NS, p->sound->rate)) {
        p->out->begun = true;
        p->out->written_ns = clock_now_ns();
        p->out->queued_ns = frames_to_ns((int64_t)queued, p->sound->rate);
    }
}

/* Write what there is room for. */
static bool feed(struct play *p)
{
    size_t room = pa_stream_writable_size(p->pa);
    if (room == (size_t)-1) {
        return false;
    }
    room /= p->output.spec.channels * sizeof *p->block;
    while (room > 0 && p->at < p->sound->frames) {
        if (!p->out->begun) {
            begin_sound(p, room);
        }
        size_t left = p->sound->frames - p->at;
        size_t frames = room < BLOCK_FRAMES ? room : BLOCK_FRAMES;
        frames = p->out->begun && frames > left ? left : frames;
        if (!write_block(p, frames)) {
            return false;
        }
        room -= frames;
    }
    return true;
}

static void on_input(pa_context *c, const pa_sink_input_info *info, int eol,
                     void *data)
{
    struct sound_played *out = data;
    (void)c;
    if (eol == 0 && info != NULL) {
        out->muted = info->mute != 0;
        out->volume =
            info->has_volume
                ? pa_sw_volume_to_linear(pa_cvolume_max(&info->volume))
                : -1.0;
    }
}

/* As the server has our stream by now. */
static void look_at_stream(struct play *p)
{
    devices_copy(p->out->device_id, sizeof p->out->device_id,
                 pa_stream_get_device_name(p->pa));
    pa_operation *op = pa_context_get_sink_input_info(
        p->link.context, pa_stream_get_index(p->pa), on_input, p->out);
    link_finish(&p->link, op, "look at the stream", clock_now_ns() + ASK_NS,
                NULL);
}

static bool run(struct play *p, struct fault *f)
{
    int64_t start_ns = clock_now_ns();
    while (p->at < p->sound->frames && stop_requested(NULL) == STOP_NONE &&
           clock_now_ns() < sound_over_ns(p->sound, p->out, start_ns)) {
        if (!feed(p) || link_turn(&p->link, TURN_NS, LINK_RUNS) < 0 ||
            !PA_STREAM_IS_GOOD(pa_stream_get_state(p->pa))) {
            return link_fault(&p->link, ERR_SOURCE_FAILED, "play a sound", f);
        }
    }
    if (stop_requested(NULL) == STOP_NONE) {
        look_at_stream(p);
    }
    return true;
}

static bool checkup_play(const char *client_name, const char *device_id,
                         const struct sound *sound, struct sound_played *out,
                         struct fault *f)
{
    int64_t deadline_ns = clock_now_ns() + ASK_NS;
    struct play p = {.sound = sound, .out = out};

    *out = (struct sound_played){.volume = -1.0};
    if (!link_begin(&p.link, client_name, deadline_ns, f)) {
        return false;
    }
    bool ok = begin(&p, device_id, deadline_ns, f) && run(&p, f);
    if (p.pa != NULL) {
        pa_stream_set_underflow_callback(p.pa, NULL, NULL);
        pa_stream_disconnect(p.pa);
        pa_stream_unref(p.pa);
    }
    free(p.block);
    link_destroy(&p.link);
    return ok;
}

/* --- looking --- */

struct looker {
    struct checkup *out;
    char monitor[256];
    bool found;
};

static void on_server(pa_context *c, const pa_server_info *info, void *data)
{
    struct checkup *out = data;
    (void)c;
    if (info == NULL) {
        return;
    }
    (void)snprintf(out->server, sizeof out->server, "%s %s",
                   info->server_name == NULL ? "?" : info->server_name,
                   info->server_version == NULL ? "" : info->server_version);
    devices_copy(out->default_id, sizeof out->default_id,
                 info->default_sink_name);
    devices_copy(out->default_name, sizeof out->default_name,
                 info->default_sink_name);
}

/* How to name it on a command line: a name with anything in it that a shell
 * could take for its own is not offered, its number does as well. */
static const char *word_for(char *number, size_t size, const char *name,
                            uint32_t index)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789._-";
    if (name[0] != '-' && name[strspn(name, harmless)] == '\0') {
        return name;
    }
    (void)snprintf(number, size, "%u", (unsigned)index);
    return number;
}

/* WHAT names the sink or source NAME, KIND is pactl's word for it. */
static void look_at_volume(struct checkup *out, const char *codes[2],
                           const char *what, const char *kind, const char *name,
                           bool muted, const pa_cvolume *volume)
{
    struct trouble t;
    double linear = pa_sw_volume_to_linear(pa_cvolume_max(volume));
    if (muted) {
        (void)snprintf(t.text, sizeof t.text, "%s is muted", what);
        (void)snprintf(t.remedy, sizeof t.remedy, "pactl set-%s-mute %s 0",
                       kind, name);
        checkup_add(out, codes[0], t.text, t.remedy);
    }
    if (linear < volume_least) {
        /* in per cent as mixers show it, where 1 is -120 dB */
        (void)snprintf(t.text, sizeof t.text, "%s has the volume %.0f %%", what,
                       100.0 * (double)pa_cvolume_max(volume) / PA_VOLUME_NORM);
        (void)snprintf(t.remedy, sizeof t.remedy,
                       "pactl set-%s-volume %s 100%%", kind, name);
        checkup_add(out, codes[1], t.text, t.remedy);
    }
}

static void on_sink(pa_context *c, const pa_sink_info *info, int eol,
                    void *data)
{
    static const char *codes[] = {"output-muted", "output-silent"};
    struct looker *l = data;
    struct checkup *out = l->out;
    char number[16];
    (void)c;
    if (eol != 0 || info == NULL || info->name == NULL) {
        return;
    }
    const char *name = word_for(number, sizeof number, info->name, info->index);
    l->found = true;
    out->muted = info->mute != 0;
    out->volume = pa_sw_volume_to_linear(pa_cvolume_max(&info->volume));
    out->state = devices_state_name(info->state);
    devices_copy(l->monitor, sizeof l->monitor, info->monitor_source_name);
    look_at_volume(out, codes, "the output", "sink", name, out->muted,
                   &info->volume);
    if (info->state == PA_SINK_SUSPENDED) {
        char remedy[320];
        (void)snprintf(remedy, sizeof remedy, "pactl suspend-sink %s 0", name);
        checkup_add(out, "output-suspended",
                    "the output is suspended though something plays on it",
                    remedy);
    }
}

static void on_monitor(pa_context *c, const pa_source_info *info, int eol,
                       void *data)
{
    static const char *codes[] = {"monitor-muted", "monitor-silent"};
    struct looker *l = data;
    (void)c;
    if (eol == 0 && info != NULL && info->name != NULL) {
        char number[16];
        look_at_volume(l->out, codes, "the output's monitor", "source",
                       word_for(number, sizeof number, info->name, info->index),
                       info->mute != 0, &info->volume);
    }
}

static void on_default(pa_context *c, const pa_sink_info *info, int eol,
                       void *data)
{
    struct checkup *out = data;
    (void)c;
    if (eol == 0 && info != NULL && info->description != NULL) {
        devices_copy(out->default_name, sizeof out->default_name,
                     info->description);
    }
}

static bool look(struct link *link, const char *device_id, struct checkup *out,
                 int64_t deadline_ns, struct fault *f)
{
    static const char *const op = "look at the output";
    struct looker l = {.out = out};
    pa_context *c = link->context;

    if (!link_finish(link, pa_context_get_server_info(c, on_server, out), op,
                     deadline_ns, f) ||
        !link_finish(
            link, pa_context_get_sink_info_by_name(c, device_id, on_sink, &l),
            op, deadline_ns, f)) {
        return false;
    }
    if (!l.found) {
        return fault_set(f, ERR_NO_DEVICE, op, device_id,
                         "looprec -l lists the outputs");
    }
    if (out->default_id[0] != '\0' &&
        !link_finish(link,
                     pa_context_get_sink_info_by_name(c, out->default_id,
                                                      on_default, out),
                     op, deadline_ns, f)) {
        return false;
    }
    return l.monitor[0] == '\0' ||
           link_finish(
               link,
               pa_context_get_source_info_by_name(c, l.monitor, on_monitor, &l),
               op, deadline_ns, f);
}

static bool checkup_look(const char *client_name, const char *device_id,
                         struct checkup *out, struct fault *f)
{
    int64_t deadline_ns = clock_now_ns() + ASK_NS;
    struct link link;

    *out = (struct checkup){.volume = -1.0};
    (void)snprintf(out->library, sizeof out->library, "libpulse %s",
                   pa_get_library_version());
    if (!link_begin(&link, client_name, deadline_ns, f)) {
        return false;
    }
    bool ok = look(&link, device_id, out, deadline_ns, f);
    link_destroy(&link);
    return ok;
}

const struct checkup_ops checkup_ops = {
    .play = checkup_play,
    .look = checkup_look,
};
