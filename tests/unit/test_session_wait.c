/* Sources that are not there when the recording is to begin, and what is waited
 * for. In virtual time, so exact to the frame: the pauses are 50 ms, 100, 200
 * and so on. The file lies in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakes/failing_file.h"
#include "recording.h"
#include "session/opening.h"

enum { RATE = 48000, CHANNELS = 2 };

/* A request for ONE, and TWO where it is not NULL, that waits for WAIT_NS. */
static struct session_request waiting(const char *one, const char *two,
                                      int64_t wait_ns, uint64_t frames)
{
    struct session_request r = request_for(one, frames);
    r.sources[1] = r.sources[0];
    r.sources[1].spec = two;
    r.source_count = two ? 2 : 1;
    r.wait = true;
    r.wait_ns = wait_ns;
    r.type = SINK_RAW;
    r.sample = SAMPLE_F32;
    r.path = "memory.raw";
    failing_reset(NULL);
    return r;
}

/* FROM to UNTIL of the file is TIMES times what the source "counter" holds
 * OFFSET frames later; see synth.c. */
static void assert_sum(uint64_t from, uint64_t until, unsigned times,
                       uint64_t offset)
{
    assert_true((int64_t)(until * CHANNELS * sizeof(float)) <= failing.length);
    for (uint64_t i = from * CHANNELS; i < until * CHANNELS; i++) {
        float sample;
        memcpy(&sample, failing.data + i * sizeof sample, sizeof sample);
        int16_t count = (int16_t)((i + offset * CHANNELS) & 0xffff);
        assert_true(sample == (float)count / 32768.0f * (float)times);
    }
}

static const struct session_event *find(const struct outcome *o,
                                        enum session_event_kind kind)
{
    for (unsigned i = 0; i < o->event_count; i++) {
        if (o->events[i].kind == kind) {
            return &o->events[i];
        }
    }
    return NULL;
}

static void test_the_recording_begins_when_it_is_there(void **state)
{
    (void)state;
    struct session_request r =
        waiting("counter,fast,fail-open=3", NULL, 0, RATE);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.end, SESSION_COMPLETE);
    assert_int_equal(o.report.account.frames[CLASS_CAPTURED], RATE);
    assert_sum(0, RATE, 1, RATE * 350 / 1000);
    assert_int_equal(count_events(&o, EVENT_WAITING), 1);
    assert_string_equal(find(&o, EVENT_WAITING)->reason, "no-device");
    assert_int_equal(o.report.absent.err, ERR_OK);
}

static void test_a_late_one_joins(void **state)
{
    (void)state;
    /* the same whether it comes before or after the file is begun */
    for (int i = 0; i < 20; i++) {
        struct session_request r =
            waiting("counter,fast,period=10ms",
                    "counter,fast,period=10ms,fail-open=4", 0, 3 * RATE);
        struct outcome o;
        record(&r, 0, &o);
        assert_int_equal(o.report.account.frames[CLASS_CAPTURED], 3 * RATE);
        assert_sum(0, RATE * 3 / 4, 1, 0);
        assert_sum(RATE * 3 / 4, 3 * RATE, 2, 0);
        assert_int_equal(count_events(&o, EVENT_WAITING), 1);
        assert_int_equal(count_events(&o, EVENT_WARNING), 0);
    }
}

static void test_a_late_one_of_another_format_is_fitted_in(void **state)
{
    (void)state;
    struct session_request r =
        waiting("tone,fast,amp=-20",
                "tone,fast,amp=-20,rate=44100,fail-open=5,"
                "channels=1",
                0, 5 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.frames, 5 * RATE);
    assert_int_equal(o.report.account.frames[CLASS_CAPTURED], 5 * RATE);
    assert_true(o.report.peak_dbfs > -14.1 && o.report.peak_dbfs < -13.9);
}

static void test_who_was_never_there_is_idle_and_not_gone(void **state)
{
    (void)state;
    struct session_request r =
        waiting("counter,fast,stall=1s+1s", "counter,fast,fail-open=1000000", 0,
                3 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.account.frames[CLASS_CAPTURED], 2 * RATE);
    assert_int_equal(o.report.account.frames[CLASS_IDLE], RATE);
    assert_int_equal(o.report.absent.err, ERR_OK); /* it may still come */
}

static void test_one_that_never_comes(void **state)
{
    (void)state;
    struct session_request r =
        waiting("counter,fast", "counter,fast,fail-open=1000000",
                INT64_C(2000000000), 5 * RATE);
    struct outcome o;
    record(&r, 0, &o);
    assert_int_equal(o.report.end, SESSION_COMPLETE);
    assert_int_equal(o.report.fault.err, ERR_OK);
    assert_int_equal(o.report.absent.err, ERR_NO_DEVICE);
    assert_int_equal(o.report.account.frames[CLASS_CAPTURED], 5 * RATE);
    assert_sum(0, 5 * RATE, 1, 0);
    assert_int_equal(count_events(&o, EVENT_WARNING), 1);

    /* what was there has ended, and nothing else comes */
    r = waiting("counter,fast,end-at=1s", "counter,fast,fail-open=1000000",
                INT64_C(3000000000), 0);
    record(&r, 0, &o);
    assert_int_equal(o.report.end, SESSION_SOURCE_ENDED);
    assert_in_range(o.report.frames, RATE, 3 * RATE);
    assert_int_equal(o.report.account.frames[CLASS_CAPTURED], RATE);
}

static void test_nothing_ever_comes(void **state)
{
    (void)state;
    struct session_request r =
        waiting("counter,fast,fail-open=1000000",
                "counter,fast,fail-open=1000000", INT64_C(2000000000), RATE);
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    struct session *s = session_create(&r, wake, &f);
    assert_false(session_start(s, &f));
    assert_int_equal(f.err, ERR_NO_DEVICE);
    assert_int_equal(failing.calls, 0); /* and no file is made for it */
    session_destroy(s);
    wake_destroy(wake);
}

struct looker {
    struct session *session;
    struct wake *wake;
    unsigned waits;
};

/* As a user who loses patience: stops at the first news that it waits. */
static void stop_it(void *context, int64_t timeout_ns)
{
    struct looker *l = context;
    struct session_event event;
    wake_wait(l->wake, timeout_ns);
    while (session_next_event(l->session, &event)) {
        if (event.kind == EVENT_WAITING) {
            l->waits++;
            session_stop(l->session, clock_now_ns());
        }
    }
}

static void test_a_stop_ends_the_waiting(void **state)
{
    (void)state;
    struct session_request r = waiting("counter,fail-open=1000000", NULL, 0, 0);
    struct looker l = {0};
    struct fault f = {0};
    r.attend = stop_it;
    r.attend_context = &l;
    l.wake = wake_create(&f);
    l.session = session_create(&r, l.wake, &f);
    int64_t start_ns = clock_now_ns();
    assert_false(session_start(l.session, &f));
    assert_int_equal(f.err, ERR_OK);
    assert_int_equal(l.waits, 1);
    session_destroy(l.session);
    assert_true(clock_now_ns() - start_ns < INT64_C(5000000000));
    wake_destroy(l.wake);
}

static void test_a_stop_waits_for_nobody_who_is_not_there(void **state)
{
    (void)state;
    struct session_request r =
        waiting("counter", "counter,fail-open=1000000", 0, 0);
    struct outcome o;
    record(&r, INT64_C(800000000), &o);
    assert_int_equal(o.report.end, SESSION_STOPPED);
    assert_in_range(o.report.frames, RATE * 8 / 10, RATE * 9 / 10);
    assert_int_equal(o.report.absent.err, ERR_OK);
}

/* --- what is waited for --- */

struct refusing {
    struct source base;
    enum error err;
    unsigned opens;
};

static bool refusing_open(struct source *s, struct source_info *info,
                          struct fault *f)
{
    struct refusing *r = (struct refusing *)s;
    (void)info;
    r->opens++;
    return fault_set(f, r->err, "open", "no", NULL);
}

static const struct source_ops refusing_ops = {.name = "refusing",
                                               .open = refusing_open};

/* A source that has kept what was played since SINCE_NS. */
struct keeping {
    struct source base;
    int64_t since_ns;
};

static bool keeping_open(struct source *s, struct source_info *info,
                         struct fault *f)
{
    (void)f;
    info->since_ns = ((struct keeping *)s)->since_ns;
    return true;
}

static const struct source_ops keeping_ops = {.name = "keeping",
                                              .open = keeping_open};

static int64_t kept_since(int64_t since_ns)
{
    struct keeping source = {.base = {&keeping_ops}, .since_ns = since_ns};
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    struct track t = {.source = &source.base, .main_wake = wake, .go = wake};
    assert_int_equal(opening_first(&t), OPENED);
    wake_destroy(wake);
    return t.info.since_ns;
}

static void test_what_was_played_before_the_call_is_not_recorded(void **state)
{
    (void)state;
    int64_t now_ns = clock_now_ns();
    int64_t later_ns = now_ns + INT64_C(3600000000000);
    assert_int_equal(kept_since(0), 0);
    int64_t before_ns = kept_since(now_ns - 5000000);
    assert_in_range(before_ns, now_ns, clock_now_ns());
    assert_int_equal(kept_since(later_ns), later_ns);
}

static void test_what_is_waited_for(void **state)
{
    (void)state;
    static const struct {
        enum error err;
        const char *app;
        bool waits;
    } cases[] = {
        {ERR_NO_DEVICE, NULL, true},     {ERR_NO_SERVER, NULL, true},
        {ERR_NO_APP, "firefox", true},   {ERR_NO_APP, "4711.exe", true},
        {ERR_NO_APP, "4711", false},     {ERR_NO_APP, NULL, false},
        {ERR_APP_AMBIGUOUS, "x", false}, {ERR_NO_APP_CAPTURE, "x", false},
        {ERR_DEVICE_BUSY, NULL, false},  {ERR_SOURCE_FAILED, NULL, false},
    };
    struct fault f = {0};
    struct wake *wake = wake_create(&f);
    struct queue *queue = queue_create(wake);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct refusing source = {.base = {&refusing_ops}, .err = cases[i].err};
        struct track t = {
            .source = &source.base,
            .queue = queue,
            .main_wake = wake,
            .go = wake,
            .wait = true,
            .wait_ns = 1,
            .request = {.apps = &cases[i].app,
                        .app_count = cases[i].app != NULL},
        };
        assert_int_equal(opening_first(&t), REFUSED);
        assert_int_equal(t.fault.err, cases[i].err);
        struct session_event event;
        assert_int_equal(queue_take(queue, &event), cases[i].waits);
        assert_int_equal(source.opens > 1, cases[i].waits);
        if (cases[i].waits) {
            assert_int_equal(event.kind, EVENT_WAITING);
            assert_string_equal(event.text,
                                cases[i].app ? cases[i].app : "an output");
        }
    }
    queue_destroy(queue);
    wake_destroy(wake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_recording_begins_when_it_is_there),
        cmocka_unit_test(test_a_late_one_joins),
        cmocka_unit_test(test_a_late_one_of_another_format_is_fitted_in),
        cmocka_unit_test(test_who_was_never_there_is_idle_and_not_gone),
        cmocka_unit_test(test_one_that_never_comes),
        cmocka_unit_test(test_nothing_ever_comes),
        cmocka_unit_test(test_a_stop_ends_the_waiting),
        cmocka_unit_test(test_a_stop_waits_for_nobody_who_is_not_there),
        cmocka_unit_test(test_what_was_played_before_the_call_is_not_recorded),
        cmocka_unit_test(test_what_is_waited_for),
    };
    return cmocka_run_group_tests_name("session_wait", tests, NULL, NULL);
}
