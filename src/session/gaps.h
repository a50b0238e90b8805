/* gaps: which gaps a file has, and what is told of them: the events add up to
 * the account. A gap may grow while it is the last thing in the file; it is
 * told when it can't any more. What was filled by then and turns out to be lost
 * makes another gap of one that was not told, and is told of one that was.
 * Writer thread. Private to session/. */
#ifndef LOOPREC_SESSION_GAPS_H
#define LOOPREC_SESSION_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/account.h"

struct queue;

/* More than there are in what can come too late: seconds. */
enum { GAPS_KEPT = 64 };

struct gap {
    enum account_class class;
    uint64_t at, frames; /* of the file */
    const char *reason;  /* static string */
};

struct gaps {
    struct queue *queue;        /* not owned */
    struct account *account;    /* not owned: what is counted meanwhile */
    struct gap kept[GAPS_KEPT]; /* in order; what is between was captured */
    unsigned count;
    unsigned told;      /* of these; the others touch and end the file */
    uint64_t forgotten; /* before this frame nothing is known */
    /* what is lost after all, was told as another class, and may grow */
    struct gap lost;
    enum account_class was;
};

void gaps_init(struct gaps *g, struct queue *queue, struct account *account);

/* G is what comes next in the file; account it yourself. */
void gaps_add(struct gaps *g, const struct gap *next);

/* Something else comes, or the end: tell what was not told. */
void gaps_end(struct gaps *g);

/* FRAMES frames from AT on, which are in the file, are lost, for REASON: those
 * that were idle or gone; where HEARD those that were captured too. */
void gaps_lose(struct gaps *g, uint64_t at, uint64_t frames, bool heard,
               const char *reason);

/* Tell what of it can grow no more. */
void gaps_tell_lost(struct gaps *g);

#endif
