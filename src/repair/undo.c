/* undo: see undo.h. Main thread. */
#include "repair/undo.h"

#include <stdio.h>
#include <string.h>

#include "core/bytes.h"

static const char ending[] = ".looprec-undo";
static const char magic[16] = "looprec undo 2\n";
static const char not_whole[] = "this undo file is not whole";

enum {
    BLOCK = 65536,
    HEAD = sizeof magic + 32,
    PATCH_HEAD = 16,
    SUM_BYTES = 8,
    OF_ANY_VERSION = 13, /* "looprec undo " */
    AROUND_BYTES = 65536 /* at the beginning, and at the end */
};

bool undo_name(char *buffer, size_t size, const char *path)
{
    int n = snprintf(buffer, size, "%s%s", path, ending);

    return n > 0 && (size_t)n < size;
}

bool undo_target(char *buffer, size_t size, const char *name)
{
    size_t length = strlen(name);
    size_t rest = sizeof ending - 1;

    if (length <= rest || length - rest >= size ||
        strcmp(name + length - rest, ending) != 0) {
        return false;
    }
    memcpy(buffer, name, length - rest);
    buffer[length - rest] = '\0';
    return true;
}

bool undo_is_one(struct look *l)
{
    char b[OF_ANY_VERSION];

    return look_at(l, 0, b, sizeof b) && memcmp(b, magic, sizeof b) == 0;
}

/* --- checksums --- */

#define FNV_BASE UINT64_C(0xCBF29CE484222325)

static uint64_t fnv(uint64_t sum, const uint8_t *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        sum = (sum ^ data[i]) * UINT64_C(0x100000001B3);
    }
    return sum;
}

/* Those from FROM up to TO of the file, but zeros where U has patches. */
static bool add_around(const struct undo *u, struct look *l, int64_t from,
                       int64_t to, uint64_t *sum)
{
    uint8_t block[AROUND_BYTES];
    size_t bytes = (size_t)(to - from);

    if (!look_at(l, from, block, bytes)) {
        return false;
    }
    for (size_t i = 0; i < u->count; i++) {
        const struct undo_patch *p = &u->patches[i];
        int64_t at = p->at > from ? p->at : from;
        int64_t end = p->at + (int64_t)p->bytes;
        for (end = end < to ? end : to; at < end; at++) {
            block[at - from] = 0;
        }
    }
    *sum = fnv(*sum, block, bytes);
    return true;
}

/* Of what neither the repair nor the way back touches, so that it is the same
 * all the way: enough to know the file from another one. */
static bool sum_around(const struct undo *u, struct look *l, uint64_t *sum)
{
    int64_t same =
        u->old_length < u->new_length ? u->old_length : u->new_length;
    int64_t part = same < AROUND_BYTES ? same : AROUND_BYTES;

    *sum = FNV_BASE;
    return add_around(u, l, 0, part, sum) &&
           add_around(u, l, same - part, same, sum);
}

/* --- writing --- */

struct out {
    struct file *file;
    uint64_t sum;
};

static bool put(struct out *o, const void *data, size_t bytes, struct fault *f)
{
    o->sum = fnv(o->sum, data, bytes);
    return file_write(o->file, data, bytes, f);
}

static bool put_number(struct out *o, uint64_t value, struct fault *f)
{
    uint8_t bytes[8];

    bytes_put_le(bytes, value, sizeof bytes);
    return put(o, bytes, sizeof bytes, f);
}

static bool put_patch(struct out *o, const struct undo_patch *p,
                      struct fault *f)
{
    return put_number(o, (uint64_t)p->at, f) && put_number(o, p->bytes, f) &&
           put(o, p->before, p->bytes, f) && put(o, p->after, p->bytes, f);
}

static bool put_cut(struct out *o, const struct undo *u, struct look *l,
                    struct fault *f)
{
    uint8_t block[BLOCK];

    for (int64_t at = u->new_length; at < u->old_length;) {
        int64_t left = u->old_length - at;
        size_t n = left < BLOCK ? (size_t)left : BLOCK;
        if (!look_at(l, at, block, n)) {
            return plan_refuse(l, f, "it became shorter meanwhile", NULL);
        }
        if (!put(o, block, n, f)) {
            return false;
        }
        at += (int64_t)n;
    }
    return true;
}

/* What P changes, as the file has it and as it will. */
static bool fill(struct undo *u, const struct plan *p, struct look *l)
{
    *u = (struct undo){.old_length = l->length, .new_length = p->length};
    for (size_t i = 0; i < p->count; i++) {
        struct undo_patch *patch = &u->patches[u->count++];
        patch->at = p->patches[i].at;
        patch->bytes = p->patches[i].bytes;
        memcpy(patch->after, p->patches[i].data, patch->bytes);
        if (!look_at(l, patch->at, patch->before, patch->bytes)) {
            return false;
        }
    }
    return sum_around(u, l, &u->around);
}

bool undo_write(const struct plan *p, struct look *l, struct file *out,
                struct fault *f)
{
    struct out o = {.file = out, .sum = FNV_BASE};
    struct undo u;

    if (!fill(&u, p, l)) {
        return plan_refuse(l, f, "it became shorter meanwhile", NULL);
    }
    if (!put(&o, magic, sizeof magic, f) ||
        !put_number(&o, (uint64_t)u.old_length, f) ||
        !put_number(&o, (uint64_t)u.new_length, f) ||
        !put_number(&o, u.around, f) || !put_number(&o, u.count, f)) {
        return false;
    }
    for (size_t i = 0; i < u.count; i++) {
        if (!put_patch(&o, &u.patches[i], f)) {
            return false;
        }
    }
    return put_cut(&o, &u, l, f) && put_number(&o, o.sum, f) &&
           file_sync(out, f);
}

/* --- reading --- */

/* One that a repair could have made, and beside those before it? */
static bool is_sound(const struct undo *u, const struct undo_patch *p)
{
    int64_t same =
        u->old_length < u->new_length ? u->old_length : u->new_length;

    if (p->bytes == 0 || p->bytes > PLAN_PATCH_BYTES || p->at < 0 ||
        p->at > same - (int64_t)p->bytes) {
        return false;
    }
    for (size_t i = 0; i < u->count; i++) {
        const struct undo_patch *q = &u->patches[i];
        if (p->at < q->at + (int64_t)q->bytes &&
            q->at < p->at + (int64_t)p->bytes) {
            return false;
        }
    }
    return true;
}

static bool read_patch(struct undo *u, struct look *l, int64_t *at)
{
    struct undo_patch *p = &u->patches[u->count];
    uint8_t head[PATCH_HEAD];

    if (!look_at(l, *at, head, sizeof head)) {
        return false;
    }
    uint64_t bytes = bytes_get_le(head + 8, 8);
    p->at = (int64_t)bytes_get_le(head, 8);
    p->bytes = bytes <= PLAN_PATCH_BYTES ? (size_t)bytes : 0;
    *at += PATCH_HEAD;
    if (!is_sound(u, p) || !look_at(l, *at, p->before, p->bytes) ||
        !look_at(l, *at + (int64_t)p->bytes, p->after, p->bytes)) {
        return false;
    }
    *at += 2 * (int64_t)p->bytes;
    u->count++;
    return true;
}

/* Is the last number the checksum of all before it? */
static bool is_intact(struct look *l)
{
    uint8_t sum[SUM_BYTES];
    int64_t end = l->length - SUM_BYTES;
    uint64_t seen = FNV_BASE;

    if (!look_at(l, end, sum, sizeof sum)) {
        return false;
    }
    for (int64_t at = 0; at < end; at++) {
        int byte = look_byte(l, at);
        if (byte < 0) {
            return false;
        }
        seen = fnv(seen, &(uint8_t){(uint8_t)byte}, 1);
    }
    return seen == bytes_get_le(sum, sizeof sum);
}

bool undo_read(struct undo *u, struct look *l, struct fault *f)
{
    uint8_t head[HEAD];
    int64_t at = HEAD;

    *u = (struct undo){0};
    if (look_at(l, 0, head, sizeof magic) &&
        memcmp(head, magic, sizeof magic) != 0) {
        return plan_refuse(l, f, "an undo file of another version of looprec",
                           "that version puts it back");
    }
    if (!look_at(l, 0, head, sizeof head)) {
        return plan_refuse(l, f, not_whole, NULL);
    }
    const uint8_t *numbers = head + sizeof magic;
    uint64_t count = bytes_get_le(numbers + 24, 8);
    u->old_length = (int64_t)bytes_get_le(numbers, 8);
    u->new_length = (int64_t)bytes_get_le(numbers + 8, 8);
    u->around = bytes_get_le(numbers + 16, 8);
    bool good = u->old_length >= 0 && u->new_length >= 0 &&
                u->new_length - UNDO_PADDING_MOST <= u->old_length &&
                count <= PLAN_PATCHES;
    for (uint64_t i = 0; good && i < count; i++) {
        good = read_patch(u, l, &at);
    }
    u->cut_at = at;
    int64_t cut = good && u->old_length > u->new_length
                      ? u->old_length - u->new_length
                      : 0;
    /* exactly: l->length is real, so that nothing can overflow later */
    if (!good || cut != l->length - at - SUM_BYTES || !is_intact(l)) {
        return plan_refuse(l, f, not_whole, NULL);
    }
    return true;
}

/* --- does it fit? --- */

static bool patch_fits(const struct undo_patch *p, struct look *t)
{
    uint8_t now[PLAN_PATCH_BYTES];

    if (!look_at(t, p->at, now, p->bytes)) {
        return false;
    }
    for (size_t i = 0; i < p->bytes; i++) {
        if (now[i] != p->before[i] && now[i] != p->after[i]) {
            return false;
        }
    }
    return true;
}

/* What lies behind the shorter length: was it cut off (and is there again, or
 * still), or added? */
static bool end_fits(const struct undo *u, struct look *l, struct look *t)
{
    uint8_t now[4096], before[sizeof now];
    bool cut = u->new_length < u->old_length;
    int64_t least = cut ? u->new_length : u->old_length;
    int64_t most = cut ? u->old_length : u->new_length;

    if (t->length < least || t->length > most) {
        return false;
    }
    if (!cut) {
        return look_zeros(t, least, t->length);
    }
    for (int64_t at = least; at < t->length;) {
        size_t n = t->length - at < (int64_t)sizeof now
                       ? (size_t)(t->length - at)
                       : sizeof now;
        if (!look_at(t, at, now, n) ||
            !look_at(l, u->cut_at + (at - least), before, n) ||
            memcmp(now, before, n) != 0) {
            return false;
        }
        at += (int64_t)n;
    }
    return true;
}

bool undo_fits(const struct undo *u, struct look *l, struct look *t,
               struct fault *f)
{
    uint64_t around;
    bool good = end_fits(u, l, t);

    for (size_t i = 0; good && i < u->count; i++) {
        good = patch_fits(&u->patches[i], t);
    }
    if (good && sum_around(u, t, &around) && around == u->around) {
        return true;
    }
    /* a read of either that failed is what there is to say */
    return plan_refuse(l->fault.err != ERR_OK ? l : t, f,
                       "it is not as the repair has left it",
                       "nothing was put back");
}

/* --- and back --- */

bool undo_put_back(const struct undo *u, struct look *l, struct file *file,
                   struct fault *f)
{
    uint8_t block[BLOCK];

    for (int64_t at = u->new_length; at < u->old_length;) {
        int64_t left = u->old_length - at;
        size_t n = left < BLOCK ? (size_t)left : BLOCK;
        if (!look_at(l, u->cut_at + (at - u->new_length), block, n)) {
            return plan_refuse(l, f, not_whole, NULL);
        }
        if (!file_seek(file, at, f) || !file_write(file, block, n, f)) {
            return false;
        }
        at += (int64_t)n;
    }
    for (size_t i = 0; i < u->count; i++) {
        const struct undo_patch *p = &u->patches[i];
        if (!file_seek(file, p->at, f) ||
            !file_write(file, p->before, p->bytes, f)) {
            return false;
        }
    }
    return (file_length(file) <= u->old_length ||
            file_truncate(file, u->old_length, f)) &&
           file_sync(file, f);
}
