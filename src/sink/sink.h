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
    SINK_RF64, /* RF64 from the first byte on */
    SINK_W64,  /* Sony Wave64 */
    SINK_FLAC,
    SINK_OGG,  /* Ogg Vorbis */
    SINK_OPUS, /* Ogg Opus */
    SINK_MP3,
    SINK_RAW,  /* little-endian samples, nothing else */
    SINK_NULL, /* counts and forgets */
};

/* The type's own. */
enum { SINK_COMPRESSION_DEFAULT = -1, SINK_COMPRESSION_MAX = 8 };

/* What a file can say of itself. */
enum sink_tag {
    SINK_TAG_TITLE,
    SINK_TAG_ARTIST,
    SINK_TAG_ALBUM,
    SINK_TAG_TRACKNUMBER,
    SINK_TAG_GENRE,
    SINK_TAG_DATE,
    SINK_TAG_COMMENT,
    SINK_TAG_COPYRIGHT,
    SINK_TAG_LICENCE,
    SINK_TAG_SOFTWARE,
    SINK_TAG_COUNT
};

/* A mark makes a file no longer than by so many bytes. */
enum { SINK_MARK_BYTES = 64 };

/* The least time between two syncs. */
#define SINK_SYNC_MIN_NS INT64_C(1000000000)

enum { SINK_TAG_BYTES = 1000 }; /* of one, at most; what is beyond is cut */

/* UTF-8. NULL: what is there by default, see texts.h; empty: nothing. */
struct sink_tags {
    const char *value[SINK_TAG_COUNT];
};

/* Who hears what is recorded, in the place of a file. Writer thread. */
struct sink_ear {
    void *context;
    /* FRAMES frames in convert_sink_bytes()'s layout, in order. */
    void (*hear)(void *context, const struct audio_format *format,
                 const void *data, size_t frames);
};

struct sink_request {
    const char *path;           /* UTF-8; "-": standard output; SINK_NULL may
                                 * have NULL */
    enum sink_type type;        /* not SINK_AUTO */
    struct audio_format format; /* rate, channels, mask of the file */
    enum sample_type sample;    /* S16, S24, S32 or F32 */
    int compression;            /* 0 (large) to 8 (small), or the default */
    bool overwrite;
    bool followed; /* what it turns out to lack when it fails is written to
                    * another file: its end may make way for its marks */
    struct sink_tags tags;
    int64_t sync_ns;            /* what was committed is on the disk itself at
                                 * least this often, and at the end; 0: when the
                                 * system likes */
    const char *device_name;    /* for the file's comment; may be NULL */
    const char *date;           /* RFC 3339; may be NULL */
    const struct sink_ear *ear; /* for SINK_NULL; NULL: nobody. Outlives the
                                 * sink */
};

struct file; /* sys/file.h's */
struct sink; /* each format embeds this as its first member */

/* What a finished file holds. */
struct sink_total {
    uint64_t frames; /* in the file; fewer than were written where it failed */
    uint64_t bytes;  /* on its medium, encoded, headers included */
    uint64_t lost;   /* beside them: they were in a file that was deleted while
                      * it was written, or that a failing disk did not keep, and
                      * the recording went on elsewhere */
    uint64_t lost_from; /* the first of these, in the recording */
};

struct sink_ops {
    const char *name;
    /* Make the file. NULL: what file_open says, ERR_FORMAT, ERR_ENCODER. */
    struct sink *(*open)(const struct sink_request *request, struct fault *f);
    /* FRAMES frames in convert_sink_bytes()'s layout. After the first false
     * every further call is false with the same fault. */
    bool (*write)(struct sink *s, const void *data, size_t frames,
                  struct fault *f);
    /* Make what is written readable after a crash of the program, and where
     * the request's sync_ns has passed, of the computer (which may block as
     * long as the disk does). Called at least twice a second. Optional. */
    bool (*commit)(struct sink *s, struct fault *f);
    /* Frame FRAME of the file is marked; it may not be written yet. The mark is
     * in the file once that is finished. False: it will not be. Optional: the
     * type has none. */
    bool (*mark)(struct sink *s, uint64_t frame);
    /* Finish and free, also after a failed write: the file is then valid up to
     * what could be written. TOTAL is filled in either case. False: the
     * finish itself failed. */
    bool (*close)(struct sink *s, struct sink_total *total, struct fault *f);
    /* Bytes in the file so far (on its medium, encoded). */
    uint64_t (*bytes)(const struct sink *s);
    /* Frames that close would leave in the file, as far as it is known: all
     * that were written, or after a failed write those that are saved. */
    uint64_t (*frames)(const struct sink *s);
    /* No more bytes than these the finished file will have if FRAMES more are
     * written to it. Optional where a file is never cut by its size. */
    uint64_t (*most_bytes)(const struct sink *s, uint64_t frames);
    /* The file that is written, as long as the sink is open. Optional where
     * there is none. */
    const struct file *(*file)(const struct sink *s);
    /* The library behind it and its version. Optional. Any thread. */
    const char *(*library)(void);
};

struct sink {
    const struct sink_ops *ops;
};

/* --- types.c, texts.c: what can be told without a file; any thread --- */

/* "wav", "flac" ... -> type; SINK_AUTO when it is none. */
enum sink_type sink_type_parse(const char *name);
const char *sink_type_name(enum sink_type type);

/* All type names, for messages: "wav, rf64, ..., null". */
const char *sink_type_names(void);

/* Of those that make a file the ones that also go through a pipe. */
const char *sink_pipe_type_names(void);

/* By PATH's ending (without case); SINK_AUTO when it says nothing. */
enum sink_type sink_type_from_path(const char *path);

/* Can TYPE hold SAMPLE at this rate and these channels? False: ERR_FORMAT with
 * what it can hold as hint. What is not known yet is not checked: FORMAT NULL,
 * a rate or channels of 0, SAMPLE_NONE. */
bool sink_check(enum sink_type type, enum sample_type sample,
                const struct audio_format *format, struct fault *f);

/* The sample type that suits: S16 where NATIVE is 16 bit or less, else S24; of
 * lossy types F32, which is what their encoders take. */
enum sample_type sink_default_sample(enum sink_type type,
                                     enum sample_type native);

/* Does a level of compression mean anything to TYPE? */
bool sink_type_compresses(enum sink_type type);

/* The library that encodes it, with its version: "libsndfile-1.2.0"; NULL: none
 * does, or it does not say. */
const char *sink_type_library(enum sink_type type);

/* The tag that is called so (LENGTH bytes, without case); SINK_TAG_COUNT: none
 * is. */
enum sink_tag sink_tag_parse(const char *name, size_t length);
const char *sink_tag_name(enum sink_tag tag);

/* All of them, for messages. */
const char *sink_tag_names(void);

/* What REQUEST asks for and its type can not hold, though the sound itself is
 * fine: a sentence each for a warning, to TELL. */
void sink_caveats(const struct sink_request *request,
                  void (*tell)(void *context, const char *text), void *context);

/* --- sink.c --- */

struct sink *sink_open(const struct sink_request *request, struct fault *f);
bool sink_write(struct sink *s, const void *data, size_t frames,
                struct fault *f);
bool sink_commit(struct sink *s, struct fault *f);
bool sink_mark(struct sink *s, uint64_t frame);
bool sink_close(struct sink *s, struct fault *f); /* NULL is fine */
/* The same, and tells what the file now holds: an encoder writes its last
 * block only here. */
bool sink_close_total(struct sink *s, struct sink_total *total,
                      struct fault *f);
uint64_t sink_bytes(const struct sink *s);
uint64_t sink_frames(const struct sink *s);
uint64_t sink_most_bytes(const struct sink *s, uint64_t frames);
const struct file *sink_file(const struct sink *s); /* NULL: there is none */

/* --- naming.c --- */

/* "looprec-20261120-160525.flac" for the local time WALL_NS. */
void sink_default_name(char *buffer, size_t size, enum sink_type type,
                       int64_t wall_ns);

#endif
