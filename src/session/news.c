/* news: see news.h. Any thread. */
#include "session/news.h"

#include "session/internal.h"

/* More than any clock runs off; what is beyond is no measurement. */
static const double drift_max_ppm = 100000.0;

static void warn(void *context, const char *text)
{
    struct news *n = context;
    queue_post_text(n->queue, EVENT_WARNING, text, NULL);
}

static void broken(void *context, const char *text)
{
    struct news *n = context;
    /* relaxed: asked for after the threads were joined */
    atomic_store_explicit(&n->broken, true, memory_order_relaxed);
    queue_post_text(n->queue, EVENT_WARNING, text, NULL);
}

static void drift(void *context, double ppm)
{
    struct news *n = context;
    /* Written so that NaN is refused too. */
    if (ppm > -drift_max_ppm && ppm < drift_max_ppm) {
        /* relaxed: a number on its own */
        atomic_store_explicit(&n->drift_ppb, (int64_t)(ppm * 1000.0),
                              memory_order_relaxed);
    }
}

void news_init(struct news *n, struct queue *queue)
{
    n->listener = (struct source_listener){
        .context = n, .warn = warn, .broken = broken, .drift = drift};
    n->queue = queue;
    atomic_init(&n->broken, false);
    atomic_init(&n->drift_ppb, NEWS_NO_DRIFT);
}

bool news_broken(const struct news *n)
{
    return atomic_load_explicit(&n->broken, memory_order_relaxed);
}

bool news_drift(const struct news *n, double *ppm)
{
    int64_t ppb = atomic_load_explicit(&n->drift_ppb, memory_order_relaxed);
    if (ppb == NEWS_NO_DRIFT) {
        return false;
    }
    *ppm = (double)ppb / 1000.0;
    return true;
}
