/* command: see command.h. Main thread. */
#include "cli/command.h"

#include "cli/message.h"
#include "sys/clock.h"
#include "sys/console.h"
#include "sys/stop.h"

/* A second request within this time is the first one again: timeout(1) sends
 * its signal to its child and then to the whole group. */
#define SAME_REQUEST_NS INT64_C(300000000)

/* From here on a status is the system's word (NTSTATUS): Windows only. */
#define SYSTEM_STATUS INT64_C(0x80000000)

bool command_hold(struct command *c, const struct options *o,
                  const char *const *environment, unsigned streams,
                  struct wake *wake, struct fault *f)
{
    *c = (struct command){
        .argv = o->command,
        /* a sink of its own ends, so it does: it would be heard elsewhere */
        .kill = o->kill_on_stop || o->null_sink,
        .streams = streams};
    if (c->argv == NULL) {
        return true;
    }
    const struct child_setup setup = {
        .argv = c->argv,
        .kill_with_us = c->kill,
        .output_to_stderr = options_to_stdout(o),
        .environment = environment,
        .wake = wake,
    };
    c->child = child_start(&setup, f);
    return c->child != NULL;
}

int64_t command_id(const struct command *c)
{
    return c->child != NULL ? child_id(c->child) : 0;
}

bool command_go(struct command *c, struct fault *f)
{
    if (c->child == NULL) {
        return true;
    }
    console_restore_streams(c->streams);
    c->lent = child_release(c->child, f);
    if (!c->lent) {
        console_setup_streams(); /* to tell why */
    }
    return c->lent;
}

enum command_news command_look(struct command *c)
{
    if (child_tree_ended(c->child)) {
        return COMMAND_ENDED;
    }
    enum stop_cause cause = stop_requested(NULL);
    if (cause == STOP_NONE) {
        return COMMAND_RUNS;
    }
    int64_t now = clock_now_ns();
    unsigned count = stop_count();
    bool first = !c->asked;
    if (first) {
        c->asked = true;
        c->asked_ns = now;
        if (stop_from_process()) {
            child_pass_on(c->child, cause);
        }
    }
    if (stop_hangup()) {
        return COMMAND_LEFT;
    }
    bool again = count > c->stops_seen && now - c->asked_ns > SAME_REQUEST_NS;
    c->stops_seen = count;
    return first ? COMMAND_ASKED : again ? COMMAND_LEFT : COMMAND_RUNS;
}

void command_settle(struct command *c)
{
    if (c->child == NULL) {
        return;
    }
    c->ended = child_ended(c->child, &c->status);
    if (c->kill) {
        child_kill(c->child);
    }
    if (c->lent) {
        console_setup_streams(); /* main knows what it was before */
        c->lent = false;
    }
}

void command_tell(const struct command *c)
{
    if (c->child != NULL && !c->ended) {
        message_note("  the command had not ended%s",
                     c->kill ? " and was ended" : "");
    } else if (c->status >= SYSTEM_STATUS) {
        message_note("  the command ended with status 0x%08llx",
                     (unsigned long long)c->status);
    } else if (c->status != 0) {
        message_note("  the command ended with status %lld",
                     (long long)c->status);
    }
}

void command_free(struct command *c)
{
    child_destroy(c->child);
    c->child = NULL;
}
