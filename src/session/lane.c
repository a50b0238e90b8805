/* lane: a stream's way from the capture thread to the writer; see internal.h.
 * Threads as there. */
#include <stdlib.h>

#include "session/internal.h"

static bool no_memory(struct fault *f)
{
    return fault_set(f, ERR_NO_MEMORY, "make the buffer", NULL,
                     "ask for a shorter one with --buffer");
}

/* A ring for BUFFER_NS of FORMAT, or of 48 kHz in stereo: an output that takes
 * the place of a telephone's may bring many times as much, and what is not used
 * is not touched. */
static struct ring *make_ring(int64_t buffer_ns,
                              const struct audio_format *format)
{
    uint32_t rate = format->rate > 48000 ? format->rate : 48000;
    uint32_t channels = format->channels > 2 ? format->channels : 2;
    uint64_t frames = (uint64_t)frames_from_ns(buffer_ns, rate);
    size_t frame_bytes = channels * sizeof(float);
    size_t most = TRACK_PACKET_FRAMES * frame_bytes;
    /* Packets are at least 5 ms long on every system that we know of; a shorter
     * one only costs some of the buffer's length. */
    uint32_t few = (rate + 199) / 200;
    few = few < TRACK_PACKET_FRAMES ? few : TRACK_PACKET_FRAMES;
    return ring_create(
        ring_bytes_for(frames / few + 1, few * frame_bytes, most), most);
}

bool lane_make(struct track *t, const struct audio_format *format,
               struct fault *f)
{
    /* relaxed: only one thread at a time makes lanes */
    unsigned i = atomic_load_explicit(&t->lanes_made, memory_order_relaxed);
    struct lane *l = &t->lanes[i];
    l->idle_ns = PACKET_NO_TIME;
    l->writer_format = *format;
    l->ring = make_ring(t->buffer_ns, format);
    if (!l->ring) {
        return no_memory(f);
    }
    /* release: pairs with emit_begin */
    atomic_store_explicit(&t->lanes_made, i + 1, memory_order_release);
    return true;
}

bool track_make_lanes(struct track *t, const struct audio_format *format,
                      int64_t buffer_ns, struct fault *f)
{
    /* What is not there yet has not said how many it has. */
    t->lane_count = 1 + (t->present ? t->info.lanes : SOURCE_LANES_MAX);
    t->buffer_ns = buffer_ns;
    t->lanes = calloc(t->lane_count, sizeof *t->lanes);
    if (!t->lanes) {
        return no_memory(f);
    }
    for (unsigned i = 0; i < t->lane_count; i++) {
        t->lanes[i].track = t;
    }
    atomic_init(&t->lanes_used, 1);
    return lane_make(t, format, f);
}

void lanes_release(struct track *t)
{
    for (unsigned i = 0; t->lanes && i < t->lane_count; i++) {
        converter_destroy(t->lanes[i].converter);
        ring_destroy(t->lanes[i].ring);
    }
    free(t->lanes);
}

unsigned lanes_used(const struct track *t)
{
    /* acquire: pairs with emit_begin */
    return atomic_load_explicit(&t->lanes_used, memory_order_acquire);
}

void lanes_set_reached(struct track *t, int64_t time_ns)
{
    for (unsigned i = lanes_used(t); i-- > 0;) {
        ring_set_reached(t->lanes[i].ring, time_ns);
    }
}

void lanes_end(struct track *t)
{
    for (unsigned i = lanes_used(t); i-- > 0;) {
        ring_end(t->lanes[i].ring);
    }
}
