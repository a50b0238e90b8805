/* medium: the file behind a sink. Writer thread. See medium.h. */
#include "sink/medium.h"

#include <string.h>

#include "sys/clock.h"

/* Commits come at least twice a second, so with the next one it may be late. */
#define SYNC_EARLY_NS INT64_C(500000000)

bool medium_open(struct medium *m, const struct sink_request *request,
                 struct fault *f)
{
    memset(m, 0, sizeof *m);
    if (strcmp(request->path, "-") == 0) {
        m->file = file_stdout(f);
    } else {
        m->file = file_open(request->path,
                            request->overwrite ? FILE_OVERWRITE : FILE_NEW, f);
    }
    if (m->file == NULL)
        return false;
    m->stream = file_is_stream(m->file);
    m->sync_ns = request->sync_ns;
    m->synced_ns = clock_now_ns();
    return true;
}

void medium_latch(struct medium *m, const struct fault *fault)
{
    if (m->fault.err == ERR_OK)
        m->fault = *fault;
    m->failures++;
}

bool medium_tell(const struct medium *m, struct fault *f)
{
    if (f != NULL)
        *f = m->fault;
    return false;
}

/* Write at TO, seeking only when the file is somewhere else. */
static bool put(struct medium *m, int64_t to, const void *data, size_t bytes)
{
    struct fault fault = {0};

    if (!m->stream && m->at != to) {
        if (!file_seek(m->file, to, &fault)) {
            medium_latch(m, &fault);
            return false;
        }
        m->at = to;
    }
    if (!file_write(m->file, data, bytes, &fault)) {
        medium_latch(m, &fault);
        m->at = file_tell(m->file);
        return false;
    }
    m->at += (int64_t)bytes;
    return true;
}

static bool append(struct medium *m, int64_t to, const void *data, size_t bytes)
{
    if (m->fault.err != ERR_OK)
        return false;
    if (m->stream && to > m->length) {
        struct fault fault = {0};
        fault_set(&fault, ERR_ENCODER, "write stream",
                  "the encoder left a hole", NULL);
        medium_latch(m, &fault);
        return false;
    }
    if (!put(m, to, data, bytes)) {
        if (m->at > m->end)
            m->end = m->at;
        return false;
    }
    m->length = to + (int64_t)bytes;
    m->end = m->length;
    return true;
}

size_t medium_write(struct medium *m, const void *data, size_t bytes)
{
    const uint8_t *from = data;
    size_t below = 0; /* bytes of it that lie below the end */

    if (m->position < m->length) {
        uint64_t room = (uint64_t)(m->length - m->position);
        below = room < bytes ? (size_t)room : bytes;
    }
    if (below > 0 && !m->stream && !put(m, m->position, from, below))
        return 0;
    m->position += (int64_t)below;
    if (below == bytes)
        return bytes;
    if (!append(m, m->position, from + below, bytes - below))
        return below;
    m->position = m->length;
    return bytes;
}

void medium_seek(struct medium *m, int64_t position)
{
    m->position = position;
}

void medium_cut(struct medium *m, int64_t keep)
{
    struct fault fault = {0};

    if (m->stream || keep > m->end)
        return;
    if (keep < m->end && !file_truncate(m->file, keep, &fault)) {
        medium_latch(m, &fault);
        return;
    }
    m->length = keep;
    m->end = keep;
}

static void sync_file(struct medium *m)
{
    struct fault fault = {0};

    if (!file_sync(m->file, &fault))
        medium_latch(m, &fault);
    m->synced_ns = clock_now_ns();
}

bool medium_commit(struct medium *m, struct fault *f)
{
    struct fault gone = {0};

    if (m->fault.err == ERR_OK && m->sync_ns > 0 &&
        clock_now_ns() - m->synced_ns >= m->sync_ns - SYNC_EARLY_NS)
        sync_file(m);
    if (m->fault.err == ERR_OK && !file_is_there(m->file, &gone))
        medium_latch(m, &gone);
    return m->fault.err == ERR_OK || medium_tell(m, f);
}

bool medium_close(struct medium *m, unsigned before, struct fault *f)
{
    struct fault fault = {0};

    if (m->sync_ns > 0)
        sync_file(m);
    if (!file_close(m->file, &fault))
        medium_latch(m, &fault);
    m->file = NULL;
    return m->failures == before || medium_tell(m, f);
}

void medium_abandon(struct medium *m, const struct sink_request *request)
{
    struct file_mark mark;
    bool made = !request->overwrite && !m->stream &&
                strcmp(request->path, "-") != 0 &&
                file_identify(m->file, &mark);

    file_close(m->file, NULL);
    m->file = NULL;
    if (made && file_seal(request->path, &mark))
        file_remove_sealed(request->path, &mark);
}
