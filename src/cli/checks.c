/* checks: see checks.h. Main thread. */
#include "cli/checks.h"

#include <string.h>

#include "sink/sink.h"
#include "sys/file.h"

/* In how many ways what is recorded can be chosen. */
enum { WAYS = 7 };

/* What is recorded is chosen in one way only. A made-up source is recorded in
 * the place of a command. NAMES is filled with what chooses it; returns how
 * many. */
static unsigned find_choices(const struct options *o, const char *names[WAYS])
{
    const struct {
        const char *name;
        bool given;
    } ways[WAYS] = {
        {"--source", o->synth_count > 0},
        {"--null-sink", o->null_sink},
        /* it plays into that sink */
        {"a command",
         o->command != NULL && o->synth_count == 0 && !o->null_sink},
        {"--app", o->app_count > 0},
        {"--exclude-app", o->excluded_count > 0},
        {"--all-devices", o->all_devices},
        {"--device", o->device != NULL},
    };
    unsigned count = 0;
    for (size_t i = 0; i < WAYS; i++) {
        if (ways[i].given) {
            names[count++] = ways[i].name;
        }
    }
    return count;
}

/* NAME: the action's option. */
static bool check_useless(const struct options *o, const char *name,
                          struct fault *f)
{
    const char *useless = o->useless[o->action];
    return useless == NULL ||
           usage(f, "%s %s; leave out --%s", name,
                 o->action == ACTION_DOCTOR ? "keeps no recording"
                                            : "records nothing",
                 useless);
}

static bool check_list(const struct options *o, struct fault *f)
{
    const char *name = o->action == ACTION_LIST     ? "--list-devices"
                       : o->action == ACTION_DOCTOR ? "--doctor"
                                                    : "--list-apps";
    const char *choices[WAYS];
    if (find_choices(o, choices) > (o->device != NULL)) {
        return usage(f, "%s and %s exclude each other; leave out one", name,
                     choices[0]);
    }
    if (!check_useless(o, name, f)) {
        return false;
    }
    if (o->file != NULL) {
        return usage(f, "%s takes no file; leave out '%s'", name, o->file);
    }
    return true;
}

static bool is_folder(const char *path)
{
    struct fault f;
    return !file_check(path, true, &f) && f.err == ERR_IS_A_DIRECTORY;
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
                     sink_pipe_type_names());
    }
    if (o->type == SINK_AUTO) {
        o->type = sink_type_from_path(o->file);
    }
    if (o->type == SINK_AUTO && o->stray != NULL) {
        return usage(f,
                     "'%s' is taken for the file, and its ending tells no "
                     "type; if it belongs to --%s write --%s=%s",
                     o->stray, o->stray_option, o->stray_option, o->stray);
    }
    if (o->type == SINK_AUTO && is_folder(o->file)) {
        return usage(f,
                     "'%s' is a folder; give the name of a file in it, such "
                     "as song.flac",
                     o->file);
    }
    if (o->type == SINK_AUTO) {
        return usage(f,
                     "the ending of '%s' tells no type; use one such as .flac "
                     "or .wav, or -t with one of %s",
                     o->file, sink_type_names());
    }
    if (o->type == SINK_NULL && o->file != NULL) {
        return usage(f, "-t null writes no file; leave out '%s' or the option",
                     o->file);
    }
    return true;
}

/* The type can hold what is asked for, as far as anything is. */
static bool check_format(struct options *o, struct fault *f)
{
    const struct audio_format format = {.rate = o->rate,
                                        .channels = o->channels};
    if (o->dither && o->sample != SAMPLE_NONE && o->sample != SAMPLE_S16) {
        return usage(f, "--dither is for s16 and not for %s; leave out one",
                     sample_name(o->sample));
    }
    if (o->dither && !sink_check(o->type, SAMPLE_S16, NULL, NULL)) {
        return usage(f,
                     "%s files are not made of 16 bits; leave out --dither, "
                     "or use another type",
                     sink_type_name(o->type));
    }
    if (o->dither) {
        o->sample = SAMPLE_S16;
    }
    return sink_check(o->type, o->sample, &format, f);
}

static bool check_record(struct options *o, struct fault *f)
{
    const char *choices[WAYS];
    if (find_choices(o, choices) > 1) {
        return usage(f, "%s and %s exclude each other; leave out one",
                     choices[0], choices[1]);
    }
    if (o->command == NULL && o->kill_on_stop) {
        return usage(f, "--kill-on-stop is for a command; give one, as in "
                        "looprec song.flac -- mpv song.opus");
    }
    if (o->app_count == 0 && o->until_exit) {
        return usage(f, "--until-exit is for an application; name it with "
                        "--app, or leave out the option");
    }
    if (o->synth_count > 0 && o->keep_awake) {
        return usage(f, "--source and --keep-awake exclude each other; leave "
                        "out one");
    }
    if (!check_type(o, f)) {
        return false;
    }
    if (o->has_compression && !sink_type_compresses(o->type)) {
        return usage(f,
                     "%s files are not compressed; leave out --compression, "
                     "or use another type",
                     sink_type_name(o->type));
    }
    bool to_files = o->type != SINK_NULL && !options_to_stdout(o);
    bool splits = o->has_split || o->split_bytes > 0;
    if (splits && !to_files) {
        return usage(f, "--split needs files to write; give a FILE, or leave "
                        "out the option");
    }
    if ((o->keep_files > 0 || o->keep_bytes > 0 || o->keeps_time) && !splits) {
        return usage(f, "--keep is for a recording in several files; add "
                        "--split, or leave out the option");
    }
    if (o->fallback != NULL && !to_files) {
        return usage(f, "--fallback needs a file to write; give a FILE, or "
                        "leave out the option");
    }
    if (o->on_suspend == SUSPEND_SPLIT && !to_files) {
        return usage(f, "--on-suspend=split needs files to write; use cut or "
                        "fill, or give a FILE");
    }
    return check_format(o, f);
}

static bool check_repair(const struct options *o, struct fault *f)
{
    const char *choices[WAYS];

    if (find_choices(o, choices) > 0) {
        return usage(f, "--repair records nothing; leave out %s", choices[0]);
    }
    if (o->json) {
        return usage(f, "--repair has no JSON; leave out --json");
    }
    if (!check_useless(o, "--repair", f)) {
        return false;
    }
    if (o->file_count == 0) {
        return usage(f, "--repair needs a file; give one like song.wav");
    }
    for (int i = 0; i < o->file_count; i++) {
        if (strcmp(o->files[i], "-") == 0) {
            return usage(f, "--repair reads no standard input; give a file, "
                            "or ./- where that is its name");
        }
    }
    if (o->output != NULL && strcmp(o->output, "-") == 0) {
        return usage(f, "--repair does not write to standard output; give "
                        "--output a new file's name");
    }
    if (o->output != NULL && *o->output == '\0') {
        return usage(f, "--output is empty; give a new file's name");
    }
    if (o->output != NULL && o->file_count > 1) {
        return usage(f, "--output is for one file; leave out '%s'",
                     o->files[1]);
    }
    return true;
}

/* What only --repair takes. */
static bool check_no_repair(const struct options *o, struct fault *f)
{
    if (o->file_count > 1 && o->stray != NULL) {
        return usage(f,
                     "one file only, and '%s' is taken for one; write --%s=%s, "
                     "or leave out '%s'",
                     o->stray, o->stray_option, o->stray, o->files[1]);
    }
    if (o->file_count > 1) {
        return usage(f, "one file only; leave out '%s'", o->files[1]);
    }
    if (o->output != NULL || o->dry_run) {
        return usage(f, "%s is for --repair; leave it out",
                     o->output != NULL ? "--output" : "--dry-run");
    }
    return true;
}

bool checks_pass(struct options *o, struct fault *f)
{
    if (o->quiet && o->verbose) {
        return usage(f, "--quiet and --verbose exclude each other; leave out "
                        "one");
    }
    if (o->action == ACTION_REPAIR) {
        return check_repair(o, f);
    }
    if (!check_no_repair(o, f)) {
        return false;
    }
    return o->action == ACTION_RECORD ? check_record(o, f) : check_list(o, f);
}
