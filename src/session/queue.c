/* queue: events on their way from the session's threads to the main thread.
 * A bounded ring under a mutex: nobody who must not wait comes here. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "session/internal.h"
#include "sys/clock.h"

enum { QUEUE_EVENTS = 256 };

struct queue {
    /* constant */
    struct mutex *mutex;
    struct wake *wake;
    /* under the mutex */
    unsigned first;
    unsigned count;
    uint64_t overflow;
    struct session_event events[QUEUE_EVENTS]; /* most are never touched */
};

struct queue *queue_create(struct wake *wake)
{
    struct queue *q = malloc(sizeof(*q));
    if (!q) {
        return NULL;
    }
    memset(q, 0, offsetof(struct queue, events));
    q->wake = wake;
    q->mutex = mutex_create();
    if (!q->mutex) {
        free(q);
        return NULL;
    }
    return q;
}

void queue_destroy(struct queue *q)
{
    if (q) {
        mutex_destroy(q->mutex);
        free(q);
    }
}

void queue_post(struct queue *q, const struct session_event *event)
{
    mutex_lock(q->mutex);
    if (q->count == QUEUE_EVENTS) {
        q->overflow++;
    } else {
        q->events[(q->first + q->count) % QUEUE_EVENTS] = *event;
        q->count++;
    }
    mutex_unlock(q->mutex);
    wake_set(q->wake);
}

void queue_post_text(struct queue *q, enum session_event_kind kind,
                     const char *text, const char *reason)
{
    struct session_event event = {.kind = kind, .wall_ns = clock_wall_ns()};
    text_copy(event.text, sizeof(event.text), text);
    text_copy(event.reason, sizeof(event.reason), reason);
    queue_post(q, &event);
}

bool queue_take(struct queue *q, struct session_event *out)
{
    bool taken = false;
    mutex_lock(q->mutex);
    if (q->count > 0) {
        *out = q->events[q->first];
        q->first = (q->first + 1) % QUEUE_EVENTS;
        q->count--;
        taken = true;
    }
    mutex_unlock(q->mutex);
    return taken;
}

uint64_t queue_overflow(struct queue *q)
{
    mutex_lock(q->mutex);
    uint64_t overflow = q->overflow;
    mutex_unlock(q->mutex);
    return overflow;
}
