/* suspend: a sleep of the machine among the moments of a recording: which of
 * them lie before it and which after, and what that makes of the time in the
 * file. Pure arithmetic; writer thread. */
#ifndef LOOPREC_CORE_SUSPEND_H
#define LOOPREC_CORE_SUSPEND_H

#include <stdbool.h>
#include <stdint.h>

/* All moments are of the stamps' clock. */
struct suspend {
    int64_t from_ns;   /* the machine was still awake here */
    int64_t until_ns;  /* what is stamped from here on came after the sleep */
    int64_t length_ns; /* of the sleep; 0: there is none */
    bool counted; /* the clock went on meanwhile, so stamps jump by length */
    bool kept;    /* the file holds the time asleep, as silence */
};

/* A sleep of LENGTH somewhere between two looks at a clock, FROM and NOW. */
struct suspend suspend_between(int64_t from_ns, int64_t now_ns,
                               int64_t length_ns, bool counted, bool kept);

/* Another one before the first was passed: they count as one. */
void suspend_join(struct suspend *s, const struct suspend *next);

/* Did what is stamped TIME_NS (INT64_MIN: without a stamp) come after it, when
 * HOLE_NS are missing between what came before and that moment? */
bool suspend_due(const struct suspend *s, int64_t time_ns, int64_t hole_ns);

/* So much later (+) or earlier (-) than before is what the clock says once the
 * sleep is passed, against the time in the file. */
int64_t suspend_shift(const struct suspend *s);

/* The moment TIME as it would be if the clock ran with the file through the
 * sleep; and back. The same without a sleep, or before it. */
int64_t suspend_to_file(const struct suspend *s, int64_t time_ns);
int64_t suspend_to_clock(const struct suspend *s, int64_t time_ns);

#endif
