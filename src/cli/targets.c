/* targets: see targets.h. Main thread. */
#include "cli/targets.h"

/* What all of a session's sources have in common. */
static struct source_request common(const struct options *o, int64_t latency_ns)
{
    return (struct source_request){
        .device = o->device,
        .follow = !o->no_follow && o->device == NULL,
        .wait = o->wait,
        .until_exit = o->until_exit,
        .keep_awake = o->keep_awake,
        .latency_ns = latency_ns,
        .client_name = "looprec",
    };
}

void targets_copy(struct session_request *r, const struct options *o)
{
    r->type = o->type;
    r->sample = o->sample;
    r->rate = o->rate;
    r->channels = o->channels;
    r->dither = o->dither;
    r->compression = o->compression;
    r->overwrite = o->overwrite;
    r->tags = o->tags;
    r->sync_ns = o->sync_ns;
    r->on_suspend = o->on_suspend;
    r->has_split = o->has_split;
    r->split = o->split;
    r->split_bytes = o->split_bytes;
    r->keep_files = o->keep_files;
    r->keep_bytes = o->keep_bytes;
    r->keeps_time = o->keeps_time;
    r->keep = o->keep;
    r->fallback = o->fallback;
    r->has_duration = o->has_duration;
    r->duration = o->duration;
    r->buffer_ns = o->buffer_ns;
    r->wait = o->wait;
    r->wait_ns = o->wait_ns;
}

void targets_fill(struct session_request *r, const struct options *o,
                  const struct child *command, struct null_sink *sink,
                  int64_t latency_ns)
{
    unsigned several = o->synth_count + o->app_count;
    r->source_count = several > 0 ? several : 1;
    for (unsigned i = 0; i < r->source_count; i++) {
        struct source_request *source = &r->sources[i];
        *source = common(o, latency_ns);
        if (o->synth_count > 0) {
            source->spec = o->synths[i];
        } else if (sink != NULL) {
            source->null_sink = sink;
            source->follow = false;
        } else if (o->command != NULL) {
            source->scope = SCOPE_APP;
            source->process_id = child_id(command);
            source->child = command;
        } else if (o->app_count > 0) {
            source->scope = SCOPE_APP;
            source->apps = &o->apps[i];
            source->app_count = 1;
        } else if (o->excluded_count > 0) {
            source->scope = SCOPE_EXCLUDE;
            source->apps = o->excluded;
            source->app_count = o->excluded_count;
        } else if (o->all_devices) {
            source->scope = SCOPE_ALL;
        }
    }
}
