/* notices: see notices.h. Main thread. */
#include "cli/notices.h"

#include <string.h>

#include "cli/message.h"
#include "cli/report.h"
#include "sys/clock.h"

/* Lines about losses come no closer than this. */
#define LOSS_LINE_NS INT64_C(1000000000)

void notices_init(struct notices *n, struct status *status, uint32_t rate)
{
    memset(n, 0, sizeof *n);
    n->status = status;
    n->rate = rate;
}

void notices_start(const struct session_facts *facts,
                   const struct duration *length, const char *until)
{
    const char *to = facts->path == NULL             ? "nothing"
                     : strcmp(facts->path, "-") == 0 ? "standard output"
                                                     : facts->path;
    char time[64] = "";
    if (length != NULL) {
        uint64_t frames = duration_frames(length, facts->format.rate);
        strcpy(time, " for ");
        report_time(time + 5, sizeof time - 5, frames, facts->format.rate);
    }
    message_note("recording %s (%u Hz, %u channel%s) to %s (%s, %s)%s%s",
                 facts->info.device_name, (unsigned)facts->format.rate,
                 (unsigned)facts->format.channels,
                 facts->format.channels == 1 ? "" : "s", to,
                 sink_type_name(facts->type), sample_name(facts->sample), time,
                 until);
}

/* One line for all losses since the last such line, or a flood of them would
 * be all there is to see. */
static void tell_losses(struct notices *n, uint64_t at_frame)
{
    int64_t now = clock_now_ns();
    if (now < n->loss_due_ns) {
        return;
    }
    char at[40];
    report_time(at, sizeof at, at_frame, n->rate);
    status_clear(n->status);
    if (n->loss_places == 1) {
        message_warning("lost %.3f s at %s",
                        (double)n->loss_frames / (double)n->rate, at);
    } else {
        message_warning("lost %.3f s in %u places up to %s",
                        (double)n->loss_frames / (double)n->rate,
                        n->loss_places, at);
    }
    n->loss_frames = 0;
    n->loss_places = 0;
    n->loss_due_ns = now + LOSS_LINE_NS;
}

void notices_event(struct notices *n, const struct session_event *event)
{
    if (event->kind == EVENT_GAP || event->kind == EVENT_RECLASSIFIED) {
        if (event->class == CLASS_LOST) {
            n->loss_frames += event->frames;
            n->loss_places++;
            tell_losses(n, event->at_frame);
        }
        return; /* the account tells of silence */
    }
    char text[256];
    status_clear(n->status);
    switch (event->kind) {
    case EVENT_DEVICE_LOST:
        message_warning("the device is gone, waiting for it: %s", event->text);
        break;
    case EVENT_DEVICE_BACK:
        message_note("looprec: the device is back: %s", event->text);
        break;
    case EVENT_DEVICE_REROUTED:
        message_note("looprec: now recording %s", event->text);
        break;
    case EVENT_WAITING:
        message_note("looprec: waiting for %s", event->text);
        break;
    case EVENT_DEVICE_CAME:
        message_note("looprec: now recording %s too", event->text);
        break;
    case EVENT_WARNING: message_warning("%s", event->text); break;
    case EVENT_SUSPEND:
        report_sleep(text, sizeof text, event, n->rate);
        message_note("looprec: %s", text);
        break;
    case EVENT_PAUSED:
        report_time(text, sizeof text, event->at_frame, n->rate);
        message_note("looprec: paused at %s", text);
        break;
    case EVENT_RESUMED:
        report_time(text, sizeof text, event->frames, n->rate);
        message_note("looprec: goes on after a pause of %s", text);
        break;
    case EVENT_MARKER:
        report_time(text, sizeof text, event->at_frame, n->rate);
        message_note("looprec: marker %u at %s", event->number, text);
        break;
    case EVENT_DELETED:
    case EVENT_SEGMENT: /* the report names the files */
    case EVENT_GAP:
    case EVENT_RECLASSIFIED: break;
    }
}
