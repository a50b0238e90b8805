/* space: that the free space ends soon is told once, ten minutes before, and
 * again only when it had become enough. */
#include "session/space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fakes/failing_file.h"

enum { RATE = 1000, FRAME_BYTES = 2, SECOND = RATE * FRAME_BYTES };

struct scene {
    struct wake *wake;
    struct queue *queue;
    struct sink *sink;
    struct space space;
    uint64_t frames;
};

static int set_up(void **state)
{
    static struct scene scene;
    const struct sink_request request = {
        .path = "x",
        .type = SINK_RAW,
        .format = {.rate = RATE, .channels = 1},
        .sample = SAMPLE_S16,
    };
    struct fault f = {0};

    memset(&scene, 0, sizeof scene);
    failing_reset(NULL);
    scene.wake = wake_create(&f);
    scene.queue = queue_create(scene.wake);
    scene.sink = sink_open(&request, &f);
    space_init(&scene.space, scene.queue, RATE);
    *state = &scene;
    return scene.sink != NULL && scene.queue != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct scene *x = *state;

    sink_close(x->sink, NULL);
    queue_destroy(x->queue);
    wake_destroy(x->wake);
    failing_reset(NULL);
    return 0;
}

/* Record for so long where LEFT seconds are free at the end. Returns how many
 * warnings came; the last one is in TEXT. */
static unsigned go_on(struct scene *x, unsigned seconds, unsigned left,
                      char text[320])
{
    static const unsigned char second[SECOND];
    struct session_event event;
    unsigned count = 0;

    for (unsigned i = 0; i < seconds; i++) {
        failing.plan.room =
            failing.length + (int64_t)(left + seconds - i) * SECOND;
        assert_true(sink_write(x->sink, second, RATE, NULL));
        x->frames += RATE;
        space_look(&x->space, x->sink, x->frames);
    }
    while (queue_take(x->queue, &event)) {
        assert_int_equal(event.kind, EVENT_WARNING);
        strcpy(text, event.text);
        count++;
    }
    return count;
}

static void it_is_told_once(void **state)
{
    struct scene *x = *state;
    char text[320];

    assert_int_equal(go_on(x, 100, 620, text), 0);
    assert_int_equal(go_on(x, 40, 580, text), 1);
    assert_non_null(strstr(text, "9 minutes"));
    assert_int_equal(go_on(x, 400, 180, text), 0);
    /* more, but not much more */
    assert_int_equal(go_on(x, 20, 850, text), 0);
    assert_int_equal(go_on(x, 20, 500, text), 0);
    /* enough, and again too little */
    assert_int_equal(go_on(x, 20, 1000, text), 0);
    assert_int_equal(go_on(x, 20, 30, text), 1);
    assert_non_null(strstr(text, "less than 1 minute "));
}

/* What a second takes by now counts, and not what it took before. */
static void a_stream_that_grows_is_noticed(void **state)
{
    static const unsigned char frames[4 * SECOND];
    struct scene *x = *state;
    struct session_event event;
    char text[320];

    assert_int_equal(go_on(x, 100, 1500, text), 0);
    for (unsigned i = 0; i < 20; i++) { /* four times as much each second */
        failing.plan.room = failing.length + 1500 * SECOND;
        assert_true(sink_write(x->sink, frames, 4 * RATE, NULL));
        x->frames += RATE;
        space_look(&x->space, x->sink, x->frames);
    }
    assert_true(queue_take(x->queue, &event));
    assert_non_null(strstr(event.text, "6 minutes"));
    assert_false(queue_take(x->queue, &event));
}

/* A quiet while of a file that is compressed promises nothing. */
static void a_stream_that_shrinks_counts_as_on_average(void **state)
{
    struct scene *x = *state;
    struct session_event event;
    char text[320];

    assert_int_equal(go_on(x, 100, 620, text), 0);
    failing.plan.room = failing.length + 400 * SECOND;
    x->frames += 20 * RATE; /* of no bytes at all */
    space_look(&x->space, x->sink, x->frames);
    assert_true(queue_take(x->queue, &event));
    assert_non_null(strstr(event.text, "8 minutes"));
}

static void what_the_system_does_not_know_is_not_told(void **state)
{
    struct scene *x = *state;
    struct session_event event;

    for (unsigned i = 0; i < 100; i++)
        space_look(&x->space, x->sink, x->frames += RATE);
    assert_false(queue_take(x->queue, &event));
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_told_once),
        TEST(a_stream_that_grows_is_noticed),
        TEST(a_stream_that_shrinks_counts_as_on_average),
        TEST(what_the_system_does_not_know_is_not_told),
    };

    return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
