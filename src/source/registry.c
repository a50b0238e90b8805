/* registry: which source a request gets, and how -D chooses among devices.
 * Main thread (but source_create and device_list_find may run on any). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "source/source.h"

/* Playing a sound may take so much longer than it is. */
#define SLACK_NS INT64_C(700000000)

const struct source_system *source_system(void)
{
#ifdef _WIN32
    return &wasapi_system;
#else
    return &pulse_system;
#endif
}

struct source *source_create(const struct source_request *request,
                             struct fault *f)
{
    const struct source_ops *ops =
        request->spec ? &synth_ops : source_system()->ops;
    return ops->create(request, f);
}

struct device *device_list_add(struct device_list *list)
{
    struct device *grown =
        realloc(list->items, (list->count + 1) * sizeof *grown);
    if (!grown) {
        return NULL;
    }
    list->items = grown;
    struct device *added = &grown[list->count++];
    memset(added, 0, sizeof *added);
    added->index = UINT32_MAX;
    return added;
}

void device_list_free(struct device_list *list)
{
    free(list->items);
    list->items = NULL;
    list->count = 0;
}

struct app *app_list_add(struct app_list *list)
{
    struct app *grown = realloc(list->items, (list->count + 1) * sizeof *grown);
    if (!grown) {
        return NULL;
    }
    list->items = grown;
    struct app *added = &grown[list->count++];
    memset(added, 0, sizeof *added);
    added->volume = -1;
    added->peak = -1;
    return added;
}

void app_list_free(struct app_list *list)
{
    free(list->items);
    list->items = NULL;
    list->count = 0;
}

void checkup_add(struct checkup *c, const char *code, const char *text,
                 const char *remedy)
{
    if (c->trouble_count < CHECKUP_TROUBLES_MAX) {
        struct trouble *t = &c->troubles[c->trouble_count++];
        t->code = code;
        text_copy(t->text, sizeof t->text, text);
        text_copy(t->remedy, sizeof t->remedy, remedy);
    }
}

/* --- device_list_find --- */

static bool has_index(const struct device *d, const char *wanted)
{
    const char *digits = wanted[0] == '#' ? wanted + 1 : wanted;
    uint64_t index = 0;
    if (!*digits || d->index == UINT32_MAX) {
        return false;
    }
    for (; *digits; digits++) {
        if (*digits < '0' || *digits > '9' || index > UINT32_MAX) {
            return false;
        }
        index = index * 10 + (uint64_t)(*digits - '0');
    }
    return index == d->index;
}

static bool has_id(const struct device *d, const char *wanted)
{
    return strcmp(d->id, wanted) == 0;
}

static bool has_name(const struct device *d, const char *wanted)
{
    return strcmp(d->name, wanted) == 0;
}

static bool has_part(const struct device *d, const char *wanted)
{
    return text_contains(d->id, wanted) || text_contains(d->name, wanted);
}

static bool ambiguous(const struct device_list *list, const char *wanted,
                      bool (*fits)(const struct device *, const char *),
                      struct fault *f)
{
    char detail[sizeof f->detail];
    /* At most half of the room for what was asked for. */
    char asked[sizeof detail / 2];
    (void)snprintf(detail, sizeof detail,
                   "%s:", text_copy(asked, sizeof asked, wanted));
    for (size_t i = 0; i < list->count; i++) {
        const struct device *d = &list->items[i];
        if (fits(d, wanted) &&
            !text_list(detail, sizeof detail, "%s (%s)", d->id, d->name)) {
            break;
        }
    }
    return fault_set(f, ERR_DEVICE_AMBIGUOUS, "find device", detail,
                     "give more of the name, or the id that -l shows");
}

bool device_list_find(const struct device_list *list, const char *wanted,
                      size_t *found, struct fault *f)
{
    /* The surest first: an id that is part of another's name still wins. An
     * id that is a number is taken for the index, as pactl does. */
    static bool (*const ways[])(const struct device *, const char *) = {
        has_index, has_id, has_name, has_part};
    for (size_t way = 0;
         wanted && *wanted && way < sizeof ways / sizeof ways[0]; way++) {
        size_t fits = 0;
        for (size_t i = 0; i < list->count; i++) {
            if (ways[way](&list->items[i], wanted)) {
                *found = fits == 0 ? i : *found;
                fits++;
            }
        }
        if (fits == 1) {
            return true;
        } else if (fits > 1) {
            return ambiguous(list, wanted, ways[way], f);
        }
    }
    return fault_set(f, ERR_NO_DEVICE, "find device", wanted,
                     list->count == 0
                         ? "there is no output at all: plug one in or make "
                           "one; --wait waits for it"
                         : "looprec -l lists the outputs");
}

int64_t sound_over_ns(const struct sound *sound,
                      const struct sound_played *played, int64_t start_ns)
{
    if (!played->begun) {
        return start_ns + SOUND_LEAD_MOST_NS;
    }
    return played->written_ns + SLACK_NS +
           frames_to_ns((int64_t)sound->frames, sound->rate);
}
