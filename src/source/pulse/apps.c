/* apps: see apps.h. */
#include "source/pulse/apps.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "source/pulse/census.h"
#include "source/pulse/peaks.h"

struct listing {
    struct app_list *out;
    struct census census;
    bool no_memory;
    struct peak_tap *taps;
    size_t *tapped; /* the place in OUT of each tap's stream */
    size_t tap_count;
};

/* Room for one more; NULL and told: out of memory. */
static void *grown(struct listing *l, void *items, size_t count, size_t size)
{
    void *more = realloc(items, (count + 1) * size);
    l->no_memory = l->no_memory || more == NULL;
    return more;
}

/* Have the last application of the list looked at, on S. */
static void add_tap(struct listing *l, const struct census_sink *s,
                    uint32_t input)
{
    struct peak_tap *taps = grown(l, l->taps, l->tap_count, sizeof *l->taps);
    if (taps == NULL) {
        return;
    }
    l->taps = taps;
    size_t *tapped = grown(l, l->tapped, l->tap_count, sizeof *l->tapped);
    if (tapped == NULL) {
        return;
    }
    l->tapped = tapped;
    tapped[l->tap_count] = l->out->count - 1;
    taps[l->tap_count++] = (struct peak_tap){
        .input = input,
        .monitor = s->monitor,
        .map = s->map,
    };
}

static void describe_stream(const pa_sink_input_info *info, struct app *a)
{
    const pa_sample_spec *spec = &info->sample_spec;
    a->state = info->corked ? "corked" : "active";
    a->muted = info->mute != 0;
    if (info->has_volume && pa_cvolume_valid(&info->volume)) {
        a->volume = pa_sw_volume_to_linear(pa_cvolume_max(&info->volume));
    }
    if (pa_sample_spec_valid(spec)) {
        a->format.rate = spec->rate;
        a->format.channels = spec->channels;
    }
}

static void describe_player(const struct player *p, struct app *a)
{
    a->process_id = p->process_id;
    a->is_system = p->is_system;
    text_copy(a->name, sizeof a->name, p->name);
    text_copy(a->executable, sizeof a->executable, p->executable);
}

static void on_input(pa_context *c, const pa_sink_input_info *info, int eol,
                     void *data)
{
    struct listing *l = data;
    (void)c;
    if (eol != 0 || info == NULL || l->no_memory ||
        (info->client != PA_INVALID_INDEX && info->client == l->census.own)) {
        return;
    }
    struct app *a = app_list_add(l->out);
    if (a == NULL) {
        l->no_memory = true;
        return;
    }
    const struct census_sink *s = census_sink(&l->census, info->sink);
    struct player p;
    census_describe(&l->census, info, &p);
    describe_player(&p, a);
    describe_stream(info, a);
    if (s != NULL) {
        text_copy(a->device_id, sizeof a->device_id, s->id);
        text_copy(a->device_name, sizeof a->device_name, s->name);
        if (!info->corked && s->monitor != PA_INVALID_INDEX) {
            add_tap(l, s, info->index);
        }
    }
}

bool apps_list(struct link *link, struct app_list *out, int64_t deadline_ns,
               struct fault *f)
{
    static const char *const what = "list the applications";
    struct listing l = {.out = out};
    census_begin(&l.census, link);
    bool ok = census_take(&l.census, link, false, what, deadline_ns, f) &&
              link_finish(link,
                          pa_context_get_sink_input_info_list(link->context,
                                                              on_input, &l),
                          what, deadline_ns, f) &&
              (!l.no_memory || fault_set(f, ERR_NO_MEMORY, what, NULL, NULL));
    if (ok) {
        peaks_look(link, l.taps, l.tap_count);
        for (size_t i = 0; i < l.tap_count; i++) {
            out->items[l.tapped[i]].peak = l.taps[i].peak;
        }
    }
    census_end(&l.census);
    free(l.taps);
    free(l.tapped);
    return ok;
}
