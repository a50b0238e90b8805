/* synth_spec: see synth_spec.h; one row of a table for each item. Any thread;
 * nothing here is shared. */
#include "source/synth_spec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/duration.h"
#include "core/text.h"

#define NS_PER_S INT64_C(1000000000)

/* An item's value as it is being read. */
struct reading {
    struct synth_spec *spec;
    int which;         /* the row's own number */
    const char *value; /* behind the '='; "" where there is none */
};

/* --- numbers --- */

/* A decimal number of the whole TEXT, times 10^DECIMALS; strtod would ask the
 * locale. */
static bool decimal(const char *text, int decimals, int64_t *value)
{
    bool negative = *text == '-';
    text += negative;
    int64_t sum = 0;
    int after = -1; /* digits behind the point */
    const char *start = text;
    for (; *text; text++) {
        if (*text == '.' && after < 0 && text > start) {
            after = 0;
            continue;
        }
        if (*text < '0' || *text > '9' || after == decimals ||
            sum > INT64_C(100000000000000)) {
            return false;
        }
        sum = sum * 10 + (*text - '0');
        after += after >= 0;
    }
    if (text == start || after == 0) {
        return false;
    }
    for (after = after < 0 ? 0 : after; after < decimals; after++) {
        sum *= 10;
    }
    *value = negative ? -sum : sum;
    return true;
}

static bool whole(const char *text, int64_t least, int64_t most, uint32_t *out)
{
    int64_t value;
    if (!decimal(text, 0, &value) || value < least || value > most) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

/* Frames are rounded down to nanoseconds: the first frame not before that
 * moment is then the right one. */
static bool time_of(const struct synth_spec *spec, const char *text,
                    bool allow_zero, int64_t *ns)
{
    struct duration d;
    if (!duration_parse(text, allow_zero, &d)) {
        return false;
    }
    uint64_t seconds = d.frames / spec->rate;
    uint64_t rest = d.frames % spec->rate;
    if (d.is_frames && seconds > INT64_MAX / NS_PER_S / 2) {
        return false;
    }
    *ns = !d.is_frames ? d.ns
                       : (int64_t)(seconds * (uint64_t)NS_PER_S +
                                   rest * (uint64_t)NS_PER_S / spec->rate);
    return true;
}

static bool hertz(const char *text, uint64_t *millihertz)
{
    int64_t value;
    if (!decimal(text, 3, &value) || value <= 0 ||
        value > INT64_C(1000) * FORMAT_RATE_MAX / 2) {
        return false;
    }
    *millihertz = (uint64_t)value;
    return true;
}

/* Cut TEXT at SEPARATOR (in place); what is behind it, or NULL. */
static char *cut(char *text, char separator)
{
    char *at = strchr(text, separator);
    if (at) {
        *at++ = '\0';
    }
    return at;
}

/* --- what a row calls --- */

static bool set_signal(struct reading *r)
{
    struct synth_spec *spec = r->spec;
    char text[64];
    text_copy(text, sizeof text, r->value);
    spec->kind_given = true;
    spec->kind = (enum synth_kind)r->which;
    if (spec->kind == SYNTH_CHIRP) {
        spec->millihertz = 20000;
    }
    if (!*text) {
        return true;
    }
    switch (spec->kind) {
    case SYNTH_TONE: return hertz(text, &spec->millihertz);
    case SYNTH_NOISE: return whole(text, 0, UINT32_MAX, &spec->seed);
    case SYNTH_CHIRP: {
        char *seconds = cut(text, '/');
        char *end = cut(text, '-');
        return end && hertz(text, &spec->millihertz) &&
               hertz(end, &spec->chirp_millihertz) &&
               (!seconds || time_of(spec, seconds, false, &spec->chirp_ns)) &&
               spec->chirp_ns >= NS_PER_S / 1000;
    }
    case SYNTH_COUNTER:
    case SYNTH_SILENCE: break;
    }
    return false;
}

static bool set_rate(struct reading *r)
{
    return whole(r->value, FORMAT_RATE_MIN, FORMAT_RATE_MAX, &r->spec->rate);
}

static bool set_channels(struct reading *r)
{
    return whole(r->value, 1, FORMAT_CHANNELS_MAX, &r->spec->channels);
}

static bool set_bits(struct reading *r)
{
    enum sample_type type = strcmp(r->value, "16") == 0    ? SAMPLE_S16
                            : strcmp(r->value, "24") == 0  ? SAMPLE_S24
                            : strcmp(r->value, "32f") == 0 ? SAMPLE_F32
                                                           : SAMPLE_NONE;
    r->spec->type = type;
    return type != SAMPLE_NONE;
}

static bool set_amplitude(struct reading *r)
{
    int64_t millibels; /* thousandths of a decibel */
    if (!decimal(r->value, 3, &millibels) || millibels < -200000 ||
        millibels > 40000) {
        return false;
    }
    r->spec->amplitude = pow(10.0, (double)millibels / 20000.0);
    return true;
}

static bool set_period(struct reading *r)
{
    return time_of(r->spec, r->value, false, &r->spec->period_ns) &&
           r->spec->period_ns <= NS_PER_S;
}

static bool set_length(struct reading *r)
{
    return time_of(r->spec, r->value, true, &r->spec->length_ns);
}

static bool set_jitter(struct reading *r)
{
    return time_of(r->spec, r->value, true, &r->spec->jitter_ns);
}

static bool set_fast(struct reading *r)
{
    r->spec->fast = true;
    return true;
}

static bool set_lanes_down(struct reading *r)
{
    r->spec->lanes_down = true;
    return true;
}

static bool set_drift(struct reading *r)
{
    return decimal(r->value, 3, &r->spec->drift_ppb) &&
           r->spec->drift_ppb >= -100000000 && r->spec->drift_ppb <= 100000000;
}

static bool set_position(struct reading *r)
{
    bool none = strcmp(r->value, "none") == 0;
    r->spec->position = none ? SYNTH_POSITION_NONE : SYNTH_POSITION_ZERO;
    return none || strcmp(r->value, "zero") == 0;
}

static bool set_time(struct reading *r)
{
    r->spec->no_time = true;
    return strcmp(r->value, "none") == 0;
}

static bool set_flag_every(struct reading *r)
{
    r->spec->flag_every = true;
    return true;
}

static bool set_flag_first(struct reading *r)
{
    r->spec->flag_first = true;
    return true;
}

static bool set_fail_open(struct reading *r)
{
    return whole(r->value, 0, UINT32_MAX, &r->spec->fail_opens);
}

/* AT+LEN, AT[+LEN], AT, AT:RATE[:CHANNELS] */
static bool set_event(struct reading *r)
{
    struct synth_spec *spec = r->spec;
    enum synth_event_kind kind = (enum synth_event_kind)r->which;
    char text[64];
    text_copy(text, sizeof text, r->value);
    struct synth_event *event = &spec->events[spec->event_count++];
    *event = (struct synth_event){.kind = kind, .length_ns = NS_PER_S};
    spec->stream_count += kind == SYNTH_STREAM;
    char *length = kind <= SYNTH_LOSE ? cut(text, '+') : NULL;
    char *rate = kind == SYNTH_REFORMAT ? cut(text, ':') : NULL;
    char *channels = rate ? cut(rate, ':') : NULL;
    if (!time_of(spec, text, true, &event->at_ns) ||
        (!length && kind < SYNTH_LOSE) ||
        (length && !time_of(spec, length, false, &event->length_ns))) {
        return false;
    }
    if (kind != SYNTH_REFORMAT) {
        return kind != SYNTH_OVER || event->at_ns > 0;
    }
    return rate &&
           whole(rate, FORMAT_RATE_MIN, FORMAT_RATE_MAX, &event->rate) &&
           (!channels ||
            whole(channels, 1, FORMAT_CHANNELS_MAX, &event->channels));
}

/* --- the table --- */

enum value_rule { BARE, MAY, MUST };

static const struct row {
    const char *name;
    const char *form; /* how it is written */
    enum value_rule rule;
    bool (*set)(struct reading *r);
    int which;
} rows[] = {
    {"tone", "tone[=HZ]", MAY, set_signal, SYNTH_TONE},
    {"chirp", "chirp[=HZ1-HZ2[/SECONDS]]", MAY, set_signal, SYNTH_CHIRP},
    {"noise", "noise[=SEED]", MAY, set_signal, SYNTH_NOISE},
    {"counter", "counter", BARE, set_signal, SYNTH_COUNTER},
    {"silence", "silence", BARE, set_signal, SYNTH_SILENCE},
    {"amp", "amp=DB, -200 to 40", MUST, set_amplitude, 0},
    {"rate", "rate=HZ, 1000 to 768000", MUST, set_rate, 0},
    {"channels", "channels=N, 1 to 32", MUST, set_channels, 0},
    {"bits", "bits=16, bits=24 or bits=32f", MUST, set_bits, 0},
    {"period", "period=TIME, up to 1s", MUST, set_period, 0},
    {"fast", "fast", BARE, set_fast, 0},
    {"length", "length=TIME", MUST, set_length, 0},
    {"stream", "stream=AT+TIME", MUST, set_event, SYNTH_STREAM},
    {"lanes-down", "lanes-down", BARE, set_lanes_down, 0},
    {"gap", "gap=AT+TIME", MUST, set_event, SYNTH_GAP},
    {"silent", "silent=AT+TIME", MUST, set_event, SYNTH_SILENT},
    {"stall", "stall=AT+TIME", MUST, set_event, SYNTH_STALL},
    {"burst", "burst=AT+TIME", MUST, set_event, SYNTH_BURST},
    {"sleep-at", "sleep-at=AT+TIME", MUST, set_event, SYNTH_SLEEP},
    {"drift", "drift=PPM, -100000 to 100000", MUST, set_drift, 0},
    {"lose-at", "lose-at=AT[+TIME]", MUST, set_event, SYNTH_LOSE},
    {"reroute-at", "reroute-at=AT", MUST, set_event, SYNTH_REROUTE},
    {"reformat-at", "reformat-at=AT:RATE[:CHANNELS]", MUST, set_event,
     SYNTH_REFORMAT},
    {"end-at", "end-at=AT, above 0", MUST, set_event, SYNTH_OVER},
    {"jitter", "jitter=TIME", MUST, set_jitter, 0},
    {"position", "position=none or position=zero", MUST, set_position, 0},
    {"time", "time=none", MUST, set_time, 0},
    {"flag-every-packet", "flag-every-packet", BARE, set_flag_every, 0},
    {"flag-first", "flag-first", BARE, set_flag_first, 0},
    {"fail-open", "fail-open=N", MUST, set_fail_open, 0},
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* What ITEM (a name) is not: one of these. */
static bool unknown(const char *item, struct fault *f)
{
    char list[300];
    size_t length = 0;
    for (size_t i = 0; i < ROW_COUNT && length < sizeof list; i++) {
        int added = snprintf(list + length, sizeof list - length, " %s%s",
                             rows[i].name, rows[i].rule == MUST ? "=" : "");
        length += added > 0 ? (size_t)added : 0;
    }
    return fault_setf(f, ERR_USAGE, "synth", 0,
                      "items are separated by commas; see the manual page",
                      "'%.40s' is none of:%s", item, list);
}

/* ASKED is right by itself, and one more than there can be. True: told in F. */
static bool one_too_many(const struct synth_spec *spec, const struct row *row,
                         const char *asked, struct fault *f)
{
    if (row->set == set_signal && spec->kind_given) {
        return !fault_setf(f, ERR_USAGE, "synth", 0, "leave out one of them",
                           "'%s' is a second signal", asked);
    }
    if (row->set == set_event && spec->event_count == SYNTH_EVENTS_MAX) {
        return !fault_setf(f, ERR_USAGE, "synth", 0, "leave out some of them",
                           "'%s' is one too many: of items with a moment "
                           "there can be %d",
                           asked, SYNTH_EVENTS_MAX);
    }
    return false;
}

/* One item, in place. Only the rate in the first pass: other items may count
 * in its frames. */
static bool read_item(struct synth_spec *spec, char *item, bool rate_pass,
                      struct fault *f)
{
    char asked[64];
    text_copy(asked, sizeof asked, item);
    char *value = cut(item, '=');
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        if (strcmp(row->name, item) != 0) {
            continue;
        }
        if ((row->set == set_rate) != rate_pass) {
            return true;
        }
        if (one_too_many(spec, row, asked, f)) {
            return false;
        }
        struct reading r = {spec, row->which, value ? value : ""};
        bool fits = row->rule == BARE ? !value : row->rule == MAY || value;
        /* "tone=" is not "tone"; no value is as long as its copies' room. */
        fits = fits && (!value || (*value && strlen(value) < 64));
        if (fits && row->set(&r)) {
            return true;
        }
        char hint[sizeof f->hint];
        snprintf(hint, sizeof hint, "it is written %s", row->form);
        return fault_setf(f, ERR_USAGE, "synth", 0, hint, "'%s' is not right",
                          asked);
    }
    return rate_pass || unknown(item, f);
}

bool synth_spec_parse(const char *text, struct synth_spec *spec,
                      struct fault *f)
{
    *spec = (struct synth_spec){
        .kind = SYNTH_TONE,
        .millihertz = 440000,
        .chirp_millihertz = 20000000,
        .chirp_ns = 10 * NS_PER_S,
        .amplitude = 0.5,
        .rate = 48000,
        .channels = 2,
        .type = SAMPLE_NONE,
        .length_ns = INT64_MAX,
    };
    for (int pass = 0; pass < 2 && *text; pass++) {
        const char *at = text;
        for (;;) {
            char item[160];
            size_t length = strcspn(at, ",");
            size_t kept = length < sizeof item ? length : sizeof item - 1;
            memcpy(item, at, kept);
            item[kept] = '\0';
            if (!read_item(spec, item, pass == 0, f)) {
                return false;
            }
            if (at[length] == '\0') {
                break;
            }
            at += length + 1;
        }
    }
    for (unsigned i = 0; i < spec->event_count; i++) {
        bool sleeps = spec->events[i].kind == SYNTH_SLEEP;
        if (sleeps && !spec->fast) {
            return fault_set(f, ERR_USAGE, "synth",
                             "'sleep-at' needs a time that can be made",
                             "add the item fast");
        }
        if (sleeps && spec->stream_count > 0) {
            return fault_set(f, ERR_USAGE, "synth",
                             "'stream' and 'sleep-at' exclude each other",
                             "leave out one of them");
        }
    }
    if (spec->type == SAMPLE_NONE) {
        spec->type = spec->kind == SYNTH_COUNTER ? SAMPLE_S16 : SAMPLE_F32;
    }
    return true;
}
