/* Tests of cli/status and cli/report: what the line and the summary hold, and
 * that the line never exceeds the terminal. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/report.h"
#include "cli/status.h"

static struct session_status look_of(uint32_t channels, float peak)
{
    struct session_status look = {.channels = channels};
    look.frames = 48000 * 83 + 24000;
    look.bytes = 12345678;
    look.account.frames[CLASS_CAPTURED] = look.frames;
    for (uint32_t c = 0; c < channels; c++) {
        look.peak[c] = peak;
        look.peak_so_far[c] = peak;
    }
    return look;
}

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", text, part);
    }
}

static void lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) {
        fail_msg("\"%s\" holds \"%s\"", text, part);
    }
}

static void test_line(void **state)
{
    (void)state;
    struct status s;
    char line[STATUS_LINE_MAX];
    struct session_status look = look_of(2, 0.5F);
    status_init(&s, true, 48000, 2);
    status_update(&s, &look, 0);
    status_format(&s, &look, 80, line, sizeof line);
    has(line, "00:01:23.5   12.3 MB  L ");
    has(line, "L ###");
    has(line, "R ###");
    has(line, "-6.0 ");
    lacks(line, "!");
    lacks(line, "lost");
    look.frames++;
    look.peak_so_far[1] = 1.0F;
    look.account.frames[CLASS_LOST] = 23040;
    status_update(&s, &look, 0);
    status_format(&s, &look, 80, line, sizeof line);
    has(line, "-6.0!");
    has(line, "lost 0.48 s");
    look.paused = true;
    status_format(&s, &look, 80, line, sizeof line);
    has(line, "  PAUSED");
    status_update(&s, &look, 0); /* the meters show nothing old */
    status_format(&s, &look, 80, line, sizeof line);
    lacks(line, "#");
    has(line, "-inf");
    look.paused = false;
    look.gone = true;
    status_format(&s, &look, 80, line, sizeof line);
    has(line, "device gone: waiting");
}

static void test_silence_is_empty(void **state)
{
    (void)state;
    struct status s;
    char line[STATUS_LINE_MAX];
    struct session_status look = look_of(1, 0.0F);
    status_init(&s, true, 48000, 1);
    status_update(&s, &look, 0);
    status_format(&s, &look, 80, line, sizeof line);
    has(line, "......");
    has(line, " -inf");
    lacks(line, "#");
    lacks(line, "|");
}

static void test_full_scale_fills(void **state)
{
    (void)state;
    struct status s;
    char line[STATUS_LINE_MAX];
    struct session_status look = look_of(1, 8.0F);
    status_init(&s, true, 48000, 1);
    status_update(&s, &look, 0);
    status_format(&s, &look, 80, line, sizeof line);
    lacks(line, "...");
    has(line, "#|");
}

/* Every width from nothing to wide, with every number of channels. */
static void test_line_fits(void **state)
{
    (void)state;
    for (uint32_t channels = 1; channels <= FORMAT_CHANNELS_MAX; channels++) {
        struct status s;
        struct session_status look = look_of(channels, 1e-4F);
        look.frames = UINT64_C(48000) * 3600 * 1000;
        status_init(&s, true, 48000, channels);
        status_update(&s, &look, 0);
        for (unsigned columns = 0; columns <= 2000; columns++) {
            char line[STATUS_LINE_MAX];
            memset(line, 'x', sizeof line);
            size_t n = status_format(&s, &look, columns, line, sizeof line);
            assert_true(n < sizeof line);
            assert_true(n < columns || columns < 2);
            assert_int_equal(strlen(line), n);
        }
    }
}

static void test_narrow_keeps_one_meter(void **state)
{
    (void)state;
    struct status s;
    char line[STATUS_LINE_MAX];
    struct session_status look = look_of(2, 0.25F);
    look.peak[1] = 0.5F;
    status_init(&s, true, 48000, 2);
    status_update(&s, &look, 0);
    status_format(&s, &look, 46, line, sizeof line);
    lacks(line, "L ");
    has(line, "-6.0");
    lacks(line, "-12.0");
    status_format(&s, &look, 31, line, sizeof line);
    has(line, "-6.0");
    lacks(line, "#");
    status_format(&s, &look, 22, line, sizeof line);
    lacks(line, "-6.0");
    has(line, "12.3 MB");
}

static void test_hold(void **state)
{
    (void)state;
    struct status s;
    struct session_status loud = look_of(1, 0.5F), soft = look_of(1, 0.1F);
    status_init(&s, true, 48000, 1);
    status_update(&s, &loud, 0);
    soft.frames++;
    status_update(&s, &soft, STATUS_HOLD_NS - 1);
    assert_true(s.hold[0] >= 0.5F);
    assert_true(s.level[0] < 0.2F);
    soft.frames++;
    status_update(&s, &soft, STATUS_HOLD_NS);
    assert_true(s.hold[0] < 0.2F);
}

/* Looks come more often than the writer writes: the bar stays in between. */
static void test_no_news_changes_nothing(void **state)
{
    (void)state;
    struct status s;
    struct session_status look = look_of(1, 0.5F);
    status_init(&s, true, 48000, 1);
    status_update(&s, &look, 0);
    look.peak[0] = 0.0F;
    status_update(&s, &look, 1);
    assert_true(s.level[0] >= 0.5F);
}

static void test_sizes(void **state)
{
    (void)state;
    char text[24];
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0 bytes"},          {999, "999 bytes"},
        {1000, "1.0 kB"},        {999949, "999.9 kB"},
        {999951, "1.0 MB"},      {UINT64_C(4294967296), "4.3 GB"},
        {UINT64_MAX, "18.4 EB"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        report_size(text, sizeof text, rows[i].bytes);
        assert_string_equal(text, rows[i].text);
    }
}

static struct session_report report_of(uint64_t frames)
{
    struct session_report r = {
        .end = SESSION_COMPLETE,
        .format = {.rate = 48000, .channels = 2},
        .sample = SAMPLE_S24,
        .frames = frames,
        .bytes = 1000000,
        .peak_dbfs = -3.21,
        .rms_dbfs = -18.4,
    };
    r.account.frames[CLASS_CAPTURED] = frames;
    return r;
}

static void test_summary(void **state)
{
    (void)state;
    char text[4096];
    struct session_facts facts = {.path = "song.flac"};
    const struct session_file file = {.path = "song.flac"};
    struct session_report r = report_of(480000);
    r.files = &file;
    report_format(text, sizeof text, &facts, &r);
    has(text, "song.flac: 00:00:10.000 (480000 frames), 1.0 MB\n");
    has(text, "peak -3.2 dBFS, RMS -18.4 dBFS\n");
    has(text, "captured 00:00:10.000 (100.0 %), 0 frames lost\n");
    lacks(text, "idle");
    lacks(text, "clipped");
    lacks(text, "ppm");
    lacks(text, "paused");
    lacks(text, "marker");

    r.account.frames[CLASS_CAPTURED] = 480000 - 48000 - 4800 - 1;
    r.account.frames[CLASS_IDLE] = 48000;
    r.account.frames[CLASS_GONE] = 4800;
    r.account.frames[CLASS_LOST] = 1;
    r.clipped_samples = 7;
    r.paused_frames = 72000;
    r.markers = 1;
    r.drift_known = true;
    r.drift_ppm = -120.0;
    r.end = SESSION_READER_CLOSED;
    report_format(text, sizeof text, &facts, &r);
    has(text, "idle 00:00:01.000 (10.0 %)");
    has(text, "gone 00:00:00.100 (1.0 %)");
    has(text, "1 frame lost, 00:00:00.000 (less than 0.1 %)");
    has(text, "7 samples clipped");
    has(text, "120 ppm slow");
    has(text, "paused for 00:00:01.500, which is not in the file\n");
    has(text, "  1 marker\n");
    has(text, "the reader closed the pipe");
}

static void test_summary_of_nothing(void **state)
{
    (void)state;
    char text[4096];
    struct session_facts facts = {.path = NULL};
    struct session_report r = report_of(0);
    r.peak_dbfs = -INFINITY;
    r.rms_dbfs = -INFINITY;
    r.bytes = 0;
    report_format(text, sizeof text, &facts, &r);
    has(text, "no file kept: 00:00:00.000 (0 frames), 0 bytes\n");
    has(text, "digital silence");
    has(text, "0 frames lost");
    lacks(text, "nan");
    facts.path = "deleted.flac";
    report_format(text, sizeof text, &facts, &r);
    has(text, "no file kept: ");
    facts.path = "-";
    report_format(text, sizeof text, &facts, &r);
    has(text, "standard output: ");
}

static void test_summary_is_printable_and_cut(void **state)
{
    (void)state;
    char text[4096];
    struct session_facts facts = {.path = "song.flac"};
    const struct session_file file = {.path = "a\033[2J\nb\xff.flac"};
    struct session_report r = report_of(480000);
    r.files = &file;
    report_format(text, sizeof text, &facts, &r);
    has(text, "a?[2J?b?.flac: ");
    lacks(text, "\033");
    for (size_t size = 1; size < 200; size++) {
        char small[200];
        memset(small, 'x', sizeof small);
        report_format(small, size, &facts, &r);
        assert_true(strlen(small) < size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_silence_is_empty),
        cmocka_unit_test(test_full_scale_fills),
        cmocka_unit_test(test_line_fits),
        cmocka_unit_test(test_narrow_keeps_one_meter),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_no_news_changes_nothing),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_summary_of_nothing),
        cmocka_unit_test(test_summary_is_printable_and_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
