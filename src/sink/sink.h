/* sink: the contract between the writer and a file format on some medium.
 * Writer thread, but for the functions that touch nothing (sink_check...). */
#ifndef LOOPREC_SINK_SINK_H
#define LOOPREC_SINK_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/format.h"

enum sink_type {
    SINK_AUTO, /* by the file's ending */
    SINK_WAV,  /* RIFF/WAVE; becomes RF64 by itself beyond 4 GiB */
    SINK_FLAC,
    SINK_RAW,  /* little-endian samples, nothing else */
    SINK_NULL, /* counts and forgets */
};

enum { SINK_COMPRESSION_DEFAULT = 5 };

struct sink_request {
    const char *path;           /* UTF-8; "-": standard output; SINK_NULL may
                                 * have NULL */
    enum sink_type type;        /* not SINK_AUTO */
    struct audio_format format; /* rate, channels, mask of the file */
    enum sample_type sample;    /* S16, S24, S32 or F32 */
    int compression;            /* 0..8, FLAC */
    bool overwrite;
    const char *device_name; /* for the file's comment; may be NULL */
    const char *date;        /* RFC 3339; may be NULL */
};

struct sink; /* each format embeds this as its first member */

struct sink_ops {
    const char *name;
    /* Make the file. NULL: what file_open says, ERR_FORMAT, ERR_ENCODER. */
    struct sink *(*open)(const struct sink_request *request, struct fault *f);
    /* FRAMES frames in convert_sink_bytes()'s layout. After the first false
     * every further call is false with the same fault. */
    bool (*write)(struct sink *s, const void *data, size_t frames,
                  struct fault *f);
    /* Make what is written readable after a crash: headers right, data on the
     * disk (may block as long as the disk does). Called about twice a second.
     * Optional. */
    bool (*commit)(struct sink *s, struct fault *f);
    /* Finish and free, also after a failed write: the file is then valid up to
     * what could be written. False: the finish itself failed. */
    bool (*close)(struct sink *s, struct fault *f);
    /* Bytes in the file so far (on its medium, encoded). */
    uint64_t (*bytes)(const struct sink *s);
    /* Frames that close would leave in the file, as far as it is known: all
     * that were written, or after a failed write those that are saved. */
    uint64_t (*frames)(const struct sink *s);
};

struct sink {
    const struct sink_ops *ops;
};

/* "wav", "flac", "raw", "null" -> type; SINK_AUTO when it is none. */
enum sink_type sink_type_parse(const char *name);
const char *sink_type_name(enum sink_type type);

/* All type names, for messages: "wav, flac, raw, null". */
const char *sink_type_names(void);

/* By PATH's ending (without case); SINK_AUTO when it says nothing. */
enum sink_type sink_type_from_path(const char *path);

/* Can TYPE hold SAMPLE at this rate and these channels? False: ERR_FORMAT with
 * what it can hold as hint. FORMAT NULL: only the sample type is checked. */
bool sink_check(enum sink_type type, enum sample_type sample,
                const struct audio_format *format, struct fault *f);

/* The sample type that suits: S16 where NATIVE is 16 bit or less, else S24. */
enum sample_type sink_default_sample(enum sink_type type,
                                     enum sample_type native);

struct sink *sink_open(const struct sink_request *request, struct fault *f);
bool sink_write(struct sink *s, const void *data, size_t frames,
                struct fault *f);
bool sink_commit(struct sink *s, struct fault *f);
bool sink_close(struct sink *s, struct fault *f); /* NULL is fine */
uint64_t sink_bytes(const struct sink *s);
uint64_t sink_frames(const struct sink *s);

/* --- naming.c --- */

/* "looprec-20261120-160525.flac" for the local time WALL_NS. */
void sink_default_name(char *buffer, size_t size, enum sink_type type,
                       int64_t wall_ns);

#endif
