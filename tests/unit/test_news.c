/* news: what a source tells reaches the main thread's queue and the report. */
#include "session/news.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "session/internal.h"

struct parts {
    struct wake *wake;
    struct queue *queue;
    struct news news;
};

static int set_up(void **state)
{
    static struct parts p;
    struct fault f;
    p.wake = wake_create(&f);
    p.queue = queue_create(p.wake);
    news_init(&p.news, p.queue);
    *state = &p;
    return p.wake && p.queue ? 0 : -1;
}

static int tear_down(void **state)
{
    struct parts *p = *state;
    queue_destroy(p->queue);
    wake_destroy(p->wake);
    return 0;
}

static void test_a_warning_is_an_event(void **state)
{
    struct parts *p = *state;
    const struct source_listener *l = &p->news.listener;
    struct session_event event;

    l->warn(l->context, "it is muted");
    assert_true(wake_wait(p->wake, 0));
    assert_true(queue_take(p->queue, &event));
    assert_int_equal(event.kind, EVENT_WARNING);
    assert_string_equal(event.text, "it is muted");
    assert_false(news_broken(&p->news));
    assert_false(queue_take(p->queue, &event));
}

static void test_broken_is_told_and_kept(void **state)
{
    struct parts *p = *state;
    const struct source_listener *l = &p->news.listener;
    struct session_event event;

    l->broken(l->context, "nothing arrives");
    assert_true(queue_take(p->queue, &event));
    assert_int_equal(event.kind, EVENT_WARNING);
    assert_string_equal(event.text, "nothing arrives");
    assert_true(news_broken(&p->news));
}

static void test_the_last_drift_counts(void **state)
{
    struct parts *p = *state;
    const struct source_listener *l = &p->news.listener;
    double ppm = 7.0;

    assert_false(news_drift(&p->news, &ppm));
    assert_true(ppm == 7.0);
    l->drift(l->context, 12.5);
    l->drift(l->context, -80.25);
    assert_true(news_drift(&p->news, &ppm));
    assert_true(ppm == -80.25);
    /* no measurement: not a number, or no clock that could be */
    double zero = 0.0;
    l->drift(l->context, zero / zero);
    l->drift(l->context, 1e9);
    assert_true(news_drift(&p->news, &ppm));
    assert_true(ppm == -80.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_warning_is_an_event, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_broken_is_told_and_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_last_drift_counts, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("news", tests, NULL, NULL);
}
