/* roster_probe: runs a roster against a real server and tells its news, for
 * tests and for measuring how soon they come.
 *
 *     roster_probe [-u] [-k] [-t COUNT] WHO...
 *
 * WHO: app NAME|PID, exclude NAME|PID..., all, or command PID. -u: until exit;
 * -k: connect again after a loss; -t: play COUNT short streams itself (with
 * `command PID` of itself: 0) and tell how long after each was ready its news
 * came. One line for each thing: READY, ATTACH, CHANGE, DETACH, ENDED, WARNING,
 * FAULT, LOST. Ends with ENDED, after a fault, or with SIGTERM. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/pulse/roster.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "sys/thread.h"

enum { STREAMS_MAX = 1000 };

static struct link link_of_capture;

static void on_signal(int number)
{
    (void)number;
    link_interrupt(&link_of_capture, SOURCE_STOP_NOW);
}

static void on_warning(void *context, const char *text)
{
    (void)context;
    printf("WARNING %s\n", text);
}

/* --- the player: a stream after the other --- */

struct player_of_streams {
    unsigned count;
    _Atomic int64_t ready_ns[STREAMS_MAX];
    _Atomic unsigned heard; /* so many were told by the roster */
};

static pa_stream *begin_stream(pa_mainloop *loop, pa_context *context)
{
    const pa_sample_spec spec = {PA_SAMPLE_S16LE, 48000, 2};
    static const char zeros[3840];
    pa_stream *s = pa_stream_new(context, "short", &spec, NULL);
    pa_stream_connect_playback(s, NULL, NULL, PA_STREAM_NOFLAGS, NULL, NULL);
    while (pa_stream_get_state(s) == PA_STREAM_CREATING) {
        pa_mainloop_iterate(loop, 1, NULL);
    }
    pa_stream_write(s, zeros, sizeof zeros, NULL, 0, PA_SEEK_RELATIVE);
    return s;
}

static void play(void *argument)
{
    struct player_of_streams *p = argument;
    pa_mainloop *loop = pa_mainloop_new();
    pa_context *context =
        pa_context_new(pa_mainloop_get_api(loop), "roster_probe's player");
    pa_context_connect(context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL);
    while (pa_context_get_state(context) != PA_CONTEXT_READY) {
        pa_mainloop_iterate(loop, 1, NULL);
    }
    for (unsigned i = 0; i < p->count; i++) {
        pa_stream *s = begin_stream(loop, context);
        atomic_store(&p->ready_ns[i], clock_now_ns());
        int64_t until_ns = clock_now_ns() + INT64_C(1000000000);
        while (atomic_load(&p->heard) <= i && clock_now_ns() < until_ns) {
            pa_mainloop_prepare(loop, 2000);
            pa_mainloop_poll(loop);
            pa_mainloop_dispatch(loop);
        }
        pa_stream_disconnect(s);
        pa_stream_unref(s);
        while (pa_mainloop_iterate(loop, 0, NULL) > 0) {
        }
    }
    pa_context_disconnect(context);
    pa_context_unref(context);
    pa_mainloop_free(loop);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void report(const char *what, int64_t *ns, unsigned count)
{
    qsort(ns, count, sizeof *ns, compare);
    printf("%s_us least %" PRId64 " median %" PRId64 " of_ten_nine %" PRId64
           " most %" PRId64 "\n",
           what, ns[0] / 1000, ns[count / 2] / 1000, ns[count * 9 / 10] / 1000,
           ns[count - 1] / 1000);
}

/* --- the roster's news --- */

static const char *const words[] = {"ATTACH", "DETACH", "CHANGE", "ENDED"};

static void show(const struct roster_news *n)
{
    const struct roster_stream *s = &n->stream;
    if (n->word == ROSTER_ENDED) {
        printf("ENDED\n");
        return;
    }
    printf("%s input %" PRId32 " sink %" PRIu32 " monitor %" PRIu32
           " corked %d fresh %d age_us %" PRId64 " name %s\n",
           words[n->word], (int32_t)s->input, s->sink, s->monitor, s->corked,
           s->fresh, (clock_now_ns() - s->seen_ns) / 1000, s->name);
}

/* False: it has ended, or was interrupted. */
static bool follow(struct roster *r, struct player_of_streams *p)
{
    static int64_t after_ready[STREAMS_MAX], after_seen[STREAMS_MAX];
    struct roster_news news;
    struct fault f;
    while (link_stop(&link_of_capture) == LINK_RUNS) {
        while (roster_next(r, &news)) {
            unsigned heard = atomic_load(&p->heard);
            if (news.word == ROSTER_ATTACH && heard < p->count) {
                int64_t now = clock_now_ns();
                int64_t ready = atomic_load(&p->ready_ns[heard]);
                /* it may come before the player itself knows */
                after_ready[heard] = ready == 0 ? 0 : now - ready;
                after_seen[heard] = now - news.stream.seen_ns;
                atomic_store(&p->heard, heard + 1);
                if (heard + 1 == p->count) {
                    report("after_ready", after_ready, p->count);
                    report("after_event", after_seen, p->count);
                    return false;
                }
            } else if (p->count == 0) {
                show(&news);
            }
            if (news.word == ROSTER_ENDED) {
                return false;
            }
        }
        if (!roster_alive(r, &f)) {
            printf("LOST %s %s\n", error_name(f.err), f.detail);
            return true;
        }
        if (link_turn(&link_of_capture, INT64_C(1000000000), LINK_RUNS) < 0) {
            return false;
        }
    }
    return false;
}

static bool run(const struct source_request *request, struct who *who,
                struct player_of_streams *p, bool *again)
{
    struct fault f = {.err = ERR_OK};
    char id[256], name[256];
    int64_t deadline_ns = clock_now_ns() + INT64_C(5000000000);
    struct thread *player = NULL;
    struct roster *r =
        roster_start(request, who, &link_of_capture, deadline_ns, &f);
    if (r == NULL) {
        printf("FAULT %s %s | %s\n", error_name(f.err), f.detail, f.hint);
        *again = *again && f.err == ERR_NO_SERVER &&
                 link_stop(&link_of_capture) == LINK_RUNS;
        return false;
    }
    roster_describe(r, id, sizeof id, name, sizeof name);
    printf("READY %s %s\n", id, name);
    if (p->count > 0) {
        player = thread_start("player", play, p, NULL);
    }
    *again = follow(r, p) && *again;
    thread_join(player);
    roster_stop(r);
    return true;
}

static bool read_request(int argc, char **argv, struct source_request *request)
{
    const char *scope = argc > 0 ? argv[0] : "";
    request->apps = (const char *const *)(argv + 1);
    request->app_count = argc > 0 ? (size_t)argc - 1 : 0;
    if (strcmp(scope, "app") == 0) {
        request->scope = SCOPE_APP;
    } else if (strcmp(scope, "exclude") == 0) {
        request->scope = SCOPE_EXCLUDE;
    } else if (strcmp(scope, "all") == 0) {
        request->scope = SCOPE_ALL;
    } else if (strcmp(scope, "command") == 0 && argc == 2) {
        request->scope = SCOPE_APP;
        request->process_id = strtoll(argv[1], NULL, 10);
        request->process_id +=
            request->process_id == 0 ? process_id() : INT64_C(0);
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct player_of_streams player;
    const struct source_listener listener = {.warn = on_warning};
    struct source_request request = {.client_name = "roster_probe",
                                     .listener = &listener};
    struct who who;
    struct fault f = {.err = ERR_OK};
    bool again = false;
    int option;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while ((option = getopt(argc, argv, "+ukt:")) != -1) {
        switch (option) {
        case 'u': request.until_exit = true; break;
        case 'k': again = true; break;
        case 't': player.count = (unsigned)atoi(optarg); break;
        default: return 2;
        }
    }
    if (!read_request(argc - optind, argv + optind, &request) ||
        player.count > STREAMS_MAX || !link_create(&link_of_capture, &f)) {
        return 2;
    }
    if (request.scope != SCOPE_ALL &&
        !who_check(&request, (uint32_t)process_id(), &f)) {
        printf("FAULT %s %s | %s\n", error_name(f.err), f.detail, f.hint);
        return error_exit_code(f.err);
    }
    signal(SIGTERM, on_signal);
    who_init(&who, &request, (uint32_t)process_id());
    bool ok = run(&request, &who, &player, &again);
    while (again) {
        clock_sleep_ns(INT64_C(50000000));
        ok = run(&request, &who, &player, &again);
    }
    who_free(&who);
    link_destroy(&link_of_capture);
    return ok ? 0 : 1;
}
