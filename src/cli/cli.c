/* cli: from the words of the command line to the command that does it. Main
 * thread. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/events.h"
#include "cli/message.h"
#include "cli/options.h"
#include "sys/clock.h"

/* Wrong usage; a script that asked for JSON gets its last event here too. */
static int refuse(const struct options *o, const struct fault *f)
{
    int code = error_exit_code(f->err);
    bool json = o->json && o->action == ACTION_RECORD;
    if (json) {
        struct events events;
        const struct events_end end = {.stop = "failure",
                                       .exit = code,
                                       .fault = f,
                                       .wall_ns = clock_wall_ns()};
        events_init(&events, options_to_stdout(o) ? stderr : stdout);
        events_finished(&events, &end);
    }
    if (!json || !options_to_stdout(o)) {
        message_fault(f);
    }
    return code;
}

int cli_main(int argc, char **argv, unsigned streams)
{
    static const struct fault no_fault;
    struct options options;
    struct fault f = no_fault;

    if (!options_parse(&options, argc, argv, &f)) {
        return refuse(&options, &f);
    }
    switch (options.action) {
    case ACTION_LIST: return list_command(&options);
    case ACTION_LIST_APPS: return list_apps_command(&options);
    case ACTION_REPAIR: return repair_command(&options);
    case ACTION_DOCTOR: return doctor_command(&options);
    case ACTION_HELP: return help_command();
    case ACTION_VERSION: return version_command();
    case ACTION_RECORD: break;
    }
    return record_command(&options, streams);
}
