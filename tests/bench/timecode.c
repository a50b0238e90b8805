/* timecode: plays sound of which every frame tells its number, and says when
 * which frame was heard, so that a recording tells what was captured, and when.
 *
 *     timecode FIRST           plays 48 kHz, s16, stereo, from frame FIRST on,
 *                              until a signal ends it
 *     timecode FIRST FRAMES    writes so many frames to standard output instead
 *
 * A frame n holds, left, the lower twelve bits of n and, right, the next
 * twelve, each as (bits - 2048) * 16 + 8: so it is known again with up to seven
 * steps of error, and is never silence. While it plays, each line on standard
 * output is
 *
 *     NS FRAME
 *
 * at NS of CLOCK_MONOTONIC, FRAME was heard: as the server tells it for this
 * stream, asked ten times a second. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <pulse/pulseaudio.h>

enum { RATE = 48000, CHANNELS = 2, BLOCK_FRAMES = 4096 };
enum { FRAME_BYTES = CHANNELS * (int)sizeof(int16_t) };

#define ASK_USEC 100000
/* Of the player: short enough for the sink to mix no more than 20 ms ahead, as
 * it does for a call or a game. */
#define LATENCY_FRAMES (RATE * 60 / 1000)

struct player {
    pa_mainloop_api *api;
    pa_context *context;
    pa_stream *stream;
    int64_t first; /* the number of the stream's first frame */
    int64_t next;  /* the number of the frame that is written next */
};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int16_t code(int64_t bits)
{
    return (int16_t)(((bits & 0xFFF) - 2048) * 16 + 8);
}

static void fill(int16_t *block, size_t frames, int64_t first)
{
    for (size_t i = 0; i < frames; i++) {
        int64_t n = first + (int64_t)i;
        block[i * CHANNELS] = code(n);
        block[i * CHANNELS + 1] = code(n >> 12);
    }
}

static void on_space(pa_stream *stream, size_t bytes, void *data)
{
    struct player *p = data;
    static int16_t block[BLOCK_FRAMES * CHANNELS];
    size_t frames = bytes / FRAME_BYTES;

    while (frames > 0) {
        size_t n = frames < BLOCK_FRAMES ? frames : BLOCK_FRAMES;
        fill(block, n, p->next);
        if (pa_stream_write(stream, block, n * FRAME_BYTES, NULL, 0,
                            PA_SEEK_RELATIVE) < 0)
            return;
        p->next += (int64_t)n;
        frames -= n;
    }
}

static void on_time(pa_stream *stream, int success, void *data)
{
    struct player *p = data;
    pa_usec_t heard;

    if (success && pa_stream_get_time(stream, &heard) == 0) {
        printf("%" PRId64 " %" PRId64 "\n", now_ns(),
               p->first + (int64_t)(heard * RATE / 1000000));
        fflush(stdout);
    }
}

static void on_turn(pa_mainloop_api *api, pa_time_event *event,
                    const struct timeval *tv, void *data)
{
    struct player *p = data;
    struct timeval next;
    pa_operation *op = NULL;

    (void)tv;
    if (p->stream != NULL && pa_stream_get_state(p->stream) == PA_STREAM_READY)
        op = pa_stream_update_timing_info(p->stream, on_time, p);
    if (op != NULL)
        pa_operation_unref(op);
    pa_timeval_add(pa_gettimeofday(&next), ASK_USEC);
    api->time_restart(event, &next);
}

static int play(struct player *p)
{
    const pa_sample_spec spec = {
        .format = PA_SAMPLE_S16LE, .rate = RATE, .channels = CHANNELS};
    const pa_buffer_attr attr = {.maxlength = (uint32_t)-1,
                                 .tlength = LATENCY_FRAMES * FRAME_BYTES,
                                 .prebuf = (uint32_t)-1,
                                 .minreq = (uint32_t)-1,
                                 .fragsize = (uint32_t)-1};

    p->stream = pa_stream_new(p->context, "time code", &spec, NULL);
    if (p->stream == NULL)
        return 0;
    pa_stream_set_write_callback(p->stream, on_space, p);
    return pa_stream_connect_playback(p->stream, NULL, &attr,
                                      PA_STREAM_ADJUST_LATENCY |
                                          PA_STREAM_NOT_MONOTONIC,
                                      NULL, NULL) == 0;
}

static void on_context(pa_context *context, void *data)
{
    struct player *p = data;
    pa_context_state_t state = pa_context_get_state(context);

    if (!PA_CONTEXT_IS_GOOD(state) || (state == PA_CONTEXT_READY && !play(p))) {
        fprintf(stderr, "timecode: no sound server\n");
        p->api->quit(p->api, 1);
    }
}

static int write_out(int64_t first, int64_t frames)
{
    static int16_t block[BLOCK_FRAMES * CHANNELS];

    while (frames > 0) {
        size_t n = frames < BLOCK_FRAMES ? (size_t)frames : BLOCK_FRAMES;
        fill(block, n, first);
        if (fwrite(block, FRAME_BYTES, n, stdout) != n)
            return 1;
        first += (int64_t)n;
        frames -= (int64_t)n;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    pa_mainloop *loop = pa_mainloop_new();
    struct player p = {.api = pa_mainloop_get_api(loop)};
    struct timeval at;
    int status = 1;

    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: timecode FIRST [FRAMES]\n");
        return 2;
    }
    p.first = p.next = atoll(argv[1]);
    if (argc == 3)
        return write_out(p.first, atoll(argv[2]));
    p.context = pa_context_new(p.api, "timecode");
    pa_context_set_state_callback(p.context, on_context, &p);
    if (pa_context_connect(p.context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0) {
        fprintf(stderr, "timecode: no sound server\n");
        return 1;
    }
    p.api->time_new(p.api, pa_gettimeofday(&at), on_turn, &p);
    pa_mainloop_run(loop, &status);
    return status;
}
