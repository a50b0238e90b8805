/* heard: see heard.h. Nothing here locks, allocates or calls the system. */
#include "source/wasapi/heard.h"

#include <string.h>

#define PUBLISH_NS INT64_C(250000000)

void heard_init(struct heard *h)
{
    atomic_init(&h->at_ns, HEARD_NOT_RUNNING);
    h->published_ns = HEARD_NOT_RUNNING;
}

static void publish(struct heard *h, int64_t now_ns)
{
    h->published_ns = now_ns;
    /* relaxed: pairs with heard_at; nothing else goes with it */
    atomic_store_explicit(&h->at_ns, now_ns, memory_order_relaxed);
}

void heard_begin(struct heard *h, int64_t now_ns)
{
    if (h)
        publish(h, now_ns);
}

int64_t heard_at(const struct heard *h)
{
    return atomic_load_explicit(&h->at_ns, memory_order_relaxed);
}

/* The bits of eight bytes that differ from zero's: minus zero is silence too.
 */
static uint64_t mask_for(enum sample_type type)
{
    switch (type) {
    case SAMPLE_F32: return UINT64_C(0x7fffffff7fffffff);
    case SAMPLE_F64: return UINT64_C(0x7fffffffffffffff);
    default: return UINT64_MAX;
    }
}

bool samples_sound(const void *data, enum sample_type type, size_t count)
{
    const unsigned char *at = data;
    size_t left = count * sample_bytes(type);
    /* Eight bits are the only ones with their zero in the middle. */
    uint64_t zero =
        type == SAMPLE_U8 ? UINT64_C(0x8080808080808080) : UINT64_C(0);
    uint64_t mask = mask_for(type), word;

    for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        if ((word ^ zero) & mask)
            return true;
    }
    word = zero;
    memcpy(&word, at, left);
    return ((word ^ zero) & mask) != 0;
}

void heard_samples(struct heard *h, const void *data, enum sample_type type,
                   size_t count, int64_t now_ns)
{
    if (!h || !data || now_ns - h->published_ns < PUBLISH_NS)
        return;
    if (samples_sound(data, type, count))
        publish(h, now_ns);
}
