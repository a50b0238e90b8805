/* bytes: numbers as files hold them, at any address: the lowest byte first (le)
 * or the highest (be). COUNT is 1 to 8 bytes. Pure; any thread. */
#ifndef LOOPREC_CORE_BYTES_H
#define LOOPREC_CORE_BYTES_H

#include <stdint.h>

static inline void bytes_put_le(uint8_t *to, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static inline void bytes_put_be(uint8_t *to, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        to[i] = (uint8_t)(value >> (8 * (count - 1 - i)));
    }
}

static inline uint64_t bytes_get_le(const uint8_t *from, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = count; i-- > 0;) {
        value = value << 8 | from[i];
    }
    return value;
}

static inline uint64_t bytes_get_be(const uint8_t *from, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        value = value << 8 | from[i];
    }
    return value;
}

#endif
