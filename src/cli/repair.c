/* repair: --repair, each file by itself and a line on what was found. Main
 * thread. */
#include "repair/repair.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/report.h"
#include "sys/file.h"

enum { LENGTH_BYTES = 40, TARGET_BYTES = 4096 };

static void tell(const struct options *o, const char *path,
                 const struct repair_report *r)
{
    char length[LENGTH_BYTES];

    report_time(length, sizeof length, r->frames, r->rate);
    switch (r->state) {
    case REPAIR_GOOD:
        message_note("%s: nothing to repair (%s, %s)%s%s", path, r->kind,
                     length, r->found[0] != '\0' ? "; " : "", r->found);
        break;
    case REPAIR_NEEDED:
        message_note("%s: %s; to be repaired (%s)", path, r->found, r->kind);
        break;
    case REPAIR_DONE:
        message_note("%s: %s; repaired%s%s: %s of %s", path, r->found,
                     o->output != NULL ? " as " : "",
                     o->output != NULL ? o->output : "", length, r->kind);
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

/* Do A and B name the same file? */
static bool is_same(const char *a, const char *b)
{
    struct file *one = file_open(a, FILE_READ, NULL);
    struct file *two = one != NULL ? file_open(b, FILE_READ, NULL) : NULL;
    struct file_mark first, second;
    bool same = two != NULL && file_identify(one, &first) &&
                file_identify(two, &second) && first.device == second.device &&
                first.number == second.number;

    file_close(two, NULL);
    file_close(one, NULL);
    return same;
}

/* Is NAME the undo file of another one that is given, as after "--repair *" for
 * a second time? That is no word for undoing what the first has done. Then its
 * name is in TARGET. */
static bool is_beside(const struct options *o, const char *name,
                      char target[TARGET_BYTES])
{
    char ignored[TARGET_BYTES];

    if (!repair_undo_target(target, TARGET_BYTES, name)) {
        return false;
    }
    for (int i = 0; i < o->file_count; i++) {
        if (strcmp(o->files[i], target) == 0) {
            return true;
        }
    }
    for (int i = 0; i < o->file_count; i++) {
        if (!repair_undo_target(ignored, sizeof ignored, o->files[i]) &&
            is_same(o->files[i], target)) {
            return true;
        }
    }
    return false;
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
        char target[TARGET_BYTES];
        if (is_beside(o, request.path, target)) {
            if (!o->quiet) {
                message_note("%s: left out, because %s is given too; by itself "
                             "it puts back what was there",
                             request.path, target);
            }
        } else if (!repair_file(&request, &report, &f)) {
            message_fault(&f);
            code = error_exit_code(f.err);
        } else if (!o->quiet) {
            tell(o, request.path, &report);
        }
    }
    return code;
}
