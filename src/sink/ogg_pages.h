/* ogg_pages: the pages of an Ogg stream on their way to the medium. A page goes
 * there as a whole, so what a failure or a crash leaves ends with a page.
 * Writer thread. (RFC 3533, 6: the page.) */
#ifndef LOOPREC_SINK_OGG_PAGES_H
#define LOOPREC_SINK_OGG_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "sink/medium.h"

enum { OGG_HEAD_BYTES = 27, OGG_PAGE_MOST = 27 + 255 + 255 * 255 };

struct ogg_pages {
    uint8_t page[OGG_PAGE_MOST]; /* the one that is not yet complete */
    size_t have;
    uint64_t granule;  /* the position that the last whole page tells */
    unsigned pre_skip; /* Opus: samples before the first of them that counts */
};

/* The next BYTES of the stream, cut anywhere. Returns BYTES; less: the medium
 * failed, and what it has ends with a whole page or a torn one. */
size_t ogg_pages_put(struct ogg_pages *p, struct medium *m, const void *data,
                     size_t bytes);

#endif
