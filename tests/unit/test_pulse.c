/* test_pulse: what of the pulse source needs no sound server: stamps, formats,
 * and the ways an opening fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/pulse/devices.h"
#include "source/pulse/pulse.h"
#include "source/pulse/survey.h"
#include "source/pulse/timing.h"
#include "sys/clock.h"
#include "sys/thread.h"

#define MS INT64_C(1000000)

/* --- timing --- */

static void timing_takes_the_least(void **state)
{
    (void)state;
    struct timing t;
    timing_init(&t, 48000);
    assert_false(timing_known(&t));
    timing_answer(&t, 1000 * MS, 0);
    assert_true(timing_known(&t));
    assert_int_equal(timing_of(&t, 480), 1010 * MS);
    timing_answer(&t, 2003 * MS, 1000 * MS); /* 3 ms late */
    assert_int_equal(timing_of(&t, 0), 1000 * MS);
    timing_answer(&t, 2999 * MS, 2000 * MS);
    assert_int_equal(timing_of(&t, 0), 999 * MS);
}

static void timing_follows_a_slow_device(void **state)
{
    (void)state;
    struct timing t;
    timing_init(&t, 48000);
    for (int64_t i = 0; i < 20; i++) { /* 1 ms late each second */
        timing_answer(&t, (1000 + 1001 * i) * MS, 1000 * i * MS);
    }
    /* the last four answers: origins 1016 to 1019 */
    assert_int_equal(timing_of(&t, 0), 1016 * MS);
    timing_reset(&t);
    assert_false(timing_known(&t));
    timing_answer(&t, 5000 * MS, 0);
    assert_int_equal(timing_of(&t, 0), 5000 * MS);
}

static void timing_asks_again_of_a_jump(void **state)
{
    (void)state;
    struct timing t;
    timing_init(&t, 48000);
    timing_answer(&t, 1000 * MS, 0);
    assert_false(timing_believe(&t));

    /* one late answer, and again after a good one */
    for (int64_t i = 1; i < 5; i++) {
        assert_false(timing_doubt(&t, (1065 + 1000 * i) * MS, 1000 * i * MS));
        assert_false(timing_doubt(&t, (1070 + 1000 * i) * MS, 1000 * i * MS));
        assert_int_equal(timing_of(&t, 0), 1000 * MS);
        timing_answer(&t, (1000 + 1000 * i) * MS, 1000 * i * MS);
        assert_false(timing_believe(&t));
    }

    /* time has jumped by 300 ms: the least late of three tells */
    assert_false(timing_doubt(&t, 9320 * MS, 8000 * MS));
    assert_false(timing_doubt(&t, 9300 * MS, 8000 * MS));
    assert_true(timing_doubt(&t, 9365 * MS, 8000 * MS));
    assert_int_equal(timing_of(&t, 0), 1300 * MS);

    /* no more answers came */
    assert_false(timing_doubt(&t, 9500 * MS, 8000 * MS));
    assert_true(timing_believe(&t));
    assert_int_equal(timing_of(&t, 0), 1500 * MS);
    assert_false(timing_believe(&t));
}

/* --- formats --- */

static struct output shape(pa_sample_format_t format, uint8_t channels,
                           const char *map_text)
{
    pa_sample_spec spec = {.format = format, .rate = 48000};
    spec.channels = channels;
    pa_channel_map map;
    assert_non_null(pa_channel_map_parse(&map, map_text));
    struct output o;
    memset(&o, 0, sizeof o);
    assert_true(devices_format(&spec, &map, &o));
    assert_int_equal(o.format.channels, channels);
    assert_int_equal(o.format.rate, 48000);
    assert_int_equal(o.format.native, o.type);
    return o;
}

static void types_keep_their_bits(void **state)
{
    (void)state;
    static const struct {
        pa_sample_format_t theirs, asked;
        enum sample_type ours;
    } rows[] = {
        {PA_SAMPLE_S16LE, PA_SAMPLE_S16NE, SAMPLE_S16},
        {PA_SAMPLE_S16BE, PA_SAMPLE_S16NE, SAMPLE_S16},
        {PA_SAMPLE_U8, PA_SAMPLE_S16NE, SAMPLE_S16},
        {PA_SAMPLE_ULAW, PA_SAMPLE_S16NE, SAMPLE_S16},
        {PA_SAMPLE_S24LE, PA_SAMPLE_S24NE, SAMPLE_S24},
        {PA_SAMPLE_S24_32BE, PA_SAMPLE_S24_32NE, SAMPLE_S24LOW32},
        {PA_SAMPLE_S32LE, PA_SAMPLE_S32NE, SAMPLE_S32},
        {PA_SAMPLE_FLOAT32LE, PA_SAMPLE_FLOAT32NE, SAMPLE_F32},
        {PA_SAMPLE_FLOAT32BE, PA_SAMPLE_FLOAT32NE, SAMPLE_F32},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct output o = shape(rows[i].theirs, 2, "front-left,front-right");
        assert_int_equal(o.spec.format, rows[i].asked);
        assert_int_equal(o.type, rows[i].ours);
        assert_int_equal(sample_bytes(o.type) * 2, pa_frame_size(&o.spec));
    }
}

static void channels_come_in_wave_order(void **state)
{
    (void)state;
    struct output o = shape(PA_SAMPLE_S16LE, 8,
                            "front-left,front-right,rear-left,rear-right,"
                            "front-center,lfe,side-left,side-right");
    assert_int_equal(o.format.channel_mask, 0x63f);
    assert_int_equal(o.map.map[2], PA_CHANNEL_POSITION_FRONT_CENTER);
    assert_int_equal(o.map.map[3], PA_CHANNEL_POSITION_LFE);
    assert_int_equal(o.map.map[4], PA_CHANNEL_POSITION_REAR_LEFT);
    assert_int_equal(o.map.map[7], PA_CHANNEL_POSITION_SIDE_RIGHT);
    assert_int_equal(shape(PA_SAMPLE_S16LE, 1, "mono").format.channel_mask,
                     0x4);
    assert_int_equal(
        shape(PA_SAMPLE_S16LE, 2, "front-right,front-left").map.map[0],
        PA_CHANNEL_POSITION_FRONT_LEFT);
}

static void unknown_places_keep_their_order(void **state)
{
    (void)state;
    struct output o = shape(PA_SAMPLE_S16LE, 3, "aux1,front-left,aux0");
    assert_int_equal(o.format.channel_mask, 0);
    assert_int_equal(o.map.map[0], PA_CHANNEL_POSITION_AUX1);
    assert_int_equal(o.map.map[1], PA_CHANNEL_POSITION_FRONT_LEFT);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    pa_channel_map map;
    pa_channel_map_init_stereo(&map);
    pa_sample_spec spec = {.format = PA_SAMPLE_S16LE, .rate = 48000};
    struct output o;
    spec.channels = 3; /* not the map's count */
    assert_false(devices_format(&spec, &map, &o));
    spec.channels = 2;
    spec.rate = 0;
    assert_false(devices_format(&spec, &map, &o));
}

static void names_are_cut(void **state)
{
    (void)state;
    char name[4];
    devices_copy(name, sizeof name, "abcdef");
    assert_string_equal(name, "abc");
    devices_copy(name, sizeof name, NULL);
    assert_string_equal(name, "");
}

/* --- opening without a server --- */

static const struct source_request request = {
    .follow = true, .latency_ns = 20 * MS, .client_name = "test_pulse"};

static void no_server_is_told(void **state)
{
    (void)state;
    setenv("PULSE_SERVER", "unix:/nonexistent/socket", 1);
    struct fault f = {.err = ERR_OK};
    struct source_info info;
    struct source *s = pulse_system.ops->create(&request, &f);
    assert_non_null(s);
    assert_false(s->ops->open(s, &info, &f));
    assert_int_equal(f.err, ERR_NO_SERVER);
    assert_true(f.hint[0] != '\0');

    int64_t before = clock_now_ns();
    s->ops->wait(s, 300 * MS);
    int64_t took = clock_now_ns() - before;
    assert_true(took >= 290 * MS && took < 2000 * MS);
    s->ops->interrupt(s, SOURCE_STOP_NOW);
    before = clock_now_ns();
    s->ops->wait(s, 5000 * MS);
    assert_true(clock_now_ns() - before < 1000 * MS);
    s->ops->destroy(s);

    struct device_list list = {.items = NULL};
    assert_false(pulse_system.list("test_pulse", &list, &f));
    assert_int_equal(f.err, ERR_NO_SERVER);
    pulse_system.ops->destroy(NULL);
}

static void an_empty_name_is_refused(void **state)
{
    (void)state;
    struct source_request r = request;
    struct fault f = {.err = ERR_OK};
    r.device = "";
    assert_null(pulse_system.ops->create(&r, &f));
    assert_int_equal(f.err, ERR_USAGE);
}

static void interrupt_later(void *argument)
{
    struct source *s = argument;
    clock_sleep_ns(200 * MS);
    s->ops->interrupt(s, clock_now_ns());
}

/* A server that takes the connection and says nothing. */
static void opening_ends_when_interrupted(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_pulse.XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    char server[160];
    (void)snprintf(server, sizeof server, "unix:%s", address.sun_path);
    setenv("PULSE_SERVER", server, 1);

    struct fault f = {.err = ERR_OK};
    struct source_info info;
    struct source *s = pulse_system.ops->create(&request, &f);
    assert_non_null(s);
    struct thread *thread = thread_start("interrupt", interrupt_later, s, &f);
    assert_non_null(thread);
    int64_t before = clock_now_ns();
    bool ok = s->ops->open(s, &info, &f);
    int64_t took = clock_now_ns() - before;
    thread_join(thread);
    assert_false(ok);
    assert_int_equal(f.err, ERR_SOURCE_FAILED);
    assert_true(took >= 150 * MS && took < 1500 * MS);
    /* once interrupted, always */
    before = clock_now_ns();
    assert_false(s->ops->open(s, &info, &f));
    assert_true(clock_now_ns() - before < 500 * MS);
    s->ops->destroy(s);
    close(fd);
    unlink(address.sun_path);
    rmdir(folder);
}

/* --- what a sink of our own would do to a server --- */

static void argument_is(const char *argument, const char *key,
                        const char *expected)
{
    char value[8];
    survey_argument(value, sizeof value, argument, key);
    assert_string_equal(value, expected);
}

static void arguments_of_modules_are_read(void **state)
{
    (void)state;
    argument_is(NULL, "a=", "");
    argument_is("", "a=", "");
    argument_is("b=1 a=no", "a=", "no");
    argument_is("a=\"x y\" b=1", "a=", "x");
    argument_is("a='x' b", "a=", "x");
    argument_is("a=", "a=", "");
    argument_is("a=12345678", "a=", ""); /* too long is none */
}

/* One with the sinks that stand in NAMES; "*" before one: a run's of ours. */
static bool bears(const char *const *names, const char *now, bool grabs)
{
    struct survey_sink sinks[4] = {{.index = 0}};
    struct survey s = {.sinks = sinks, .stand_in = "auto_null", .grabs = grabs};
    for (; *names != NULL; names++) {
        struct survey_sink *sink = &sinks[s.count++];
        bool ours = **names == '*';
        devices_copy(sink->name, sizeof sink->name, *names + ours);
        devices_copy(sink->owner, sizeof sink->owner, ours ? "1.2.3.4" : "");
    }
    devices_copy(s.default_sink, sizeof s.default_sink, now);
    return survey_bears_one_more(&s);
}

#define SINKS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void a_sink_of_ours_must_not_become_the_default(void **state)
{
    (void)state;
    assert_true(bears(SINKS("speaker"), "speaker", false));
    assert_true(bears(SINKS("speaker", "*looprec_null_1"), "speaker", false));
    assert_false(bears(SINKS("speaker"), "speaker", true));
    assert_false(bears(SINKS("auto_null"), "auto_null", false));
    assert_false(bears(SINKS("auto_null", "speaker"), "speaker", false));
    assert_false(bears(SINKS(NULL), "", false));
    /* pipewire-pulse's word for none */
    assert_false(bears(SINKS(NULL), "@DEFAULT_SINK@", false));
    assert_false(bears(SINKS("*looprec_null_1"), "looprec_null_1", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timing_takes_the_least),
        cmocka_unit_test(timing_follows_a_slow_device),
        cmocka_unit_test(timing_asks_again_of_a_jump),
        cmocka_unit_test(types_keep_their_bits),
        cmocka_unit_test(channels_come_in_wave_order),
        cmocka_unit_test(unknown_places_keep_their_order),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(names_are_cut),
        cmocka_unit_test(arguments_of_modules_are_read),
        cmocka_unit_test(a_sink_of_ours_must_not_become_the_default),
        cmocka_unit_test(no_server_is_told),
        cmocka_unit_test(an_empty_name_is_refused),
        cmocka_unit_test(opening_ends_when_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
