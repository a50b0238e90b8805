/* plan: what is to be changed in a file, found before anything is; and the
 * file's bytes to find it in. Main thread.
 *
 * What lies in the file comes from anywhere: each read says whether the bytes
 * are there, and sizes are compared with the file's length before use. */
#ifndef LOOPREC_REPAIR_PLAN_H
#define LOOPREC_REPAIR_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "sys/file.h"

enum { PLAN_PATCHES = 16, PLAN_PATCH_BYTES = 40, LOOK_BYTES = 65536 };

/* The file as it is. */
struct look {
    struct file *file; /* the caller's */
    const char *path;
    int64_t length;
    struct file_mark mark; /* all 0: the system does not say */
    struct fault fault;    /* the first read that failed */
    int64_t from;          /* what `bytes` holds */
    size_t count;
    uint8_t bytes[LOOK_BYTES];
};

struct patch {
    int64_t at;
    size_t bytes;
    uint8_t data[PLAN_PATCH_BYTES];
};

struct plan {
    bool is_copy; /* as asked: the old file stays, so what is in doubt may be
                   * taken for sound */
    const char *kind;
    struct patch patches[PLAN_PATCHES]; /* within the old length */
    size_t count;
    int64_t length; /* of the file afterwards; what is longer is zeros */
    /* Bytes that must come in between, which needs a new file; patches and
     * length are as without them. */
    int64_t insert_at;
    size_t insert_bytes; /* 0: none */
    uint8_t inserted[PLAN_PATCH_BYTES];
    uint64_t frames;
    uint32_t rate;
    char found[512];
};

/* FILE was opened for reading; its length is taken now. */
void look_init(struct look *l, struct file *file, const char *path);

/* Is FILE, opened later, the same one, of the same length and not written to
 * since? False: F (ERR_FILE_IN_USE). */
bool look_is_unchanged(const struct look *l, const struct file *file,
                       struct fault *f);

/* Somebody writes to PATH: fill F. COPIES: to write a new file would do.
 * Returns false. */
bool look_refuse_in_use(const char *path, bool copies, struct fault *f);

/* BYTES (LOOK_BYTES at most) at offset AT into DATA. False: they are not all
 * there, or a read failed (l->fault). */
bool look_at(struct look *l, int64_t at, void *data, size_t bytes);

/* The same for one byte; -1: not there. */
int look_byte(struct look *l, int64_t at);

/* Are the bytes from FROM up to TO all zeros? */
bool look_zeros(struct look *l, int64_t from, int64_t to);

/* Something of interest lies at DATA (BYTES of them, at AT in the file)? */
typedef bool look_test(struct look *l, int64_t at, const uint8_t *data,
                       void *user);

/* The first place from FROM on, in steps of STEP, where BYTES bytes (8 to 64)
 * are there and TEST is true of them; -1: none. */
int64_t look_find(struct look *l, int64_t from, unsigned step, size_t bytes,
                  look_test *test, void *user);

/* How many bytes of ID3v2 the file begins with, as these say; 0: none. */
int64_t look_id3v2(struct look *l);

/* Is what lies from AT to the end an ID3v1? */
bool look_id3v1(struct look *l, int64_t at);

/* What a WAV's or Wave64's "fmt " begins with: PCM, floating point, A-law or
 * u-law; ALIGN: bytes of a frame. False: it is something else, or absurd. */
enum { PCM_BYTES = 16 };
bool pcm_read(const uint8_t format[PCM_BYTES], uint32_t *rate, uint32_t *align);

/* Let DATA stand at AT, which is within the file; where it stands there already
 * nothing is to be changed. True when it is. */
bool plan_set(struct plan *p, struct look *l, int64_t at, const void *data,
              size_t bytes);
bool plan_set_le(struct plan *p, struct look *l, int64_t at, uint64_t value,
                 unsigned bytes);

/* What TAIL_MOST bytes at the end may hold behind a sound whose length is not
 * known: chunks are looked for there. */
#define TAIL_MOST (INT64_C(64) << 20)

/* All sizes agree, and yet something follows that none of them counts: the file
 * is good, and it is told. SOUND: it follows at once, so it may be sound.
 * False: it is to be taken for that, since the old file stays. */
bool plan_leave_tail(struct plan *p, int64_t bytes, bool sound);

/* Note what was found. */
void plan_say(struct plan *p, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

bool plan_is_empty(const struct plan *p, const struct look *l);

/* "not understood": fill F, naming the file. Returns false. */
bool plan_refuse(const struct look *l, struct fault *f, const char *why,
                 const char *hint);

/* --- the types: fill P from L. False: F says why. --- */

bool riff_plan(struct plan *p, struct look *l, struct fault *f);
bool w64_plan(struct plan *p, struct look *l, struct fault *f);
bool flac_plan(struct plan *p, struct look *l, struct fault *f);

#endif
