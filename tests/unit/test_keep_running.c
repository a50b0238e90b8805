/* The machine is asked to stay awake while a recording runs, on the thread that
 * lives as long as it, and no longer. Windows tells what a thread asked for;
 * elsewhere only the recording itself is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recording.h"

#ifdef _WIN32
#include <windows.h>

/* Nothing is asked for: Wine begins with everything. */
static int ask_nothing(void **state)
{
    (void)state;
    return SetThreadExecutionState(ES_CONTINUOUS) == 0 ? -1 : 0;
}

/* What this thread asked for before: SetThreadExecutionState's answer. */
static void assert_kept(bool kept)
{
    EXECUTION_STATE asked = SetThreadExecutionState(ES_SYSTEM_REQUIRED);
    assert_int_equal((asked & ES_SYSTEM_REQUIRED) != 0, kept);
    assert_int_equal((asked & ES_DISPLAY_REQUIRED) != 0, false);
}
#else
static int ask_nothing(void **state)
{
    (void)state;
    return 0;
}

static void assert_kept(bool kept)
{
    (void)kept;
}
#endif

static void begun_and_finished(void **state)
{
    (void)state;
    struct session_request r = request_for("tone", 4800);
    struct session_report report;
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    struct session *s = session_create(&r, wake, &f);
    assert_non_null(s);
    assert_kept(false);
    assert_true(session_start(s, &f));
    assert_kept(true);
    session_finish(s, &report);
    assert_int_equal(report.frames, 4800);
    assert_kept(false);
    session_destroy(s);
    wake_destroy(wake);
}

static void given_up(void **state)
{
    (void)state;
    struct session_request r = request_for("tone,fail-open=1", 4800);
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    struct session *s = session_create(&r, wake, &f);
    assert_false(session_start(s, &f));
    assert_kept(false);
    session_destroy(s);
    assert_kept(false);
    wake_destroy(wake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(begun_and_finished, ask_nothing),
        cmocka_unit_test_setup(given_up, ask_nothing),
    };
    return cmocka_run_group_tests_name("keep-running", tests, NULL, NULL);
}
