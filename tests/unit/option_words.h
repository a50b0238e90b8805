/* option_words: command lines as tests write them. For the tests of
 * cli/options.
 */
#ifndef LOOPREC_TESTS_OPTION_WORDS_H
#define LOOPREC_TESTS_OPTION_WORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options.h"

enum { WORDS_MAX = 24 };

/* Parse the words of LINE, which one space separates. */
static bool parse(struct options *o, const char *line, struct fault *f)
{
    static char buffer[2048];
    static char program[] = "looprec";
    static char *argv[WORDS_MAX + 2]; /* the command stays in it */
    int argc = 1;

    argv[0] = program;
    memset(f, 0, sizeof *f);
    snprintf(buffer, sizeof buffer, "%s", line);
    for (char *word = strtok(buffer, " "); word != NULL;
         word = strtok(NULL, " ")) {
        assert_true(argc <= WORDS_MAX);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    return options_parse(o, argc, argv, f);
}

static struct options good(const char *line)
{
    struct options o;
    struct fault f;
    if (!parse(&o, line, &f)) {
        fail_msg("'%s' was refused: %s", line, f.detail);
    }
    assert_int_equal(f.err, ERR_OK);
    return o;
}

/* LINE is refused, and each of the words in the message. */
static void bad(const char *line, const char *word, const char *remedy)
{
    struct options o;
    struct fault f;
    if (parse(&o, line, &f)) {
        fail_msg("'%s' was taken", line);
    }
    assert_int_equal(error_exit_code(f.err), 2);
    char all[sizeof f.detail + sizeof f.hint + 2];
    snprintf(all, sizeof all, "%s %s", f.detail, f.hint);
    if (strstr(all, word) == NULL || strstr(all, remedy) == NULL) {
        fail_msg("'%s': \"%s\" lacks '%s' or '%s'", line, all, word, remedy);
    }
}

#endif
