/* news: what a source tells beside its packets, on its way to the main thread
 * and into the report. Any thread tells; the main thread asks. */
#ifndef LOOPREC_SESSION_NEWS_H
#define LOOPREC_SESSION_NEWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "source/source.h"

struct queue;

struct news {
    /* constant after init; the source's request points at it */
    struct source_listener listener;
    struct queue *queue;
    /* shared, relaxed: numbers on their own */
    _Atomic bool broken;
    _Atomic int64_t drift_ppb; /* NEWS_NO_DRIFT: nothing told */
};

#define NEWS_NO_DRIFT INT64_MIN

/* Warnings go into QUEUE, which outlives the source, as N does. */
void news_init(struct news *n, struct queue *queue);

/* Was the recording said to be worth nothing? */
bool news_broken(const struct news *n);

/* The device's clock against ours as the source measured it. False: it told
 * nothing, *PPM is as it was. */
bool news_drift(const struct news *n, double *ppm);

#endif
