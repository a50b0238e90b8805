/* simtime_wait: waits and sets in simulated time. See simtime_sched.h. Any
 * thread. */
#include "fakes/mmdevapi/simtime_member.h"
#include "fakes/mmdevapi/simtime_real.h"

/* What a thread takes from its last word to its end. Real time. */
enum { END_MS = 5000 };

/* --- setting --- */

/* The place of O in what M waits for; COUNT: none. */
static DWORD place(const struct member *m, const struct waitable *o)
{
    DWORD i = 0;

    while (i < m->count && m->objects[i] != o)
        i++;
    return i;
}

static struct member *first_waiter(const struct waitable *o, bool all)
{
    struct member *first = NULL;

    for (struct member *m = sched.members; m; m = m->next)
        if (m->state == MEMBER_WAITING && m->all == all &&
            place(m, o) < m->count && (!first || m->order < first->order))
            first = m;
    return first;
}

/* For things that can't be handed over: who waits for O asks the system. */
static void look_at(const struct waitable *o)
{
    for (struct member *m = sched.members; m; m = m->next)
        if (m->state == MEMBER_WAITING && place(m, o) < m->count)
            member_look(m);
}

static BOOL set_for_real(HANDLE event, struct waitable *o)
{
    if (!real.SetEvent(event))
        return FALSE;
    o->signalled = true;
    look_at(o);
    /* Gone at once? Then somebody waited for real and runs now. */
    if (o->kind == WAITABLE_EVENT && !o->manual &&
        !objects_event_is_set(event)) {
        o->signalled = false;
        outsider_add(0, GRACE_WOKEN);
    }
    return TRUE;
}

BOOL sched_set(HANDLE event)
{
    struct member *m;
    struct waitable *o;
    BOOL done = TRUE;

    if (sched_is_over())
        return real.SetEvent(event);
    sched_lock();
    member_watch_outsider();
    o = objects_get(&sched.objects, event);
    m = o->kind == WAITABLE_EVENT ? first_waiter(o, false) : NULL;
    if (m && !o->manual) {
        member_wake(m, WAIT_OBJECT_0 + place(m, o));
    } else {
        for (; m; m = first_waiter(o, false))
            member_wake(m, WAIT_OBJECT_0 + place(m, o));
        done = set_for_real(event, o);
    }
    waitable_release(o);
    member_dispatch(NULL);
    sched_unlock();
    return done;
}

BOOL sched_reset(HANDLE event)
{
    struct waitable *o;

    sched_lock();
    o = objects_get(&sched.objects, event);
    o->signalled = false;
    waitable_release(o);
    sched_unlock();
    return real.ResetEvent(event);
}

void sched_changed(HANDLE handle)
{
    struct waitable *o;

    sched_lock();
    o = objects_get(&sched.objects, handle);
    look_at(o);
    waitable_release(o);
    member_dispatch(NULL);
    sched_unlock();
}

void sched_look_at_unsure(void)
{
    sched_lock();
    sched.looked = INT64_MIN / 2;
    sched_unlock();
}

/* --- waiting. The calling thread has the turn --- */

/* Those that have said their last word end really. One that does not is another
 * thread with that one's number, and only the system knows. */
static void join_ended(const struct member *m)
{
    for (DWORD i = 0; i < m->count; i++) {
        struct waitable *o = m->objects[i];
        DWORD got;

        if (!o->thread || o->thread->state != MEMBER_ENDED)
            continue;
        sched_unlock();
        got = real.WaitForSingleObject(m->handles[i], END_MS);
        sched_lock();
        if (got == WAIT_TIMEOUT)
            o->thread = NULL;
    }
}

/* May it be signalled, or is it for certain not? */
static bool may_be(const struct member *m, DWORD i)
{
    const struct waitable *o = m->objects[i];

    return m->look || o->kind == WAITABLE_OTHER ||
           (o->kind == WAITABLE_EVENT && o->signalled) ||
           (o->kind == WAITABLE_THREAD &&
            (!o->thread || o->thread->state == MEMBER_ENDED));
}

static DWORD take_any(const struct member *m)
{
    for (DWORD i = 0; i < m->count; i++) {
        DWORD got;

        if (!may_be(m, i))
            continue;
        got = real.WaitForSingleObject(m->handles[i], 0);
        m->objects[i]->signalled =
            got == WAIT_OBJECT_0 && m->objects[i]->manual;
        if (got != WAIT_TIMEOUT)
            return got == WAIT_FAILED ? got : got + i; /* ABANDONED_0 too */
    }
    return WAIT_TIMEOUT;
}

static DWORD take_all(const struct member *m)
{
    DWORD got;

    for (DWORD i = 0; i < m->count; i++)
        if (!may_be(m, i))
            return WAIT_TIMEOUT;
    got = real.WaitForMultipleObjects(m->count, m->handles, TRUE, 0);
    for (DWORD i = 0; got == WAIT_OBJECT_0 && i < m->count; i++)
        m->objects[i]->signalled = m->objects[i]->manual;
    return got;
}

static void begin_wait(struct member *m, const HANDLE *handles, DWORD count)
{
    m->handles = handles;
    m->count = count;
    m->unsure = false;
    m->look = false;
    m->done = false;
    for (DWORD i = 0; i < count; i++) {
        struct waitable *o = objects_get(&sched.objects, handles[i]);

        if (o->kind == WAITABLE_THREAD && !o->thread)
            o->thread = member_by_id(o->thread_id);
        m->unsure = m->unsure || (o->kind != WAITABLE_EVENT && !o->thread);
        m->objects[i] = o;
    }
    m->order = sched.order++;
}

/* A thread that we do not know, since it was there before time was simulated:
 * who waits for its end has told it to end, which takes it a moment, and that
 * is none in simulated time. */
static bool is_strange(const struct waitable *o)
{
    return o->kind == WAITABLE_THREAD && !o->thread && o->thread_id;
}

static void expect_ends(const struct member *m)
{
    for (DWORD i = 0; i < m->count; i++)
        if (is_strange(m->objects[i]) &&
            !outsider_known(m->objects[i]->thread_id))
            outsider_add(m->objects[i]->thread_id, GRACE_WOKEN);
}

static void end_wait(struct member *m)
{
    for (DWORD i = 0; i < m->count; i++) {
        if (is_strange(m->objects[i]))
            outsider_remove(m->objects[i]->thread_id);
        waitable_release(m->objects[i]);
    }
    m->count = 0;
}

/* Under the lock, which is released for a while where threads have to end; what
 * is set meanwhile is seen. */
static DWORD attempt(struct member *m)
{
    DWORD got = WAIT_TIMEOUT;

    join_ended(m);
    if (m->count)
        got = m->all ? take_all(m) : take_any(m);
    m->look = false;
    return got;
}

DWORD sched_wait(const HANDLE *handles, DWORD count, bool all, int64_t until,
                 bool awake)
{
    struct member *m = count <= MAXIMUM_WAIT_OBJECTS ? member_enter() : NULL;
    uint64_t order;
    DWORD got;

    if (!m) /* the end of the process, or a call that can't succeed */
        return count ? real.WaitForMultipleObjects(count, handles, all, 0)
                     : WAIT_TIMEOUT;
    sched_lock();
    begin_wait(m, handles, count);
    if (until == SCHED_NEVER)
        expect_ends(m);
    order = m->order;
    m->all = all && count > 1;
    m->until = until;
    m->awake = awake;
    while ((got = attempt(m)) == WAIT_TIMEOUT) {
        bool over = sched_now() >= until;

        /* Who asks again and again without waiting must not keep the turn. */
        member_yield(m, over ? MEMBER_READY : MEMBER_WAITING);
        m->order = over ? m->order : order;
        member_pause(m);
        sched_lock();
        if (m->done)
            got = m->result;
        if (over || m->done)
            break;
    }
    end_wait(m);
    sched_unlock();
    return got;
}
