/* Tests of sys/stop: requests from outside to end. Each in a process of its
 * own, which really gets the signal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/clock.h"
#include "sys/stop.h"
#include "sys/wake.h"

#define LONG_NS INT64_C(30000000000) /* ends a test that would hang */

static void nothing_is_asked_at_first(void **state)
{
    (void)state;
    struct wake *w = wake_create(NULL);
    int64_t when = -5;
    struct fault f = {0};
    assert_non_null(w);
    for (int i = 0; i < 3; i++) {
        assert_true(stop_install(w, &f));
        assert_int_equal(f.err, ERR_OK);
        assert_int_equal(stop_requested(&when), STOP_NONE);
        assert_int_equal(stop_requested(NULL), STOP_NONE);
        assert_int_equal(when, -5); /* not filled in */
        assert_int_equal(stop_count(), 0);
        assert_false(stop_from_process());
        assert_false(stop_hangup());
        assert_int_equal(stop_next_order(&when), ORDER_NONE);
        assert_false(wake_wait(w, 0));
        stop_finalised();
        stop_uninstall();
    }
    wake_destroy(w);
}

#ifndef _WIN32

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "sys/thread.h"
#include "unit/child.h"

struct request {
    int number;
    enum stop_cause cause;
};

static int gets_one(void *argument)
{
    const struct request *r = argument;
    struct wake *w = wake_create(NULL);
    int64_t when = -1;
    CHECK(w && stop_install(w, NULL));
    int64_t before = clock_now_ns();
    raise(r->number);
    int64_t after = clock_now_ns();
    CHECK(wake_wait(w, 0));
    CHECK(stop_requested(&when) == r->cause);
    CHECK(when >= before && when <= after);
    CHECK(stop_count() == 1);
    CHECK(stop_from_process()); /* raise, and no terminal */
    CHECK(stop_hangup() == (r->cause == STOP_HANGUP));
    /* A second one insists, and changes neither cause nor moment. */
    int64_t same = -1;
    raise(SIGTERM);
    CHECK(stop_count() == 2);
    CHECK(stop_requested(&same) == r->cause);
    CHECK(same == when);
    CHECK(wake_wait(w, 0));
    /* The terminal is gone: that counts behind all others. */
    raise(SIGHUP);
    CHECK(stop_hangup());
    CHECK(stop_requested(NULL) == r->cause);
    stop_uninstall();
    return 0;
}

static void each_signal_has_its_cause(void **state)
{
    (void)state;
    struct request all[] = {
        {SIGINT, STOP_INTERRUPT},
        {SIGTERM, STOP_TERMINATE},
        {SIGHUP, STOP_HANGUP},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_int_equal(child_run(gets_one, &all[i]), 0);
    }
}

/* The wait on the main thread ends, wherever the signal is taken. */
static int waits_for_one(void *argument)
{
    int *pipe_ends = argument;
    struct wake *w = wake_create(NULL);
    CHECK(w && stop_install(w, NULL));
    CHECK(write(pipe_ends[1], "r", 1) == 1);
    CHECK(wake_wait(w, LONG_NS));
    CHECK(stop_requested(NULL) == STOP_TERMINATE);
    stop_uninstall();
    wake_destroy(w);
    return 0;
}

static void a_signal_from_outside_ends_a_wait(void **state)
{
    (void)state;
    int ends[2];
    char ready;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = child_start(waits_for_one, ends);
    assert_int_equal(read(ends[0], &ready, 1), 1);
    kill(pid, SIGTERM);
    assert_int_equal(child_wait(pid), 0);
    close(ends[0]);
    close(ends[1]);
}

static int is_started_by_nohup(void *argument)
{
    (void)argument;
    struct wake *w = wake_create(NULL);
    struct sigaction now;
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    CHECK(w && stop_install(w, NULL));
    raise(SIGHUP);
    raise(SIGTERM);
    CHECK(stop_requested(NULL) == STOP_NONE);
    CHECK(!wake_wait(w, 0));
    stop_uninstall();
    sigaction(SIGHUP, NULL, &now);
    CHECK(now.sa_handler == SIG_IGN);
    return 0;
}

static void nohup_is_respected(void **state)
{
    (void)state;
    assert_int_equal(child_run(is_started_by_nohup, NULL), 0);
}

/* `looprec &` in a script: SIGINT is ignored, and `kill -INT` ends it still. */
static int is_started_in_background(void *argument)
{
    (void)argument;
    struct wake *w = wake_create(NULL);
    struct sigaction now;
    signal(SIGINT, SIG_IGN);
    CHECK(w && stop_install(w, NULL));
    raise(SIGINT);
    CHECK(stop_requested(NULL) == STOP_INTERRUPT);
    CHECK(wake_wait(w, 0));
    stop_uninstall();
    sigaction(SIGINT, NULL, &now);
    CHECK(now.sa_handler == SIG_IGN);
    return 0;
}

static void a_scripts_background_job_can_be_interrupted(void **state)
{
    (void)state;
    assert_int_equal(child_run(is_started_in_background, NULL), 0);
}

/* A launcher may leave signals blocked. */
static int is_started_with_a_mask(void *argument)
{
    (void)argument;
    sigset_t all;
    struct wake *w = wake_create(NULL);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    raise(SIGTERM);
    CHECK(w && stop_install(w, NULL));
    CHECK(wake_wait(w, LONG_NS));
    CHECK(stop_requested(NULL) == STOP_TERMINATE);
    return 0;
}

static void an_inherited_mask_is_lifted(void **state)
{
    (void)state;
    assert_int_equal(child_run(is_started_with_a_mask, NULL), 0);
}

static int survives_a_closed_pipe_and_a_limit(void *argument)
{
    (void)argument;
    struct wake *w = wake_create(NULL);
    struct rlimit none = {0, 0};
    int ends[2];
    char name[] = "/tmp/looprec-stop-XXXXXX";
    int fd = mkstemp(name);
    CHECK(fd >= 0 && unlink(name) == 0);
    CHECK(pipe(ends) == 0);
    CHECK(w && stop_install(w, NULL));
    close(ends[0]);
    CHECK(write(ends[1], "x", 1) < 0 && errno == EPIPE);
    CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
    CHECK(write(fd, "x", 1) < 0 && errno == EFBIG);
    CHECK(stop_requested(NULL) == STOP_NONE);
    CHECK(stop_count() == 0);
    return 0;
}

static void failing_writes_are_no_signals(void **state)
{
    (void)state;
    assert_int_equal(child_run(survives_a_closed_pipe_and_a_limit, NULL), 0);
}

static int dies_as_before(void *argument)
{
    struct wake *w = wake_create(NULL);
    CHECK(w && stop_install(w, NULL));
    stop_uninstall();
    wake_destroy(w);
    raise(*(int *)argument);
    return 0;
}

static void uninstalling_gives_signals_back(void **state)
{
    (void)state;
    int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_int_equal(child_run(dies_as_before, &numbers[i]),
                         128 + numbers[i]);
    }
}

static int keeps_errno(void *argument)
{
    (void)argument;
    struct wake *w = wake_create(NULL);
    CHECK(w && stop_install(w, NULL));
    errno = ENOTEMPTY;
    raise(SIGINT);
    CHECK(errno == ENOTEMPTY);
    return 0;
}

static void the_interrupted_code_keeps_its_errno(void **state)
{
    (void)state;
    assert_int_equal(child_run(keeps_errno, NULL), 0);
}

/* Several at once, while threads run: counted, one cause. */
static void wait_run(void *argument)
{
    wake_wait(argument, LONG_NS);
}

static int gets_many(void *argument)
{
    (void)argument;
    struct wake *w = wake_create(NULL), *done = wake_create(NULL);
    CHECK(w && done && stop_install(w, NULL));
    struct thread *t = thread_start("other", wait_run, done, NULL);
    CHECK(t != NULL);
    for (int i = 0; i < 100; i++) {
        kill(getpid(), i % 2 ? SIGTERM : SIGHUP);
    }
    CHECK(wake_wait(w, LONG_NS));
    enum stop_cause cause = stop_requested(NULL);
    CHECK(cause == STOP_TERMINATE || cause == STOP_HANGUP);
    CHECK(stop_count() >= 1 && stop_count() <= 100);
    wake_set(done);
    thread_join(t);
    return 0;
}

static void many_requests_have_one_cause(void **state)
{
    (void)state;
    assert_int_equal(child_run(gets_many, NULL), 0);
}

/* An order is none to end, and each has its moment. */
static int gets_orders(void *argument)
{
    (void)argument;
    struct wake *w = wake_create(NULL);
    int64_t when = 0;
    CHECK(w && stop_install(w, NULL));
    int64_t last = clock_now_ns();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++) {
            raise(i % 3 == 0 ? SIGUSR1 : SIGUSR2);
        }
        CHECK(wake_wait(w, 0));
        for (int i = 0; i < 50; i++) {
            CHECK(stop_next_order(&when) ==
                  (i % 3 == 0 ? ORDER_MARK : ORDER_PAUSE));
            CHECK(when >= last && when <= clock_now_ns());
            last = when;
        }
        CHECK(stop_next_order(&when) == ORDER_NONE);
    }
    CHECK(stop_requested(NULL) == STOP_NONE);
    CHECK(stop_count() == 0);
    for (int i = 0; i < 1000; i++) {
        raise(SIGUSR2); /* more than anybody takes: some are kept */
    }
    for (int i = 0; i < 50; i++) {
        CHECK(stop_next_order(&when) == ORDER_PAUSE);
    }
    /* what was not taken is not the next recording's */
    stop_uninstall();
    CHECK(stop_install(w, NULL));
    CHECK(stop_next_order(&when) == ORDER_NONE);
    stop_uninstall();
    wake_destroy(w);
    return 0;
}

static void orders_come_one_by_one(void **state)
{
    (void)state;
    assert_int_equal(child_run(gets_orders, NULL), 0);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_asked_at_first),
#ifndef _WIN32
        cmocka_unit_test(each_signal_has_its_cause),
        cmocka_unit_test(a_signal_from_outside_ends_a_wait),
        cmocka_unit_test(nohup_is_respected),
        cmocka_unit_test(a_scripts_background_job_can_be_interrupted),
        cmocka_unit_test(an_inherited_mask_is_lifted),
        cmocka_unit_test(failing_writes_are_no_signals),
        cmocka_unit_test(uninstalling_gives_signals_back),
        cmocka_unit_test(the_interrupted_code_keeps_its_errno),
        cmocka_unit_test(many_requests_have_one_cause),
        cmocka_unit_test(orders_come_one_by_one),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
