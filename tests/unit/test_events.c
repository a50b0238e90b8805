/* Tests of cli/events: the members of each event, and what becomes of them
 * when nobody reads. That the lines are JSON is checked by tests/e2e with jq.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/events.h"
#include "sys/process.h"

enum { MS = 1000000 };

struct fixture {
    struct events events;
    FILE *out;
    char path[64];
    char text[65536];
};

static int set_up(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);
    if (x == NULL) {
        return -1;
    }
    /* not tmpfile: Windows' makes its file in the root folder */
    snprintf(x->path, sizeof x->path, "test_events.%lld.tmp",
             (long long)process_id());
    x->out = fopen(x->path, "w+b");
    if (x->out == NULL) {
        free(x);
        return -1;
    }
    events_init(&x->events, x->out);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;
    fclose(x->out);
    remove(x->path);
    free(x);
    return 0;
}

/* All that was written so far. */
static const char *written(struct fixture *x)
{
    rewind(x->out);
    size_t n = fread(x->text, 1, sizeof x->text - 1, x->out);
    x->text[n] = '\0';
    fseek(x->out, 0, SEEK_END);
    return x->text;
}

static const struct events_command no_command;

static unsigned lines(const char *text)
{
    unsigned n = 0;
    for (; *text != '\0'; text++) {
        n += *text == '\n';
    }
    return n;
}

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("%s lacks %s", text, part);
    }
}

static struct session_facts facts_of(const char *path)
{
    struct session_facts facts = {
        .source = "synth",
        .format = {.rate = 48000, .channels = 2},
        .sample = SAMPLE_S24,
        .path = path,
        .type = SINK_FLAC,
    };
    strcpy(facts.info.device_name, "a \"tone\"\n");
    strcpy(facts.info.device_id, "synth:tone");
    return facts;
}

static void test_started(void **state)
{
    struct fixture *x = *state;
    struct session_facts facts = facts_of("x\\y.flac");
    events_started(&x->events, &facts, &no_command);
    const char *text = written(x);
    assert_int_equal(lines(text), 1);
    has(text, "{\"event\":\"started\",\"time\":\"");
    has(text, "\"source\":\"synth\",\"device\":\"a \\\"tone\\\"\\");
    has(text, "\"device_id\":\"synth:tone\",\"rate\":48000,\"channels\":2,"
              "\"file\":\"x\\\\y.flac\",\"type\":\"flac\",\"format\":\"s24\","
              "\"command\":null,\"pid\":null,\"environment\":null}\n");
}

static void test_started_with_a_command(void **state)
{
    struct fixture *x = *state;
    struct session_facts facts = facts_of("x.flac");
    char *argv[] = {(char[]){"./game"}, (char[]){""}, (char[]){"a \"b\""},
                    NULL};
    static const char *const environment[] = {"A=b=c", "QUOTED=\"", "E=", NULL};
    const struct events_command command = {
        .argv = argv, .process_id = 4711, .environment = environment};
    events_started(&x->events, &facts, &command);
    has(written(x), "\"command\":[\"./game\",\"\",\"a \\\"b\\\"\"],"
                    "\"pid\":4711,\"environment\":{\"A\":\"b=c\","
                    "\"QUOTED\":\"\\\"\",\"E\":\"\"}}\n");
}

/* However long and hostile: the event comes. */
static void test_long_hostile_command(void **state)
{
    struct fixture *x = *state;
    static char path[4096], word[4096];
    memset(path, '\x01', sizeof path - 1);
    memset(word, '\x01', sizeof word - 1);
    struct session_facts facts = facts_of(path);
    char *argv[] = {word, word, word, NULL};
    const struct events_command command = {.argv = argv, .process_id = 1};
    events_started(&x->events, &facts, &command);
    const char *text = written(x);
    assert_int_equal(lines(text), 1);
    has(text, "],\"pid\":1,\"environment\":null}\n");
}

static void test_progress(void **state)
{
    struct fixture *x = *state;
    struct session_facts facts = facts_of("x.flac");
    struct session_status look = {.channels = 2, .frames = 24000, .bytes = 7};
    look.peak[0] = 0.5F;
    events_started(&x->events, &facts, &no_command);
    events_progress(&x->events, &look, 0, 0);
    look.peak[0] = 0.25F; /* the louder look of two is told */
    events_progress(&x->events, &look, 100 * MS, 0);
    look.peak[0] = 0.125F;
    events_progress(&x->events, &look, 249 * MS, 0);
    assert_int_equal(lines(written(x)), 2);
    events_progress(&x->events, &look, 250 * MS, 0);
    const char *text = written(x);
    assert_int_equal(lines(text), 3);
    has(text, "\"frames\":24000,\"seconds\":0.500,\"bytes\":7,"
              "\"peak_dbfs\":[-6.02,null],\"gone\":false,\"paused\":false}");
    has(text, "\"peak_dbfs\":[-12.04,null]");
}

static void test_session_events(void **state)
{
    struct fixture *x = *state;
    struct session_event gap = {.kind = EVENT_GAP,
                                .class = CLASS_LOST,
                                .at_frame = 480,
                                .frames = 96,
                                .reason = "overrun"};
    struct session_event anew = {.kind = EVENT_RECLASSIFIED,
                                 .was = CLASS_IDLE,
                                 .class = CLASS_LOST,
                                 .at_frame = 480,
                                 .frames = 96,
                                 .reason = "late"};
    struct session_event lost = {.kind = EVENT_DEVICE_LOST, .text = "why"};
    struct session_event back = {.kind = EVENT_DEVICE_BACK, .text = "one"};
    struct session_event moved = {.kind = EVENT_DEVICE_REROUTED, .text = "two"};
    struct session_event warning = {.kind = EVENT_WARNING, .text = "three"};
    struct session_event slept = {.kind = EVENT_SUSPEND,
                                  .at_frame = 96000,
                                  .length_ns = INT64_C(3600500000000),
                                  .policy = SUSPEND_SPLIT};
    struct session_event paused = {.kind = EVENT_PAUSED, .at_frame = 77};
    struct session_event resumed = {
        .kind = EVENT_RESUMED, .at_frame = 77, .frames = 4800};
    struct session_event ended = {.kind = EVENT_SEGMENT};
    struct session_file file = {.path = "x-2.flac",
                                .number = 2,
                                .at_frame = 96000,
                                .frames = 480,
                                .bytes = 1964};
    struct session_event marker = {
        .kind = EVENT_MARKER, .at_frame = 78, .number = 3};
    struct session_event waits = {
        .kind = EVENT_WAITING, .text = "four", .reason = "no-app"};
    struct session_event came = {.kind = EVENT_DEVICE_CAME, .text = "five"};
    events_session(&x->events, &waits);
    events_session(&x->events, &came);
    events_session(&x->events, &gap);
    events_session(&x->events, &anew);
    events_session(&x->events, &lost);
    events_session(&x->events, &back);
    events_session(&x->events, &moved);
    events_session(&x->events, &warning);
    events_session(&x->events, &slept);
    events_session(&x->events, &ended); /* told with its file only */
    events_segment(&x->events, &file, 0);
    events_session(&x->events, &paused);
    events_session(&x->events, &resumed);
    events_session(&x->events, &marker);
    const char *text = written(x);
    assert_int_equal(lines(text), 13);
    has(text, "{\"event\":\"marker\",");
    has(text, "\"at_frame\":78,\"n\":3}");
    has(text, "{\"event\":\"pause\",");
    has(text, "\"state\":\"paused\",\"at_frame\":77,\"frames\":0}");
    has(text, "\"state\":\"resumed\",\"at_frame\":77,\"frames\":4800}");
    has(text, "{\"event\":\"suspend\",");
    has(text, "\"at_frame\":96000,\"seconds\":3600.500,"
              "\"policy\":\"split\"}");
    has(text, "{\"event\":\"segment\",");
    has(text, "\"file\":\"x-2.flac\",\"number\":2,\"at_frame\":96000,"
              "\"frames\":480,\"bytes\":1964}");
    has(text, "{\"event\":\"waiting\",");
    has(text, "\"for\":\"four\",\"reason\":\"no-app\"}");
    has(text, "\"state\":\"back\",\"device\":\"five\"}");
    has(text, "\"class\":\"lost\",\"at_frame\":480,\"frames\":96,"
              "\"reason\":\"overrun\"}");
    has(text, "{\"event\":\"reclassified\",");
    has(text, "\"was\":\"idle\",\"class\":\"lost\",\"at_frame\":480,"
              "\"frames\":96,\"reason\":\"late\"}");
    has(text, "\"state\":\"lost\",\"reason\":\"why\"}");
    has(text, "\"state\":\"back\",\"device\":\"one\"}");
    has(text, "\"state\":\"rerouted\",\"device\":\"two\"}");
    has(text, "{\"event\":\"warning\",");
    has(text, "\"message\":\"three\"}");
}

static void test_finished(void **state)
{
    struct fixture *x = *state;
    struct session_facts facts = facts_of("x.flac");
    struct session_report report = {
        .format = facts.format,
        .frames = 10,
        .bytes = 99,
        .account = {{4, 3, 2, 1}},
        .peak_dbfs = -1.234,
        .rms_dbfs = -INFINITY,
        .clipped_samples = 5,
        .ring_high_water = 0.25,
        .drift_known = true,
        .drift_ppm = 12.5,
        .wall_ns = INT64_C(1500000000),
        .asleep_ns = INT64_C(250000000),
        .paused_frames = 77,
        .markers = 2,
    };
    const struct events_end end = {.path = facts.path,
                                   .facts = &facts,
                                   .report = &report,
                                   .stop = "key",
                                   .exit = 4};
    events_finished(&x->events, &end);
    const char *text = written(x);
    assert_int_equal(lines(text), 1);
    has(text, "\"file\":\"x.flac\",\"files\":[\"x.flac\"]");
    has(text, "\"rate\":48000,\"channels\":2,\"frames\":10,\"bytes\":99,"
              "\"captured\":4,\"idle\":3,\"lost\":2,\"gone\":1,\"paused\":77,"
              "\"markers\":2,"
              "\"peak_dbfs\":-1.23,\"rms_dbfs\":null,\"clipped\":5,"
              "\"ring_high_water\":0.2500,\"drift_ppm\":12.50,");
    has(text, "\"wall_seconds\":1.500,\"asleep_seconds\":0.250,\"stop\":"
              "\"key\",\"command_status\":null,\"exit\":4,"
              "\"error\":null}");
}

/* Windows' have 32 bits, unsigned. */
static void test_finished_with_a_command(void **state)
{
    struct fixture *x = *state;
    const int64_t status = INT64_C(0xC0000005);
    const struct events_end end = {
        .stop = "command", .exit = status, .command_status = &status};
    events_finished(&x->events, &end);
    has(written(x), "\"stop\":\"command\",\"command_status\":3221225477,"
                    "\"exit\":3221225477,");
}

static void test_finished_without_start(void **state)
{
    struct fixture *x = *state;
    struct fault f = {.err = ERR_FILE_EXISTS};
    strcpy(f.detail, "x.flac");
    strcpy(f.hint, "use --overwrite");
    const struct events_end end = {.stop = "failure", .exit = 1, .fault = &f};
    events_finished(&x->events, &end);
    const char *text = written(x);
    has(text, "\"file\":null,\"files\":[]");
    has(text, "\"type\":null,\"format\":null");
    has(text, "\"frames\":0,");
    has(text, "\"peak_dbfs\":null,\"rms_dbfs\":null");
    has(text, "\"drift_ppm\":null");
    has(text, "\"exit\":1,\"error\":\"file-exists\",\"message\":\"");
    has(text, "x.flac; use --overwrite\"}");
}

static void test_long_hostile_path(void **state)
{
    struct fixture *x = *state;
    static char path[4096];
    memset(path, '\x01', sizeof path - 1); /* six times as long in JSON */
    struct session_facts facts = facts_of(path);
    events_started(&x->events, &facts, &no_command);
    assert_int_equal(lines(written(x)), 1);
}

static void test_finished_with_many_files(void **state)
{
    struct fixture *x = *state;
    enum { FILES = 12, LENGTH = 4000 };
    static char path[LENGTH + 1];
    static struct session_file files[FILES];
    memset(path, 'p', LENGTH); /* together more than one event's room */
    for (int i = 0; i < FILES; i++) {
        files[i] = (struct session_file){
            .path = path, .next = i + 1 < FILES ? &files[i + 1] : NULL};
    }
    struct session_report report = {.files = files, .frames = 4711};
    const struct events_end end = {
        .path = path, .report = &report, .stop = "key"};
    events_finished(&x->events, &end);
    const char *text = written(x);
    assert_int_equal(lines(text), 1);
    assert_true(strlen(text) > FILES * LENGTH);
    has(text, "\"frames\":4711,");
}

static void test_nobody_reads(void **state)
{
    struct fixture *x = *state;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL) {
        skip();
    }
    events_init(&x->events, full);
    events_warning(&x->events, "one", 0);
    assert_int_not_equal(x->events.failed, 0);
    assert_null(x->events.out);
    events_warning(&x->events, "two", 0);
    events_finished(&x->events, NULL); /* not even looked at */
    fclose(full);
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_started),
        TEST(test_started_with_a_command),
        TEST(test_long_hostile_command),
        TEST(test_progress),
        TEST(test_session_events),
        TEST(test_finished),
        TEST(test_finished_with_a_command),
        TEST(test_finished_without_start),
        TEST(test_long_hostile_path),
        TEST(test_finished_with_many_files),
        TEST(test_nobody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
