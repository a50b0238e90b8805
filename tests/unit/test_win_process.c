/* Tests of what sys/process asks of Windows' power management, with a
 * SetProcessInformation of our own: dll_function, which looks for it, is this
 * file's, so that sys/win/dll is not linked in. That it is asked for by that
 * way alone, and not by the executable's imports, tests/e2e/windows_image.bats
 * shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <windows.h>

#include "sys/process.h"
#include "sys/win/dll.h"

/* From processthreadsapi.h, which some header sets have without these. */
enum {
    POWER_THROTTLING = 4, /* ProcessPowerThrottling */
    EXECUTION_SPEED = 1,  /* PROCESS_POWER_THROTTLING_EXECUTION_SPEED */
    TIMER_RESOLUTION = 4, /* ..._IGNORE_TIMER_RESOLUTION */
    CALLS_MAX = 4,
};

/* PROCESS_POWER_THROTTLING_STATE. */
struct state {
    ULONG version, control, state;
};

/* One Windows. */
static struct {
    bool there;    /* it has the function */
    ULONG refused; /* if any of these bits is in ControlMask */
    int asked, calls;
    struct state got[CALLS_MAX];
} windows;

static BOOL WINAPI set_information(HANDLE process, int class, LPVOID data,
                                   DWORD size)
{
    struct state s;

    assert_ptr_equal(process, GetCurrentProcess());
    assert_int_equal(class, POWER_THROTTLING);
    assert_int_equal(size, sizeof(s));
    assert_true(windows.calls < CALLS_MAX);
    memcpy(&s, data, sizeof(s));
    windows.got[windows.calls++] = s;
    if (s.control & windows.refused) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    return TRUE;
}

void *dll_function(const wchar_t *dll, const char *name)
{
    assert_int_equal(wcscmp(dll, L"kernel32.dll"), 0);
    assert_string_equal(name, "SetProcessInformation");
    windows.asked++;
    return windows.there ? (void *)set_information : NULL;
}

static void assert_call(int i, ULONG control)
{
    assert_true(i < windows.calls);
    assert_int_equal(windows.got[i].version, 1);
    assert_int_equal(windows.got[i].control, control);
    assert_int_equal(windows.got[i].state, 0);
}

/* What this thread asked for before. */
static bool kept_awake(void)
{
    EXECUTION_STATE asked = SetThreadExecutionState(ES_SYSTEM_REQUIRED);
    return (asked & ES_SYSTEM_REQUIRED) != 0;
}

static int begin(void **state)
{
    (void)state;
    memset(&windows, 0, sizeof(windows));
    return SetThreadExecutionState(ES_CONTINUOUS) == 0 ? -1 : 0;
}

/* Windows 11: neither slow processors nor coarse timers, and then as before. */
static void both_are_opted_out_of(void **state)
{
    (void)state;
    windows.there = true;
    process_keep_running(1);
    assert_int_equal(windows.calls, 1);
    assert_call(0, EXECUTION_SPEED | TIMER_RESOLUTION);
    assert_true(kept_awake());
    process_keep_running(0);
    assert_int_equal(windows.calls, 2);
    assert_call(1, 0);
    assert_false(kept_awake());
}

/* Windows 10 refuses a bit that it does not know. */
static void one_is_where_both_are_refused(void **state)
{
    (void)state;
    windows.there = true;
    windows.refused = TIMER_RESOLUTION;
    process_keep_running(1);
    assert_int_equal(windows.calls, 2);
    assert_call(0, EXECUTION_SPEED | TIMER_RESOLUTION);
    assert_call(1, EXECUTION_SPEED);
    process_keep_running(0);
    assert_int_equal(windows.calls, 3);
    assert_call(2, 0);
}

/* Before Windows 10 1709: nothing is known of it. */
static void a_refusal_is_borne(void **state)
{
    (void)state;
    windows.there = true;
    windows.refused = EXECUTION_SPEED | TIMER_RESOLUTION;
    process_keep_running(1);
    assert_int_equal(windows.calls, 2);
    assert_true(kept_awake());
    process_keep_running(0);
    assert_false(kept_awake());
}

static void its_absence_is_borne(void **state)
{
    (void)state;
    process_keep_running(1);
    assert_int_equal(windows.asked, 1);
    assert_int_equal(windows.calls, 0);
    assert_true(kept_awake());
    process_keep_running(0);
    assert_false(kept_awake());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(both_are_opted_out_of, begin),
        cmocka_unit_test_setup(one_is_where_both_are_refused, begin),
        cmocka_unit_test_setup(a_refusal_is_borne, begin),
        cmocka_unit_test_setup(its_absence_is_borne, begin),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
