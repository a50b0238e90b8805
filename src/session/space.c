/* space: see space.h. Writer thread. */
#include "session/space.h"

#include <stdio.h>

#include "sys/file.h"

/* The first look: by then there is more than a header. */
enum { FIRST_LOOK_S = 2 };

void space_init(struct space *s, struct queue *queue, uint32_t rate)
{
    *s = (struct space){.queue = queue,
                        .rate = rate,
                        .due_frame = (uint64_t)FIRST_LOOK_S * rate};
}

static void tell(const struct space *s, double seconds, int64_t room)
{
    char text[160];
    snprintf(text, sizeof(text),
             "the free space (%.1f MB) lasts for %s%d %s at the current rate; "
             "make room",
             (double)room / 1e6, seconds < 60.0 ? "less than " : "",
             seconds < 60.0 ? 1 : (int)(seconds / 60.0),
             seconds < 120.0 ? "minute" : "minutes");
    queue_post_text(s->queue, EVENT_WARNING, text, NULL);
}

void space_look(struct space *s, const struct sink *sink, uint64_t frames)
{
    if (frames < s->due_frame) {
        return;
    }
    const struct file *file = sink_file(sink);
    if (!file) {
        return; /* none until the next frame */
    }
    int64_t room = file_room(file);
    if (room < 0) {
        s->due_frame = UINT64_MAX;
        return;
    }
    uint64_t bytes = sink_bytes(sink);
    double average = (double)bytes / (double)frames;
    double now = bytes > s->bytes
                     ? (double)(bytes - s->bytes) / (double)(frames - s->frames)
                     : 0.0;
    double second = (now > average ? now : average) * (double)s->rate;
    double seconds = (double)room / (second > 1.0 ? second : 1.0);
    if (seconds < SPACE_LOW_S && !s->told) {
        tell(s, seconds, room);
        s->told = true;
    } else if (seconds > SPACE_FINE_S) {
        s->told = false;
    }
    s->frames = frames;
    s->bytes = bytes;
    s->due_frame = frames + (uint64_t)SPACE_LOOK_S * s->rate;
}
