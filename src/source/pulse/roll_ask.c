/* roll_ask: what the roll asks the server, and is told by it. See roll.h. */
#include "core/text.h"
#include "source/pulse/roll_parts.h"
#include "sys/clock.h"

/* --- answers --- */

static void ask_input(struct roll_entry *e);

static void drop_operation(pa_operation *op)
{
    if (op != NULL) { /* else the connection broke, which the loop tells */
        pa_operation_unref(op);
    }
}

static void ask_client(struct roll *r, uint32_t index)
{
    drop_operation(pa_context_get_client_info(r->link->context, index,
                                              census_on_client, &r->census));
}

/* Who plays may not be told yet: its client may not be known, or have told more
 * of itself since; the other side of a relay begins after it. */
static bool recheck(struct roll_entry *e, const pa_sink_input_info *info)
{
    struct roll *r = e->roll;
    bool unowned = info->client == PA_INVALID_INDEX;
    if (e->rechecked || (unowned ? !r->relays : e->who.process_id != 0)) {
        return false;
    }
    e->rechecked = true;
    if (unowned) {
        drop_operation(pa_context_get_source_output_info_list(
            r->link->context, census_on_output, &r->census));
    } else {
        ask_client(r, info->client);
    }
    e->again = true; /* answers come in the order of the questions */
    return true;
}

void roll_take_player(struct roll_entry *e, const struct player *p)
{
    e->who.process_id = p->process_id;
    e->who.ours = p->is_ours;
    text_copy(e->who.name, sizeof e->who.name, p->name);
    text_copy(e->who.application, sizeof e->who.application, p->application);
}

static void take_input(struct roll_entry *e, const pa_sink_input_info *info)
{
    struct player p;
    const char *group =
        info->proplist == NULL
            ? NULL
            : pa_proplist_gets(info->proplist, "node.link-group");
    e->relay.client = info->client;
    e->relay.module = info->owner_module;
    text_copy(e->relay.group, sizeof e->relay.group, group);
    census_describe(&e->roll->census, info, &p);
    roll_take_player(e, &p);
    if (info->mute == 0 &&
        (info->has_volume == 0 || !pa_cvolume_is_muted(&info->volume))) {
        e->silent_ns = 0;
    } else if (e->silent_ns == 0) {
        e->silent_ns = clock_now_ns();
    }
    if (e->sink != info->sink) {
        e->seen_ns = e->asked_ns;
        e->sink = info->sink;
    }
    e->corked = info->corked != 0;
    if (!recheck(e, info)) {
        e->answered = e->moved = true;
        e->roll->dirty = true;
    }
}

static void on_input(pa_context *context, const pa_sink_input_info *info,
                     int eol, void *data)
{
    struct roll_entry *e = data;
    (void)context;
    if (eol == 0) {
        if (info != NULL && !e->gone) {
            take_input(e, info);
        }
        return;
    }
    e->asking = false;
    if (e->again && !e->gone) {
        ask_input(e);
    }
}

static void ask_input(struct roll_entry *e)
{
    pa_context *context = e->roll->link->context;
    e->again = e->asking;
    if (!e->asking) {
        pa_operation *op =
            pa_context_get_sink_input_info(context, e->index, on_input, e);
        e->asking = op != NULL;
        e->asked_ns = e->event_ns;
        drop_operation(op);
    }
}

/* --- events --- */

static void input_event(struct roll *r, unsigned kind, uint32_t index)
{
    struct roll_entry *e = roll_find(r, ROLL_INPUT, index);
    if (kind == PA_SUBSCRIPTION_EVENT_REMOVE) {
        if (e != NULL) {
            e->gone = true;
            r->dirty = true;
        }
        return;
    }
    if (e == NULL) {
        e = roll_add(r, ROLL_INPUT, index);
    }
    if (e != NULL) {
        if (!e->again) {
            e->event_ns = clock_now_ns();
        }
        ask_input(e);
    }
}

static void client_event(struct roll *r, unsigned kind, uint32_t index)
{
    if (kind == PA_SUBSCRIPTION_EVENT_REMOVE) {
        census_drop_client(&r->census, index);
        return;
    }
    ask_client(r, index);
    if (kind != PA_SUBSCRIPTION_EVENT_CHANGE) {
        return;
    }
    for (struct roll_entry *e = r->first; e != NULL; e = roll_next(e)) {
        if (e->kind == ROLL_INPUT && e->relay.client == index && e->answered &&
            !e->gone) {
            ask_input(e);
        }
    }
}

static void sink_event(struct roll *r, unsigned kind, uint32_t index)
{
    if (kind == PA_SUBSCRIPTION_EVENT_REMOVE) {
        census_drop_sink(&r->census, index);
    } else if (kind == PA_SUBSCRIPTION_EVENT_NEW) {
        /* What changes afterwards is nothing that we look at. */
        drop_operation(pa_context_get_sink_info_by_index(
            r->link->context, index, census_on_sink, &r->census));
    }
}

static void output_event(struct roll *r, unsigned kind, uint32_t index)
{
    if (kind == PA_SUBSCRIPTION_EVENT_REMOVE) {
        census_drop_output(&r->census, index);
    } else {
        drop_operation(pa_context_get_source_output_info(
            r->link->context, index, census_on_output, &r->census));
    }
}

static void on_event(pa_context *context, pa_subscription_event_type_t type,
                     uint32_t index, void *data)
{
    struct roll *r = data;
    unsigned kind = type & PA_SUBSCRIPTION_EVENT_TYPE_MASK;
    (void)context;
    switch (type & PA_SUBSCRIPTION_EVENT_FACILITY_MASK) {
    case PA_SUBSCRIPTION_EVENT_SINK_INPUT: input_event(r, kind, index); break;
    case PA_SUBSCRIPTION_EVENT_CLIENT: client_event(r, kind, index); break;
    case PA_SUBSCRIPTION_EVENT_SINK: sink_event(r, kind, index); break;
    case PA_SUBSCRIPTION_EVENT_SOURCE_OUTPUT:
        output_event(r, kind, index);
        break;
    default: break;
    }
}

/* --- everything, at the beginning --- */

static void on_listed(pa_context *context, const pa_sink_input_info *info,
                      int eol, void *data)
{
    struct roll *r = data;
    (void)context;
    if (eol != 0 || info == NULL) {
        return;
    }
    struct roll_entry *e = roll_find(r, ROLL_INPUT, info->index);
    if (e == NULL) {
        e = roll_add(r, ROLL_INPUT, info->index);
    }
    if (e != NULL) {
        take_input(e, info);
        if (e->again) {
            ask_input(e);
        }
    }
}

static void on_subscribed(pa_context *context, int success, void *data)
{
    (void)context;
    *(bool *)data = success != 0;
}

static bool subscribe(struct roll *r, int64_t deadline_ns, struct fault *f)
{
    static const char *const what = "watch the streams";
    pa_context *context = r->link->context;
    unsigned mask = PA_SUBSCRIPTION_MASK_SINK_INPUT |
                    PA_SUBSCRIPTION_MASK_CLIENT | PA_SUBSCRIPTION_MASK_SINK;
    bool done = false;
    if (r->relays) {
        mask |= PA_SUBSCRIPTION_MASK_SOURCE_OUTPUT;
    }
    pa_context_set_subscribe_callback(context, on_event, r);
    pa_operation *op = pa_context_subscribe(
        context, (pa_subscription_mask_t)mask, on_subscribed, &done);
    return link_finish(r->link, op, what, deadline_ns, f) &&
           (done || link_fault(r->link, ERR_SOURCE_FAILED, what, f));
}

static bool is_asking(const struct roll *r)
{
    const struct roll_entry *e = r->first;
    while (e != NULL && !e->asking) {
        e = roll_next(e);
    }
    return e != NULL;
}

/* First the events, so that nothing is missed between the answers. */
bool roll_ask(struct roll *r, int64_t deadline_ns, struct fault *f)
{
    static const char *const what = "list the streams";
    bool ok =
        subscribe(r, deadline_ns, f) &&
        census_take(&r->census, r->link, r->relays, what, deadline_ns, f) &&
        link_finish(
            r->link,
            pa_context_get_sink_input_info_list(r->link->context, on_listed, r),
            what, deadline_ns, f);
    while (ok && is_asking(r)) {
        ok = link_step(r->link, what, ERR_SOURCE_FAILED, deadline_ns, f);
    }
    return ok;
}
