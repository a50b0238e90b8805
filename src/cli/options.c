/* options: see options.h. Main thread. */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum option_id {
#define OPTION(id, name, letter, kind, argument, group, help, man) OPT_##id,
#include "cli/options.def"
    OPT_COUNT
};

enum option_kind { KIND_NONE, KIND_REQUIRED, KIND_OPTIONAL };

/* getopt's value for an option without a letter: above every byte. */
enum { VALUE_BASE = 256 };

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

static const char examples_of_time[] = "90, 1.5s, 1h30m, 01:30:00";
static const int64_t buffer_min_ns = INT64_C(10000000);
static const int64_t buffer_max_ns = INT64_C(600000000000);
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

/* A fault of usage whose detail is a sentence. */
#define usage(f, ...) fault_setf(f, ERR_USAGE, "options", 0, NULL, __VA_ARGS__)

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

static bool set_synth(struct options *o, const char *value, struct fault *f)
{
    static const char prefix[] = "synth";
    size_t length = sizeof prefix - 1;
    if (strncmp(value, prefix, length) == 0) {
        if (value[length] == '\0') {
            o->synth = value + length;
            return true;
        }
        if (value[length] == ':') {
            o->synth = value + length + 1;
            return true;
        }
    }
    return usage(f, "no source is called '%s'; use --source=synth:...", value);
}

static bool set_duration(struct options *o, const char *value, struct fault *f)
{
    if (!duration_parse(value, false, &o->duration)) {
        return usage(f, "'%s' is no duration; use one like %s or 48000f", value,
                     examples_of_time);
    }
    o->has_duration = true;
    return true;
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

static bool set_buffer(struct options *o, const char *value, struct fault *f)
{
    struct duration d;
    if (!duration_parse(value, false, &d) || d.is_frames) {
        return usage(f,
                     "'%s' is no time; use --buffer with one like 10s or "
                     "500ms",
                     value);
    }
    if (d.ns < buffer_min_ns || d.ns > buffer_max_ns) {
        return usage(f, "--buffer=%s is out of range; use 10ms to 10m", value);
    }
    o->buffer_ns = d.ns;
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

/* --- one option --- */

static bool apply(struct options *o, enum option_id id, const char *value,
                  struct fault *f)
{
    switch (id) {
    case OPT_DEVICE: return set_device(o, value, f);
    case OPT_NO_FOLLOW: o->no_follow = true; break;
    case OPT_SOURCE: return set_synth(o, value, f);
    case OPT_LIST_DEVICES: o->action = ACTION_LIST; break;
    case OPT_DURATION: return set_duration(o, value, f);
    case OPT_TYPE: return set_type(o, value, f);
    case OPT_FORMAT: return set_sample(o, value, f);
    case OPT_COMPRESSION: return set_compression(o, value, f);
    case OPT_OVERWRITE: o->overwrite = true; break;
    case OPT_BUFFER: return set_buffer(o, value, f);
    case OPT_QUIET: o->quiet = true; break;
    case OPT_VERBOSE: o->verbose = true; break;
    case OPT_JSON: o->json = true; break;
    case OPT_FAIL_IF_SILENT: return set_silence(o, value, f);
    case OPT_STRICT: o->strict = true; break;
    case OPT_HELP: o->action = ACTION_HELP; break;
    case OPT_VERSION: o->action = ACTION_VERSION; break;
    case OPT_COUNT: break;
    }
    return true;
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
    if (bad >= '0' && bad <= '9') {
        return usage(f,
                     "unknown option -%c; a level is joined to its option "
                     "by =, as in --fail-if-silent=-60",
                     bad);
    }
    if (bad != 0) {
        char letter = bad > ' ' && bad < 127 ? (char)bad : '?';
        return usage(f, "unknown option -%c", letter);
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

static bool check_list(const struct options *o, struct fault *f)
{
    if (o->synth != NULL) {
        return usage(f, "--list-devices and --source exclude each other; "
                        "leave out one");
    }
    if (o->file != NULL) {
        return usage(f, "--list-devices takes no file; leave out '%s'",
                     o->file);
    }
    return true;
}

static bool check_type(struct options *o, struct fault *f)
{
    if (o->file != NULL && *o->file == '\0') {
        return usage(f, "the file's name is empty; give one like song.flac");
    }
    if (o->type == SINK_AUTO && o->file == NULL) {
        o->type = SINK_FLAC;
    }
    if (o->type == SINK_AUTO && options_to_stdout(o)) {
        return usage(f,
                     "standard output has no ending that tells the type; "
                     "use -t with one of %s",
                     sink_type_names());
    }
    if (o->type == SINK_AUTO) {
        o->type = sink_type_from_path(o->file);
    }
    if (o->type == SINK_AUTO) {
        return usage(f,
                     "the ending of '%s' tells no type; use .wav, .flac or "
                     ".raw, or -t with one of %s",
                     o->file, sink_type_names());
    }
    if (o->type == SINK_NULL && o->file != NULL) {
        return usage(f, "-t null writes no file; leave out '%s' or the option",
                     o->file);
    }
    return true;
}

static bool check_record(struct options *o, struct fault *f)
{
    if (o->synth != NULL && o->device != NULL) {
        return usage(f, "--source and --device exclude each other; leave out "
                        "one");
    }
    if (!check_type(o, f)) {
        return false;
    }
    if (o->has_compression && o->type != SINK_FLAC) {
        return usage(f, "--compression is for flac only; leave it out for %s",
                     sink_type_name(o->type));
    }
    return o->sample == SAMPLE_NONE || sink_check(o->type, o->sample, NULL, f);
}

static bool check(struct options *o, struct fault *f)
{
    if (o->quiet && o->verbose) {
        return usage(f, "--quiet and --verbose exclude each other; leave out "
                        "one");
    }
    return o->action == ACTION_LIST ? check_list(o, f) : check_record(o, f);
}

/* The table as getopt_long takes it. */
static void make_tables(struct option longs[OPT_COUNT + 1],
                        char shorts[3 * OPT_COUNT + 2])
{
    size_t at = 0;
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
    char shorts[3 * OPT_COUNT + 2];
    struct fault later; /* only the first one is told */
    bool good = true;

    set_defaults(o);
    make_tables(longs, shorts);
    opterr = 0;
    optind = 0; /* begin anew, in glibc and in mingw-w64 */
    for (;;) {
        int value = getopt_long(argc, argv, shorts, longs, NULL);
        if (value == -1) {
            break;
        }
        struct fault *told = good ? f : &later;
        if (value == '?' || value == ':') {
            good = refuse(optopt, argv[optind - 1], told) && good;
            continue;
        }
        good = apply(o, find_value(value), optarg, told) && good;
        if (good && (o->action == ACTION_HELP || o->action == ACTION_VERSION)) {
            return true;
        }
    }
    if (optind < argc) {
        o->file = argv[optind];
    }
    if (good && argc - optind > 1) {
        good = usage(f, "one file only; leave out '%s'", argv[optind + 1]);
    }
    return good && check(o, f);
}
