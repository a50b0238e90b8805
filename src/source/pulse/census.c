/* census: see census.h. Every string comes from some client of the server:
 * data, copied with a bound. */
#include "source/pulse/census.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "source/pulse/devices.h"

/* --- tables of items that begin with their index --- */

/* Where the item INDEX is; COUNT: there is none. */
static size_t place_of(const void *items, size_t count, size_t size,
                       uint32_t index)
{
    const unsigned char *item = items;
    for (size_t i = 0; i < count; i++, item += size) {
        uint32_t its;
        memcpy(&its, item, sizeof its);
        if (its == index) {
            return i;
        }
    }
    return count;
}

/* Room for the item at PLACE, which may be the end; NULL, and told: out of
 * memory. */
static void *with_room(struct census *c, void *items, size_t *count,
                       size_t size, size_t place)
{
    if (place < *count) {
        return items;
    }
    void *more = realloc(items, (*count + 1) * size);
    if (more == NULL) {
        c->no_memory = true;
        return NULL;
    }
    memset((unsigned char *)more + *count * size, 0, size);
    ++*count;
    return more;
}

/* The last one takes its place. True: it was there. */
static bool drop(void *items, size_t *count, size_t size, uint32_t index)
{
    size_t place = place_of(items, *count, size, index);
    if (place == *count) {
        return false;
    }
    unsigned char *bytes = items;
    --*count;
    if (place < *count) {
        memcpy(bytes + place * size, bytes + *count * size, size);
    }
    return true;
}

/* --- answers --- */

static void copy_group(char *dst, size_t size, const pa_proplist *p)
{
    const char *group =
        p == NULL ? NULL : pa_proplist_gets(p, "node.link-group");
    devices_copy(dst, size, group);
}

static void on_server(pa_context *context, const pa_server_info *info,
                      void *data)
{
    struct census *c = data;
    (void)context;
    /* "PulseAudio (on PipeWire 0.3.65)" */
    c->pipewire = info != NULL && info->server_name != NULL &&
                  text_contains(info->server_name, "PipeWire");
}

void census_on_client(pa_context *context, const pa_client_info *info, int eol,
                      void *data)
{
    struct census *c = data;
    (void)context;
    if (eol != 0 || info == NULL) {
        return;
    }
    size_t size = sizeof *c->clients;
    size_t place = place_of(c->clients, c->client_count, size, info->index);
    struct census_client *items =
        with_room(c, c->clients, &c->client_count, size, place);
    if (items == NULL) {
        return;
    }
    c->clients = items;
    struct census_client *k = &items[place];
    if (k->properties != NULL) {
        pa_proplist_free(k->properties);
    }
    k->index = info->index;
    text_copy(k->name, sizeof k->name, info->name);
    k->properties =
        info->proplist == NULL ? NULL : pa_proplist_copy(info->proplist);
    c->news++;
}

void census_on_sink(pa_context *context, const pa_sink_info *info, int eol,
                    void *data)
{
    struct census *c = data;
    (void)context;
    if (eol != 0 || info == NULL || info->name == NULL) {
        return;
    }
    size_t size = sizeof *c->sinks;
    size_t place = place_of(c->sinks, c->sink_count, size, info->index);
    struct census_sink *items =
        with_room(c, c->sinks, &c->sink_count, size, place);
    if (items == NULL) {
        return;
    }
    c->sinks = items;
    struct census_sink *s = &items[place];
    s->index = info->index;
    s->monitor = info->monitor_source;
    s->module = info->owner_module;
    s->map = info->channel_map;
    devices_copy(s->id, sizeof s->id, info->name);
    text_copy(s->name, sizeof s->name,
              info->description == NULL ? info->name : info->description);
    copy_group(s->group, sizeof s->group, info->proplist);
    c->news++;
}

void census_on_output(pa_context *context, const pa_source_output_info *info,
                      int eol, void *data)
{
    struct census *c = data;
    (void)context;
    if (eol != 0 || info == NULL) {
        return;
    }
    size_t size = sizeof *c->outputs;
    size_t place = place_of(c->outputs, c->output_count, size, info->index);
    struct census_output *items =
        with_room(c, c->outputs, &c->output_count, size, place);
    if (items == NULL) {
        return;
    }
    c->outputs = items;
    struct census_output *o = &items[place];
    o->index = info->index;
    o->source = info->source;
    o->client = info->client;
    o->module = info->owner_module;
    copy_group(o->group, sizeof o->group, info->proplist);
    c->news++;
}

/* --- the whole --- */

void census_begin(struct census *c, const struct link *l)
{
    *c = (struct census){.own = pa_context_get_index(l->context)};
    c->here = pa_context_is_local(l->context) == 1 &&
              pa_get_host_name(c->host, sizeof c->host) != NULL;
}

void census_end(struct census *c)
{
    for (size_t i = 0; i < c->client_count; i++) {
        if (c->clients[i].properties != NULL) {
            pa_proplist_free(c->clients[i].properties);
        }
    }
    free(c->clients);
    free(c->sinks);
    free(c->outputs);
    memset(c, 0, sizeof *c);
}

bool census_take(struct census *c, struct link *l, bool outputs,
                 const char *what, int64_t deadline_ns, struct fault *f)
{
    pa_context *x = l->context;
    return link_finish(l, pa_context_get_server_info(x, on_server, c), what,
                       deadline_ns, f) &&
           link_finish(l,
                       pa_context_get_client_info_list(x, census_on_client, c),
                       what, deadline_ns, f) &&
           link_finish(l, pa_context_get_sink_info_list(x, census_on_sink, c),
                       what, deadline_ns, f) &&
           (!outputs || link_finish(l,
                                    pa_context_get_source_output_info_list(
                                        x, census_on_output, c),
                                    what, deadline_ns, f)) &&
           (!c->no_memory || fault_set(f, ERR_NO_MEMORY, what, NULL, NULL));
}

void census_drop_client(struct census *c, uint32_t index)
{
    size_t place =
        place_of(c->clients, c->client_count, sizeof *c->clients, index);
    if (place < c->client_count && c->clients[place].properties != NULL) {
        pa_proplist_free(c->clients[place].properties);
    }
    c->news += drop(c->clients, &c->client_count, sizeof *c->clients, index);
}

void census_drop_sink(struct census *c, uint32_t index)
{
    c->news += drop(c->sinks, &c->sink_count, sizeof *c->sinks, index);
}

void census_drop_output(struct census *c, uint32_t index)
{
    c->news += drop(c->outputs, &c->output_count, sizeof *c->outputs, index);
}

const struct census_client *census_client(const struct census *c,
                                          uint32_t index)
{
    size_t place =
        place_of(c->clients, c->client_count, sizeof *c->clients, index);
    return place < c->client_count ? &c->clients[place] : NULL;
}

const struct census_sink *census_sink(const struct census *c, uint32_t index)
{
    size_t place = place_of(c->sinks, c->sink_count, sizeof *c->sinks, index);
    return place < c->sink_count ? &c->sinks[place] : NULL;
}

static void describe(const struct census *c, const struct census_client *k,
                     const pa_sink_input_info *info, struct player *out)
{
    const struct player_facts facts = {
        .stream = info == NULL ? NULL : info->proplist,
        .client = k == NULL ? NULL : k->properties,
        .stream_name = info == NULL ? NULL : info->name,
        .client_name = k == NULL ? NULL : k->name,
        .pipewire = c->pipewire,
        .host = c->here ? c->host : NULL,
        .process = process_read,
    };
    player_describe(&facts, out);
}

const char *census_application(const struct census_client *k)
{
    return k->properties == NULL
               ? NULL
               : pa_proplist_gets(k->properties, PA_PROP_APPLICATION_NAME);
}

void census_describe_client(const struct census *c,
                            const struct census_client *k, struct player *out)
{
    describe(c, k, NULL, out);
}

void census_describe(const struct census *c, const pa_sink_input_info *info,
                     struct player *out)
{
    describe(c, census_client(c, info->client), info, out);
}
