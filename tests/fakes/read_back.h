/* read_back: what failing_file holds, read by libsndfile (or, for raw, by
 * hand) into a sink's own layout, and the samples to compare it with. */
#ifndef LOOPREC_TESTS_READ_BACK_H
#define LOOPREC_TESTS_READ_BACK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

#include "fakes/failing_file.h"
#include "sink/sink.h"

enum { READ_BACK_MAX_FRAMES = 20000, READ_BACK_MAX_CHANNELS = 8 };

/* Can files of this type be read here? Built for Windows, libsndfile 1.2.2 with
 * mpg123 1.32.10 never returns from opening an MP3, whoever wrote it; these are
 * read by other programs (tests/e2e/windows_formats.bats). */
static inline bool read_back_knows(enum sink_type type)
{
#ifdef _WIN32
    return type != SINK_MP3;
#else
    (void)type;
    return true;
#endif
}

struct read_back {
    bool readable;
    SF_INFO info;
    size_t frames; /* that could be read */
    int64_t said;  /* that the header tells */
    char comment[400];
    int channel_map[READ_BACK_MAX_CHANNELS];
    bool has_map;
    int32_t samples[READ_BACK_MAX_FRAMES * READ_BACK_MAX_CHANNELS];
};

static int64_t read_back_at;

static sf_count_t read_back_length(void *user)
{
    (void)user;
    return failing.length;
}

static sf_count_t read_back_seek(sf_count_t offset, int whence, void *user)
{
    (void)user;
    read_back_at = whence == SEEK_SET   ? offset
                   : whence == SEEK_CUR ? read_back_at + offset
                                        : failing.length + offset;
    return read_back_at;
}

static sf_count_t read_back_read(void *data, sf_count_t bytes, void *user)
{
    sf_count_t left = failing.length - read_back_at;

    (void)user;
    if (bytes > left)
        bytes = left;
    if (bytes <= 0)
        return 0;
    memcpy(data, failing.data + read_back_at, (size_t)bytes);
    read_back_at += bytes;
    return bytes;
}

static sf_count_t read_back_write(const void *data, sf_count_t bytes,
                                  void *user)
{
    (void)data;
    (void)bytes;
    (void)user;
    return 0;
}

static sf_count_t read_back_tell(void *user)
{
    (void)user;
    return read_back_at;
}

static void read_back_raw(struct read_back *r, enum sample_type sample,
                          unsigned channels)
{
    size_t bytes = sample_bytes(sample);
    size_t count = (size_t)failing.length / bytes;

    r->readable = (size_t)failing.length % (bytes * channels) == 0;
    r->frames = count / channels;
    r->said = (int64_t)r->frames;
    if (count == 0)
        return;
    if (sample != SAMPLE_S24) {
        memcpy(r->samples, failing.data, count * bytes);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const unsigned char *p = failing.data + 3 * i;
        r->samples[i] = (int32_t)((uint32_t)p[0] << 8 | (uint32_t)p[1] << 16 |
                                  (uint32_t)p[2] << 24);
    }
}

static size_t read_back_samples(SNDFILE *snd, void *to, enum sample_type sample,
                                unsigned channels)
{
    sf_count_t total = 0;
    sf_count_t n = 1;

    while (n > 0 && total + 1000 <= READ_BACK_MAX_FRAMES) {
        size_t at = (size_t)total * channels;
        if (sample == SAMPLE_S16)
            n = sf_readf_short(snd, (short *)to + at, 1000);
        else if (sample == SAMPLE_F32)
            n = sf_readf_float(snd, (float *)to + at, 1000);
        else
            n = sf_readf_int(snd, (int *)to + at, 1000);
        total += n;
    }
    return (size_t)total;
}

/* Read all of it; R is 640 kB: static, or from the heap. */
static void read_back(struct read_back *r, enum sink_type type,
                      enum sample_type sample, unsigned channels)
{
    SF_VIRTUAL_IO io = {read_back_length, read_back_seek, read_back_read,
                        read_back_write, read_back_tell};
    const char *comment;
    SNDFILE *snd;

    memset(r, 0, sizeof *r);
    if (type == SINK_RAW) {
        read_back_raw(r, sample, channels);
        return;
    }
    read_back_at = 0;
    snd = sf_open_virtual(&io, SFM_READ, &r->info, NULL);
    if (snd == NULL)
        return;
    r->readable = true;
    r->said = r->info.frames;
    comment = sf_get_string(snd, SF_STR_COMMENT);
    snprintf(r->comment, sizeof r->comment, "%s", comment ? comment : "");
    r->has_map = sf_command(snd, SFC_GET_CHANNEL_MAP_INFO, r->channel_map,
                            (int)(channels * sizeof(int))) == SF_TRUE;
    r->frames = read_back_samples(snd, r->samples, sample, channels);
    sf_close(snd);
}

/* Sample I of the test's audio in a sink's layout: half tone, half noise, so
 * that FLAC has something to do and every bit is used. Returns its bytes. */
static size_t read_back_make(void *to, enum sample_type sample, size_t i)
{
    uint32_t x = (uint32_t)i * 2654435761u;
    int32_t value;
    float real;
    int16_t half;

    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    value = (int32_t)(i % 97 < 48 ? x : (uint32_t)(i % 50) << 26);
    switch (sample) {
    case SAMPLE_S16:
        half = (int16_t)(value >> 16);
        memcpy(to, &half, sizeof half);
        return sizeof half;
    case SAMPLE_F32:
        real = (float)value / 2147483648.0f;
        memcpy(to, &real, sizeof real);
        return sizeof real;
    case SAMPLE_S24: value &= (int32_t)0xFFFFFF00u; break;
    default: break;
    }
    memcpy(to, &value, sizeof value);
    return sizeof value;
}

/* FRAMES frames from frame FIRST on. */
static void read_back_fill(void *to, enum sample_type sample, unsigned channels,
                           size_t first, size_t frames)
{
    unsigned char *p = to;

    for (size_t i = 0; i < frames * channels; i++)
        p += read_back_make(p, sample, first * channels + i);
}

/* Are the first FRAMES frames the test's audio from FIRST on, bit for bit? */
static inline bool read_back_equal_from(const struct read_back *r,
                                        enum sample_type sample,
                                        unsigned channels, size_t first,
                                        size_t frames)
{
    const unsigned char *p = (const unsigned char *)r->samples;

    for (size_t i = 0; i < frames * channels; i++) {
        unsigned char want[4];
        size_t bytes = read_back_make(want, sample, first * channels + i);
        if (memcmp(p, want, bytes) != 0)
            return false;
        p += bytes;
    }
    return true;
}

static inline bool read_back_equal(const struct read_back *r,
                                   enum sample_type sample, unsigned channels,
                                   size_t frames)
{
    return read_back_equal_from(r, sample, channels, 0, frames);
}

#endif
