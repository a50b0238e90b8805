/* options: the words of the command line, checked and made into values. Main
 * thread (getopt_long has state of its own). */
#ifndef LOOPREC_CLI_OPTIONS_H
#define LOOPREC_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/duration.h"
#include "core/error.h"
#include "core/format.h"
#include "sink/sink.h"

enum options_action {
    ACTION_RECORD,
    ACTION_LIST,
    ACTION_HELP,
    ACTION_VERSION,
};

/* What --fail-if-silent takes as silence when no number is given. */
#define OPTIONS_SILENCE_DBFS (-90.0)

struct options {
    enum options_action action;
    /* source; the strings are argv's */
    const char *device; /* NULL: the default output */
    const char *synth;  /* what follows "synth:"; NULL: a real source */
    bool no_follow;
    /* length */
    bool has_duration;
    struct duration duration;
    /* the file */
    const char *file;        /* NULL: a name is to be made */
    enum sink_type type;     /* never SINK_AUTO when parsing succeeded */
    enum sample_type sample; /* SAMPLE_NONE: by the source */
    int compression;
    bool has_compression;
    bool overwrite;
    int64_t buffer_ns;
    /* the report */
    bool quiet;
    bool verbose;
    bool json;
    bool fail_if_silent;
    double silence_dbfs;
    bool strict;
};

/* Parse ARGV into O, which is filled (with defaults where nothing was said)
 * also on failure, so that `json` and `file` tell where an error belongs. An
 * option given twice counts the last time. --help and --version end the
 * parsing. False: ERR_USAGE or ERR_FORMAT in F; the detail is one sentence
 * that names the word and the remedy, in raw bytes. */
bool options_parse(struct options *o, int argc, char **argv, struct fault *f);

/* True when the audio goes to standard output. */
bool options_to_stdout(const struct options *o);

#endif
