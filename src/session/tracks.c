/* tracks: see tracks.h. Main thread. */
#include "session/tracks.h"

#include <stdio.h>

#include "core/text.h"

struct tracks_look tracks_look(const struct track *tracks, unsigned count)
{
    struct tracks_look look = {0};
    for (unsigned i = count; i-- > 0;) {
        const struct track *t = &tracks[i];
        switch (track_phase(t)) {
        case TRACK_OPENING: look.trying = true; break;
        case TRACK_WAITING: look.waiting++; break;
        case TRACK_OPEN: look.open++; break;
        case TRACK_FAILED: look.failed = t; break;
        }
        if (track_refused(t)) {
            look.refused = t;
        }
    }
    return look;
}

void tracks_note_present(struct track *tracks, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        tracks[i].present = track_phase(&tracks[i]) == TRACK_OPEN;
    }
}

/* A name for all tracks: "firefox.exe, vlc.exe". */
static void join_names(const struct track *tracks, unsigned count,
                       struct source_info *info)
{
    char names[SESSION_TRACKS_MAX * (sizeof info->device_name + 2)];
    char ids[sizeof names];
    size_t length = 0;
    size_t id_length = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct track *t = &tracks[i];
        const char *between = i == 0 ? "" : ", ";
        const char *name = track_name(t);
        const char *id = t->present ? t->info.device_id : name;
        length += (size_t)snprintf(names + length, sizeof names - length,
                                   "%s%.255s", between, name);
        id_length += (size_t)snprintf(ids + id_length, sizeof ids - id_length,
                                      "%s%.255s", between, id);
    }
    text_copy(info->device_name, sizeof info->device_name, names);
    text_copy(info->device_id, sizeof info->device_id, ids);
}

bool tracks_describe(const struct track *tracks, unsigned count,
                     struct source_info *out, struct fault *f)
{
    const struct track *first = NULL;
    for (unsigned i = 0; i < count; i++) {
        const struct track *t = &tracks[i];
        if (!t->present) {
            continue;
        }
        if (!first) {
            first = t;
            *out = t->info;
        } else if (t->info.virtual_time != first->info.virtual_time) {
            return fault_set(f, ERR_USAGE, "mix sources",
                             "a source in virtual time cannot be mixed with "
                             "one in real time",
                             "give all of them 'fast', or none");
        } else if (t->info.format.native != SAMPLE_S16) {
            /* the file's samples are to hold all of them */
            out->format.native = t->info.format.native;
        }
    }
    join_names(tracks, count, out);
    return true;
}

bool tracks_check_rates(const struct track *tracks, unsigned count,
                        const struct audio_format *format, struct fault *f)
{
    for (unsigned i = 0; i < count; i++) {
        const struct track *t = &tracks[i];
        if (t->present && !converter_check(&t->info.format, format, f)) {
            return false;
        }
    }
    return true;
}

bool tracks_make_lanes(struct track *tracks, unsigned count,
                       const struct source_info *info, int64_t buffer_ns,
                       struct fault *f)
{
    for (unsigned i = 0; i < count; i++) {
        struct track *t = &tracks[i];
        t->virtual_time = info->virtual_time;
        if (!track_make_lanes(t, t->present ? &t->info.format : &info->format,
                              buffer_ns, f)) {
            return false;
        }
    }
    return true;
}

int64_t tracks_first_opened_ns(const struct track *tracks, unsigned count)
{
    int64_t first_ns = INT64_MAX;
    for (unsigned i = 0; i < count; i++) {
        const struct track *t = &tracks[i];
        if (t->present && t->opened_ns < first_ns) {
            first_ns = t->opened_ns;
        }
    }
    return first_ns;
}

int64_t tracks_since_ns(const struct track *tracks, unsigned count,
                        int64_t now_ns)
{
    int64_t since_ns = INT64_MIN;
    for (unsigned i = 0; i < count; i++) {
        const struct track *t = &tracks[i];
        if (!t->present) {
            continue; /* its thread may be writing its info */
        }
        int64_t one_ns = t->info.since_ns == 0 ? now_ns : t->info.since_ns;
        if (one_ns > since_ns) {
            since_ns = one_ns;
        }
    }
    return since_ns == INT64_MIN || since_ns > now_ns ? now_ns : since_ns;
}
