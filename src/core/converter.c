/* converter: a stream's way into the file's rate and channels; see convert.h.
 * Writer thread. Channels are mixed first, then libsoxr changes the rate: the
 * library itself on Windows, on Linux what sys/posix/soxr.c loads. */
#include "core/convert.h"

#include <soxr.h>
#include <stdlib.h>
#include <string.h>

#include "core/mix.h"

/* Frames that are worked on at a time. */
enum { PIECE = 4096 };

struct converter {
    /* constant */
    uint32_t from_rate, to_rate;
    uint32_t channels; /* of the output */
    struct mix mix;
    soxr_t soxr;  /* NULL: the rates agree */
    float *mixed; /* PIECE frames; NULL: the channels agree */
    /* moving */
    uint64_t in_frames, out_frames; /* since the start or the last flush */
    bool flushed;
    float *out;          /* what the caller gets */
    size_t out_capacity; /* frames */
};

/* Room for FRAMES in all at c->out. */
static bool reserve(struct converter *c, size_t frames, struct fault *f)
{
    if (frames <= c->out_capacity) {
        return true;
    }
    size_t frame_bytes = c->channels * sizeof *c->out;
    float *grown = frames <= SIZE_MAX / 2 / frame_bytes
                       ? realloc(c->out, frames * frame_bytes)
                       : NULL;
    if (!grown) {
        return fault_set(f, ERR_NO_MEMORY, "convert", NULL, NULL);
    }
    c->out = grown;
    c->out_capacity = frames;
    return true;
}

struct converter *converter_create(const struct audio_format *from,
                                   const struct audio_format *to,
                                   struct fault *f)
{
    struct converter *c = calloc(1, sizeof *c);
    if (!c) {
        fault_set(f, ERR_NO_MEMORY, "create converter", NULL, NULL);
        return NULL;
    }
    c->from_rate = from->rate;
    c->to_rate = to->rate;
    c->channels = to->channels;
    mix_init(&c->mix, from, to);
    if (!c->mix.is_identity) {
        c->mixed = calloc((size_t)PIECE * c->channels, sizeof *c->mixed);
        if (!c->mixed) {
            fault_set(f, ERR_NO_MEMORY, "create converter", NULL, NULL);
            goto fail;
        }
    }
    if (from->rate != to->rate) {
        /* Without more words: SOXR_FLOAT32_I to the same, SOXR_HQ (soxr.h). */
        soxr_error_t error = NULL;
        c->soxr = soxr_create(from->rate, to->rate, c->channels, &error, NULL,
                              NULL, NULL);
        if (!c->soxr) {
            fault_setf(f, ERR_UNSUPPORTED, "change the rate", 0,
                       "this takes libsoxr; at the source's own rate it is "
                       "not needed",
                       "from %u to %u Hz: %s", (unsigned)from->rate,
                       (unsigned)to->rate, error ? error : "refused");
            goto fail;
        }
        if (!reserve(c, PIECE, f)) {
            goto fail;
        }
    }
    return c;
fail:
    converter_destroy(c);
    return NULL;
}

void converter_destroy(struct converter *c)
{
    if (c) {
        soxr_delete(c->soxr);
        free(c->mixed);
        free(c->out);
        free(c);
    }
}

bool converter_check(const struct audio_format *from,
                     const struct audio_format *to, struct fault *f)
{
    if (from->rate == to->rate) {
        return true;
    }
    struct converter *c = converter_create(from, to, f);
    converter_destroy(c);
    return c != NULL;
}

bool converter_is_identity(const struct converter *c)
{
    return !c->soxr && !c->mixed;
}

uint64_t converter_expect(const struct converter *c, uint64_t input_frames)
{
    uint64_t whole = input_frames / c->from_rate;
    uint64_t rest = input_frames % c->from_rate;
    return whole * c->to_rate + rest * c->to_rate / c->from_rate;
}

/* FRAMES frames (mixed; NULL: the end) to soxr, *GOT more frames at c->out,
 * behind HAVE, but no more than are due. */
static bool resample(struct converter *c, const float *in, size_t frames,
                     size_t have, size_t *got, struct fault *f)
{
    uint64_t due = converter_expect(c, c->in_frames) - c->out_frames;
    size_t room = due < PIECE ? (size_t)due : PIECE;
    *got = 0;
    do {
        if (!reserve(c, have + *got + room, f)) {
            return false;
        }
        size_t done = 0;
        float *out = c->out + (have + *got) * c->channels;
        soxr_error_t error =
            soxr_process(c->soxr, in, frames, NULL, out, room, &done);
        if (error) {
            return fault_set(f, ERR_INTERNAL, "soxr_process", error, NULL);
        }
        *got += done;
        due -= done;
        if (done < room || due == 0) {
            break;
        }
        /* More is ready: ask again without giving anything. */
        static const float nothing[1];
        in = in ? nothing : NULL;
        frames = 0;
        room = due < PIECE ? (size_t)due : PIECE;
    } while (room > 0);
    c->out_frames += *got;
    return true;
}

bool converter_push(struct converter *c, const float *in, size_t frames,
                    const float **out, size_t *out_frames, struct fault *f)
{
    *out = in;
    *out_frames = 0;
    c->flushed = false;
    if (converter_is_identity(c)) {
        *out_frames = frames;
        return true;
    }
    size_t have = 0;
    while (frames > 0) {
        size_t piece = frames < PIECE ? frames : PIECE;
        const float *now = in;
        size_t got = piece;
        c->in_frames += piece;
        if (c->mixed) {
            mix_apply(&c->mix, in, piece, c->mixed);
            now = c->mixed;
        }
        if (c->soxr) {
            if (!resample(c, now, piece, have, &got, f)) {
                return false;
            }
        } else {
            if (!reserve(c, have + piece, f)) {
                return false;
            }
            memcpy(c->out + have * c->channels, now,
                   piece * c->channels * sizeof *now);
        }
        have += got;
        in += piece * c->mix.inputs;
        frames -= piece;
    }
    *out = c->out;
    *out_frames = have;
    return true;
}

bool converter_flush(struct converter *c, const float **out, size_t *out_frames,
                     struct fault *f)
{
    *out = c->out;
    *out_frames = 0;
    if (!c->soxr || c->flushed) {
        return true;
    }
    uint64_t due = converter_expect(c, c->in_frames) - c->out_frames;
    size_t got = 0;
    if (due > 0 && !resample(c, NULL, 0, 0, &got, f)) {
        return false;
    }
    if (got == 0 && due > 0) {
        /* soxr's own end may come a frame or two before the right one. */
        got = due < PIECE ? (size_t)due : PIECE;
        if (!reserve(c, got, f)) {
            return false;
        }
        memset(c->out, 0, got * c->channels * sizeof *c->out);
        c->out_frames += got;
    }
    *out = c->out;
    *out_frames = got;
    if (due == 0) {
        soxr_error_t error = soxr_clear(c->soxr);
        if (error) {
            return fault_set(f, ERR_INTERNAL, "soxr_clear", error, NULL);
        }
        c->in_frames = 0;
        c->out_frames = 0;
        c->flushed = true;
    }
    return true;
}
