/* test_processes: the processes that run, and the list of them. What only /proc
 * tells is in processes_posix.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"
#include "sys/process.h"
#include "sys/processes.h"

#ifdef _WIN32
#define SYSTEM_TESTS
#else
#include "processes_posix.h"
#endif

static void this_process_runs(void **state)
{
    (void)state;
    uint32_t self = (uint32_t)process_id();
    struct process_list all = {0};
    assert_true(processes_read(&all, PROCESSES_BORN | PROCESSES_NAMED, NULL));
    const struct process_entry *p = process_list_find(&all, self);
    assert_non_null(p);
    assert_true(p->born > 0);
    assert_true(text_contains(p->name, "test_processes"));
    assert_false(p->ended);
    assert_null(process_list_find(&all, UINT32_MAX));
    process_list_free(&all);
    process_list_free(&all); /* fine on an empty one */
}

static struct process_list made(const uint32_t (*rows)[2], size_t count)
{
    struct process_list list = {0};
    for (size_t i = 0; i < count; i++) {
        struct process_entry *p = process_list_add(&list);
        assert_non_null(p);
        p->pid = rows[i][0];
        p->parent = rows[i][1];
    }
    return list;
}

static void what_descends_from_one(void **state)
{
    (void)state;
    /* grandchildren before children, a ring beside them, the top itself */
    static const uint32_t rows[][2] = {{40, 30}, {30, 20}, {20, 10}, {10, 1},
                                       {50, 10}, {60, 61}, {61, 60}, {70, 70},
                                       {1, 0},   {80, 2}};
    struct process_list list = made(rows, sizeof rows / sizeof rows[0]);
    process_list_keep_below(&list, 10);
    assert_int_equal(list.count, 4);
    assert_non_null(process_list_find(&list, 20));
    assert_non_null(process_list_find(&list, 30));
    assert_non_null(process_list_find(&list, 40));
    assert_non_null(process_list_find(&list, 50));
    process_list_keep_below(&list, 99);
    assert_int_equal(list.count, 0);
    process_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(this_process_runs),
                                       cmocka_unit_test(what_descends_from_one),
                                       SYSTEM_TESTS};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
