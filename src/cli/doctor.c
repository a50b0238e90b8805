/* doctor: --doctor: plays a chirp on the output that would be recorded, records
 * it as ever, but for a file, and looks for it. Main thread; the ear is the
 * writer's. */
#include "cli/doctor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/message.h"
#include "cli/targets.h"
#include "core/levels.h"
#include "core/log.h"
#include "core/text.h"
#include "sys/clock.h"
#include "sys/stop.h"
#include "sys/wake.h"

/* Silence after the chirp: in so much time it is to be heard. */
#define TAIL_NS INT64_C(800000000)
/* What is recorded arrives soon, or the chirp would be late by that. */
#define LATENCY_NS INT64_C(20000000)

enum {
    CHANNELS_MAX = 8, /* so many of the recording's are searched */
    SECONDS_MAX = 10, /* so much of it */
};

/* What was recorded. */
struct hearing {
    /* writer thread; the main thread's when that was joined */
    float *frames; /* of CHANNELS each */
    size_t count, room;
    uint32_t channels;
    bool no_memory;
};

struct doctor {
    struct diagnosis found;
    struct hearing hearing;
    struct sink_ear ear;
    struct wake *wake;
    struct session *session;
    int64_t start_ns; /* of frame 0 */
    bool stopped;
};

static void hear(void *context, const struct audio_format *format,
                 const void *data, size_t frames)
{
    struct hearing *h = context;
    h->channels =
        format->channels < CHANNELS_MAX ? format->channels : CHANNELS_MAX;
    if (h->count + frames > (size_t)SECONDS_MAX * format->rate) {
        return;
    }
    if (h->count + frames > h->room) {
        size_t room = h->count + frames + format->rate;
        float *grown =
            realloc(h->frames, room * h->channels * sizeof *h->frames);
        if (grown == NULL) {
            h->no_memory = true;
            return;
        }
        h->frames = grown;
        h->room = room;
    }
    for (size_t i = 0; i < frames; i++) {
        memcpy(h->frames + (h->count + i) * h->channels,
               (const float *)data + i * format->channels,
               h->channels * sizeof *h->frames);
    }
    h->count += frames;
}

/* --- the recording --- */

/* False: told in F; ERR_OK: it was stopped meanwhile. */
static bool begin(struct doctor *d, struct fault *f)
{
    const struct options *o = d->found.o;
    struct session_request request = {.path = NULL};
    d->ear = (struct sink_ear){.context = &d->hearing, .hear = hear};
    targets_copy(&request, o);
    targets_fill(&request, o, 0, NULL, LATENCY_NS);
    request.type = SINK_NULL;
    request.sample = SAMPLE_F32;
    request.ear = &d->ear;
    d->wake = wake_create(f);
    if (d->wake == NULL || !stop_install(d->wake, f)) {
        return false;
    }
    d->session = session_create(&request, d->wake, f);
    if (d->session == NULL || !session_start(d->session, f)) {
        return false;
    }
    d->found.facts = *session_facts(d->session);
    d->start_ns =
        clock_now_ns() - (clock_wall_ns() - d->found.facts.start_wall_ns);
    return true;
}

/* What happened to the recording meanwhile is a trouble where it moved. */
static void take_events(struct doctor *d)
{
    struct checkup *c = &d->found.checkup;
    struct session_event event;
    char text[320];
    while (session_next_event(d->session, &event)) {
        switch (event.kind) {
        case EVENT_DEVICE_REROUTED:
            snprintf(text, sizeof text, "the default output moved to %.250s",
                     event.text);
            checkup_add(c, "default-moved", text,
                        "try again, or choose an output with -D");
            break;
        case EVENT_DEVICE_LOST:
            snprintf(text, sizeof text, "the output went away: %.250s",
                     event.text);
            checkup_add(c, "device-lost", text, "try again");
            break;
        case EVENT_WARNING: checkup_add(c, "warning", event.text, NULL); break;
        default: break;
        }
    }
}

/* True: it has ended. False: somebody wants it to end at once. */
static bool end(struct doctor *d)
{
    session_stop(d->session, clock_now_ns());
    while (session_state(d->session) == SESSION_RUNNING) {
        if (stop_requested(NULL) != STOP_NONE) {
            return false;
        }
        wake_wait(d->wake, -1);
    }
    session_finish(d->session, &d->found.report);
    return true;
}

/* --- the sound --- */

static bool play(struct doctor *d, struct fault *f)
{
    struct diagnosis *found = &d->found;
    uint32_t rate = found->facts.info.format.rate;
    size_t length = chirp_frames(rate);
    size_t all = length + (size_t)frames_from_ns(TAIL_NS, rate);
    float *samples = calloc(all, sizeof *samples);
    if (samples == NULL) {
        return fault_set(f, ERR_NO_MEMORY, "play a sound", NULL, NULL);
    }
    for (size_t i = 0; i < length; i++) {
        samples[i] = chirp_sample(rate, i);
    }
    const struct sound sound = {
        .samples = samples, .frames = all, .rate = rate};
    bool ok = source_system()->checkup->play(
        "looprec", found->facts.info.device_id, &sound, &found->played, f);
    free(samples);
    return ok;
}

/* The channel where it is the clearest, and in how many it is. */
static bool search(struct doctor *d)
{
    const struct hearing *h = &d->hearing;
    struct diagnosis *found = &d->found;
    uint32_t rate = found->facts.format.rate;
    for (uint32_t c = 0; c < h->channels; c++) {
        struct chirp_found one;
        if (!chirp_find(h->frames + c, h->channels, h->count, rate, &one)) {
            return false;
        }
        found->channels_searched++;
        found->channels_found += one.found;
        if (one.found && one.likeness > found->chirp.likeness) {
            found->chirp = one;
        }
    }
    int64_t heard_ns =
        d->start_ns + (int64_t)(found->chirp.at_frames * 1e9 / (double)rate);
    found->latency_ms = (double)(heard_ns - found->played.written_ns) / 1e6;
    return true;
}

/* --- what is in the way --- */

static void add_fault(struct checkup *c, const char *code,
                      const struct fault *f)
{
    char text[sizeof(struct fault) + 256];
    struct fault bare = *f;
    bare.hint[0] = '\0';
    message_describe(text, sizeof text, &bare);
    checkup_add(c, code, text, f->hint[0] != '\0' ? f->hint : NULL);
}

/* The sound's own way: it may be muted by itself, or have gone elsewhere. */
static void judge_player(struct diagnosis *d)
{
    const struct sound_played *p = &d->played;
    char text[320];
    if (!p->begun) {
        checkup_add(&d->checkup, "not-played",
                    "the output takes nothing of the sound", NULL);
    }
    if (p->muted || p->volume == 0.0) {
        checkup_add(&d->checkup, "player-muted",
                    "the system plays what looprec plays muted",
                    "raise looprec in the volume mixer and try again");
    }
    if (p->device_id[0] != '\0' &&
        strcmp(p->device_id, d->facts.info.device_id) != 0) {
        snprintf(text, sizeof text, "the system played the sound on %s",
                 p->device_id);
        checkup_add(&d->checkup, "player-moved", text,
                    "move looprec to the output in the volume mixer");
    }
}

/* Who plays where nothing is recorded: often that is the whole trouble. */
static void judge_others(struct diagnosis *d)
{
    struct app_list apps = {NULL, 0};
    char text[320], remedy[320];
    if (!source_system()->list_apps("looprec", &apps, NULL)) {
        return;
    }
    for (size_t i = 0; i < apps.count; i++) {
        const struct app *a = &apps.items[i];
        if (a->is_system || a->state == NULL ||
            strcmp(a->state, "active") != 0 || a->device_id[0] == '\0' ||
            strcmp(a->device_id, d->facts.info.device_id) == 0) {
            continue;
        }
        snprintf(text, sizeof text,
                 "%.100s plays on %.100s, not on this output", a->name,
                 a->device_name);
        snprintf(remedy, sizeof remedy, "looprec -D '%.250s' records that",
                 a->device_id);
        /* a name that a shell could take for more than that is not offered */
        if (strpbrk(a->device_id, "'\\!") || strlen(a->device_id) > 250) {
            text_copy(remedy, sizeof remedy,
                      "looprec -l lists the outputs, -D chooses one");
        }
        checkup_add(&d->checkup, "plays-elsewhere", text, remedy);
    }
    app_list_free(&apps);
}

/* What came in its place, where it did not come. */
static void judge_silence(struct diagnosis *d)
{
    const struct session_report *r = &d->report;
    char text[120];
    if (d->played.ran_dry) {
        checkup_add(&d->checkup, "ran-dry",
                    "the sound was interrupted while it was played",
                    "the computer is busy: try again");
    }
    if (r->account.frames[CLASS_CAPTURED] == 0) {
        checkup_add(&d->checkup, "nothing-arrives",
                    "nothing at all arrived from the output",
                    "see whether anything else can be heard on it; looprec -l "
                    "lists the outputs, -D chooses one");
    } else if (r->peak_dbfs == LEVELS_FLOOR_DBFS) {
        checkup_add(&d->checkup, "silence",
                    "only digital silence arrived from the output",
                    "see whether the output, or looprec, is muted or at "
                    "volume 0 in the system's mixer");
    } else {
        snprintf(text, sizeof text,
                 "other sound arrived from the output, of up to %.1f dBFS",
                 level_shown(r->peak_dbfs));
        checkup_add(&d->checkup, "other-sound", text,
                    "stop what plays and try again");
    }
}

/* --- the whole --- */

static bool is_stopped(struct doctor *d)
{
    d->stopped = d->stopped || stop_requested(NULL) != STOP_NONE;
    return d->stopped;
}

static void announce(const struct diagnosis *d)
{
    if (!d->o->quiet) {
        message_note(
            "looprec: a short quiet sound will be heard on %s; nothing "
            "is written or changed",
            d->facts.info.device_name);
    }
}

static void examine(struct doctor *d)
{
    struct diagnosis *found = &d->found;
    struct fault played = {0}, looked = {0};
    announce(found);
    bool ok = play(d, &played);
    if (is_stopped(d)) {
        return;
    }
    /* while it is recorded, or an idle output would look suspended */
    if (!source_system()->checkup->look("looprec", found->facts.info.device_id,
                                        &found->checkup, &looked)) {
        add_fault(&found->checkup, "not-examined", &looked);
    }
    if (!ok) {
        add_fault(&found->checkup, "not-played", &played);
    } else {
        judge_player(found);
    }
    if (is_stopped(d) || !end(d)) {
        return;
    }
    take_events(d);
    if (found->report.end == SESSION_FAILED) {
        add_fault(&found->checkup, "not-recorded", &found->report.fault);
    }
    if (d->hearing.no_memory || !search(d)) {
        fault_set(&found->fault, ERR_NO_MEMORY, "look for the sound", NULL,
                  NULL);
        return;
    }
    found->recorded = true;
    if (!found->chirp.found) {
        judge_silence(found);
    }
    judge_others(found);
}

/* Nobody waits for what was played up to now. */
static void abandon(struct doctor *d)
{
    struct session_report unread;
    if (d->session != NULL && session_state(d->session) == SESSION_RUNNING) {
        session_stop(d->session, d->start_ns);
        session_finish(d->session, &unread);
    }
}

int doctor_command(const struct options *o)
{
    struct doctor d = {.found = {.o = o}};
    bool over_status = false;
    int code = 1;

    if (o->verbose) {
        log_set_sink(message_log, &over_status);
    }
    bool began = begin(&d, &d.found.fault);
    if (began) {
        examine(&d);
    }
    if (is_stopped(&d)) {
        if (began) {
            abandon(&d);
        }
        message_error("stopped before the sound was found");
    } else {
        code = diagnosis_tell(&d.found);
    }
    bool ended = session_destroy(d.session);
    stop_uninstall();
    if (ended) {
        wake_destroy(d.wake);
        free(d.hearing.frames);
    }
    log_set_sink(NULL, NULL);
    return code;
}
