/* simtime_member: see simtime_member.h. Any thread, under the lock. */
#include "fakes/mmdevapi/simtime_member.h"

#include <stdlib.h>

#include "fakes/mmdevapi/simtime_real.h"

/* How often what only the system knows is looked at while time moves; how long
 * to sleep between two looks where nothing can go on. Real time. */
#define LOOK_EVERY INT64_C(20000)
enum { IDLE_LEAST_MS = 1, IDLE_MOST_MS = 16 };

struct sched sched;

void sched_lock(void)
{
    /* Threads that the end of the process killed may have held it. */
    if (!sched_is_over())
        AcquireSRWLockExclusive(&sched.lock);
}

/* Who was told something is woken up after the lock is free, which it will
 * want. It may be gone by then: its address is but a name here. */
void sched_unlock(void)
{
    struct member *told = sched.told;

    if (sched_is_over())
        return;
    sched.told = NULL;
    ReleaseSRWLockExclusive(&sched.lock);
    if (told)
        sched.wake_by_address((void *)&told->word);
}

int64_t sched_real_now(void)
{
    LARGE_INTEGER count;

    real.QueryPerformanceCounter(&count);
    return count.QuadPart / sched.frequency * SCHED_UNITS_PER_S +
           count.QuadPart % sched.frequency * SCHED_UNITS_PER_S /
               sched.frequency;
}

/* --- outsiders --- */

void outsider_add(DWORD id, int64_t real_length)
{
    if (sched.outsider_count == OUTSIDERS_MAX)
        return;
    sched.outsiders[sched.outsider_count].id = id;
    sched.outsiders[sched.outsider_count].until =
        sched_real_now() + real_length;
    sched.outsider_count++;
}

bool outsider_known(DWORD id)
{
    for (unsigned i = 0; i < sched.outsider_count; i++)
        if (sched.outsiders[i].id == id)
            return true;
    return false;
}

static void drop_outsider(unsigned i)
{
    sched.outsiders[i] = sched.outsiders[--sched.outsider_count];
}

void outsider_remove(DWORD id)
{
    for (unsigned i = sched.outsider_count; i-- > 0;)
        if (sched.outsiders[i].id == id)
            drop_outsider(i);
}

static bool outsiders_run(void)
{
    int64_t now = sched.outsider_count ? sched_real_now() : 0;

    for (unsigned i = sched.outsider_count; i-- > 0;)
        if (now >= sched.outsiders[i].until)
            drop_outsider(i);
    return sched.outsider_count > 0;
}

/* --- members --- */

struct member *member_new(void)
{
    struct member *m = objects_allocate(sizeof *m);

    m->state = MEMBER_READY;
    m->order = sched.order++;
    m->next = sched.members;
    sched.members = m;
    return m;
}

struct member *member_self(void)
{
    return TlsGetValue(sched.tls);
}

struct member *member_by_id(DWORD id)
{
    struct member *m = sched.members;

    while (m && m->id != id)
        m = m->next;
    return m;
}

static void make_ready(struct member *m, bool done)
{
    m->state = MEMBER_READY;
    m->order = sched.order++;
    m->done = done;
}

void member_wake(struct member *m, DWORD result)
{
    make_ready(m, true);
    m->result = result;
    sched.idle_ms = IDLE_LEAST_MS;
}

/* Its place among those who wait stays what it was. */
void member_look(struct member *m)
{
    m->state = MEMBER_READY;
    m->done = false;
    m->look = true;
}

void member_yield(struct member *m, enum member_state state)
{
    m->state = state;
    m->order = sched.order++;
    if (sched.running == m)
        sched.running = NULL;
}

void member_end(struct member *m)
{
    member_yield(m, MEMBER_ENDED);
    for (struct member *w = sched.members; w; w = w->next)
        for (DWORD i = 0; w->state == MEMBER_WAITING && i < w->count; i++)
            if (w->objects[i]->thread == m)
                member_look(w);
    member_dispatch(NULL);
}

/* Does a handle, or who waits, know M? */
static bool is_known(const struct member *m)
{
    for (const struct member *w = sched.members; w; w = w->next)
        for (DWORD i = 0; i < w->count; i++)
            if (w->objects[i]->thread == m)
                return true;
    return objects_know(&sched.objects, m);
}

static void drop(struct member *m)
{
    struct member **at = &sched.members;

    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    free(m);
}

void members_clear(void)
{
    struct member *next;

    for (struct member *m = sched.members; m; m = next) {
        next = m->next;
        if (m->state == MEMBER_ENDED && !is_known(m))
            drop(m);
    }
}

void member_free(struct member *m)
{
    member_yield(m, MEMBER_ENDED);
    for (struct member *w = sched.members; w; w = w->next)
        for (DWORD i = 0; i < w->count; i++)
            if (w->objects[i]->thread == m) {
                w->objects[i]->thread = NULL;
                w->unsure = true;
            }
    objects_orphan(&sched.objects, m);
    drop(m);
    member_dispatch(NULL);
}

/* --- whose turn it is --- */

static struct member *first_in(enum member_state state)
{
    struct member *first = NULL;

    for (struct member *m = sched.members; m; m = m->next)
        if (m->state == state && (!first || m->order < first->order))
            first = m;
    return first;
}

static void tell(struct member *m, enum member_word word,
                 const struct member *self)
{
    /* release: what was written to M before is seen by who sees the word;
     * pairs with member_pause. */
    atomic_store_explicit(&m->word, word, memory_order_release);
    if (m == self)
        return;
    if (sched.told)
        sched.wake_by_address((void *)&sched.told->word);
    sched.told = m;
}

static bool look_at_unsure(void)
{
    int64_t now = sched_real_now();
    bool any = false;

    if (now - sched.looked < LOOK_EVERY)
        return false;
    sched.looked = now;
    for (struct member *m = sched.members; m; m = m->next)
        if (m->state == MEMBER_WAITING && m->unsure) {
            member_look(m);
            any = true;
        }
    return any;
}

/* Move on to the next moment that somebody waits for. One at a time: who came
 * to wait first goes first, and may set what the next one waits for. False:
 * there is none. */
static bool advance(void)
{
    struct member *first = NULL;
    bool unsure = false;

    for (struct member *m = sched.members; m; m = m->next) {
        if (m->state != MEMBER_WAITING)
            continue;
        unsure = unsure || m->unsure;
        if (m->until != SCHED_NEVER &&
            (!first || m->until < first->until ||
             (m->until == first->until && m->order < first->order)))
            first = m;
    }
    if (unsure && look_at_unsure())
        return true;
    if (!first)
        return false;
    /* relaxed: whose turn it is gets it in order with the turn; others only
     * need some value. */
    if (first->until > atomic_load_explicit(&sched.now, memory_order_relaxed))
        atomic_store_explicit(&sched.now, first->until, memory_order_relaxed);
    member_wake(first, WAIT_TIMEOUT);
    return true;
}

void member_dispatch(const struct member *self)
{
    struct member *m;

    while (!sched.running) {
        m = first_in(MEMBER_READY);
        if (m) {
            m->state = MEMBER_RUNNING;
            sched.running = m;
            tell(m, WORD_TURN, self);
        } else if (outsiders_run() || !advance()) {
            /* Nothing can go on. Somebody has to look again later. */
            m = first_in(MEMBER_WAITING);
            if (!self && !sched.poller && m)
                tell(m, WORD_NUDGE, NULL);
            return;
        }
    }
}

/* Nothing went on for a while: everybody looks, for the sake of sets that
 * passed us by. */
static void look_again(void)
{
    sched.idle_ms =
        sched.idle_ms * 2 < IDLE_MOST_MS ? sched.idle_ms * 2 : IDLE_MOST_MS;
    for (struct member *m = sched.members; m; m = m->next)
        if (m->state == MEMBER_WAITING && m->count)
            member_look(m);
}

void member_pause(struct member *m)
{
    member_dispatch(m);
    for (;;) {
        LONG none = WORD_NONE;
        bool poll = !sched.running && (!sched.poller || sched.poller == m);

        if (sched.poller == m || poll)
            sched.poller = poll ? m : NULL;
        /* relaxed: under the lock */
        if (atomic_load_explicit(&m->word, memory_order_relaxed) == WORD_TURN)
            break;
        atomic_store_explicit(&m->word, WORD_NONE, memory_order_relaxed);
        sched_unlock();
        sched.wait_on_address(&m->word, &none, sizeof none,
                              poll ? sched.idle_ms : INFINITE);
        /* acquire: pairs with tell */
        if (!poll &&
            atomic_load_explicit(&m->word, memory_order_acquire) == WORD_TURN)
            goto turn;
        sched_lock();
        if (poll && !sched.running) {
            look_again();
            member_dispatch(m);
        }
    }
    if (sched.poller == m)
        sched.poller = NULL;
    sched_unlock();
turn:
    /* relaxed: nobody tells anything to who has the turn */
    atomic_store_explicit(&m->word, WORD_NONE, memory_order_relaxed);
}
