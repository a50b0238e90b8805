/* repair_bench: sound files in memory, made and read by libsndfile, and what
 * --repair makes of them. Each test has a folder of its own. For the one source
 * file of a test. */
#ifndef LOOPREC_TESTS_REPAIR_BENCH_H
#define LOOPREC_TESTS_REPAIR_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sndfile.h>

#include "core/bytes.h"
#include "repair/repair.h"
#include "sys/file.h"
#include "unit/own_folder.h"

enum { IMAGE_MOST = 1 << 20, FRAMES_MOST = 20000 };

/* A file's bytes. */
struct image {
    sf_count_t length, at;
    uint8_t data[IMAGE_MOST];
};

struct sound {
    SF_INFO info;
    size_t frames;
    int samples[FRAMES_MOST * 2];
};

static int bench_setup(void **state)
{
    (void)state;
    return own_folder_enter("repair") ? 0 : -1;
}

static int bench_teardown(void **state)
{
    (void)state;
    remove("in");
    remove("out");
    remove("in.looprec-undo");
    return own_folder_leave() ? 0 : -1;
}

/* A number that looks random, the same in each run. */
static inline uint32_t bench_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* --- libsndfile on an image --- */

static sf_count_t image_length(void *user)
{
    return ((struct image *)user)->length;
}

static sf_count_t image_seek(sf_count_t offset, int whence, void *user)
{
    struct image *m = user;
    m->at = offset + (whence == SEEK_SET   ? 0
                      : whence == SEEK_CUR ? m->at
                                           : m->length);
    return m->at;
}

static sf_count_t image_read(void *data, sf_count_t bytes, void *user)
{
    struct image *m = user;
    sf_count_t left = m->length - m->at;
    bytes = bytes < left ? bytes : left > 0 ? left : 0;
    memcpy(data, m->data + m->at, (size_t)bytes);
    m->at += bytes;
    return bytes;
}

static sf_count_t image_write(const void *data, sf_count_t bytes, void *user)
{
    struct image *m = user;
    assert_true(m->at + bytes <= IMAGE_MOST);
    memcpy(m->data + m->at, data, (size_t)bytes);
    m->at += bytes;
    m->length = m->at > m->length ? m->at : m->length;
    return bytes;
}

static sf_count_t image_tell(void *user)
{
    return ((struct image *)user)->at;
}

static SF_VIRTUAL_IO image_io = {image_length, image_seek, image_read,
                                 image_write, image_tell};

/* FRAMES of a hum with some noise in it. FORMAT: libsndfile's. */
static inline void image_make(struct image *m, int format, int channels,
                              size_t frames)
{
    SF_INFO info = {.samplerate = 8000, .channels = channels, .format = format};
    uint32_t seed = 7;

    m->length = m->at = 0;
    SNDFILE *snd = sf_open_virtual(&image_io, SFM_WRITE, &info, m);
    assert_non_null(snd);
    for (size_t i = 0; i < frames; i++) {
        int frame[2];
        for (int k = 0; k < 2; k++) {
            frame[k] = (int)(i % 200 * 7000000) - 700000000;
            frame[k] += (int)(bench_random(&seed) << 4);
        }
        assert_int_equal(sf_writef_int(snd, frame, 1), 1);
    }
    sf_close(snd);
}

/* False: libsndfile does not read it. */
static inline bool image_sound(struct image *m, struct sound *s)
{
    memset(&s->info, 0, sizeof s->info);
    s->frames = 0;
    m->at = 0;
    SNDFILE *snd = sf_open_virtual(&image_io, SFM_READ, &s->info, m);
    if (snd == NULL) {
        return false;
    }
    assert_in_range(s->info.channels, 1, 2);
    s->frames = (size_t)sf_readf_int(snd, s->samples, FRAMES_MOST);
    sf_close(snd);
    return true;
}

/* --- --repair on an image --- */

static inline void image_put(const struct image *m, const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(m->data, 1, (size_t)m->length, file), m->length);
    assert_int_equal(fclose(file), 0);
}

static inline void image_get(struct image *m, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    m->length = (sf_count_t)fread(m->data, 1, IMAGE_MOST, file);
    assert_int_equal(fclose(file), 0);
}

/* FROM into TO, which is FROM again where that is good. False: refused. */
static inline bool image_repair(const struct image *from, struct image *to,
                                struct repair_report *report, struct fault *f)
{
    const struct repair_request request = {.path = "in", .output = "out"};

    *f = (struct fault){.err = ERR_OK};
    image_put(from, "in");
    if (!repair_file(&request, report, f)) {
        assert_false(file_exists("out"));
        return false;
    }
    if (report->state == REPAIR_GOOD) {
        assert_false(file_exists("out"));
    }
    image_get(to, report->state == REPAIR_GOOD ? "in" : "out");
    remove("out");
    return true;
}

/* Is M good, in place? Then it is not changed. */
static inline bool image_is_good(const struct image *m)
{
    const struct repair_request request = {.path = "in", .dry_run = true};
    struct repair_report report;
    struct fault f = {0};

    image_put(m, "in");
    bool done = repair_file(&request, &report, &f);
    if (!done || report.state != REPAIR_GOOD) {
        print_message("%s%s%s\n", done ? report.found : f.detail,
                      f.hint[0] ? "; " : "", f.hint);
    }
    return done && report.state == REPAIR_GOOD;
}

#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

#endif
