/* status: see status.h. Main thread. */
#include "cli/status.h"

#include <stdio.h>
#include <string.h>

#include "cli/report.h"
#include "core/levels.h"
#include "sys/console.h"

/* A meter's left end in dBFS; its right end is full scale. */
static const double meter_floor_dbfs = -60.0;

/* The largest 16-bit sample above zero, as a float: full scale. */
static const float full_scale = 32767.0F / 32768.0F;

enum {
    BAR_MIN = 6,
    BAR_MAX = 40,
    /* two spaces, a space before the bar and after it, "-12.3", the mark */
    METER_FRAME = 10,
};

void status_init(struct status *s, bool enabled, uint32_t rate,
                 uint32_t channels)
{
    *s =
        (struct status){.enabled = enabled, .rate = rate, .channels = channels};
}

void status_update(struct status *s, const struct session_status *look,
                   int64_t now_ns)
{
    if (look->paused) {
        memset(s->level, 0, sizeof s->level);
        memset(s->hold, 0, sizeof s->hold);
    }
    if (look->frames == s->frames) {
        return;
    }
    s->frames = look->frames;
    for (uint32_t c = 0; c < s->channels && c < look->channels; c++) {
        s->level[c] = look->peak[c];
        if (look->peak[c] >= s->hold[c] || now_ns >= s->hold_until_ns[c]) {
            s->hold[c] = look->peak[c];
            s->hold_until_ns[c] = now_ns + STATUS_HOLD_NS;
        }
        if (look->peak_so_far[c] >= full_scale) {
            s->clipped[c] = true;
        }
    }
}

/* Cells of a bar of CELLS that LEVEL fills. */
static int bar_cells(float level, int cells)
{
    double share = 1.0 - level_dbfs((double)level) / meter_floor_dbfs;
    if (!(share > 0.0)) {
        return 0;
    }
    return share >= 1.0 ? cells : (int)(share * cells + 0.5);
}

static size_t append_text(char *buffer, size_t at, size_t limit,
                          const char *text)
{
    size_t length = strlen(text);
    if (length > limit - at) {
        length = limit - at;
    }
    memcpy(buffer + at, text, length);
    return at + length;
}

/* One meter: "  L ######..|... -12.3!" with a bar of CELLS, none if 0. */
static size_t append_meter(char *buffer, size_t at, size_t limit,
                           const char *label, float level, float hold,
                           bool clipped, int cells)
{
    char text[BAR_MAX + 2 * METER_FRAME + 16];
    size_t n = (size_t)snprintf(text, sizeof text, "  %.8s%s", label,
                                label[0] != '\0' ? " " : "");
    int filled = bar_cells(level, cells);
    int mark = bar_cells(hold, cells) - 1;
    for (int i = 0; i < cells; i++) {
        text[n++] = i == mark ? '|' : i < filled ? '#' : '.';
    }
    double db = level_shown(level_dbfs((double)hold));
    if (db > -99.9) {
        snprintf(text + n, sizeof text - n, "%s%5.1f%c", cells > 0 ? " " : "",
                 db, clipped ? '!' : ' ');
    } else {
        snprintf(text + n, sizeof text - n, "%s -inf%c", cells > 0 ? " " : "",
                 clipped ? '!' : ' ');
    }
    return append_text(buffer, at, limit, text);
}

static void channel_label(char label[8], uint32_t channel, uint32_t channels)
{
    if (channels == 1) {
        label[0] = '\0';
    } else if (channels == 2) {
        snprintf(label, 8, "%c", channel == 0 ? 'L' : 'R');
    } else {
        snprintf(label, 8, "%u", (unsigned)(channel + 1) % 1000);
    }
}

/* All channels as one: the loudest. */
static size_t append_joint_meter(const struct status *s, char *buffer,
                                 size_t at, size_t limit, int room)
{
    float level = 0.0F, hold = 0.0F;
    bool clipped = false;
    for (uint32_t c = 0; c < s->channels; c++) {
        level = s->level[c] > level ? s->level[c] : level;
        hold = s->hold[c] > hold ? s->hold[c] : hold;
        clipped = clipped || s->clipped[c];
    }
    int cells = room - METER_FRAME + 1;
    if (cells < BAR_MIN) {
        cells = 0;
    }
    if (room < METER_FRAME - 2) {
        return at;
    }
    return append_meter(buffer, at, limit, "", level, hold, clipped,
                        cells < BAR_MAX ? cells : BAR_MAX);
}

static size_t append_meters(const struct status *s, char *buffer, size_t at,
                            size_t limit, int room)
{
    int channels = (int)s->channels;
    int label_columns = channels == 1 ? 0 : channels < 10 ? 1 : 2;
    int cells =
        channels > 0 ? room / channels - METER_FRAME - label_columns : 0;
    if (cells < BAR_MIN) {
        return append_joint_meter(s, buffer, at, limit, room);
    }
    for (uint32_t c = 0; c < s->channels; c++) {
        char label[8];
        channel_label(label, c, s->channels);
        at = append_meter(buffer, at, limit, label, s->level[c], s->hold[c],
                          s->clipped[c], cells < BAR_MAX ? cells : BAR_MAX);
    }
    return at;
}

size_t status_format(const struct status *s, const struct session_status *look,
                     unsigned columns, char *buffer, size_t size)
{
    if (size > STATUS_LINE_MAX) {
        size = STATUS_LINE_MAX;
    }
    size_t limit = columns > 1 ? columns - 1 : 1;
    if (limit > size - 1) {
        limit = size - 1;
    }
    char time[40], amount[24], tail[64] = "", head[80];
    report_time(time, sizeof time, look->frames, s->rate);
    report_size(amount, sizeof amount, look->bytes);
    size_t tenth = strlen(time); /* the meter of time needs no more digits */
    if (tenth > 2) {
        time[tenth - 2] = '\0';
    }
    snprintf(head, sizeof head, "%s  %8s", time, amount);
    uint64_t lost = look->account.frames[CLASS_LOST];
    if (look->paused) {
        snprintf(tail, sizeof tail, "  PAUSED");
    } else if (look->gone) {
        snprintf(tail, sizeof tail, "  device gone: waiting");
    } else if (lost > 0) {
        snprintf(tail, sizeof tail, "  lost %.2f s",
                 (double)lost / (double)s->rate);
    }
    size_t at = append_text(buffer, 0, limit, head);
    int room = (int)limit - (int)at - (int)strlen(tail);
    at = append_meters(s, buffer, at, limit, room);
    at = append_text(buffer, at, limit, tail);
    buffer[at] = '\0';
    return at;
}

void status_draw(struct status *s, const struct session_status *look)
{
    if (!s->enabled) {
        return;
    }
    char line[STATUS_LINE_MAX + 8];
    line[0] = '\r';
    size_t length = 1 + status_format(s, look, console_columns(), line + 1,
                                      STATUS_LINE_MAX);
    memcpy(line + length, "\033[K", 3); /* what stood further right */
    fwrite(line, 1, length + 3, stderr);
    fflush(stderr);
    s->drawn = true;
}

void status_clear(struct status *s)
{
    if (s->enabled && s->drawn) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        s->drawn = false;
    }
}
