/* micro: the pure parts of a recording alone, on one thread. Prints lines of a
 * name and nanoseconds (of the processor): ring and copy of a packet (its way
 * in and out), the timeline's account of a packet, and what is done with each
 * frame.
 *
 *     micro */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/convert.h"
#include "core/levels.h"
#include "core/ring.h"
#include "core/timeline.h"

enum {
    RATE = 48000,
    CHANNELS = 2,
    FRAMES = 480, /* of a packet */
    SAMPLES = FRAMES * CHANNELS,
    ROUNDS = 200000,
    BUFFER = 4 * 1024 * 1024, /* the ring, as at the default --buffer */
    AREA = 128 * 1024,        /* what of it is gone through */
};

struct bench {
    float packet[SAMPLES], out[SAMPLES];
    unsigned char *area;
};

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static double each(int64_t begun_ns, double count)
{
    return (double)(cpu_ns() - begun_ns) / count;
}

/* The compiler is to take it for read. */
static void use(const void *data)
{
    __asm__ volatile("" : : "r"(data) : "memory");
}

/* PACKETS at a time go in, and come out, as when a writer looks at the ring so
 * often. */
static double ring(struct bench *b, size_t bytes, int packets)
{
    struct packet header = {.kind = PACKET_AUDIO, .frames = FRAMES};
    struct ring *r = ring_create(BUFFER, SAMPLES * sizeof(float));
    int64_t begun;

    if (r == NULL)
        exit(1);
    begun = cpu_ns();
    for (int n = 0; n < ROUNDS; n += packets) {
        for (int i = 0; i < packets; i++) {
            void *room = ring_reserve(r, bytes);
            if (room == NULL)
                exit(1);
            memcpy(room, b->packet, bytes);
            ring_commit(r, &header);
        }
        for (int i = 0; i < packets; i++) {
            const void *data;
            if (ring_peek(r, &data) == NULL)
                exit(1);
            memcpy(b->out, data, bytes);
            use(b->out);
            ring_pop(r);
        }
    }
    ring_destroy(r);
    return each(begun, ROUNDS);
}

/* The same without a ring: to the next place in the area, and from there. */
static double copy(struct bench *b, size_t bytes, int packets)
{
    size_t in = 0, out = 0;
    int64_t begun = cpu_ns();

    for (int n = 0; n < ROUNDS; n += packets) {
        for (int i = 0; i < packets; i++) {
            memcpy(b->area + in, b->packet, bytes);
            use(b->area);
            in = in + 2 * bytes > AREA ? 0 : in + bytes;
        }
        for (int i = 0; i < packets; i++) {
            memcpy(b->out, b->area + out, bytes);
            use(b->out);
            out = out + 2 * bytes > AREA ? 0 : out + bytes;
        }
    }
    return each(begun, ROUNDS);
}

static double timeline(void)
{
    struct timeline t;
    struct plan plan;
    struct packet p = {
        .kind = PACKET_AUDIO, .frames = FRAMES, .idle_ns = PACKET_NO_TIME};
    uint64_t taken = 0;
    int64_t begun = cpu_ns();

    timeline_init(&t, RATE, 0, UINT64_MAX, 250000000);
    timeline_reformat(&t, RATE);
    for (int n = 0; n < ROUNDS; n++) {
        p.position = (uint64_t)n * FRAMES;
        p.time_ns = frames_to_ns((int64_t)p.position, RATE);
        if (timeline_wants_look(&t, &p) && n > 0)
            exit(1);
        timeline_place(&t, &p, p.time_ns, false, &plan);
        taken += plan.file_frames;
    }
    if (taken != (uint64_t)ROUNDS * FRAMES)
        exit(1);
    return each(begun, ROUNDS);
}

static double to_float(struct bench *b)
{
    int64_t begun = cpu_ns();

    for (int n = 0; n < ROUNDS; n++) {
        convert_to_float(b->out, b->packet, SAMPLE_F32, SAMPLES);
        use(b->out);
    }
    return each(begun, (double)ROUNDS * FRAMES);
}

static double levels(struct bench *b)
{
    struct levels l;
    int64_t begun = cpu_ns();

    levels_init(&l, CHANNELS);
    for (int n = 0; n < ROUNDS; n++)
        levels_add(&l, b->packet, FRAMES);
    use(&l);
    return each(begun, (double)ROUNDS * FRAMES);
}

static double to_s16(struct bench *b)
{
    int64_t begun = cpu_ns();

    for (int n = 0; n < ROUNDS; n++) {
        convert_plain(b->out, b->packet, SAMPLE_S16, SAMPLES);
        use(b->out);
    }
    return each(begun, (double)ROUNDS * FRAMES);
}

int main(void)
{
    static struct bench b;
    static const struct {
        const char *name;
        size_t bytes;
    } sizes[] = {{"s16", SAMPLES * sizeof(int16_t)},
                 {"f32", SAMPLES * sizeof(float)}};

    b.area = calloc(1, AREA);
    if (b.area == NULL)
        return 1;
    for (int i = 0; i < SAMPLES; i++)
        b.packet[i] = (float)(i - FRAMES) / (2.0f * FRAMES);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        /* 20: a look at the ring five times a second */
        printf("ring-%s %.3f\n", sizes[i].name, ring(&b, sizes[i].bytes, 20));
        printf("copy-%s %.3f\n", sizes[i].name, copy(&b, sizes[i].bytes, 20));
    }
    printf("timeline %.3f\n", timeline());
    printf("to-float %.4f\n", to_float(&b));
    printf("levels %.4f\n", levels(&b));
    printf("to-s16 %.4f\n", to_s16(&b));
    free(b.area);
    return 0;
}
