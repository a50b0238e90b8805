/* wave_cue: see wave_cue.h. Writer thread.
 *
 * "cue ": Microsoft's "Multimedia Programming Interface and Data Specifications
 * 1.0", chapter 3, where a point of a single data chunk has a sample's number
 * in both of its positions. */
#include "sink/wave_cue.h"

#include <string.h>

#include "core/bytes.h"

enum { HEAD_BYTES = 12, POINT_BYTES = 24 };

_Static_assert(HEAD_BYTES + POINT_BYTES <= SINK_MARK_BYTES, "see sink.h");

bool wave_cue_add(struct marks *m, uint64_t frame)
{
    return frame <= UINT32_MAX && marks_add(m, frame, MARKS_MOST);
}

size_t wave_cue_bytes(const struct marks *m)
{
    return m->count == 0 ? 0 : HEAD_BYTES + POINT_BYTES * m->count;
}

static bool put(struct medium *medium, const uint8_t *bytes, size_t count)
{
    return medium_write(medium, bytes, count) == count;
}

size_t wave_cue_write(struct marks *m, struct medium *medium, int64_t at)
{
    uint8_t bytes[POINT_BYTES] = "cue ";
    bool ok;

    marks_sort(m);
    if (m->count == 0)
        return 0;
    bytes_put_le(bytes + 4, 4 + POINT_BYTES * m->count, 4);
    bytes_put_le(bytes + 8, m->count, 4);
    medium_seek(medium, at);
    ok = put(medium, bytes, HEAD_BYTES);
    for (size_t i = 0; ok && i < m->count; i++) {
        memset(bytes, 0, sizeof bytes);
        bytes_put_le(bytes, i + 1, 4);
        bytes_put_le(bytes + 4, m->frames[i], 4);
        memcpy(bytes + 8, "data", 4);
        bytes_put_le(bytes + 20, m->frames[i], 4);
        ok = put(medium, bytes, POINT_BYTES);
    }
    medium_cut(medium, ok ? medium->position : at);
    return ok ? (size_t)(medium->position - at) : 0;
}
