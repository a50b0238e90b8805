/* segments_bench: for tests of segments: a listener of what must not happen,
 * and the ways in which a disk fails. One thread. */
#ifndef LOOPREC_TESTS_SEGMENTS_BENCH_H
#define LOOPREC_TESTS_SEGMENTS_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline void never_vanished(void *context)
{
    (void)context;
    fail_msg("nobody deletes a file here");
}

static inline void never_deleted(void *context, unsigned number)
{
    (void)context;
    fail_msg("file %u is not to be deleted", number);
}

static inline void never_warned(void *context, const char *text)
{
    (void)context;
    fail_msg("nothing is to be told: %s", text);
}

#endif
