/* w64: what is wrong with a Wave64 file. Main thread. Its GUIDs and sizes are
 * those of "Sony Sound Forge Wave64 file format". */
#include <string.h>

#include "core/bytes.h"

#include "repair/plan.h"

enum { CHUNK_HEAD = 24, FIRST_CHUNK = 40, CHUNKS_MOST = 1000, SLACK = 8 };

/* What follows the four letters; "riff" has its own. */
static const uint8_t riff_rest[12] = {0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6,
                                      0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00};
static const uint8_t rest[12] = {0xF3, 0xAC, 0xD3, 0x11, 0x8C, 0xD1,
                                 0x00, 0xC0, 0x4F, 0x8E, 0xDB, 0x8A};

struct w64 {
    struct look *look;
    int64_t fact_at; /* 0: none */
    int64_t data_at; /* the sound */
    uint64_t said;
    uint32_t align, rate;
};

static bool is_named(const uint8_t *guid, const char *name)
{
    return memcmp(guid, name, 4) == 0 && memcmp(guid + 4, rest, 12) == 0;
}

static bool read_format(struct w64 *w, int64_t at, uint64_t size)
{
    uint8_t b[PCM_BYTES];

    return size >= sizeof b && look_at(w->look, at, b, sizeof b) &&
           pcm_read(b, &w->rate, &w->align);
}

static bool read_chunks(struct w64 *w)
{
    int64_t at = FIRST_CHUNK;

    for (int i = 0; i < CHUNKS_MOST; i++) {
        uint8_t head[CHUNK_HEAD];
        if (!look_at(w->look, at, head, sizeof head)) {
            return false;
        }
        uint64_t size = bytes_get_le(head + 16, 8);
        at += CHUNK_HEAD;
        if (is_named(head, "data")) {
            w->data_at = at;
            w->said = size >= CHUNK_HEAD ? size - CHUNK_HEAD : 0;
            return w->align != 0;
        }
        if (size < CHUNK_HEAD ||
            size - CHUNK_HEAD > (uint64_t)(w->look->length - at)) {
            return false;
        }
        size -= CHUNK_HEAD;
        if (is_named(head, "fmt ") && !read_format(w, at, size)) {
            return false;
        }
        if (is_named(head, "fact") && size >= 8) {
            w->fact_at = at;
        }
        at += (int64_t)((size + 7) & ~UINT64_C(7));
    }
    return false;
}

/* Do whole chunks lie from AT (or the next multiple of 8) to the end? */
static bool is_chain(struct look *l, int64_t at)
{
    for (int i = 0; i < CHUNKS_MOST; i++) {
        uint8_t head[CHUNK_HEAD];
        if (l->length - at < SLACK) {
            return true;
        }
        at = (at + 7) & ~INT64_C(7);
        if (!look_at(l, at, head, sizeof head)) {
            return false;
        }
        uint64_t size = bytes_get_le(head + 16, 8);
        if (size < CHUNK_HEAD || size > (uint64_t)(l->length - at)) {
            return false;
        }
        at += (int64_t)size;
    }
    return false;
}

/* The first of whole chunks that go to the very end? All GUIDs of Wave64's own
 * chunks end alike. */
static bool begins_tail(struct look *l, int64_t at, const uint8_t *data,
                        void *user)
{
    (void)user;
    return memcmp(data + 10, rest + 6, 6) == 0 && is_chain(l, at);
}

/* How long is the sound that goes to the end, or to chunks that close the file
 * (FILE_END: the end of these)? */
static uint64_t to_the_end(const struct w64 *w, int64_t *file_end)
{
    struct look *l = w->look;
    int64_t from = l->length - TAIL_MOST;

    from = from < w->data_at ? w->data_at : (from + 7) & ~INT64_C(7);
    int64_t at = look_find(l, (from + 7) & ~INT64_C(7), 8, CHUNK_HEAD,
                           begins_tail, NULL);
    uint64_t room = (uint64_t)((at < 0 ? l->length : at) - w->data_at);
    uint64_t whole = room / w->align * w->align;
    if (at < 0) {
        *file_end = w->data_at + (int64_t)whole;
        return whole;
    }
    *file_end = l->length;
    return room - whole < SLACK ? whole : room;
}

/* Does a chunk of Wave64's own begin behind the sound that ends at END? */
static bool is_torn_chunk(struct look *l, int64_t end)
{
    uint8_t head[CHUNK_HEAD];

    return look_at(l, (end + 7) & ~INT64_C(7), head, sizeof head) &&
           memcmp(head + 10, rest + 6, 6) == 0;
}

/* The sizes agree; and what follows? See riff.c. */
static bool leave_tail(const struct w64 *w, struct plan *p, uint64_t end,
                       uint64_t whole)
{
    uint64_t length = (uint64_t)w->look->length;
    uint64_t from = whole > end && whole < length ? whole : end;

    return plan_leave_tail(p, (int64_t)(length - from), whole - end < SLACK);
}

bool w64_plan(struct plan *p, struct look *l, struct fault *f)
{
    struct w64 w = {.look = l};
    uint8_t head[FIRST_CHUNK];

    p->kind = "Wave64";
    if (!look_at(l, 0, head, sizeof head) ||
        memcmp(head + 4, riff_rest, sizeof riff_rest) != 0 ||
        !is_named(head + CHUNK_HEAD, "wave") || !read_chunks(&w)) {
        return plan_refuse(l, f,
                           "it is broken off, or damaged, before its sound "
                           "begins, or its sound is not plain samples",
                           NULL);
    }
    uint64_t room = (uint64_t)(l->length - w.data_at);
    uint64_t whole = bytes_get_le(head + 16, 8);
    uint64_t data = w.said;
    uint64_t end = (uint64_t)w.data_at + data;
    bool there = data <= room;
    bool agrees = there && whole >= end && whole <= (uint64_t)l->length + SLACK;
    bool good =
        there && (is_chain(l, (int64_t)end) || room - data < w.align ||
                  (agrees && data > 0 && leave_tail(&w, p, end, whole)));

    p->rate = w.rate;
    p->length = l->length;
    if (!good && there && data > 0 && is_torn_chunk(l, (int64_t)end)) {
        plan_say(p, "a chunk behind the sound is broken off");
        p->length = ((int64_t)end + 7) & ~INT64_C(7);
    } else if (!good) {
        plan_say(p, there ? "it goes on behind what its header says"
                          : "it ends before its header says");
        data = to_the_end(&w, &p->length);
        plan_set_le(p, l, w.data_at - 8, CHUNK_HEAD + data, 8);
        if (w.fact_at != 0) {
            plan_set_le(p, l, w.fact_at, data / w.align, 8);
        }
    } else if (!agrees) {
        plan_say(p, "the size of the whole is wrong");
    }
    if (!good || !agrees) {
        plan_set_le(p, l, 16, (uint64_t)p->length, 8);
    }
    p->frames = data / w.align;
    if (l->fault.err != ERR_OK) {
        *f = l->fault;
        return false;
    }
    return true;
}
