/* apply: see apply.h. Main thread. */
#include "repair/apply.h"

#include <stdio.h>
#include <string.h>

#include "repair/undo.h"

enum { BLOCK = 65536 };

/* A new file PATH beside the one of L. HINT: what to do where there is one. */
static struct file *open_new(const char *path, const struct look *l,
                             const char *hint, struct fault *f)
{
    struct file *file = file_open_like(path, l->file, f);

    if (file == NULL && f != NULL && f->err == ERR_FILE_EXISTS) {
        snprintf(f->hint, sizeof f->hint, "%s", hint);
    }
    return file;
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
    struct file *out =
        open_new(output, l, "use another name, nothing is overwritten", f);

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

/* --- in place --- */

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

/* Where it may not be changed, or nothing be put beside it: what to do. */
static void hint_copy(struct fault *f)
{
    if (f != NULL && f->err == ERR_PERMISSION) {
        snprintf(
            f->hint, sizeof f->hint,
            "you may not write there: use -o NEW for a new file elsewhere");
    }
}

/* On Windows it is refused while somebody writes to it. */
static struct file *open_to_change(const char *path, struct fault *f)
{
    struct file *file = file_open(path, FILE_CHANGE, f);

    if (file == NULL && f != NULL && f->err == ERR_FILE_IN_USE) {
        look_refuse_in_use(path, true, f);
    }
    return file;
}

bool apply_in_place(const struct plan *p, struct look *l, const char *undo,
                    struct fault *f)
{
    static const char hint[] =
        "--repair with it puts back what was there before; or remove it";
    struct file *file = open_to_change(l->path, f);
    struct file *out = NULL;
    bool good = file != NULL && look_is_unchanged(l, file, f) &&
                (out = open_new(undo, l, hint, f)) != NULL;

    if (!good) {
        hint_copy(f);
        file_close(file, NULL);
        return false;
    }
    good = undo_write(p, l, out, f);
    good = file_close(out, good ? f : NULL) && good;
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

bool apply_undo(struct look *l, struct look *t, struct file *file,
                struct fault *f)
{
    struct undo u;

    return undo_read(&u, l, f) && undo_fits(&u, l, t, f) &&
           (file == NULL || undo_put_back(&u, l, file, f));
}
