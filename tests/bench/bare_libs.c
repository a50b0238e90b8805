/* bare_libs: what the libraries alone take of memory: looprec's two, linked
 * and used as little as a recorder must: connected to the sound server without
 * a stream, one FLAC encoder open that has encoded one block. Prints its peak
 * resident kilobytes.
 *
 *     bare_libs OUT.flac */
#include <stdio.h>

#include <pulse/pulseaudio.h>
#include <sndfile.h>

enum { BLOCK_FRAMES = 4096 };

static int connect_server(pa_mainloop *loop, pa_context *context)
{
    if (pa_context_connect(context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0)
        return 0;
    for (;;) {
        pa_context_state_t state = pa_context_get_state(context);
        if (state == PA_CONTEXT_READY)
            return 1;
        if (!PA_CONTEXT_IS_GOOD(state) ||
            pa_mainloop_iterate(loop, 1, NULL) < 0)
            return 0;
    }
}

static int encode_block(SNDFILE *out)
{
    static short block[BLOCK_FRAMES * 2 * 2];

    for (size_t i = 0; i < sizeof block / sizeof block[0]; i++)
        block[i] = (short)(i * 2654435761u >> 16);
    return sf_writef_short(out, block, BLOCK_FRAMES * 2L) == BLOCK_FRAMES * 2L;
}

static long peak_kilobytes(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[128];
    long peak = 0;

    if (status == NULL)
        return 0;
    while (fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmHWM: %ld", &peak) == 1)
            break;
    fclose(status);
    return peak;
}

int main(int argc, char **argv)
{
    SF_INFO info = {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                    .samplerate = 48000,
                    .channels = 2};
    pa_mainloop *loop = pa_mainloop_new();
    pa_context *context = pa_context_new(pa_mainloop_get_api(loop), "bench");
    SNDFILE *out = sf_open(argc > 1 ? argv[1] : "", SFM_WRITE, &info);
    int ok = out != NULL && connect_server(loop, context) && encode_block(out);

    if (ok)
        printf("%ld\n", peak_kilobytes());
    else
        fprintf(stderr, "bare_libs: no server, or cannot write\n");
    if (out != NULL)
        sf_close(out);
    pa_context_disconnect(context);
    pa_context_unref(context);
    pa_mainloop_free(loop);
    return ok ? 0 : 1;
}
