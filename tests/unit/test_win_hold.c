/* Tests of wasapi/hold: a process is the one that was meant only if it was made
 * when that one was. Real processes, whose number is said to have been
 * another's before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "source/wasapi/hold.h"
#include "sys/win/processes.h"

/* This program again, suspended, so that it runs until it is ended. */
struct other {
    PROCESS_INFORMATION made;
    struct target target;
};

static int setup(void **state)
{
    static struct other other;
    STARTUPINFOW how = {.cb = sizeof(how)};
    wchar_t self[1024];

    memset(&other, 0, sizeof(other));
    if (!GetModuleFileNameW(NULL, self, 1024) ||
        !CreateProcessW(self, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL,
                        NULL, &how, &other.made))
        return -1;
    other.target.pid = other.made.dwProcessId;
    other.target.born = processes_born(other.made.hProcess);
    *state = &other;
    return other.target.born == 0;
}

static void end(struct other *o)
{
    TerminateProcess(o->made.hProcess, 0);
    WaitForSingleObject(o->made.hProcess, INFINITE);
}

static int teardown(void **state)
{
    struct other *o = *state;

    end(o);
    CloseHandle(o->made.hThread);
    CloseHandle(o->made.hProcess);
    return 0;
}

static void the_one_that_was_meant_is_held(void **state)
{
    struct other *o = *state;
    HANDLE h = NULL;

    assert_int_equal(hold_take(&o->target, &h), HOLD_KEPT);
    assert_int_equal(WaitForSingleObject(h, 0), WAIT_TIMEOUT);
    end(o);
    assert_int_equal(WaitForSingleObject(h, 5000), WAIT_OBJECT_0);
    CloseHandle(h);
}

static void another_one_of_its_number_is_not(void **state)
{
    struct other *o = *state;
    HANDLE h = o;

    o->target.born--;
    assert_int_equal(hold_take(&o->target, &h), HOLD_GONE);
    assert_null(h);
    o->target.born += 2; /* older than what was meant: as impossible */
    assert_int_equal(hold_take(&o->target, &h), HOLD_GONE);
    assert_null(h);
    o->target.born = 0; /* it could not be told then: the number has to do */
    assert_int_equal(hold_take(&o->target, &h), HOLD_KEPT);
    CloseHandle(h);
}

/* Its number is its own as long as a handle is open, and ours is. */
static void one_that_has_ended_is_not(void **state)
{
    struct other *o = *state;
    HANDLE h = o;

    end(o);
    assert_int_equal(hold_take(&o->target, &h), HOLD_GONE);
    assert_null(h);
}

static void a_number_that_nobody_bears_is_nobody(void **state)
{
    struct target t = {.pid = 0xfffffffc, .born = 1};
    HANDLE h = state;

    assert_int_equal(hold_take(&t, &h), HOLD_GONE);
    assert_null(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_one_that_was_meant_is_held, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_one_of_its_number_is_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_that_has_ended_is_not, setup,
                                        teardown),
        cmocka_unit_test(a_number_that_nobody_bears_is_nobody),
    };
    return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
