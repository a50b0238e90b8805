/* The executable's own guard against overrun buffers: what it is built with
 * works, here too. The test runs itself again for what ends a process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* More than TEXT holds. Returning is what must not happen. */
static __attribute__((noinline)) void overrun(size_t bytes)
{
    char text[16];
    volatile char *to = text;
    for (size_t i = 0; i < bytes; i++) {
        to[i] = 'x';
    }
}

#ifdef _WIN32

#include <process.h>
#include <stdlib.h>

#define STACK_OVERRUN ((int)0xC0000409) /* STATUS_STACK_BUFFER_OVERRUN */

extern uintptr_t __stack_chk_guard;

static int run_again(const char *what)
{
    return (int)_spawnl(_P_WAIT, _pgmptr, "test_guard", what, NULL);
}

static void the_guard_is_another_each_time(void **state)
{
    (void)state;
    int first = run_again("guard");
    int second = run_again("guard");
    assert_int_not_equal(first, 0);
    assert_int_not_equal(first, second);
}

#else

#include "unit/child.h"

#define STACK_OVERRUN (128 + 6) /* SIGABRT */

static int overrun_in_child(void *bytes)
{
    overrun(*(const size_t *)bytes);
    return 0;
}

static int run_again(const char *what)
{
    size_t bytes = 40;
    (void)what;
    return child_run(overrun_in_child, &bytes);
}

#endif

static void an_overrun_ends_the_process(void **state)
{
    (void)state;
    int status = run_again("overrun");
#ifdef __SANITIZE_THREAD__
    (void)status; /* nothing guards the stack in this variant */
#elif defined(__SANITIZE_ADDRESS__)
    assert_int_not_equal(status, 0);
#else
    assert_int_equal(status, STACK_OVERRUN);
#endif
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_overrun_ends_the_process),
#ifdef _WIN32
        cmocka_unit_test(the_guard_is_another_each_time),
#endif
    };
    if (argc > 1 && strcmp(argv[1], "overrun") == 0) {
        overrun(40);
        return 0;
    }
#ifdef _WIN32
    if (argc > 1) {
        return (int)(__stack_chk_guard >> 8);
    }
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
