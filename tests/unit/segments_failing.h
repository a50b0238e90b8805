/* segments_failing: the ways in which a disk fails under a recording, one test
 * for each. For the one source file of a test, which has each_shape: it records
 * in each shape, with the first failing call 1, 2, 3 ..., until nothing fails.
 * One thread. */
#ifndef LOOPREC_TESTS_SEGMENTS_FAILING_H
#define LOOPREC_TESTS_SEGMENTS_FAILING_H

#include "fakes/failing_file.h"

static void each_shape(const struct failing_plan *how);

static void disk_full(void **state)
{
    (void)state;
    for (size_t partial = 0; partial < 1000; partial += 499)
        each_shape(&(struct failing_plan){.how = FAIL_FULL,
                                          .err = ERR_NO_SPACE,
                                          .partial = partial,
                                          .another = true});
}

static void one_error(void **state)
{
    (void)state;
    each_shape(&(struct failing_plan){
        .how = FAIL_ONCE, .err = ERR_IO, .partial = 7, .another = true});
}

static void disk_gone(void **state)
{
    (void)state;
    each_shape(&(struct failing_plan){
        .how = FAIL_FOR_GOOD, .err = ERR_IO, .partial = 5, .another = true});
}

#endif
