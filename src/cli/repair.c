/* repair: --repair, each file by itself and a line on what was found. Main
 * thread. */
#include "repair/repair.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/message.h"
#include "cli/options.h"

enum { LENGTH_BYTES = 40 };

/* "1:02:03.456 (178643 frames)" */
static const char *length_of(char buffer[LENGTH_BYTES],
                             const struct repair_report *r)
{
    uint64_t ms = r->rate > 0 ? r->frames / r->rate * 1000 +
                                    r->frames % r->rate * 1000 / r->rate
                              : 0;
    snprintf(buffer, LENGTH_BYTES, "%u:%02u:%02u.%03u",
             (unsigned)(ms / 3600000), (unsigned)(ms / 60000 % 60),
             (unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
    return buffer;
}

static void tell(const struct options *o, const char *path,
                 const struct repair_report *r)
{
    char length[LENGTH_BYTES];

    switch (r->state) {
    case REPAIR_GOOD:
        message_note("%s: nothing to repair (%s, %s)%s%s", path, r->kind,
                     length_of(length, r), r->found[0] != '\0' ? "; " : "",
                     r->found);
        break;
    case REPAIR_NEEDED:
        message_note("%s: %s; to be repaired (%s)", path, r->found, r->kind);
        break;
    case REPAIR_DONE:
        message_note("%s: %s; repaired%s%s: %s of %s", path, r->found,
                     o->output != NULL ? " as " : "",
                     o->output != NULL ? o->output : "", length_of(length, r),
                     r->kind);
        if (r->undo[0] != '\0') {
            message_note("%s: what was there is kept in %s; --repair with that "
                         "puts it back",
                         path, r->undo);
        }
        break;
    case REPAIR_UNDONE:
        message_note("%s: put back, %s is as it was", path, r->undo);
        break;
    }
}

int repair_command(const struct options *o)
{
    static const struct fault no_fault;
    int code = 0;

    for (int i = 0; i < o->file_count; i++) {
        const struct repair_request request = {
            .path = o->files[i],
            .output = o->output,
            .dry_run = o->dry_run,
        };
        struct repair_report report;
        struct fault f = no_fault;
        if (!repair_file(&request, &report, &f)) {
            message_fault(&f);
            code = error_exit_code(f.err);
        } else if (!o->quiet) {
            tell(o, request.path, &report);
        }
    }
    return code;
}
