/* test_pulse_outbox: news from one thread to another, all of them, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "source/pulse/outbox.h"
#include "sys/thread.h"

enum { MANY = 50000 };

static struct roster_news numbered(unsigned n)
{
    struct roster_news news = {.word = ROSTER_CHANGE, .stream = {.input = n}};
    memset(news.stream.name, 'a' + (int)(n % 26), sizeof news.stream.name - 1);
    return news;
}

static bool is_numbered(const struct roster_news *news, unsigned n)
{
    struct roster_news right = numbered(n);
    return news->word == right.word && news->stream.input == n &&
           strcmp(news->stream.name, right.stream.name) == 0;
}

static void nothing_is_lost_where_it_is_full(void **state)
{
    static struct outbox o;
    struct roster_news news;
    unsigned next = 0;
    (void)state;
    outbox_init(&o);
    /* as if it had run for long: the counts come round */
    atomic_store(&o.put, UINT32_MAX - 70);
    atomic_store(&o.taken, UINT32_MAX - 70);
    assert_false(outbox_take(&o, &news));
    for (unsigned n = 0; n < OUTBOX_ROOM; n++) {
        news = numbered(n);
        assert_true(outbox_put(&o, &news));
    }
    news = numbered(OUTBOX_ROOM);
    assert_false(outbox_put(&o, &news));
    assert_true(outbox_take(&o, &news));
    assert_true(is_numbered(&news, next++));
    news = numbered(OUTBOX_ROOM);
    assert_true(outbox_put(&o, &news));
    while (outbox_take(&o, &news)) {
        assert_true(is_numbered(&news, next++));
    }
    assert_int_equal(next, OUTBOX_ROOM + 1);
}

static void put_many(void *argument)
{
    struct outbox *o = argument;
    for (unsigned n = 0; n < MANY;) {
        struct roster_news news = numbered(n);
        n += outbox_put(o, &news);
    }
}

static void two_threads(void **state)
{
    static struct outbox o;
    struct roster_news news;
    unsigned wrong = 0;
    (void)state;
    outbox_init(&o);
    struct thread *t = thread_start("puts", put_many, &o, NULL);
    assert_non_null(t);
    for (unsigned n = 0; n < MANY;) {
        if (outbox_take(&o, &news)) {
            wrong += !is_numbered(&news, n++);
        }
    }
    thread_join(t);
    assert_int_equal(wrong, 0);
    assert_false(outbox_take(&o, &news));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_where_it_is_full),
        cmocka_unit_test(two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
