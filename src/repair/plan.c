/* plan: see plan.h. Main thread. */
#include "repair/plan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/bytes.h"

enum { ID3V1_BYTES = 128 };

void look_init(struct look *l, struct file *file, const char *path)
{
    l->file = file;
    l->path = path;
    l->length = file_length(file);
    l->mark = (struct file_mark){0};
    file_identify(file, &l->mark);
    l->fault = (struct fault){.err = ERR_OK};
    l->from = 0;
    l->count = 0;
}

bool look_refuse_in_use(const char *path, bool copies, struct fault *f)
{
    return fault_setf(f, ERR_FILE_IN_USE, "repair", 0,
                      copies
                          ? "end that first; or use -o NEW for a new file of "
                            "what is there by now"
                          : "end that first",
                      "%s: another program is writing to it", path);
}

bool look_is_unchanged(const struct look *l, const struct file *file,
                       struct fault *f)
{
    struct file_mark now = {0};

    file_identify(file, &now);
    return (file_length(file) == l->length && now.device == l->mark.device &&
            now.number == l->mark.number && now.bytes == l->mark.bytes &&
            now.changed_ns == l->mark.changed_ns) ||
           look_refuse_in_use(l->path, true, f);
}

static bool fill(struct look *l, int64_t at)
{
    struct fault *f = &l->fault;

    l->from = at;
    l->count = 0;
    if (f->err != ERR_OK || !file_seek(l->file, at, f)) {
        return false;
    }
    while (l->count < LOOK_BYTES) {
        int64_t n =
            file_read(l->file, l->bytes + l->count, LOOK_BYTES - l->count, f);
        if (n < 0) {
            return false;
        }
        if (n == 0) {
            break;
        }
        l->count += (size_t)n;
    }
    return true;
}

bool look_at(struct look *l, int64_t at, void *data, size_t bytes)
{
    if (at < 0 || at > l->length || (uint64_t)(l->length - at) < bytes ||
        bytes > LOOK_BYTES) {
        return false;
    }
    if (at < l->from || at + (int64_t)bytes > l->from + (int64_t)l->count) {
        if (!fill(l, at) || l->count < bytes) {
            return false;
        }
    }
    memcpy(data, l->bytes + (at - l->from), bytes);
    return true;
}

int look_byte(struct look *l, int64_t at)
{
    uint8_t byte;

    if (at >= l->from && at - l->from < (int64_t)l->count) {
        return l->bytes[at - l->from];
    }
    return look_at(l, at, &byte, 1) ? byte : -1;
}

bool look_zeros(struct look *l, int64_t from, int64_t to)
{
    while (from < to && look_byte(l, from) == 0) {
        from++;
    }
    return from >= to;
}

int64_t look_find(struct look *l, int64_t from, unsigned step, size_t bytes,
                  look_test *test, void *user)
{
    uint8_t part[8192];

    for (int64_t at = from; at >= 0 && at <= l->length - (int64_t)bytes;) {
        size_t n = l->length - at < (int64_t)sizeof part
                       ? (size_t)(l->length - at)
                       : sizeof part;
        if (!look_at(l, at, part, n)) {
            break;
        }
        size_t i = 0;
        for (; i + bytes <= n; i += step) {
            if (test(l, at + (int64_t)i, part + i, user)) {
                return at + (int64_t)i;
            }
        }
        at += (int64_t)i;
    }
    return -1;
}

int64_t look_id3v2(struct look *l)
{
    uint8_t b[10] = {0};

    look_at(l, 0, b, l->length < 10 ? (size_t)l->length : sizeof b);
    if (memcmp(b, "ID3", 3) != 0) {
        return 0;
    }
    return (int64_t)sizeof b + ((b[6] & 0x7F) << 21 | (b[7] & 0x7F) << 14 |
                                (b[8] & 0x7F) << 7 | (b[9] & 0x7F));
}

bool look_id3v1(struct look *l, int64_t at)
{
    char id[3];

    return l->length - at == ID3V1_BYTES && look_at(l, at, id, sizeof id) &&
           memcmp(id, "TAG", sizeof id) == 0;
}

bool pcm_read(const uint8_t format[PCM_BYTES], uint32_t *rate, uint32_t *align)
{
    uint32_t tag = (uint32_t)bytes_get_le(format, 2);
    uint32_t channels = (uint32_t)bytes_get_le(format + 2, 2);
    uint32_t bits = (uint32_t)bytes_get_le(format + 14, 2);
    bool plain = tag == 1 || tag == 3 || tag == 6 || tag == 7 || tag == 0xFFFE;

    *rate = (uint32_t)bytes_get_le(format + 4, 4);
    *align = (uint32_t)bytes_get_le(format + 12, 2);
    return plain && channels > 0 && bits > 0 && *rate > 0 &&
           *align == channels * ((bits + 7) / 8);
}

bool plan_set(struct plan *p, struct look *l, int64_t at, const void *data,
              size_t bytes)
{
    uint8_t old[PLAN_PATCH_BYTES];

    if (p->count == PLAN_PATCHES || bytes > sizeof old ||
        !look_at(l, at, old, bytes) || memcmp(old, data, bytes) == 0) {
        return false;
    }
    struct patch *patch = &p->patches[p->count++];
    patch->at = at;
    patch->bytes = bytes;
    memcpy(patch->data, data, bytes);
    return true;
}

bool plan_set_le(struct plan *p, struct look *l, int64_t at, uint64_t value,
                 unsigned bytes)
{
    uint8_t data[8];

    bytes_put_le(data, value, bytes);
    return plan_set(p, l, at, data, bytes);
}

bool plan_leave_tail(struct plan *p, int64_t bytes, bool sound)
{
    if (sound && p->is_copy) {
        return false;
    }
    plan_say(p, "%" PRId64 " bytes of something else follow%s", bytes,
             sound ? " (if they are sound, -o FILE writes a new file with them)"
                   : "");
    return true;
}

void plan_say(struct plan *p, const char *format, ...)
{
    size_t at = strlen(p->found);
    va_list arguments;

    if (at > 0 && at + 2 < sizeof p->found) {
        memcpy(p->found + at, "; ", 3);
        at += 2;
    }
    va_start(arguments, format);
    vsnprintf(p->found + at, sizeof p->found - at, format, arguments);
    va_end(arguments);
}

bool plan_is_empty(const struct plan *p, const struct look *l)
{
    return p->count == 0 && p->insert_bytes == 0 && p->length == l->length;
}

bool plan_refuse(const struct look *l, struct fault *f, const char *why,
                 const char *hint)
{
    if (l->fault.err != ERR_OK) {
        *f = l->fault;
        return false;
    }
    return fault_setf(f, ERR_NOT_REPAIRED, "repair", 0, hint, "%s: %s", l->path,
                      why);
}
