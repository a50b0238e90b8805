/* apply: see apply.h. Main thread. */
#include "repair/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"

static const char undo_ending[] = ".looprec-undo";
const char undo_magic[UNDO_MAGIC_BYTES] = "looprec undo 1\n";

enum { BLOCK = 65536, UNDO_HEAD = UNDO_MAGIC_BYTES + 24, PIECE_HEAD = 16 };

bool undo_name(char *buffer, size_t size, const char *path)
{
    int n = snprintf(buffer, size, "%s%s", path, undo_ending);

    return n > 0 && (size_t)n < size;
}

bool undo_target(char *buffer, size_t size, const char *name)
{
    size_t length = strlen(name);
    size_t ending = sizeof undo_ending - 1;

    if (length <= ending || length - ending >= size ||
        strcmp(name + length - ending, undo_ending) != 0) {
        return false;
    }
    memcpy(buffer, name, length - ending);
    buffer[length - ending] = '\0';
    return true;
}

/* --- a copy --- */

/* What P puts over the bytes that lie in DATA, which are those from AT on. */
static void patch_block(const struct plan *p, int64_t at, uint8_t *data,
                        size_t bytes)
{
    for (size_t i = 0; i < p->count; i++) {
        for (size_t k = 0; k < p->patches[i].bytes; k++) {
            int64_t place = p->patches[i].at + (int64_t)k - at;
            if (place >= 0 && place < (int64_t)bytes) {
                data[place] = p->patches[i].data[k];
            }
        }
    }
}

static bool write_copy(const struct plan *p, struct look *l, struct file *out,
                       struct fault *f)
{
    uint8_t block[BLOCK];
    int64_t at = 0;

    while (at < p->length) {
        int64_t to = p->length;
        int64_t there = l->length - at;
        if (p->insert_bytes > 0 && at <= p->insert_at) {
            if (at == p->insert_at &&
                !file_write(out, p->inserted, p->insert_bytes, f)) {
                return false;
            }
            to = at < p->insert_at ? p->insert_at : to;
        }
        size_t n = to - at < BLOCK ? (size_t)(to - at) : BLOCK;
        size_t copy = there < (int64_t)n ? (size_t)(there > 0 ? there : 0) : n;
        memset(block, 0, n);
        if (copy > 0 && !look_at(l, at, block, copy)) {
            return plan_refuse(l, f, "it became shorter meanwhile", NULL);
        }
        patch_block(p, at, block, n);
        if (!file_write(out, block, n, f)) {
            return false;
        }
        at += (int64_t)n;
    }
    return file_sync(out, f);
}

bool apply_to_copy(const struct plan *p, struct look *l, const char *output,
                   struct fault *f)
{
    struct file *out = file_open(output, FILE_NEW, f);

    if (out == NULL) {
        return false;
    }
    bool good = write_copy(p, l, out, f);
    good = file_close(out, good ? f : NULL) && good;
    if (!good) {
        file_remove(output);
    }
    return good;
}

/* --- the undo file --- */

struct undo {
    struct file *file;
    uint64_t sum;
};

#define FNV_BASE UINT64_C(0xCBF29CE484222325)

static uint64_t fnv(uint64_t sum, const uint8_t *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        sum = (sum ^ data[i]) * UINT64_C(0x100000001B3);
    }
    return sum;
}

static bool put(struct undo *u, const void *data, size_t bytes, struct fault *f)
{
    u->sum = fnv(u->sum, data, bytes);
    return file_write(u->file, data, bytes, f);
}

static bool put_number(struct undo *u, int64_t value, struct fault *f)
{
    uint8_t bytes[8];

    bytes_put_le(bytes, (uint64_t)value, sizeof bytes);
    return put(u, bytes, sizeof bytes, f);
}

static bool put_piece(struct undo *u, struct look *l, int64_t at, int64_t end,
                      struct fault *f)
{
    uint8_t block[BLOCK];

    if (!put_number(u, at, f) || !put_number(u, end - at, f)) {
        return false;
    }
    while (at < end) {
        size_t n = end - at < BLOCK ? (size_t)(end - at) : BLOCK;
        if (!look_at(l, at, block, n)) {
            return plan_refuse(l, f, "it became shorter meanwhile", NULL);
        }
        if (!put(u, block, n, f)) {
            return false;
        }
        at += (int64_t)n;
    }
    return true;
}

static bool write_undo(const struct plan *p, struct look *l, struct undo *u,
                       struct fault *f)
{
    bool cut = p->length < l->length;

    if (!put(u, undo_magic, sizeof undo_magic, f) ||
        !put_number(u, l->length, f) || !put_number(u, p->length, f) ||
        !put_number(u, (int64_t)p->count + cut, f)) {
        return false;
    }
    for (size_t i = 0; i < p->count; i++) {
        const struct patch *patch = &p->patches[i];
        if (!put_piece(u, l, patch->at, patch->at + (int64_t)patch->bytes, f)) {
            return false;
        }
    }
    return (!cut || put_piece(u, l, p->length, l->length, f)) &&
           put_number(u, (int64_t)u->sum, f) && file_sync(u->file, f);
}

/* Somebody may write to it at this moment, or may have until now. */
static bool same_length(struct file *file, const struct look *l,
                        struct fault *f)
{
    return file_length(file) == l->length ||
           fault_setf(f, ERR_IO, "repair", 0,
                      "wait until nobody writes to it, or use -o",
                      "%s: its length changed meanwhile", l->path);
}

static bool change(const struct plan *p, struct look *l, struct file *file,
                   struct fault *f)
{
    static const uint8_t zeros[8];

    for (int64_t at = l->length; at < p->length; at++) {
        if (!file_seek(file, at, f) || !file_write(file, zeros, 1, f)) {
            return false;
        }
    }
    for (size_t i = 0; i < p->count; i++) {
        const struct patch *patch = &p->patches[i];
        if (!file_seek(file, patch->at, f) ||
            !file_write(file, patch->data, patch->bytes, f)) {
            return false;
        }
    }
    return (p->length >= l->length || file_truncate(file, p->length, f)) &&
           file_sync(file, f);
}

bool apply_in_place(const struct plan *p, struct look *l, const char *undo,
                    struct fault *f)
{
    struct file *file = file_open(l->path, FILE_CHANGE, f);
    struct undo u = {.sum = FNV_BASE};
    bool good = file != NULL && same_length(file, l, f) &&
                (u.file = file_open(undo, FILE_NEW, f)) != NULL;

    if (!good) {
        file_close(file, NULL);
        return false;
    }
    good = write_undo(p, l, &u, f);
    good = file_close(u.file, good ? f : NULL) && good;
    if (!good) {
        file_remove(undo);
        file_close(file, NULL);
        return false;
    }
    good = change(p, l, file, f);
    good = file_close(file, good ? f : NULL) && good;
    if (!good && f != NULL) {
        snprintf(f->hint, sizeof f->hint,
                 "looprec --repair with the .looprec-undo beside it puts back "
                 "what was there");
    }
    return good;
}

/* --- and back --- */

struct pieces {
    int64_t old_length, new_length;
    uint64_t count;
};

/* Is the whole undo file as it was written? */
static bool check_undo(struct look *l, struct pieces *pieces, struct fault *f)
{
    uint8_t head[UNDO_HEAD], sum[8];
    uint64_t seen = FNV_BASE;
    int64_t at = 0;

    if (!look_at(l, 0, head, sizeof head) || l->length < UNDO_HEAD + 8 ||
        !look_at(l, l->length - 8, sum, sizeof sum)) {
        return plan_refuse(l, f, "this undo file is not whole", NULL);
    }
    for (; at < l->length - 8; at++) {
        uint8_t byte = (uint8_t)look_byte(l, at);
        seen = fnv(seen, &byte, 1);
    }
    pieces->old_length = (int64_t)bytes_get_le(head + UNDO_MAGIC_BYTES, 8);
    pieces->new_length = (int64_t)bytes_get_le(head + UNDO_MAGIC_BYTES + 8, 8);
    pieces->count = bytes_get_le(head + UNDO_MAGIC_BYTES + 16, 8);
    if (seen != bytes_get_le(sum, 8) || pieces->old_length < 0 ||
        pieces->new_length < 0) {
        return plan_refuse(l, f, "this undo file is not whole", NULL);
    }
    return true;
}

static bool put_back(struct look *l, const struct pieces *pieces,
                     struct file *file, struct fault *f)
{
    uint8_t block[BLOCK], head[PIECE_HEAD];
    int64_t at = UNDO_HEAD;

    for (uint64_t i = 0; i < pieces->count; i++) {
        if (!look_at(l, at, head, sizeof head)) {
            return plan_refuse(l, f, "this undo file is not whole", NULL);
        }
        at += PIECE_HEAD;
        int64_t to = (int64_t)bytes_get_le(head, 8);
        int64_t bytes = (int64_t)bytes_get_le(head + 8, 8);
        if (to < 0 || bytes < 0 || bytes > l->length - at ||
            to > pieces->old_length - bytes || !file_seek(file, to, f)) {
            return plan_refuse(l, f, "this undo file is not whole", NULL);
        }
        while (bytes > 0) {
            size_t n = bytes < BLOCK ? (size_t)bytes : BLOCK;
            if (!look_at(l, at, block, n)) {
                return plan_refuse(l, f, "this undo file is not whole", NULL);
            }
            if (!file_write(file, block, n, f)) {
                return false;
            }
            at += (int64_t)n;
            bytes -= (int64_t)n;
        }
    }
    return (file_length(file) <= pieces->old_length ||
            file_truncate(file, pieces->old_length, f)) &&
           file_sync(file, f);
}

bool apply_undo(struct look *l, const char *target, bool dry_run,
                struct fault *f)
{
    struct pieces pieces;

    if (!check_undo(l, &pieces, f)) {
        return false;
    }
    struct file *file = file_open(target, FILE_CHANGE, f);
    if (file == NULL) {
        return false;
    }
    bool good = file_length(file) == pieces.new_length ||
                file_length(file) == pieces.old_length ||
                plan_refuse(l, f, "the file that it belongs to was changed",
                            "nothing was put back");
    good = good && (dry_run || put_back(l, &pieces, file, f));
    return file_close(file, good ? f : NULL) && good;
}
