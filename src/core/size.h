/* size: numbers of bytes as people type them. Pure; any thread. */
#ifndef LOOPREC_CORE_SIZE_H
#define LOOPREC_CORE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* 500k, 10M, 1.5G, 2T (1000 each), also with a B behind them; 500KiB, 10MiB,
 * 1.5GiB, 2TiB (1024 each); 4096B. Capitals matter, since 10m is ten minutes;
 * but k and K are the same. False: no size, zero, or beyond 2^62. */
bool size_parse(const char *text, uint64_t *bytes);

#endif
