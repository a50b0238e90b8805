/* options: see options.h. Main thread. */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/checks.h"
#include "cli/values.h"
#include "core/text.h"

enum option_id {
#define OPTION(id, name, letter, kind, argument, group, help, man) OPT_##id,
#include "cli/options.def"
    OPT_COUNT
};

enum option_kind { KIND_NONE, KIND_REQUIRED, KIND_OPTIONAL };

/* getopt's value for an option without a letter: above every byte; and for a
 * word that is no option. */
enum { VALUE_BASE = 256, WORD = 1 };

struct row {
    const char *name;
    char letter; /* 0: none */
    enum option_kind kind;
    const char *argument;
};

static const struct row rows[OPT_COUNT] = {
#define OPTION(id, name, letter, kind, argument, group, help, man) \
    [OPT_##id] = {name, letter, KIND_##kind, argument},
#include "cli/options.def"
};

static const double silence_min_dbfs = -200.0;

static void set_defaults(struct options *o)
{
    *o = (struct options){
        .action = ACTION_RECORD,
        .type = SINK_AUTO,
        .sample = SAMPLE_NONE,
        .compression = SINK_COMPRESSION_DEFAULT,
        .buffer_ns = INT64_C(10000000000),
        .silence_dbfs = OPTIONS_SILENCE_DBFS,
    };
}

/* --- values --- */

/* A whole number of up to nine digits. */
static bool parse_digits(const char *text, int *out)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] != '\0') {
        return false;
    }
    *out = atoi(text);
    return true;
}

/* One more of what an option may name several times. */
static bool add_word(const char *words[SESSION_TRACKS_MAX], unsigned *count,
                     const char *word, const char *option, struct fault *f)
{
    if (*count == SESSION_TRACKS_MAX) {
        return usage(f, "--%s is given too often; %d times are the most",
                     option, SESSION_TRACKS_MAX);
    }
    words[(*count)++] = word;
    return true;
}

static bool set_synth(struct options *o, const char *value, struct fault *f)
{
    static const char prefix[] = "synth";
    size_t length = sizeof prefix - 1;
    if (strncmp(value, prefix, length) == 0) {
        if (value[length] == '\0' || value[length] == ':') {
            value += length + (value[length] == ':');
            return add_word(o->synths, &o->synth_count, value, "source", f);
        }
    }
    return usage(f, "no source is called '%s'; use --source=synth:...", value);
}

static bool set_type(struct options *o, const char *value, struct fault *f)
{
    o->type = sink_type_parse(value);
    if (o->type == SINK_AUTO) {
        return usage(f, "no file type is called '%s'; use -t with one of %s",
                     value, sink_type_names());
    }
    return true;
}

static bool set_sample(struct options *o, const char *value, struct fault *f)
{
    o->sample = sample_parse(value);
    if (o->sample == SAMPLE_NONE) {
        return usage(f,
                     "no sample format is called '%s'; use -f with one of "
                     "s16, s24, s32, f32",
                     value);
    }
    return true;
}

static bool set_rate(struct options *o, const char *value, struct fault *f)
{
    int rate;
    if (!parse_digits(value, &rate) || rate < FORMAT_RATE_MIN ||
        rate > FORMAT_RATE_MAX) {
        return usage(f,
                     "'%s' is no rate in Hz; use -r with a number from %d to "
                     "%d, such as 44100",
                     value, FORMAT_RATE_MIN, FORMAT_RATE_MAX);
    }
    o->rate = (uint32_t)rate;
    return true;
}

static bool set_channels(struct options *o, const char *value, struct fault *f)
{
    int channels;
    if (!parse_digits(value, &channels) || channels < 1 ||
        channels > FORMAT_CHANNELS_MAX) {
        return usage(f,
                     "'%s' is no number of channels; use -c with one from 1 "
                     "to %d",
                     value, FORMAT_CHANNELS_MAX);
    }
    o->channels = (uint32_t)channels;
    return true;
}

static bool set_compression(struct options *o, const char *value,
                            struct fault *f)
{
    if (!parse_digits(value, &o->compression) || o->compression > 8) {
        return usage(f, "'%s' is no compression; use --compression=0 to 8",
                     value);
    }
    o->has_compression = true;
    return true;
}

/* -60, -60.5 or -60dB, from -200 to 0. */
static bool set_silence(struct options *o, const char *value, struct fault *f)
{
    o->fail_if_silent = true;
    o->silence_dbfs = OPTIONS_SILENCE_DBFS;
    if (value == NULL) {
        return true;
    }
    const char *p = value + (*value == '-');
    size_t length = strspn(p, "0123456789.");
    char *end = NULL;
    double db = strtod(value, &end);
    if (length == 0 || end != p + length ||
        !(*end == '\0' || text_same(end, "dB") || text_same(end, "dBFS")) ||
        db > 0.0 || db < silence_min_dbfs) {
        return usage(f,
                     "'%s' is no level; use --fail-if-silent=DB with DB from "
                     "-200 to 0",
                     value);
    }
    o->silence_dbfs = db;
    return true;
}

static bool set_device(struct options *o, const char *value, struct fault *f)
{
    if (*value == '\0') {
        return usage(f, "--device is empty; looprec -l lists the outputs");
    }
    o->device = value;
    return true;
}

static bool set_action(struct options *o, enum options_action action,
                       struct fault *f)
{
    if (o->action != ACTION_RECORD && o->action != action) {
        return usage(f, "--list-devices, --list-apps, --repair and --doctor "
                        "exclude each other; leave out one");
    }
    o->action = action;
    return true;
}

static bool set_app(const char *words[SESSION_TRACKS_MAX], unsigned *count,
                    const char *value, const char *option, struct fault *f)
{
    if (*value == '\0') {
        return usage(f, "--%s is empty; looprec -L lists what plays", option);
    }
    return add_word(words, count, value, option, f);
}

static bool set_on_suspend(struct options *o, const char *value,
                           struct fault *f)
{
    static const enum session_suspend policies[] = {SUSPEND_CUT, SUSPEND_FILL,
                                                    SUSPEND_SPLIT};
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        if (strcmp(value, session_suspend_name(policies[i])) == 0) {
            o->on_suspend = policies[i];
            return true;
        }
    }
    return usage(f,
                 "'%s' is no way to take a sleep of the computer; use "
                 "--on-suspend with one of cut, fill, split",
                 value);
}

/* --- one option --- */

static bool apply(struct options *o, enum option_id id, const char *value,
                  struct fault *f)
{
    switch (id) {
    case OPT_DEVICE: return set_device(o, value, f);
    case OPT_APP: return set_app(o->apps, &o->app_count, value, "app", f);
    case OPT_EXCLUDE_APP:
        return set_app(o->excluded, &o->excluded_count, value, "exclude-app",
                       f);
    case OPT_ALL_DEVICES: o->all_devices = true; break;
    case OPT_NO_FOLLOW: o->no_follow = true; break;
    case OPT_KEEP_AWAKE: o->keep_awake = true; break;
    case OPT_SOURCE: return set_synth(o, value, f);
    case OPT_LIST_DEVICES: return set_action(o, ACTION_LIST, f);
    case OPT_LIST_APPS: return set_action(o, ACTION_LIST_APPS, f);
    case OPT_DURATION: return value_duration(o, value, f);
    case OPT_WAIT: return value_wait(o, value, f);
    case OPT_NULL_SINK: o->null_sink = true; break;
    case OPT_TYPE: return set_type(o, value, f);
    case OPT_FORMAT: return set_sample(o, value, f);
    case OPT_RATE: return set_rate(o, value, f);
    case OPT_CHANNELS: return set_channels(o, value, f);
    case OPT_DITHER: o->dither = true; break;
    case OPT_COMPRESSION: return set_compression(o, value, f);
    case OPT_TAG: return value_tag(o, value, f);
    case OPT_SYNC: return value_sync(o, value, f);
    case OPT_KEEP: return value_keep(o, value, f);
    case OPT_FALLBACK: return value_fallback(o, value, f);
    case OPT_SPLIT: return value_split(o, value, f);
    case OPT_OVERWRITE: o->overwrite = true; break;
    case OPT_BUFFER: return value_buffer(o, value, f);
    case OPT_ON_SUSPEND: return set_on_suspend(o, value, f);
    case OPT_KILL_ON_STOP: o->kill_on_stop = true; break;
    case OPT_UNTIL_EXIT: o->until_exit = true; break;
    case OPT_QUIET: o->quiet = true; break;
    case OPT_VERBOSE: o->verbose = true; break;
    case OPT_JSON: o->json = true; break;
    case OPT_FAIL_IF_SILENT: return set_silence(o, value, f);
    case OPT_STRICT: o->strict = true; break;
    case OPT_DOCTOR: return set_action(o, ACTION_DOCTOR, f);
    case OPT_REPAIR: return set_action(o, ACTION_REPAIR, f);
    case OPT_OUTPUT: o->output = value; break;
    case OPT_DRY_RUN: o->dry_run = true; break;
    case OPT_HELP: o->action = ACTION_HELP; break;
    case OPT_VERSION: o->action = ACTION_VERSION; break;
    case OPT_COUNT: break;
    }
    return true;
}

/* For which actions has it a meaning? One bit for each. */
static unsigned meanings(enum option_id id)
{
    const unsigned record = 1u << ACTION_RECORD;
    const unsigned lists = 1u << ACTION_LIST | 1u << ACTION_LIST_APPS;
    const unsigned repair = 1u << ACTION_REPAIR;
    const unsigned doctor = 1u << ACTION_DOCTOR;
    switch (id) {
    case OPT_LIST_DEVICES:
    case OPT_LIST_APPS:
    case OPT_REPAIR:
    case OPT_DOCTOR:
    case OPT_HELP:
    case OPT_VERSION:
    case OPT_QUIET:
    case OPT_VERBOSE: return ~0u;
    case OPT_JSON:
    case OPT_DEVICE: return record | lists | doctor;
    case OPT_NO_FOLLOW:
    case OPT_KEEP_AWAKE:
    case OPT_WAIT: return record | doctor;
    case OPT_OUTPUT:
    case OPT_DRY_RUN: return repair;
    default: return record;
    }
}

/* Remember the option where an action has no use for it. */
static void note_useless(struct options *o, enum option_id id)
{
    for (int a = 0; a < ACTION_COUNT; a++) {
        if (o->useless[a] == NULL && !(meanings(id) >> a & 1)) {
            o->useless[a] = rows[id].name;
        }
    }
}

/* May WORD have been meant as a value? One with a type's ending is a file. */
static bool reads_as_value(const char *word)
{
    return *word >= '0' && *word <= '9' &&
           sink_type_from_path(word) == SINK_AUTO;
}

/* A word that is no option. BEFORE: the option that it follows and that could
 * have had a value, or OPT_COUNT. */
static void take_word(struct options *o, char *word, enum option_id before)
{
    if (before != OPT_COUNT && o->stray == NULL && reads_as_value(word)) {
        o->stray = word;
        o->stray_option = rows[before].name;
    }
    /* in argv's first places, whose words have been looked at */
    o->files[o->file_count++] = word;
    o->file = o->files[0];
}

/* getopt's value to a row; OPT_COUNT: none. */
static enum option_id find_value(int value)
{
    if (value >= VALUE_BASE && value < VALUE_BASE + OPT_COUNT) {
        return (enum option_id)(value - VALUE_BASE);
    }
    for (int i = 0; i < OPT_COUNT; i++) {
        if (rows[i].letter != 0 && rows[i].letter == value) {
            return (enum option_id)i;
        }
    }
    return OPT_COUNT;
}

/* What is wrong with the word that getopt refused. BAD is its optopt: the
 * option's value when it knows the option, a letter, or 0. */
static bool refuse(int bad, const char *word, struct fault *f)
{
    enum option_id id = find_value(bad);
    if (id != OPT_COUNT) {
        const struct row *row = &rows[id];
        if (row->kind == KIND_NONE) {
            return usage(f, "--%s takes no argument; leave out what follows =",
                         row->name);
        }
        return usage(f, "--%s needs an argument; use --%s=%s", row->name,
                     row->name, row->argument);
    }
    const char letter[] = {'-', bad > ' ' && bad < 127 ? (char)bad : '?', 0};
    const char *unknown = bad != 0 ? letter : word;
    if (sink_type_from_path(word) != SINK_AUTO) {
        return usage(f, "unknown option %s; a file of that name is ./%s",
                     unknown, word);
    }
    if (bad >= '0' && bad <= '9') {
        return usage(f,
                     "unknown option %s; a level is joined to its option "
                     "by =, as in --fail-if-silent=-60",
                     unknown);
    }
    if (bad != 0) {
        return usage(f, "unknown option %s", unknown);
    }
    char list[128] = "";
    size_t length = strcspn(word + 2, "=");
    size_t at = 0;
    for (int i = 0; length > 0 && i < OPT_COUNT; i++) {
        if (strncmp(word + 2, rows[i].name, length) == 0 && at < sizeof list) {
            int n = snprintf(list + at, sizeof list - at, "%s--%s",
                             at == 0 ? "" : ", ", rows[i].name);
            at += n > 0 ? (size_t)n : 0;
        }
    }
    if (at > 0) {
        return usage(f, "option %s is ambiguous; use one of %s", word, list);
    }
    return usage(f, "unknown option %s", word);
}

/* --- the whole line --- */

/* The table as getopt_long takes it. */
static void make_tables(struct option longs[OPT_COUNT + 1],
                        char shorts[3 * OPT_COUNT + 3])
{
    size_t at = 0;
    /* Words that are no options come in their order, as option 1, so that
     * those before "--" and those behind it do not get mixed. */
    shorts[at++] = '-';
    shorts[at++] = ':'; /* a missing argument is told apart */
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct row *row = &rows[i];
        int has = row->kind == KIND_NONE       ? no_argument
                  : row->kind == KIND_REQUIRED ? required_argument
                                               : optional_argument;
        longs[i] = (struct option){row->name, has, NULL, VALUE_BASE + i};
        if (row->letter != 0) {
            shorts[at++] = row->letter;
            for (int colons = (int)row->kind; colons > 0; colons--) {
                shorts[at++] = ':';
            }
        }
    }
    shorts[at] = '\0';
    longs[OPT_COUNT] = (struct option){NULL, 0, NULL, 0};
}

bool options_to_stdout(const struct options *o)
{
    return o->file != NULL && strcmp(o->file, "-") == 0;
}

bool options_parse(struct options *o, int argc, char **argv, struct fault *f)
{
    struct option longs[OPT_COUNT + 1];
    char shorts[3 * OPT_COUNT + 3];
    struct fault later; /* only the first one is told */
    bool good = true;
    enum option_id last = OPT_COUNT; /* could have had a value */
    int at;

    set_defaults(o);
    o->files = argv + 1;
    make_tables(longs, shorts);
    opterr = 0;
    optind = 0; /* begin anew, in glibc and in mingw-w64 */
    for (;;) {
        at = optind > 0 ? optind : 1;
        int value = getopt_long(argc, argv, shorts, longs, NULL);
        if (value == -1) {
            break;
        }
        struct fault *told = good ? f : &later;
        if (value == WORD) {
            take_word(o, optarg, last);
            last = OPT_COUNT;
            continue;
        }
        last = OPT_COUNT;
        if (value == '?' || value == ':') {
            good = refuse(optopt, argv[at], told) && good;
            continue;
        }
        enum option_id id = find_value(value);
        /* (it has no letter) */
        if (rows[id].kind == KIND_OPTIONAL && strchr(argv[at], '=') == NULL) {
            last = id;
        }
        note_useless(o, id);
        good = apply(o, id, optarg, told) && good;
        if (good && (o->action == ACTION_HELP || o->action == ACTION_VERSION)) {
            return true;
        }
    }
    /* What ended it was "--" itself, and not an option's argument. */
    if (at < argc && optind == at + 1 && strcmp(argv[at], "--") == 0) {
        if (optind < argc) {
            o->command = argv + optind;
        } else {
            good = good && usage(f, "nothing follows --; give a command, or "
                                    "leave it out");
        }
    }
    return good && checks_pass(o, f);
}
