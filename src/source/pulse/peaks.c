/* peaks: see peaks.h. */
#include "source/pulse/peaks.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "sys/clock.h"

enum {
    RATE = 100,         /* peaks a second: each of 10 ms */
    FRAGMENT = 4,       /* peaks in a message */
    LOUD_ENOUGH = 10,   /* so much sound settles it */
    SILENT_ENOUGH = 10, /* so many zeros are silence: a few come while
                         * PipeWire still links the tap */
    SILENT_MOST = 20,   /* no more is waited for */
};

static void take(struct peak_tap *t, const float *values, size_t count)
{
    size_t channels = t->map.channels;
    for (size_t i = 0; i + channels <= count; i += channels) {
        double loudest = 0.0;
        for (size_t c = 0; c < channels; c++) {
            double value = fabs((double)values[i + c]);
            if (isfinite(value) && value > loudest) {
                loudest = value;
            }
        }
        t->values++;
        t->loud += loudest > 0.0;
        t->peak = loudest > t->peak ? loudest : t->peak;
    }
}

static void on_read(pa_stream *pa, size_t bytes, void *data)
{
    struct peak_tap *t = data;
    (void)bytes;
    for (;;) {
        const void *block = NULL;
        size_t length = 0;
        if (pa_stream_peek(pa, &block, &length) < 0 || length == 0) {
            return;
        }
        if (block != NULL) { /* else a hole */
            take(t, block, length / sizeof(float));
        }
        (void)pa_stream_drop(pa);
    }
}

/* An application id of its own: the server's memory of volumes goes by it, and
 * what somebody set for a recording must not change what is shown here. */
static pa_stream *new_stream(pa_context *c, const pa_channel_map *map)
{
    pa_sample_spec spec = {
        .format = PA_SAMPLE_FLOAT32NE,
        .rate = RATE,
        .channels = map->channels,
    };
    pa_proplist *properties = pa_proplist_new();
    if (properties == NULL) {
        return NULL;
    }
    pa_proplist_sets(properties, PA_PROP_APPLICATION_ID, "looprec-peak");
    pa_stream *pa =
        pa_stream_new_with_proplist(c, "peak", &spec, map, properties);
    pa_proplist_free(properties);
    return pa;
}

static void tap_open(struct link *l, struct peak_tap *t)
{
    char source[16];
    if (!pa_channel_map_valid(&t->map)) {
        return;
    }
    t->pa = new_stream(l->context, &t->map);
    if (t->pa == NULL) {
        return;
    }
    (void)snprintf(source, sizeof source, "%u", (unsigned)t->monitor);
    pa_buffer_attr attr = {
        .maxlength = (uint32_t)-1,
        .tlength = (uint32_t)-1,
        .prebuf = (uint32_t)-1,
        .minreq = (uint32_t)-1,
        .fragsize =
            (uint32_t)(FRAGMENT * sizeof(float) * (size_t)t->map.channels),
    };
    /* DONT_MOVE: see stream.c. */
    pa_stream_flags_t flags = PA_STREAM_DONT_MOVE | PA_STREAM_PEAK_DETECT |
                              PA_STREAM_DONT_INHIBIT_AUTO_SUSPEND |
                              PA_STREAM_START_UNMUTED;
    pa_stream_set_read_callback(t->pa, on_read, t);
    if (pa_stream_set_monitor_stream(t->pa, t->input) < 0 ||
        pa_stream_connect_record(t->pa, source, &attr, flags) < 0) {
        pa_stream_unref(t->pa);
        t->pa = NULL;
    }
}

/* Nothing more is expected of it. */
static bool settled(const struct peak_tap *t)
{
    return t->loud >= LOUD_ENOUGH || t->values >= SILENT_MOST ||
           !PA_STREAM_IS_GOOD(pa_stream_get_state(t->pa));
}

static void tap_close(struct peak_tap *t)
{
    /* What heard anything else than this one stream is not its peak. */
    bool its = pa_stream_get_state(t->pa) == PA_STREAM_READY &&
               pa_stream_get_device_index(t->pa) == t->monitor;
    if (!its) {
        t->values = 0;
    }
    pa_stream_set_read_callback(t->pa, NULL, NULL);
    (void)pa_stream_disconnect(t->pa);
    pa_stream_unref(t->pa);
    t->pa = NULL;
    if (t->values == 0 || (t->loud == 0 && t->values < SILENT_ENOUGH)) {
        t->peak = -1.0;
    }
}

/* How far they are, all together: it grows as something comes. */
static uint64_t progress(const struct peak_tap *taps, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const struct peak_tap *t = &taps[i];
        bool ready =
            t->pa != NULL && pa_stream_get_state(t->pa) == PA_STREAM_READY;
        sum += t->pa == NULL ? UINT32_MAX : t->values + ready;
    }
    return sum;
}

void peaks_look(struct link *l, struct peak_tap *taps, size_t count)
{
    size_t tapped = count < PEAKS_MAX ? count : PEAKS_MAX;
    int64_t begin_ns = clock_now_ns();
    int64_t moved_ns = begin_ns;
    uint64_t moved = 0;

    for (size_t i = 0; i < count; i++) {
        taps[i].peak = -1.0;
        taps[i].pa = NULL;
        taps[i].values = taps[i].loud = 0;
    }
    for (size_t i = 0; i < tapped; i++) {
        tap_open(l, &taps[i]);
    }
    for (;;) {
        bool all = true;
        int64_t now_ns = clock_now_ns();
        for (size_t i = 0; i < tapped; i++) {
            if (taps[i].pa != NULL && settled(&taps[i])) {
                tap_close(&taps[i]);
            }
            all = all && taps[i].pa == NULL;
        }
        uint64_t now = progress(taps, tapped);
        if (now > moved) {
            moved = now;
            moved_ns = now_ns;
        }
        int64_t until_ns = moved_ns + PEAKS_NS < begin_ns + PEAKS_MOST_NS
                               ? moved_ns + PEAKS_NS
                               : begin_ns + PEAKS_MOST_NS;
        if (all || now_ns >= until_ns ||
            link_turn(l, until_ns - now_ns, LINK_RUNS) < 0) {
            break;
        }
    }
    for (size_t i = 0; i < tapped; i++) {
        if (taps[i].pa != NULL) {
            tap_close(&taps[i]);
        }
    }
}
