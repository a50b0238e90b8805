/* Tests of sys/thread. Asserts inside another thread are not seen by cmocka:
 * threads note what they find, the tests look after the join. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sys/thread.h"

static void set_flag(void *argument)
{
    *(int *)argument += 1;
}

static void a_thread_runs_once_and_is_joined(void **state)
{
    (void)state;
    int ran = 0;
    struct fault f = {0};
    struct thread *t = thread_start("flag", set_flag, &ran, &f);
    assert_non_null(t);
    thread_join(t);
    assert_int_equal(ran, 1);
    assert_int_equal(f.err, ERR_OK);
}

static void joining_nothing_is_fine(void **state)
{
    (void)state;
    thread_join(NULL);
    mutex_destroy(NULL);
}

static void a_long_name_is_cut(void **state)
{
    (void)state;
    int ran = 0;
    struct thread *t =
        thread_start("a-name-far-beyond-fifteen-bytes", set_flag, &ran, NULL);
    assert_non_null(t);
    thread_join(t);
    assert_int_equal(ran, 1);
}

struct counted {
    struct mutex *mutex;
    atomic_int here;
    volatile long inside;
    volatile long most;
    volatile long sum;
};

enum { THREADS = 4, ROUNDS = 100000 };

static void count_run(void *argument)
{
    struct counted *c = argument;
    atomic_fetch_add(&c->here, 1);
    while (atomic_load(&c->here) < THREADS) { /* all at once */
    }
    for (int i = 0; i < ROUNDS; i++) {
        mutex_lock(c->mutex);
        long inside = c->inside + 1;
        c->inside = inside;
        if (inside > c->most) {
            c->most = inside;
        }
        c->sum = c->sum + 1;
        c->inside = c->inside - 1;
        mutex_unlock(c->mutex);
    }
}

static void a_mutex_lets_one_in(void **state)
{
    (void)state;
    struct counted c = {.mutex = mutex_create()};
    struct thread *t[THREADS];
    assert_non_null(c.mutex);
    for (int i = 0; i < THREADS; i++) {
        t[i] = thread_start("count", count_run, &c, NULL);
        assert_non_null(t[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        thread_join(t[i]);
    }
    mutex_destroy(c.mutex);
    assert_int_equal(c.most, 1);
    assert_int_equal(c.sum, THREADS * ROUNDS);
}

#ifdef _WIN32

static void boost_run(void *argument)
{
    *(int *)argument = thread_boost() ? 1 : 2;
}

static void a_boost_never_fails_hard(void **state)
{
    (void)state;
    int got = 0;
    thread_join(thread_start("boost", boost_run, &got, NULL));
    assert_int_not_equal(got, 0);
}

#else

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit/child.h"

struct seen {
    int boosted;
    int policy;
    int niceness;
    sigset_t mask;
    char name[32];
};

static void look_run(void *argument)
{
    struct seen *s = argument;
    pthread_sigmask(SIG_SETMASK, NULL, &s->mask);
    pthread_getname_np(pthread_self(), s->name, sizeof(s->name));
}

static void requests_to_stop_go_elsewhere(void **state)
{
    (void)state;
    static const int numbers[] = {SIGINT,  SIGTERM, SIGHUP,   SIGPIPE,
                                  SIGALRM, SIGUSR1, SIGWINCH, SIGTSTP};
    struct seen s = {0};
    sigset_t before, after;
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    thread_join(thread_start("look", look_run, &s, NULL));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_int_equal(sigismember(&s.mask, numbers[i]), 1);
        /* and ours are as they were */
        assert_int_equal(sigismember(&after, numbers[i]),
                         sigismember(&before, numbers[i]));
    }
    assert_int_equal(sigismember(&s.mask, SIGSEGV), 0);
    assert_string_equal(s.name, "look");
}

static void boost_run(void *argument)
{
    struct seen *s = argument;
    struct sched_param p;
    s->boosted = thread_boost() ? 1 : 2;
    pthread_getschedparam(pthread_self(), &s->policy, &p);
    s->niceness = getpriority(PRIO_PROCESS, (id_t)gettid());
}

static void a_boost_says_what_it_did(void **state)
{
    (void)state;
    struct seen s = {0};
    int before = getpriority(PRIO_PROCESS, 0);
    thread_join(thread_start("boost", boost_run, &s, NULL));
    if (s.boosted == 1) {
        assert_true(s.policy == SCHED_OTHER && s.niceness == -10);
    } else {
        assert_int_equal(s.boosted, 2);
        assert_int_equal(s.policy, SCHED_OTHER);
        assert_int_equal(s.niceness, before);
    }
    /* only that thread */
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

/* Without the right to it: still no error. */
static int unprivileged_boost(void *argument)
{
    (void)argument;
    struct rlimit none = {0, 0};
    struct seen s = {0};
    setrlimit(RLIMIT_RTPRIO, &none);
    setrlimit(RLIMIT_NICE, &none);
    if (getpriority(PRIO_PROCESS, 0) < 0) {
        CHECK(setpriority(PRIO_PROCESS, 0, 0) == 0); /* or it has it already */
    }
    CHECK(geteuid() != 0 || setuid(65534) == 0);
    struct thread *t = thread_start("boost", boost_run, &s, NULL);
    CHECK(t != NULL);
    thread_join(t);
    CHECK(s.boosted == 2);
    return 0;
}

static void a_refused_boost_is_no_error(void **state)
{
    (void)state;
    assert_int_equal(child_run(unprivileged_boost, NULL), 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* (The sanitizers' runtimes do not live without memory.) */
static int start_without_memory(void *argument)
{
    (void)argument;
    int ran = 0;
    struct fault f = {0};
    struct rlimit none = {4096, 4096};
    CHECK(setrlimit(RLIMIT_AS, &none) == 0);
    CHECK(thread_start("never", set_flag, &ran, &f) == NULL);
    CHECK(f.err != ERR_OK);
    CHECK(f.os_code == EAGAIN || f.err == ERR_NO_MEMORY);
    CHECK(ran == 0);
    return 0;
}

static void a_failed_start_is_told(void **state)
{
    (void)state;
    assert_int_equal(child_run(start_without_memory, NULL), 0);
}
#endif

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#if !defined(_WIN32) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
        /* first: a later thread may get the stack of one that ended */
        cmocka_unit_test(a_failed_start_is_told),
#endif
        cmocka_unit_test(a_thread_runs_once_and_is_joined),
        cmocka_unit_test(joining_nothing_is_fine),
        cmocka_unit_test(a_long_name_is_cut),
        cmocka_unit_test(a_mutex_lets_one_in),
#ifdef _WIN32
        cmocka_unit_test(a_boost_never_fails_hard),
#else
        cmocka_unit_test(requests_to_stop_go_elsewhere),
        cmocka_unit_test(a_boost_says_what_it_did),
        cmocka_unit_test(a_refused_boost_is_no_error),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
