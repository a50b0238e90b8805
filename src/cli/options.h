/* options: the words of the command line, checked and made into values. Main
 * thread (getopt_long has state of its own). */
#ifndef LOOPREC_CLI_OPTIONS_H
#define LOOPREC_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/duration.h"
#include "core/error.h"
#include "core/format.h"
#include "session/session.h"
#include "sink/sink.h"

enum options_action {
    ACTION_RECORD,
    ACTION_LIST,      /* the outputs */
    ACTION_LIST_APPS, /* the applications */
    ACTION_REPAIR,
    ACTION_DOCTOR, /* is what plays recorded? */
    ACTION_HELP,
    ACTION_VERSION,
};
enum { ACTION_COUNT = ACTION_VERSION + 1 };

/* What --fail-if-silent takes as silence when no number is given. */
#define OPTIONS_SILENCE_DBFS (-90.0)

struct options {
    enum options_action action;
    /* source; the strings are argv's */
    const char *device;                     /* NULL: the default output */
    const char *synths[SESSION_TRACKS_MAX]; /* what follows "synth:" */
    unsigned synth_count;                   /* 0: a real source */
    const char *apps[SESSION_TRACKS_MAX];   /* --app, as typed */
    unsigned app_count;
    const char *excluded[SESSION_TRACKS_MAX]; /* --exclude-app, as typed */
    unsigned excluded_count;
    bool all_devices;
    bool no_follow;
    char **command;    /* what follows "--", ends with NULL; NULL: none */
    bool kill_on_stop; /* the command ends with the recording */
    bool until_exit;   /* the recording ends with the applications */
    bool keep_awake;
    /* length */
    bool has_duration;
    struct duration duration;
    bool wait;
    int64_t wait_ns; /* 0: without an end */
    bool null_sink;
    /* the file */
    const char *file; /* NULL: a name is to be made */
    char **files;     /* all that are no options; more than one only to
                       * be repaired */
    int file_count;
    const char *output; /* of a repair; NULL: in place */
    bool dry_run;
    const char *useless[ACTION_COUNT]; /* for each action the first option that
                                        * has no meaning for it; NULL: none */
    const char *stray;        /* one of the files, which may have been */
    const char *stray_option; /* meant as this option's value; NULL: none */
    enum sink_type type;      /* never SINK_AUTO when parsing succeeded */
    enum sample_type sample;  /* SAMPLE_NONE: by the source */
    uint32_t rate;            /* 0: by the source */
    uint32_t channels;        /* 0: by the source */
    bool dither;              /* the samples are S16 */
    int compression;
    bool has_compression;
    bool overwrite;
    bool has_split;
    struct duration split;
    uint64_t split_bytes; /* 0: not by size */
    unsigned keep_files;  /* of these three one is given, or none */
    uint64_t keep_bytes;
    bool keeps_time;
    struct duration keep;
    const char *fallback;  /* NULL: none */
    struct sink_tags tags; /* in argv */
    int64_t buffer_ns;
    enum session_suspend on_suspend;
    int64_t sync_ns; /* 0: never */
    /* the report */
    bool quiet;
    bool verbose;
    bool json;
    bool fail_if_silent;
    double silence_dbfs;
    bool strict;
};

/* Parse ARGV (ARGV[ARGC] is NULL; its words change places) into O, which is
 * filled (with defaults where nothing was said) also on failure, so that `json`
 * and `file` tell where an error belongs. An option given twice counts the last
 * time, but for those that name one more source. --help and --version end the
 * parsing. False: ERR_USAGE or ERR_FORMAT in F; the detail is one sentence that
 * names the word and the remedy, in raw bytes. */
bool options_parse(struct options *o, int argc, char **argv, struct fault *f);

/* True when the audio goes to standard output. */
bool options_to_stdout(const struct options *o);

#endif
