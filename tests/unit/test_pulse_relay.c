/* test_pulse_relay: which sink inputs pass on what others play, by what servers
 * tell of modules and programs that do so (see relay.h for where it was seen).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "source/pulse/relay.h"

#define NONE PA_INVALID_INDEX

/* Sinks 0 and 1 are cards, 2 is module 20's, 3 is pw-filter's; their monitors
 * have 100 more. */
static struct census_sink sinks[] = {
    {.index = 0, .monitor = 100, .module = 10},
    {.index = 1, .monitor = 101, .module = 11},
    {.index = 2, .monitor = 102, .module = 20},
    {.index = 3, .monitor = 103, .module = NONE, .group = "filter-1"},
    {.index = 4, .monitor = NONE, .module = NONE},
};

static struct census_output outputs[] = {
    /* module 30 loops back the monitor of sink 0, module 31 a microphone */
    {.index = 0, .source = 100, .client = NONE, .module = 30},
    {.index = 1, .source = 200, .client = NONE, .module = 31},
    /* a recorder, by the protocol's module */
    {.index = 2, .source = 101, .client = 5, .module = 1},
    /* a program that loops back the monitor of sink 1 */
    {.index = 3, .source = 101, .client = 6, .module = NONE, .group = "loop-1"},
    /* a module that listens to nothing, as on a sink that left */
    {.index = 4, .source = NONE, .client = NONE, .module = 32},
    /* one that is not linked yet */
    {.index = 5, .source = NONE, .client = 6, .module = NONE, .group = "new"},
};

static struct census census(bool pipewire)
{
    return (struct census){
        .pipewire = pipewire,
        .sinks = sinks,
        .sink_count = sizeof sinks / sizeof sinks[0],
        .outputs = outputs,
        .output_count = sizeof outputs / sizeof outputs[0],
    };
}

static struct relay_input input(uint32_t client, uint32_t module,
                                const char *group)
{
    struct relay_input i = {.client = client, .module = module};
    strcpy(i.group, group);
    return i;
}

/* A bit for each sink that I passes on. */
static unsigned passes(const struct census *c, struct relay_input i)
{
    unsigned bits = 0;
    for (unsigned s = 0; s < c->sink_count; s++) {
        bits |= (unsigned)relay_passes_on(c, &i, &c->sinks[s]) << s;
    }
    assert_int_equal(relay_is(c, &i), bits != 0);
    return bits;
}

static void a_modules_streams(void **state)
{
    struct census c = census(false);
    (void)state;
    assert_int_equal(passes(&c, input(NONE, 20, "")), 1 << 2);
    assert_int_equal(passes(&c, input(NONE, 30, "")), 1 << 0);
    assert_int_equal(passes(&c, input(NONE, 31, "")), 0); /* plays itself */
    assert_int_equal(passes(&c, input(NONE, 32, "")), 0);
    assert_int_equal(passes(&c, input(NONE, 99, "")), 0);
    assert_int_equal(passes(&c, input(NONE, NONE, "")), 0);
}

/* All of them have the protocol's module, recorders of monitors too. */
static void a_clients_streams_are_its_own(void **state)
{
    struct census c = census(false);
    (void)state;
    assert_int_equal(passes(&c, input(7, 1, "")), 0);
    assert_int_equal(passes(&c, input(7, 20, "")), 0);
    assert_int_equal(passes(&c, input(NONE, 1, "")), 0);
}

static void groups_of_pipewire(void **state)
{
    struct census c = census(true), pulse = census(false);
    (void)state;
    assert_int_equal(passes(&c, input(6, NONE, "filter-1")), 1 << 3);
    assert_int_equal(passes(&c, input(NONE, NONE, "loop-1")), 1 << 1);
    assert_int_equal(passes(&c, input(NONE, NONE, "loop")), 0);
    assert_int_equal(passes(&c, input(NONE, NONE, "")), 0);
    /* on PulseAudio that is any client's word */
    assert_int_equal(passes(&pulse, input(6, NONE, "filter-1")), 0);
}

static void the_other_side_may_be_still_to_come(void **state)
{
    struct census c = census(true), pulse = census(false);
    struct relay_input i = input(NONE, NONE, "loop-2");
    (void)state;
    assert_true(relay_is_half(&c, &i));
    assert_false(relay_is_half(&pulse, &i));
    i = input(NONE, NONE, "new");
    assert_true(relay_is_half(&c, &i));
    i = input(NONE, NONE, "loop-1");
    assert_false(relay_is_half(&c, &i));
    i = input(NONE, NONE, "filter-1");
    assert_false(relay_is_half(&c, &i));
    i = input(NONE, 30, "");
    assert_false(relay_is_half(&c, &i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_modules_streams),
        cmocka_unit_test(a_clients_streams_are_its_own),
        cmocka_unit_test(groups_of_pipewire),
        cmocka_unit_test(the_other_side_may_be_still_to_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
