/* survey: see survey.h. Main thread, or the capture thread's. */
#include "source/pulse/survey.h"

#include <stdlib.h>
#include <string.h>

#include "source/pulse/devices.h"

static void on_sink(pa_context *c, const pa_sink_info *info, int eol,
                    void *data)
{
    struct survey *s = data;
    (void)c;
    if (eol != 0 || info == NULL || info->name == NULL || s->no_memory) {
        return;
    }
    struct survey_sink *grown =
        realloc(s->sinks, (s->count + 1) * sizeof *s->sinks);
    if (grown == NULL) {
        s->no_memory = true;
        return;
    }
    s->sinks = grown;
    struct survey_sink *sink = &grown[s->count++];
    sink->index = info->index;
    sink->module = info->owner_module;
    devices_copy(sink->name, sizeof sink->name, info->name);
    devices_copy(sink->owner, sizeof sink->owner,
                 pa_proplist_gets(info->proplist, SURVEY_OWNER));
}

void survey_argument(char *value, size_t size, const char *argument,
                     const char *key)
{
    const char *at = argument == NULL ? NULL : strstr(argument, key);
    value[0] = '\0';
    if (at != NULL) {
        at += strlen(key);
        at += strspn(at, "\"'");
        size_t length = strcspn(at, "\"' \t");
        if (length < size) {
            memcpy(value, at, length);
            value[length] = '\0';
        }
    }
}

/* As PulseAudio reads it: 0, n, no, f, false, off. */
static bool says_no(const char *value)
{
    return value[0] != '\0' && (strchr("0nNfF", value[0]) != NULL ||
                                ((value[0] == 'o' || value[0] == 'O') &&
                                 (value[1] == 'f' || value[1] == 'F')));
}

/* Two modules that PulseAudio and pipewire-pulse both have. */
static void on_module(pa_context *c, const pa_module_info *info, int eol,
                      void *data)
{
    struct survey *s = data;
    char value[sizeof s->stand_in];
    (void)c;
    if (eol != 0 || info == NULL || info->name == NULL) {
        return;
    }
    if (strcmp(info->name, "module-always-sink") == 0) {
        survey_argument(value, sizeof value, info->argument, "sink_name=");
        if (value[0] != '\0') {
            devices_copy(s->stand_in, sizeof s->stand_in, value);
        }
    } else if (strcmp(info->name, "module-switch-on-connect") == 0) {
        /* It passes over what is no hardware, unless it is told not to. */
        survey_argument(value, sizeof value, info->argument, "ignore_virtual=");
        s->grabs = s->grabs || says_no(value);
    }
}

bool survey_take(struct link *l, struct survey *s, int64_t deadline_ns,
                 struct fault *f)
{
    static const char what[] = "look at the sound server";
    struct server server;
    *s = (struct survey){.stand_in = "auto_null"}; /* as both call it */
    if (link_finish(l, pa_context_get_sink_info_list(l->context, on_sink, s),
                    what, deadline_ns, f) &&
        link_finish(l,
                    pa_context_get_module_info_list(l->context, on_module, s),
                    what, deadline_ns, f) &&
        devices_server(l, &server, deadline_ns, f)) {
        if (!s->no_memory) {
            devices_copy(s->default_sink, sizeof s->default_sink,
                         server.default_sink);
            return true;
        }
        fault_set(f, ERR_NO_MEMORY, what, NULL, NULL);
    }
    survey_free(s);
    return false;
}

void survey_free(struct survey *s)
{
    free(s->sinks);
    s->sinks = NULL;
    s->count = 0;
}

const struct survey_sink *survey_find(const struct survey *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->sinks[i].name, name) == 0) {
            return &s->sinks[i];
        }
    }
    return NULL;
}

bool survey_bears_one_more(const struct survey *s)
{
    const struct survey_sink *now = survey_find(s, s->default_sink);
    return !s->grabs && now != NULL && now->owner[0] == '\0' &&
           survey_find(s, s->stand_in) == NULL;
}
