/* who_words: what people are told. See who.h. */
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "source/pulse/who_parts.h"

void who_label(struct who *w, const char *name, uint32_t pid)
{
    char shown[256];
    (void)snprintf(w->label, sizeof w->label, "%s (pid %lu)",
                   text_copy(shown, sizeof shown, name), (unsigned long)pid);
}

/* --- faults --- */

bool who_ambiguous(const struct who *w, struct who_stream *streams,
                   const struct who_stream *like, struct fault *f)
{
    char detail[sizeof f->detail], asked[sizeof detail / 4];
    bool room = true;
    (void)snprintf(detail, sizeof detail,
                   "%s:", text_copy(asked, sizeof asked, who_name(w)));
    for (struct who_stream *s = streams; s != NULL && room; s = s->next) {
        if (!who_leads(streams, s, like)) {
            continue;
        }
        room = s->match == WHO_NAMELESS
                   ? text_list(detail, sizeof detail, "%s (process unknown)",
                               s->name)
                   : text_list(detail, sizeof detail, "%s (pid %lu)",
                               s->top_name, (unsigned long)s->top.pid);
    }
    return target_ambiguous(f, detail);
}

void who_add_nameless(struct who_stream *streams, struct fault *f)
{
    char detail[sizeof f->detail], cause[sizeof detail / 2];
    bool any = false, room = true;
    (void)snprintf(detail, sizeof detail,
                   "%s; the sound server does not tell the process of:",
                   text_copy(cause, sizeof cause, f->detail));
    for (struct who_stream *s = streams; s != NULL && room; s = s->next) {
        if (who_is_nameless(s)) {
            any = true;
            room = text_list(detail, sizeof detail, "%s", s->application);
        }
    }
    if (any) {
        fault_set(f, f->err, f->op, detail, "try --app=NAME");
    }
}

/* --- warnings --- */

static void warn(const struct who *w, const char *text)
{
    const struct source_listener *l = w->request->listener;
    if (l != NULL && l->warn != NULL) {
        l->warn(l->context, text);
    }
}

void who_warn_ambiguous(const struct who *w, struct who_stream *streams,
                        const struct who_stream *like)
{
    struct fault f;
    char text[sizeof f.detail + 64];
    who_ambiguous(w, streams, like, &f);
    (void)snprintf(text, sizeof text,
                   "nothing is recorded until one is left of %s", f.detail);
    warn(w, text);
}

void who_warn_other(const struct who *w, const struct who_stream *s)
{
    char text[700];
    if (s->match == WHO_NAMELESS) {
        (void)snprintf(text, sizeof text,
                       "%s plays too and is not recorded: the sound server "
                       "does not tell whether it is a part of %s",
                       s->name, w->label);
    } else {
        (void)snprintf(text, sizeof text,
                       "%s (pid %lu) plays too and is not recorded: it is no "
                       "part of %s",
                       s->top_name, (unsigned long)s->top.pid, w->label);
    }
    warn(w, text);
}

void who_warn_silence(const struct who *w, const struct who_stream *s)
{
    char text[400];
    (void)snprintf(text, sizeof text,
                   "%s is muted, or its volume is 0: silence is recorded of it",
                   s->name);
    warn(w, text);
}

void who_warn_nameless(const struct who *w, const struct who_stream *s)
{
    char text[700];
    (void)snprintf(text, sizeof text,
                   "the sound server does not tell the process of %s, so it is "
                   "not recorded; --app=%s does",
                   s->name, s->application);
    warn(w, text);
}

/* --- the source's name --- */

static void describe_excluded(const struct who *w, char *id, size_t id_size,
                              char *name, size_t name_size)
{
    (void)snprintf(id, id_size, "exclude:");
    (void)snprintf(name, name_size, "everything but ");
    for (size_t i = 0; i < w->request->app_count; i++) {
        size_t at = strlen(id);
        (void)snprintf(id + at, id_size - at, "%s%s", i > 0 ? "," : "",
                       w->request->apps[i]);
        at = strlen(name);
        (void)snprintf(name + at, name_size - at, "%s%s", i > 0 ? ", " : "",
                       w->request->apps[i]);
    }
}

void who_describe(const struct who *w, char *id, size_t id_size, char *name,
                  size_t name_size)
{
    if (who_excludes(w)) {
        describe_excluded(w, id, id_size, name, name_size);
    } else if (who_launched(w) || (w->chosen && !w->nameless)) {
        long long pid = who_launched(w) ? (long long)w->request->process_id
                                        : (long long)w->top.pid;
        (void)snprintf(id, id_size, "process:%lld", pid);
        if (w->label[0] != '\0') {
            text_copy(name, name_size, w->label);
        } else {
            (void)snprintf(name, name_size, "process %lld", pid);
        }
    } else {
        const char *asked = w->request->apps[0];
        (void)snprintf(id, id_size, "app:%s", asked);
        text_copy(name, name_size, w->chosen ? w->label : asked);
    }
}
