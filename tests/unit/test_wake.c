/* Tests of sys/wake: an event with memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "sys/thread.h"
#include "sys/wake.h"

#define MS      INT64_C(1000000)
#define LONG_NS (30000 * MS) /* ends a test that would hang */

static int setup(void **state)
{
    struct fault f = {0};
    *state = wake_create(&f);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    wake_destroy(*state);
    return 0;
}

static void new_one_is_clear(void **state)
{
    assert_false(wake_wait(*state, 0));
}

static void a_set_is_remembered_once(void **state)
{
    wake_set(*state);
    assert_true(wake_wait(*state, 0));
    assert_false(wake_wait(*state, 0));
}

static void several_sets_are_one(void **state)
{
    for (int i = 0; i < 1000; i++) {
        wake_set(*state);
    }
    assert_true(wake_wait(*state, LONG_NS));
    assert_false(wake_wait(*state, 0));
    wake_set(*state);
    assert_true(wake_wait(*state, 0));
}

static void a_timeout_is_kept(void **state)
{
    static const int64_t lengths[] = {1, MS / 10, 2 * MS, 30 * MS};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        int64_t start = clock_now_ns();
        assert_false(wake_wait(*state, lengths[i]));
        assert_true(clock_now_ns() - start >= lengths[i]);
    }
}

static void a_set_one_is_not_waited_for(void **state)
{
    static const int64_t lengths[] = {0, 1, LONG_NS, INT64_MAX, -1, INT64_MIN};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        int64_t start = clock_now_ns();
        wake_set(*state);
        assert_true(wake_wait(*state, lengths[i]));
        assert_true(clock_now_ns() - start < LONG_NS);
    }
}

struct echo {
    struct wake *ask, *answer;
    int asked;
};

static void echo_run(void *argument)
{
    struct echo *e = argument;
    for (int i = 0; i < 2000 && wake_wait(e->ask, LONG_NS); i++) {
        e->asked++;
        wake_set(e->answer);
    }
}

/* Each set by one thread ends a wait of the other: none is ever missed. */
static void threads_wake_each_other(void **state)
{
    struct echo e = {.ask = *state, .answer = wake_create(NULL)};
    assert_non_null(e.answer);
    struct thread *t = thread_start("echo", echo_run, &e, NULL);
    assert_non_null(t);
    int answered = 0;
    for (int i = 0; i < 2000; i++) {
        wake_set(e.ask);
        answered += wake_wait(e.answer, i % 2 ? LONG_NS : -1);
    }
    thread_join(t);
    wake_destroy(e.answer);
    assert_int_equal(e.asked, 2000);
    assert_int_equal(answered, 2000);
}

static void destroying_nothing_is_fine(void **state)
{
    (void)state;
    wake_destroy(NULL);
}

#ifdef _WIN32

#include <windows.h>

static void the_handle_can_be_waited_on(void **state)
{
    HANDLE h = (HANDLE)wake_handle(*state);
    assert_int_equal(WaitForSingleObject(h, 0), WAIT_TIMEOUT);
    wake_set(*state);
    assert_int_equal(WaitForSingleObject(h, 0), WAIT_OBJECT_0);
    assert_false(wake_wait(*state, 0)); /* that wait cleared it */
}

#else

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static int readable(struct wake *w)
{
    struct pollfd p = {.fd = (int)wake_handle(w), .events = POLLIN};
    return poll(&p, 1, 0);
}

static void the_handle_can_be_waited_on(void **state)
{
    assert_int_equal(readable(*state), 0);
    wake_set(*state);
    assert_int_equal(readable(*state), 1);
    assert_int_equal(readable(*state), 1); /* a look does not clear it */
    assert_true(wake_wait(*state, 0));
    assert_int_equal(readable(*state), 0);
}

/* A counter at its limit says EAGAIN to a write: still set, no hang. */
static void a_full_counter_is_set(void **state)
{
    uint64_t most = UINT64_MAX - 1;
    assert_int_equal(write((int)wake_handle(*state), &most, sizeof(most)),
                     sizeof(most));
    wake_set(*state);
    assert_true(wake_wait(*state, 0));
    assert_false(wake_wait(*state, 0));
}

static struct wake *signalled;

static void on_signal(int number)
{
    (void)number;
    wake_set(signalled);
}

static void on_nothing(int number)
{
    (void)number;
}

static void a_signal_handler_may_set(void **state)
{
    struct sigaction a = {.sa_handler = on_signal}, before;
    signalled = *state;
    sigaction(SIGUSR1, &a, &before);
    /* Full, so that the write inside fails: errno must survive that. */
    uint64_t most = UINT64_MAX - 1;
    assert_int_equal(write((int)wake_handle(*state), &most, sizeof(most)),
                     sizeof(most));
    errno = ENOTEMPTY;
    raise(SIGUSR1);
    int after = errno;
    bool woken = wake_wait(*state, 0);
    sigaction(SIGUSR1, &before, NULL);
    assert_true(woken);
    assert_int_equal(after, ENOTEMPTY);
}

/* Signals of no concern neither end a wait nor stretch it without end. */
static void signals_do_not_end_a_wait(void **state)
{
    struct sigaction a = {.sa_handler = on_nothing}, before;
    struct itimerval often = {{0, 2000}, {0, 2000}}, off = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &a, &before);
    setitimer(ITIMER_REAL, &often, NULL);
    int64_t start = clock_now_ns();
    bool woken = wake_wait(*state, 50 * MS);
    int64_t took = clock_now_ns() - start;
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_false(woken);
    assert_true(took >= 50 * MS);
    assert_true(took < LONG_NS);
}

#endif

#define WITH_WAKE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WAKE(new_one_is_clear),
        WITH_WAKE(a_set_is_remembered_once),
        WITH_WAKE(several_sets_are_one),
        WITH_WAKE(a_timeout_is_kept),
        WITH_WAKE(a_set_one_is_not_waited_for),
        WITH_WAKE(threads_wake_each_other),
        WITH_WAKE(the_handle_can_be_waited_on),
        cmocka_unit_test(destroying_nothing_is_fine),
#ifndef _WIN32
        WITH_WAKE(a_full_counter_is_set),
        WITH_WAKE(a_signal_handler_may_set),
        WITH_WAKE(signals_do_not_end_a_wait),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
