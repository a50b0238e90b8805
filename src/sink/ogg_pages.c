/* ogg_pages: see ogg_pages.h. Writer thread. */
#include "sink/ogg_pages.h"

#include <string.h>

#include "core/bytes.h"

enum {
    AT_GRANULE = 6,
    GRANULE_BYTES = 8,
    AT_SEGMENTS = 26,
    AT_PRE_SKIP = 10, /* in an OpusHead, RFC 7845, 5.1 */
    OPUS_HEAD_LEAST = 19,
};

/* How long the page is, as far as it can be told: what is needed to go on. */
static size_t page_length(const struct ogg_pages *p)
{
    size_t length = OGG_HEAD_BYTES;
    unsigned segments;

    if (p->have < OGG_HEAD_BYTES)
        return length;
    segments = p->page[AT_SEGMENTS];
    length += segments;
    if (p->have >= length)
        for (unsigned i = 0; i < segments; i++)
            length += p->page[OGG_HEAD_BYTES + i];
    return length;
}

/* The page is on the medium. */
static void note(struct ogg_pages *p)
{
    const uint8_t *body =
        p->page + OGG_HEAD_BYTES + (size_t)p->page[AT_SEGMENTS];
    uint64_t granule = bytes_get_le(p->page + AT_GRANULE, GRANULE_BYTES);

    if (granule != UINT64_MAX) /* "no packet ends here" */
        p->granule = granule;
    if (p->have >= (size_t)(body - p->page) + OPUS_HEAD_LEAST &&
        memcmp(body, "OpusHead", 8) == 0)
        p->pre_skip = body[AT_PRE_SKIP] | (unsigned)body[AT_PRE_SKIP + 1] << 8;
}

size_t ogg_pages_put(struct ogg_pages *p, struct medium *m, const void *data,
                     size_t bytes)
{
    const uint8_t *from = data;
    size_t taken = 0;

    while (taken < bytes) {
        size_t length = page_length(p);
        size_t part = length - p->have;
        if (part > bytes - taken)
            part = bytes - taken;
        memcpy(p->page + p->have, from + taken, part);
        p->have += part;
        taken += part;
        /* a length that was reached and did not grow is the page's */
        if (p->have < length || page_length(p) > length)
            continue;
        if (medium_write(m, p->page, p->have) != p->have)
            return taken - part;
        note(p);
        p->have = 0;
    }
    return bytes;
}
