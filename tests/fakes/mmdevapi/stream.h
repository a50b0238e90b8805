/* stream: one IAudioClient's packets, made as a function of time when somebody
 * looks. All of it under the world's lock. */
#ifndef LOOPREC_FAKE_STREAM_H
#define LOOPREC_FAKE_STREAM_H

#include "fakes/mmdevapi/world.h"

enum { QUEUE_MAX = 2048 };

/* What a frame is the sum of. */
struct voice {
    struct signal signal;
    double gain;
};

struct mix {
    struct mix *next; /* of all that there were, each once */
    bool flows;       /* there are packets, be it of zeros */
    int count;
    struct voice voices[];
};

struct packet {
    int64_t frame; /* of the device's time line */
    int64_t stamp;
    uint64_t position;
    uint32_t frames;
    DWORD flags;
    const struct mix *mix;
};

struct stream {
    struct stream *next; /* of the world's */
    /* constant from Initialize on */
    struct endpoint *endpoint;
    struct wave wave;
    uint32_t buffer_frames, packet_frames;
    bool capture; /* else render */
    bool process; /* process loopback */
    DWORD pid;
    bool excludes;
    bool evented;
    /* moving */
    bool started;
    HRESULT dead; /* S_OK: it lives */
    HANDLE event;
    int number; /* which Start of its direction, 1.. */
    int64_t next_event;
    int64_t began; /* the last Start */
    /* capture: the packet to be made next */
    int64_t next_frame, looked;
    uint64_t position;
    int64_t last_stamp;
    bool any, discontinuity;
    bool mute;    /* process loopback after Reset: nothing comes any more */
    bool holding; /* the caller has the oldest packet */
    unsigned revision;
    const struct mix *mix;
    struct packet *queue; /* QUEUE_MAX of them, from stream_add on */
    unsigned head, count;
    uint32_t queued_frames;
    /* render: frames written, and since when they are played */
    int64_t written, played_since;
};

/* Put it into or take it out of the world. */
void stream_add(struct stream *s);
void stream_remove(struct stream *s);

void stream_start(struct stream *s, int64_t now);
void stream_stop(struct stream *s, int64_t now);
/* Forget what is queued, begin to count anew. */
void stream_reset(struct stream *s);

/* Make the packets that are complete by NOW. */
void stream_advance(struct stream *s, int64_t now);
void streams_advance(int64_t now);

/* The oldest packet, or NULL; and let it go. */
const struct packet *stream_peek(const struct stream *s);
void stream_take(struct stream *s);

/* FRAMES vanish between two packets. */
void stream_lose(struct stream *s, uint32_t frames, bool flag, int64_t jump);

/* The machine sleeps until then: nothing is played, nothing counted. */
void streams_sleep(int64_t until);

/* Frames of a render stream that were written and not yet played. */
uint32_t stream_padding(const struct stream *s, int64_t now);

/* Set the events that are due by NOW; when to look again. */
int64_t streams_signal(int64_t now);

/* Streams of E (NULL: all) that live: they die with HR. */
void streams_kill(const struct endpoint *e, HRESULT hr);

/* --- signal.c --- */

uint32_t wave_frame_bytes(const struct wave *w);
/* FRAMES of MIX from FRAME on, in the stream's format. */
void signal_render(const struct wave *w, const struct mix *mix, int64_t frame,
                   uint32_t frames, void *out);
/* Bytes that nobody must hear. */
void signal_garbage(void *out, size_t bytes);

#endif
