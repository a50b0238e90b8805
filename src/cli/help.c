/* help: what --help and --version write. Main thread. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/message.h"

#ifndef LOOPREC_VERSION
#define LOOPREC_VERSION "unknown"
#endif

enum group {
#define GROUP(id, heading) GROUP_##id,
#include "cli/options.def"
    GROUP_COUNT
};

enum kind { KIND_NONE, KIND_REQUIRED, KIND_OPTIONAL };

static const char *const headings[GROUP_COUNT] = {
#define GROUP(id, heading) [GROUP_##id] = heading,
#include "cli/options.def"
};

static const struct row {
    const char *name;
    char letter;
    enum kind kind;
    const char *argument;
    enum group group;
    const char *help;
} rows[] = {
#define OPTION(id, name, letter, kind, argument, group, help, man) \
    {name, letter, KIND_##kind, argument, GROUP_##group, help},
#include "cli/options.def"
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static const char intro[] =
    "Usage: looprec [OPTION]... [FILE] [-- COMMAND [ARG]...]\n"
    "Record what this computer is playing to FILE (.wav, .flac, .raw), to\n"
    "standard output where FILE is -, or to looprec-DATE-TIME.flac, until\n"
    "Ctrl-C or q; space pauses, m sets a marker (held by wav, rf64, flac).\n"
    "With COMMAND start that program, record it and its children only, and\n"
    "end when they end.\n";

static const char outro[] =
    "\nExamples:\n"
    "  looprec                         record what plays until Ctrl-C or q\n"
    "  looprec -d 1h30m radio.flac     an hour and a half\n"
    "  looprec -D headset talk.wav     what plays on the headset\n"
    "  looprec game.wav -- ./game -x   the sound of one program\n"
    "  looprec -d 10 -t raw -f s16 - | sox -t raw -r 48k -c 2 -e s -b 16 - "
    "a.ogg\n"
    "\nExit codes: 0 recorded, 1 failure, 2 wrong usage, 3 silence only\n"
    "(--fail-if-silent), 4 audio lost or not heard (--strict), 5 no such\n"
    "device, application or server; with COMMAND its own, 127 when it is not\n"
    "found, 126 when it cannot run.\n"
    "More: man looprec\n";

static void print_row(const struct row *row)
{
    char left[64], letter[] = "-x,";
    letter[1] = row->letter;
    snprintf(left, sizeof left, "  %3s --%s%s%s%s",
             row->letter != 0 ? letter : "", row->name,
             row->kind == KIND_OPTIONAL   ? "[="
             : row->kind == KIND_REQUIRED ? "="
                                          : "",
             row->argument, row->kind == KIND_OPTIONAL ? "]" : "");
    printf("%-27s %s\n", left, row->help);
}

int help_command(void)
{
    fputs(intro, stdout);
    for (int g = 0; g < GROUP_COUNT; g++) {
        printf("\n%s:\n", headings[g]);
        for (int i = 0; i < ROWS; i++) {
            if (rows[i].group == (enum group)g) {
                print_row(&rows[i]);
            }
        }
    }
    fputs(outro, stdout);
    return message_flush_stdout();
}

int version_command(void)
{
    puts("looprec " LOOPREC_VERSION);
    return message_flush_stdout();
}
