/* relay: see relay.h. */
#include "source/pulse/relay.h"

#include <string.h>

/* Is something of GROUP, or of MODULE without a client, I's other side? */
static bool belongs(const struct census *c, const struct relay_input *i,
                    uint32_t module, const char *group)
{
    if (c->pipewire && i->group[0] != '\0' && strcmp(i->group, group) == 0) {
        return true;
    }
    return i->client == PA_INVALID_INDEX && i->module != PA_INVALID_INDEX &&
           i->module == module;
}

bool relay_passes_on(const struct census *c, const struct relay_input *i,
                     const struct census_sink *s)
{
    if (belongs(c, i, s->module, s->group)) {
        return true;
    }
    for (size_t k = 0; k < c->output_count; k++) {
        const struct census_output *o = &c->outputs[k];
        uint32_t module =
            o->client == PA_INVALID_INDEX ? o->module : PA_INVALID_INDEX;
        if (s->monitor != PA_INVALID_INDEX && o->source == s->monitor &&
            belongs(c, i, module, o->group)) {
            return true;
        }
    }
    return false;
}

bool relay_is_half(const struct census *c, const struct relay_input *i)
{
    if (!c->pipewire || i->group[0] == '\0') {
        return false;
    }
    for (size_t k = 0; k < c->sink_count; k++) {
        if (strcmp(c->sinks[k].group, i->group) == 0) {
            return false;
        }
    }
    for (size_t k = 0; k < c->output_count; k++) {
        if (strcmp(c->outputs[k].group, i->group) == 0 &&
            c->outputs[k].source != PA_INVALID_INDEX) {
            return false;
        }
    }
    return true;
}

bool relay_is(const struct census *c, const struct relay_input *i)
{
    for (size_t k = 0; k < c->sink_count; k++) {
        if (relay_passes_on(c, i, &c->sinks[k])) {
            return true;
        }
    }
    return false;
}
