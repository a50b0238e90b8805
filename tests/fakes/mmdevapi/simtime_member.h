/* simtime_member: the scheduler's state, and whose turn it is. Under its lock,
 * but where said. See simtime_sched.h for the idea. */
#ifndef LOOPREC_FAKE_SIMTIME_MEMBER_H
#define LOOPREC_FAKE_SIMTIME_MEMBER_H

#include <stdatomic.h>

#include "fakes/mmdevapi/simtime_objects.h"
#include "fakes/mmdevapi/simtime_sched.h"

enum member_state {
    MEMBER_RUNNING, /* has the turn */
    MEMBER_READY,   /* can go on */
    MEMBER_WAITING,
    MEMBER_OUT,   /* blocked in something that is not simulated */
    MEMBER_ENDED, /* kept, for the sake of those who wait for its end */
};

struct member {
    struct member *next;
    DWORD id;
    enum member_state state;
    uint64_t order; /* ready: the lowest goes first; waiting: came first */
    /* the wait */
    const HANDLE *handles;
    struct waitable *objects[MAXIMUM_WAIT_OBJECTS];
    DWORD count;
    bool all, awake;
    bool unsure; /* has objects that only the system knows */
    bool look;   /* to ask the system about all of them */
    bool done;   /* the wait has its RESULT */
    int64_t until;
    DWORD result;
    /* shared: written under the lock; its thread waits for it to change */
    _Atomic LONG word; /* enum member_word */
};

enum member_word { WORD_NONE, WORD_TURN, WORD_NUDGE };

enum { OUTSIDERS_MAX = 128 };

struct sched {
    /* constant after sched_begin */
    DWORD tls, fls;
    int64_t frequency; /* of the real counter */
    int spins;         /* to look for the turn so often before falling asleep */
    BOOL(WINAPI *wait_on_address)(volatile VOID *, PVOID, SIZE_T, DWORD);
    void(WINAPI *wake_by_address)(PVOID);
    BOOLEAN(NTAPI *is_over)(void);
    /* read by any thread, written under the lock */
    _Atomic int64_t now, slept;
    /* under the lock */
    SRWLOCK lock;
    struct objects objects;
    struct member *members;
    struct member *running; /* has the turn */
    struct member *poller;  /* waits with a time-out, to look again */
    struct member *told;    /* to be woken up */
    DWORD idle_ms;          /* that time-out */
    uint64_t order;
    int64_t looked; /* real time of the last look at what is unsure */
    struct {
        DWORD id;      /* 0: one that we can't name */
        int64_t until; /* real time */
    } outsiders[OUTSIDERS_MAX];
    unsigned outsider_count;
};

/* The process has one time: a hook gets no context. */
extern struct sched sched;

void sched_lock(void);
void sched_unlock(void);
int64_t sched_real_now(void); /* any thread */

/* A member without a thread yet; it is ready. */
struct member *member_new(void);
/* The calling thread's; NULL: none. Any thread. */
struct member *member_self(void);
/* The calling thread's, which has the turn then; it is made a member if it is
 * none. NULL: nothing is simulated here. Not under the lock. */
struct member *member_enter(void);
/* By its thread's id, the youngest; NULL: none. */
struct member *member_by_id(DWORD id);

/* It can go on: with RESULT, or to look for itself. */
void member_wake(struct member *m, DWORD result);
void member_look(struct member *m);

/* The calling thread's member M loses the turn, if it has it, for STATE. */
void member_yield(struct member *m, enum member_state state);

/* If nobody has the turn, see to it that somebody has, or that somebody looks
 * again. SELF: the caller, if it is about to call member_pause. */
void member_dispatch(const struct member *self);

/* Wait until M has the turn. Releases the lock. */
void member_pause(struct member *m);

/* M's thread ends; or it is no member any longer, and M is freed. */
void member_end(struct member *m);
void member_free(struct member *m);
/* Those that have ended and of which no handle is left are freed. */
void members_clear(void);

/* How long time stands still at most for a thread that something woke up, and
 * of which we know no more. Real time. */
#define GRACE_WOKEN INT64_C(20000000)

/* Threads that run and are no members, ID 0 for one without a name. */
void outsider_add(DWORD id, int64_t real_length);
void outsider_remove(DWORD id);
bool outsider_known(DWORD id);
/* If the calling thread is one: its end is seen. */
void member_watch_outsider(void);

#endif
