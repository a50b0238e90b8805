/* report: see report.h. Main thread. */
#include "cli/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/duration.h"
#include "core/levels.h"
#include "core/text.h"

/* A device's clock this far from ours is worth a word: 0.2 s in an hour. */
static const double notable_drift_ppm = 50.0;

/* Text that grows in a caller's buffer and is cut where it ends. */
struct text {
    char *buffer;
    size_t size;
    size_t length;
};

static void add(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->buffer + t->length, t->size - t->length, format, args);
    va_end(args);
    if (n > 0) {
        size_t room = t->size - t->length - 1;
        t->length += (size_t)n < room ? (size_t)n : room;
    }
}

void report_size(char *buffer, size_t size, uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) {
        snprintf(buffer, size, "%u bytes", (unsigned)bytes);
        return;
    }
    double amount = (double)bytes / 1000.0;
    size_t unit = 0;
    while (amount >= 999.95 && unit + 1 < sizeof units / sizeof units[0]) {
        amount /= 1000.0;
        unit++;
    }
    snprintf(buffer, size, "%.1f %s", amount, units[unit]);
}

void report_time(char *buffer, size_t size, uint64_t frames, uint32_t rate)
{
    duration_format(buffer, size, frames_to_ns((int64_t)frames, rate));
}

/* Not minus infinity, which digital silence has. (No isfinite: mingw-w64's
 * macro warns for doubles.) */
static bool is_level(double dbfs)
{
    return dbfs > -1e6;
}

void report_level(char *buffer, size_t size, double dbfs)
{
    if (is_level(dbfs)) {
        snprintf(buffer, size, "%.1f dBFS", level_shown(dbfs));
    } else {
        snprintf(buffer, size, "digital silence");
    }
}

static void add_path(struct text *t, const char *path)
{
    char name[4096];
    add(t, "%s", text_printable(name, sizeof name, path));
}

static void add_name(struct text *t, const struct session_facts *facts,
                     const struct session_report *r)
{
    if (r->files != NULL) {
        add_path(t, r->files->path);
    } else if (facts->path != NULL && strcmp(facts->path, "-") == 0) {
        add(t, "standard output");
    } else {
        add(t, "no file kept");
    }
}

/* "take.flac and 2 more files" where there are several. */
static void add_more(struct text *t, const struct session_report *r)
{
    unsigned more = 0;
    const struct session_file *file = r->files;
    while (file != NULL && (file = file->next) != NULL) {
        more++;
    }
    if (more > 0) {
        add(t, " and %u more file%s", more, more == 1 ? "" : "s");
    }
}

void report_file(char *buffer, size_t size, const struct session_file *file,
                 uint32_t rate)
{
    struct text t = {.buffer = buffer, .size = size};
    char length[40], at[40];
    report_time(length, sizeof length, file->frames, rate);
    report_time(at, sizeof at, file->at_frame, rate);
    buffer[0] = '\0';
    add(&t, "  ");
    add_path(&t, file->path);
    add(&t, ": %s, from %s on\n", length, at);
}

void report_sleep(char *buffer, size_t size, const struct session_event *event,
                  uint32_t rate)
{
    static const char *const then[] = {
        [SUSPEND_CUT] = "that time is left out",
        [SUSPEND_FILL] = "that time is silence in the file",
        [SUSPEND_SPLIT] = "that time is left out, and a new file begins",
    };
    char length[40], at[40];
    duration_format(length, sizeof length, event->length_ns);
    report_time(at, sizeof at, event->at_frame, rate);
    snprintf(buffer, size, "the computer slept for %s at %s; %s", length, at,
             then[event->policy]);
}

static void add_levels(struct text *t, const struct session_report *r)
{
    char peak[40], rms[40];
    report_level(peak, sizeof peak, r->peak_dbfs);
    report_level(rms, sizeof rms, r->rms_dbfs);
    if (!is_level(r->peak_dbfs)) {
        add(t, "  nothing but digital silence\n");
        return;
    }
    add(t, "  peak %s, RMS %s", peak, rms);
    if (r->clipped_samples > 0) {
        add(t, ", %llu sample%s clipped",
            (unsigned long long)r->clipped_samples,
            r->clipped_samples == 1 ? "" : "s");
    }
    add(t, "\n");
}

/* "lost 00:00:00.480 (0.6 %)" */
static void add_class(struct text *t, const struct session_report *r,
                      enum account_class class)
{
    char time[40];
    uint64_t frames = r->account.frames[class];
    double percent = 100.0 * (double)frames / (double)r->frames;
    report_time(time, sizeof time, frames, r->format.rate);
    if (class == CLASS_LOST) {
        add(t, "%llu frame%s lost, ", (unsigned long long)frames,
            frames == 1 ? "" : "s");
    } else {
        add(t, "%s ", account_class_name(class));
    }
    if (percent < 0.05 || (percent > 99.95 && frames < r->frames)) {
        add(t, "%s (%s 0.1 %%)", time,
            percent < 0.05 ? "less than" : "all but");
    } else {
        add(t, "%s (%.1f %%)", time, percent);
    }
}

static void add_account(struct text *t, const struct session_report *r)
{
    static const enum account_class order[] = {CLASS_CAPTURED, CLASS_IDLE,
                                               CLASS_GONE, CLASS_LOST};
    const char *separator = "  ";
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (r->account.frames[order[i]] > 0) {
            add(t, "%s", separator);
            add_class(t, r, order[i]);
            separator = ", ";
        }
    }
    if (r->account.frames[CLASS_LOST] == 0) {
        add(t, "%s0 frames lost", separator);
    }
    add(t, "\n");
}

void report_format(char *buffer, size_t size, const struct session_facts *facts,
                   const struct session_report *r)
{
    struct text t = {.buffer = buffer, .size = size};
    char time[40], amount[24];
    buffer[0] = '\0';
    report_time(time, sizeof time, r->frames, r->format.rate);
    report_size(amount, sizeof amount, r->bytes);
    add_name(&t, facts, r);
    add_more(&t, r);
    add(&t, ": %s (%llu frames), %s\n", time, (unsigned long long)r->frames,
        amount);
    add_levels(&t, r);
    add_account(&t, r);
    if (r->deleted > 0) {
        add(&t, "  %llu older file%s not kept\n",
            (unsigned long long)r->deleted,
            r->deleted == 1 ? " was" : "s were");
    }
    if (r->drift_known && fabs(r->drift_ppm) >= notable_drift_ppm) {
        add(&t, "  the device's clock runs %.0f ppm %s\n", fabs(r->drift_ppm),
            r->drift_ppm > 0.0 ? "fast" : "slow");
    }
    if (r->paused_frames > 0) {
        report_time(time, sizeof time, r->paused_frames, r->format.rate);
        add(&t, "  paused for %s, which is not in the file\n", time);
    }
    if (r->markers > 0) {
        add(&t, "  %u marker%s\n", r->markers, r->markers == 1 ? "" : "s");
    }
    if (r->asleep_ns > 0) {
        duration_format(time, sizeof time, r->asleep_ns);
        add(&t, "  the computer slept for %s meanwhile\n", time);
    }
    if (r->end == SESSION_READER_CLOSED) {
        add(&t, "  the reader closed the pipe\n");
    }
}
