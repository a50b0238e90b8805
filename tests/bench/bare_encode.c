/* bare_encode: the bar that looprec is measured against: nothing but
 * sf_writef_short in blocks of 4096 frames, of samples that lie in memory
 * already, into a FLAC or (LEVEL "wav") a WAV. Prints the CPU seconds (user and
 * system) and those of the clock from opening the file to its end; reading the
 * samples is not counted.
 *
 *     bare_encode RATE CHANNELS LEVEL SAMPLES.raw OUT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sndfile.h>

enum { BLOCK_FRAMES = 4096 };

static short *load(const char *path, size_t *samples)
{
    FILE *in = fopen(path, "rb");
    short *data = NULL;
    long bytes;

    if (in == NULL || fseek(in, 0, SEEK_END) != 0)
        goto out;
    bytes = ftell(in);
    rewind(in);
    if (bytes <= 0 || (data = malloc((size_t)bytes)) == NULL)
        goto out;
    *samples = (size_t)bytes / sizeof *data;
    if (fread(data, sizeof *data, *samples, in) != *samples) {
        free(data);
        data = NULL;
    }
out:
    if (in != NULL)
        fclose(in);
    return data;
}

static int encode(const char *path, SF_INFO *info, double level,
                  const short *data, sf_count_t frames)
{
    SNDFILE *out = sf_open(path, SFM_WRITE, info);

    if (out == NULL)
        return 0;
    sf_command(out, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
    while (frames > 0) {
        sf_count_t n = frames < BLOCK_FRAMES ? frames : BLOCK_FRAMES;
        if (sf_writef_short(out, data, n) != n)
            break;
        data += n * info->channels;
        frames -= n;
    }
    return sf_close(out) == 0 && frames == 0;
}

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    SF_INFO info = {0};
    size_t samples = 0;
    short *data;
    double cpu, wall;
    int ok;

    if (argc != 6) {
        fprintf(stderr, "usage: bare_encode RATE CHANNELS LEVEL IN.raw OUT\n");
        return 2;
    }
    info.samplerate = atoi(argv[1]);
    info.channels = atoi(argv[2]);
    info.format = SF_FORMAT_PCM_16;
    info.format |= strcmp(argv[3], "wav") == 0 ? SF_FORMAT_WAV : SF_FORMAT_FLAC;
    data = load(argv[4], &samples);
    if (data == NULL || info.channels < 1) {
        fprintf(stderr, "bare_encode: cannot read %s\n", argv[4]);
        return 1;
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    wall = seconds(CLOCK_MONOTONIC);
    ok = encode(argv[5], &info, atoi(argv[3]) / 8.0, data,
                (sf_count_t)samples / info.channels);
    printf("%.6f %.6f\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           seconds(CLOCK_MONOTONIC) - wall);
    free(data);
    if (!ok)
        fprintf(stderr, "bare_encode: cannot encode %s\n", argv[5]);
    return ok ? 0 : 1;
}
