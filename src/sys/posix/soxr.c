/* soxr: libsoxr's functions for whoever includes soxr.h, in the place of the
 * library itself, which is loaded when a resampler is made. Most recordings
 * make none, and with it comes libgomp: both would cost every start some tenths
 * of a millisecond, and 0.4 MB. Only what looprec calls is here. Any thread. */
#include <dlfcn.h>
#include <soxr.h>
#include <stdbool.h>
#include <stdlib.h>

#define LIBRARY "libsoxr.so.0"

/* Their struct soxr is another one, which is never looked into. */
struct soxr {
    soxr_t theirs;
    soxr_t (*create)(double, double, unsigned, soxr_error_t *,
                     soxr_io_spec_t const *, soxr_quality_spec_t const *,
                     soxr_runtime_spec_t const *);
    soxr_error_t (*process)(soxr_t, soxr_in_t, size_t, size_t *, soxr_out_t,
                            size_t, size_t *);
    soxr_error_t (*clear)(soxr_t);
    void (*delete)(soxr_t);
};

/* False: *ERROR says why, in the loader's words. What is loaded stays. */
static bool load(struct soxr *s, soxr_error_t *error)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library != NULL) {
        *(void **)&s->create = dlsym(library, "soxr_create");
        *(void **)&s->process = dlsym(library, "soxr_process");
        *(void **)&s->clear = dlsym(library, "soxr_clear");
        *(void **)&s->delete = dlsym(library, "soxr_delete");
        if (s->create != NULL && s->process != NULL && s->clear != NULL &&
            s->delete != NULL) {
            return true;
        }
    }
    *error = dlerror();
    return false;
}

soxr_t soxr_create(double input_rate, double output_rate, unsigned num_channels,
                   soxr_error_t *error, soxr_io_spec_t const *io,
                   soxr_quality_spec_t const *quality,
                   soxr_runtime_spec_t const *runtime)
{
    struct soxr *s = calloc(1, sizeof *s);
    if (s == NULL) {
        *error = "out of memory";
        return NULL;
    }
    if (load(s, error)) {
        s->theirs = s->create(input_rate, output_rate, num_channels, error, io,
                              quality, runtime);
    }
    if (s->theirs == NULL) {
        free(s);
        return NULL;
    }
    return s;
}

soxr_error_t soxr_process(soxr_t s, soxr_in_t in, size_t ilen, size_t *idone,
                          soxr_out_t out, size_t olen, size_t *odone)
{
    return s->process(s->theirs, in, ilen, idone, out, olen, odone);
}

soxr_error_t soxr_clear(soxr_t s)
{
    return s->clear(s->theirs);
}

void soxr_delete(soxr_t s)
{
    if (s != NULL) {
        s->delete (s->theirs);
        free(s);
    }
}
