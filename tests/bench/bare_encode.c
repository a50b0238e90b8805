/* bare_flac: the bar that looprec is measured against: nothing but
 * sf_writef_short in blocks of 4096 frames, of samples that lie in memory
 * already, into a FLAC. Prints the CPU seconds (user and system) from opening
 * the file to its end; reading the samples is not counted.
 *
 *     bare_flac RATE CHANNELS LEVEL SAMPLES.raw OUT.flac */
#include <stdio.h>
#include <stdlib.h>
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

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    SF_INFO info = {.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16};
    size_t samples = 0;
    short *data;
    double before;
    int ok;

    if (argc != 6) {
        fprintf(stderr, "usage: bare_flac RATE CHANNELS LEVEL IN.raw OUT\n");
        return 2;
    }
    info.samplerate = atoi(argv[1]);
    info.channels = atoi(argv[2]);
    data = load(argv[4], &samples);
    if (data == NULL || info.channels < 1) {
        fprintf(stderr, "bare_flac: cannot read %s\n", argv[4]);
        return 1;
    }
    before = cpu_seconds();
    ok = encode(argv[5], &info, atoi(argv[3]) / 8.0, data,
                (sf_count_t)samples / info.channels);
    printf("%.6f\n", cpu_seconds() - before);
    free(data);
    if (!ok)
        fprintf(stderr, "bare_flac: cannot encode %s\n", argv[5]);
    return ok ? 0 : 1;
}
