/* converter: memory that is short and a resampler that fails are told, leave
 * nothing behind, and the next call is none the worse. Linked so that calloc,
 * realloc and soxr's functions are those below (see the Makefile). */
#include "core/convert.h"

#include <setjmp.h>
#include <soxr.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct audio_format mono48 = {48000, 1, 0x4, SAMPLE_F32};
static const struct audio_format stereo48 = {48000, 2, 0x3, SAMPLE_F32};
static const struct audio_format stereo44 = {44100, 2, 0x3, SAMPLE_F32};

enum { FRAMES = 20000 };
static float silence[FRAMES * 2];

/* --- what fails, and when --- */

enum failing { NOTHING, CALLOC, REALLOC, CREATE, PROCESS, CLEAR };

static enum failing failing;
static int calls_left; /* before it does */
static int in_soxr; /* whose own memory is not meant, where it is linked in */

static bool fails(enum failing what)
{
    return failing == what && in_soxr == 0 && calls_left-- == 0;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return fails(CALLOC) ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
    return fails(REALLOC) ? NULL : __real_realloc(block, size);
}

soxr_t __real_soxr_create(double from, double to, unsigned channels,
                          soxr_error_t *error, soxr_io_spec_t const *io,
                          soxr_quality_spec_t const *quality,
                          soxr_runtime_spec_t const *runtime);
soxr_t __wrap_soxr_create(double from, double to, unsigned channels,
                          soxr_error_t *error, soxr_io_spec_t const *io,
                          soxr_quality_spec_t const *quality,
                          soxr_runtime_spec_t const *runtime);
soxr_t __wrap_soxr_create(double from, double to, unsigned channels,
                          soxr_error_t *error, soxr_io_spec_t const *io,
                          soxr_quality_spec_t const *quality,
                          soxr_runtime_spec_t const *runtime)
{
    if (fails(CREATE)) {
        *error = "no";
        return NULL;
    }
    in_soxr++;
    soxr_t made =
        __real_soxr_create(from, to, channels, error, io, quality, runtime);
    in_soxr--;
    return made;
}

soxr_error_t __real_soxr_process(soxr_t s, soxr_in_t in, size_t frames,
                                 size_t *used, soxr_out_t out, size_t room,
                                 size_t *done);
soxr_error_t __wrap_soxr_process(soxr_t s, soxr_in_t in, size_t frames,
                                 size_t *used, soxr_out_t out, size_t room,
                                 size_t *done);
soxr_error_t __wrap_soxr_process(soxr_t s, soxr_in_t in, size_t frames,
                                 size_t *used, soxr_out_t out, size_t room,
                                 size_t *done)
{
    if (fails(PROCESS)) {
        return "no";
    }
    in_soxr++;
    soxr_error_t error =
        __real_soxr_process(s, in, frames, used, out, room, done);
    in_soxr--;
    return error;
}

soxr_error_t __real_soxr_clear(soxr_t s);
soxr_error_t __wrap_soxr_clear(soxr_t s);
soxr_error_t __wrap_soxr_clear(soxr_t s)
{
    if (fails(CLEAR)) {
        return "no";
    }
    in_soxr++;
    soxr_error_t error = __real_soxr_clear(s);
    in_soxr--;
    return error;
}

static void fail_at(enum failing what, int calls)
{
    failing = what;
    calls_left = calls;
}

/* --- tests --- */

static void assert_not_created(const struct audio_format *from,
                               const struct audio_format *to, enum failing what,
                               int calls, enum error err)
{
    struct fault f = {0};
    fail_at(what, calls);
    assert_null(converter_create(from, to, &f));
    assert_int_equal(calls_left, -1);
    fail_at(NOTHING, 0);
    assert_int_equal(f.err, err);
}

static void a_converter_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    assert_not_created(&mono48, &stereo44, CALLOC, 0, ERR_NO_MEMORY);
    assert_not_created(&mono48, &stereo44, CALLOC, 1, ERR_NO_MEMORY);
    assert_not_created(&mono48, &stereo44, CREATE, 0, ERR_UNSUPPORTED);
    assert_not_created(&stereo48, &stereo44, REALLOC, 0, ERR_NO_MEMORY);
}

static void assert_push_fails(const struct audio_format *from,
                              const struct audio_format *to, enum failing what,
                              int calls, enum error err)
{
    struct fault f = {0};
    const float *out;
    size_t count;
    struct converter *c = converter_create(from, to, &f);
    assert_non_null(c);
    fail_at(what, calls);
    assert_false(converter_push(c, silence, FRAMES, &out, &count, &f));
    fail_at(NOTHING, 0);
    assert_int_equal(f.err, err);
    assert_int_equal(count, 0);
    /* what comes next has its place */
    assert_true(converter_push(c, silence, 10, &out, &count, &f));
    converter_destroy(c);
}

static void a_push_that_fails_is_told(void **state)
{
    (void)state;
    assert_push_fails(&mono48, &stereo48, REALLOC, 0, ERR_NO_MEMORY);
    assert_push_fails(&mono48, &stereo48, REALLOC, 1, ERR_NO_MEMORY);
    assert_push_fails(&stereo48, &stereo44, REALLOC, 0, ERR_NO_MEMORY);
    assert_push_fails(&stereo48, &stereo44, PROCESS, 0, ERR_INTERNAL);
    assert_push_fails(&stereo48, &stereo44, PROCESS, 2, ERR_INTERNAL);
}

static void assert_flush_fails(enum failing what)
{
    struct fault f = {0};
    const float *out;
    size_t count;
    struct converter *c = converter_create(&stereo48, &stereo44, &f);
    bool good = true;

    assert_non_null(c);
    assert_true(converter_push(c, silence, 3000, &out, &count, &f));
    fail_at(what, 0);
    do {
        good = converter_flush(c, &out, &count, &f);
    } while (good && count > 0);
    fail_at(NOTHING, 0);
    assert_false(good);
    assert_int_equal(f.err, ERR_INTERNAL);
    converter_destroy(c);
}

static void a_flush_that_fails_is_told(void **state)
{
    (void)state;
    assert_flush_fails(PROCESS);
    assert_flush_fails(CLEAR);
}

/* Only channels change: the samples come out one by one as they went in. */
static void channels_alone_keep_every_frame(void **state)
{
    float in[FRAMES];
    const float *out;
    size_t count;
    struct converter *c = converter_create(&mono48, &stereo48, NULL);

    (void)state;
    assert_non_null(c);
    for (size_t i = 0; i < FRAMES; i++) {
        in[i] = (float)i / FRAMES;
    }
    assert_true(converter_push(c, in, FRAMES, &out, &count, NULL));
    assert_int_equal(count, FRAMES);
    for (size_t i = 0; i < FRAMES; i++) {
        assert_true(out[2 * i] == in[i] && out[2 * i + 1] == in[i]);
    }
    assert_true(converter_flush(c, &out, &count, NULL));
    assert_int_equal(count, 0);
    converter_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_converter_that_cannot_be_made_is_told),
        cmocka_unit_test(a_push_that_fails_is_told),
        cmocka_unit_test(a_flush_that_fails_is_told),
        cmocka_unit_test(channels_alone_keep_every_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
