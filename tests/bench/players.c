/* players: plays noise in many streams of one connection, as a browser with
 * many pages does, because PulseAudio takes no more than 64 connections.
 *
 *     players STREAMS
 *
 * Each is 48 kHz, s16, stereo, in no hurry (libpulse's default latency). Prints
 * a line when the server has taken all of them (it does not tell of every one
 * that it has started, where many do at once); a signal ends it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <pulse/pulseaudio.h>

enum { RATE = 48000, CHANNELS = 2, BLOCK_SAMPLES = 65536 };

struct players {
    pa_mainloop_api *api;
    int wanted;
    int playing;
    int16_t noise[BLOCK_SAMPLES];
};

static void fail(struct players *p, const char *what)
{
    fprintf(stderr, "players: %s\n", what);
    p->api->quit(p->api, 1);
}

static void on_space(pa_stream *stream, size_t bytes, void *data)
{
    struct players *p = data;

    while (bytes > 0) {
        size_t n = bytes < sizeof p->noise ? bytes : sizeof p->noise;
        if (pa_stream_write(stream, p->noise, n, NULL, 0, PA_SEEK_RELATIVE) < 0)
            return;
        bytes -= n;
    }
}

static void on_state(pa_stream *stream, void *data)
{
    struct players *p = data;
    pa_stream_state_t state = pa_stream_get_state(stream);

    if (!PA_STREAM_IS_GOOD(state))
        fail(p, "cannot play");
    if (state == PA_STREAM_READY && ++p->playing == p->wanted) {
        puts("playing");
        fflush(stdout);
    }
}

static int play(struct players *p, pa_context *context)
{
    const pa_sample_spec spec = {
        .format = PA_SAMPLE_S16LE, .rate = RATE, .channels = CHANNELS};
    pa_stream *stream = pa_stream_new(context, "noise", &spec, NULL);

    if (stream == NULL)
        return 0;
    pa_stream_set_write_callback(stream, on_space, p);
    pa_stream_set_state_callback(stream, on_state, p);
    return pa_stream_connect_playback(stream, NULL, NULL, PA_STREAM_NOFLAGS,
                                      NULL, NULL) == 0;
}

static void on_context(pa_context *context, void *data)
{
    struct players *p = data;
    pa_context_state_t state = pa_context_get_state(context);

    if (!PA_CONTEXT_IS_GOOD(state)) {
        fail(p, "no sound server");
    } else if (state == PA_CONTEXT_READY) {
        for (int i = 0; i < p->wanted; i++)
            if (!play(p, context))
                fail(p, "cannot play");
    }
}

int main(int argc, char **argv)
{
    static struct players p;
    pa_mainloop *loop = pa_mainloop_new();
    pa_context *context;
    uint32_t seed = 1;
    int status = 1;

    p.api = pa_mainloop_get_api(loop);
    p.wanted = argc == 2 ? atoi(argv[1]) : 0;
    if (p.wanted < 1) {
        fprintf(stderr, "usage: players STREAMS\n");
        return 2;
    }
    for (size_t i = 0; i < BLOCK_SAMPLES; i++) {
        seed = seed * 1664525u + 1013904223u;
        p.noise[i] = (int16_t)((int32_t)seed >> 22); /* 64 are no louder */
    }
    context = pa_context_new(p.api, "players");
    pa_context_set_state_callback(context, on_context, &p);
    if (pa_context_connect(context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0) {
        fprintf(stderr, "players: no sound server\n");
        return 1;
    }
    pa_mainloop_run(loop, &status);
    return status;
}
