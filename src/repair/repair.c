/* repair: see repair.h. Main thread. */
#include "repair/repair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repair/apply.h"
#include "repair/plan.h"
#include "repair/undo.h"
#include "sys/clock.h"

/* Where the system does not tell who writes to a file, or its writer opens it
 * anew for each piece: a recording that goes on most likely grows meanwhile.
 * Some write seconds apart. */
static const int64_t watch_ns = INT64_C(1200000000);

/* What the first bytes say; NULL: nothing that can be repaired, F says what to
 * use. */
typedef bool plan_function(struct plan *p, struct look *l, struct fault *f);

static plan_function *find_type(struct look *l, struct fault *f)
{
    uint8_t b[16] = {0};

    look_at(l, 0, b, l->length < 16 ? (size_t)l->length : 16);
    if (memcmp(b, "RIFF", 4) == 0 || memcmp(b, "RF64", 4) == 0 ||
        memcmp(b, "BW64", 4) == 0) {
        return riff_plan;
    }
    if (memcmp(b, "riff", 4) == 0) {
        return w64_plan;
    }
    int64_t id3 = look_id3v2(l);
    if (memcmp(b, "fLaC", 4) == 0 ||
        (id3 > 0 && look_at(l, id3, b, 4) && memcmp(b, "fLaC", 4) == 0)) {
        return flac_plan;
    }
    if (memcmp(b, "OggS", 4) == 0) {
        plan_refuse(l, f,
                    "an Ogg file needs no repair, it plays to its last "
                    "whole page",
                    "ffmpeg -i FILE -c copy NEW makes its end regular");
    } else if (id3 > 0 || (b[0] == 0xFF && (b[1] & 0xE0) == 0xE0)) {
        plan_refuse(l, f,
                    "an MP3 needs no repair, it plays to its last whole "
                    "frame",
                    "ffmpeg -i FILE -c copy NEW makes its end regular");
    } else {
        plan_refuse(l, f,
                    l->length == 0 ? "it is empty"
                                   : "it is no WAV, RF64, Wave64 or FLAC",
                    NULL);
    }
    return NULL;
}

/* Is it the same a while later, and nobody's to write to? */
static bool is_at_rest(const struct look *l, struct fault *f)
{
    clock_sleep_ns(watch_ns);
    struct file *file = file_open(l->path, FILE_READ, f);
    bool same =
        file != NULL && look_is_unchanged(l, file, f) &&
        (!file_has_writer(file) || look_refuse_in_use(l->path, true, f));
    file_close(file, NULL);
    return same;
}

/* L looks at an undo file of TARGET, which must be of a type that is repaired:
 * nothing else can be what a repair has left. */
static bool undo(struct look *l, const char *target, bool dry_run,
                 struct fault *f)
{
    struct file *file = NULL;
    struct look *t = calloc(1, sizeof *t);
    bool good = false;

    file = file_open(target, FILE_READ, f);
    if (file != NULL && !dry_run) {
        bool is_free =
            !file_has_writer(file) || look_refuse_in_use(target, false, f);
        file_close(file, NULL);
        file = is_free ? file_open(target, FILE_CHANGE, f) : NULL;
    }
    if (file == NULL || t == NULL) {
        if (file != NULL) {
            fault_set(f, ERR_NO_MEMORY, "repair", target, NULL);
        }
        goto out;
    }
    look_init(t, file, target);
    good =
        find_type(t, f) != NULL && apply_undo(l, t, dry_run ? NULL : file, f);
out:
    free(t);
    return file_close(file, good ? f : NULL) && good;
}

static bool put_back(const struct repair_request *request, struct look *l,
                     struct repair_report *report, struct fault *f)
{
    if (request->output != NULL) {
        return plan_refuse(l, f, "an undo file is put back in place only",
                           "leave out -o");
    }
    if (!undo_target(report->undo, sizeof report->undo, request->path)) {
        return plan_refuse(l, f, "an undo file whose name tells no file",
                           "its name is the file's and .looprec-undo");
    }
    if (!file_is_ours(l->file)) {
        return plan_refuse(l, f, "this undo file is another user's",
                           "who made the repair can undo it");
    }
    if (!undo(l, report->undo, request->dry_run, f)) {
        return false;
    }
    report->state = request->dry_run ? REPAIR_NEEDED : REPAIR_UNDONE;
    snprintf(report->kind, sizeof report->kind, "undo");
    snprintf(report->found, sizeof report->found,
             "it keeps what was there before a repair");
    return true;
}

/* The plan is made: now do it. */
static bool carry_out(const struct repair_request *request,
                      const struct plan *p, struct look *l,
                      struct repair_report *report, struct fault *f)
{
    if (plan_is_empty(p, l)) {
        report->state = REPAIR_GOOD;
        return true;
    }
    report->state = request->dry_run ? REPAIR_NEEDED : REPAIR_DONE;
    if (request->output == NULL && p->insert_bytes > 0) {
        return plan_refuse(l, f,
                           "more than 4 GiB, and no room in its header to "
                           "say so",
                           "use -o FILE for a new file");
    }
    if (request->dry_run) {
        return true;
    }
    if (request->output != NULL) {
        return apply_to_copy(p, l, request->output, f);
    }
    return (undo_name(report->undo, sizeof report->undo, request->path) ||
            plan_refuse(l, f, "its name is too long", NULL)) &&
           is_at_rest(l, f) && apply_in_place(p, l, report->undo, f);
}

static bool repair_open(const struct repair_request *request, struct look *l,
                        struct plan *p, struct repair_report *report,
                        struct fault *f)
{
    if (undo_is_one(l)) {
        return put_back(request, l, report, f);
    }
    p->is_copy = request->output != NULL;
    plan_function *make = find_type(l, f);
    if (make == NULL || !make(p, l, f)) {
        return false;
    }
    snprintf(report->kind, sizeof report->kind, "%s", p->kind);
    memcpy(report->found, p->found, sizeof report->found);
    report->frames = p->frames;
    report->rate = p->rate;
    return carry_out(request, p, l, report, f);
}

bool repair_file(const struct repair_request *request,
                 struct repair_report *report, struct fault *f)
{
    struct look *l = calloc(1, sizeof *l);
    struct plan *p = calloc(1, sizeof *p);
    struct file *file = NULL;
    bool good = false;

    memset(report, 0, sizeof *report);
    if (l == NULL || p == NULL) {
        fault_set(f, ERR_NO_MEMORY, "repair", request->path, NULL);
        goto out;
    }
    file = file_open(request->path, FILE_READ, f);
    if (file == NULL) {
        goto out;
    }
    look_init(l, file, request->path);
    if (file_is_stream(file)) {
        plan_refuse(l, f, "it is no regular file", NULL);
        goto out;
    }
    good = repair_open(request, l, p, report, f);
out:
    file_close(file, NULL);
    free(p);
    free(l);
    if (good && report->state == REPAIR_UNDONE) {
        file_remove(request->path);
    }
    return good;
}

bool repair_undo_target(char *buffer, size_t size, const char *name)
{
    return undo_target(buffer, size, name);
}
