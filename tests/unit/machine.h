/* A machine for the tests of who: its processes and what plays on its sound
 * server, as data, and the steps of a roster. */
#ifndef LOOPREC_TESTS_MACHINE_H
#define LOOPREC_TESTS_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"
#include "source/pulse/who.h"

enum { OWN = 777, ROOM = 12 };

/* --- a machine --- */

struct machine {
    struct process_list processes;
    struct who_stream streams[ROOM];
    size_t count;
    char warnings[2000]; /* a line each */
    struct source_listener listener;
    const char *apps[4];
    struct source_request request;
    struct who who;
    struct fault fault;
};

static inline void on_warning(void *context, const char *text)
{
    struct machine *m = context;
    size_t at = strlen(m->warnings);
    (void)snprintf(m->warnings + at, sizeof m->warnings - at, "%s\n", text);
}

static inline struct process_entry *runs(struct machine *m, uint32_t pid,
                                         uint32_t parent, const char *name)
{
    struct process_entry *p = process_list_add(&m->processes);
    assert_non_null(p);
    p->pid = pid;
    p->parent = parent;
    p->born = pid;
    text_copy(p->name, sizeof p->name, name);
    return p;
}

static inline void dies(struct machine *m, uint32_t pid, uint32_t heir)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->processes.count; i++) {
        struct process_entry *p = &m->processes.items[i];
        p->parent = p->parent == pid ? heir : p->parent;
        if (p->pid != pid) {
            m->processes.items[kept++] = *p;
        }
    }
    m->processes.count = kept;
}

static inline void link_streams(struct machine *m)
{
    for (size_t i = 0; i < m->count; i++) {
        m->streams[i].next = i + 1 < m->count ? &m->streams[i + 1] : NULL;
    }
}

static inline struct who_stream *all(struct machine *m)
{
    return m->count > 0 ? m->streams : NULL;
}

/* A stream of process PID (0: nobody knows whose) that calls itself APP. */
static inline struct who_stream *plays(struct machine *m, uint32_t pid,
                                       const char *app)
{
    assert_true(m->count < ROOM);
    struct who_stream *s = &m->streams[m->count];
    *s = (struct who_stream){.input = (uint32_t)m->count + 100,
                             .process_id = pid};
    m->count++;
    text_copy(s->application, sizeof s->application, app);
    (void)snprintf(s->name, sizeof s->name, "%s", app[0] ? app : "a song");
    link_streams(m);
    return s;
}

static inline void stops(struct machine *m, const struct who_stream *s)
{
    size_t at = (size_t)(s - m->streams);
    memmove(&m->streams[at], &m->streams[at + 1],
            (m->count - at - 1) * sizeof *s);
    m->count--;
    link_streams(m);
}

/* What the roster does when S has begun. */
static inline void begins(struct machine *m, struct who_stream *s)
{
    s->fresh = true;
    who_place(&m->who, &m->processes, s);
    if (who_doubts(&m->who, all(m))) {
        who_follow(&m->who, &m->processes);
    }
    if (who_over(&m->who, all(m)) == WHO_FORGOTTEN) {
        for (size_t i = 0; i < m->count; i++) {
            who_place(&m->who, &m->processes, &m->streams[i]);
        }
    }
    who_decide(&m->who, all(m));
}

/* And what it does four times a second. */
static inline enum who_word looks(struct machine *m)
{
    who_follow(&m->who, &m->processes);
    enum who_word word = who_over(&m->who, all(m));
    if (word == WHO_FORGOTTEN) {
        for (size_t i = 0; i < m->count; i++) {
            who_place(&m->who, &m->processes, &m->streams[i]);
        }
    }
    who_decide(&m->who, all(m));
    return word;
}

static inline void ask(struct machine *m, enum source_scope scope,
                       const char *app, const char *second)
{
    m->apps[0] = app;
    m->apps[1] = second;
    m->request = (struct source_request){
        .scope = scope,
        .apps = m->apps,
        .app_count = second != NULL ? 2
                     : app != NULL  ? 1
                                    : 0,
        .listener = &m->listener,
    };
    m->listener = (struct source_listener){.context = m, .warn = on_warning};
    who_free(&m->who);
    who_init(&m->who, &m->request, OWN);
}

static inline bool begin(struct machine *m)
{
    m->fault = (struct fault){.err = ERR_OK};
    bool ok = who_begin(&m->who, &m->processes, all(m), &m->fault);
    assert_true(ok == (m->fault.err == ERR_OK));
    return ok;
}

static inline unsigned times_warned(const struct machine *m)
{
    unsigned count = 0;
    for (const char *c = m->warnings; *c != '\0'; c++) {
        count += *c == '\n';
    }
    return count;
}

static inline bool is_told(const struct machine *m, const char *words)
{
    return strstr(m->warnings, words) != NULL;
}

/* A desktop: a shell with two players and a browser, and this program. */
static inline int make(void **state)
{
    static struct machine m;
    m = (struct machine){.count = 0};
    runs(&m, 1, 0, "systemd");
    runs(&m, 5, 1, "bash");
    runs(&m, 10, 5, "mpv");
    runs(&m, 11, 10, "helper");
    runs(&m, 20, 5, "mpv");
    runs(&m, 30, 1, "firefox-esr");
    runs(&m, 31, 30, "firefox-esr");
    runs(&m, 40, 5, "python3.11");
    runs(&m, 50, 40, "bash");
    runs(&m, 51, 50, "python3.11");
    runs(&m, OWN, 5, "looprec");
    *state = &m;
    return 0;
}

static inline int unmake(void **state)
{
    struct machine *m = *state;
    who_free(&m->who);
    process_list_free(&m->processes);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

#endif
