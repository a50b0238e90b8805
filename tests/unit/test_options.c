/* Tests of cli/options: every option's value, every refusal's words. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options.h"

enum { WORDS_MAX = 24 };

/* Parse the words of LINE, which one space separates. */
static bool parse(struct options *o, const char *line, struct fault *f)
{
    static char buffer[512];
    static char program[] = "looprec";
    char *argv[WORDS_MAX + 2] = {program};
    int argc = 1;

    memset(f, 0, sizeof *f);
    snprintf(buffer, sizeof buffer, "%s", line);
    for (char *word = strtok(buffer, " "); word != NULL;
         word = strtok(NULL, " ")) {
        assert_true(argc <= WORDS_MAX);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    return options_parse(o, argc, argv, f);
}

static struct options good(const char *line)
{
    struct options o;
    struct fault f;
    if (!parse(&o, line, &f)) {
        fail_msg("'%s' was refused: %s", line, f.detail);
    }
    assert_int_equal(f.err, ERR_OK);
    return o;
}

/* LINE is refused, and each of the words in the message. */
static void bad(const char *line, const char *word, const char *remedy)
{
    struct options o;
    struct fault f;
    if (parse(&o, line, &f)) {
        fail_msg("'%s' was taken", line);
    }
    assert_int_equal(error_exit_code(f.err), 2);
    char all[sizeof f.detail + sizeof f.hint + 2];
    snprintf(all, sizeof all, "%s %s", f.detail, f.hint);
    if (strstr(all, word) == NULL || strstr(all, remedy) == NULL) {
        fail_msg("'%s': \"%s\" lacks '%s' or '%s'", line, all, word, remedy);
    }
}

static void test_defaults(void **state)
{
    (void)state;
    struct options o = good("");
    assert_int_equal(o.action, ACTION_RECORD);
    assert_null(o.file);
    assert_null(o.device);
    assert_null(o.synth);
    assert_int_equal(o.type, SINK_FLAC);
    assert_int_equal(o.sample, SAMPLE_NONE);
    assert_int_equal(o.compression, 5);
    assert_true(o.buffer_ns == INT64_C(10000000000));
    assert_false(o.has_duration || o.no_follow || o.overwrite || o.quiet ||
                 o.verbose || o.json || o.strict || o.fail_if_silent);
}

static void test_every_option(void **state)
{
    (void)state;
    struct options o =
        good("--device=usb --no-follow -d 1h30m -t wav --format=s16 "
             "--overwrite --buffer 500ms -q --json --strict out.wav");
    assert_string_equal(o.device, "usb");
    assert_true(o.no_follow && o.overwrite && o.quiet && o.json && o.strict);
    assert_true(o.has_duration && !o.duration.is_frames);
    assert_true(o.duration.ns == INT64_C(5400000000000));
    assert_int_equal(o.type, SINK_WAV);
    assert_int_equal(o.sample, SAMPLE_S16);
    assert_true(o.buffer_ns == INT64_C(500000000));
    assert_string_equal(o.file, "out.wav");
    assert_true(good("-v").verbose);
    assert_string_equal(good("--source=synth:tone").synth, "tone");
    assert_string_equal(good("--source synth").synth, "");
    assert_string_equal(good("-D3").device, "3");
}

static void test_actions(void **state)
{
    (void)state;
    assert_int_equal(good("-l").action, ACTION_LIST);
    assert_int_equal(good("--list-devices --json").action, ACTION_LIST);
    assert_int_equal(good("-h").action, ACTION_HELP);
    assert_int_equal(good("-q --help --never-seen").action, ACTION_HELP);
    assert_int_equal(good("--version").action, ACTION_VERSION);
    assert_int_equal(good("-V").action, ACTION_VERSION);
}

static void test_types(void **state)
{
    (void)state;
    assert_int_equal(good("a.wav").type, SINK_WAV);
    assert_int_equal(good("a.FLAC").type, SINK_FLAC);
    assert_int_equal(good("a.raw").type, SINK_RAW);
    assert_int_equal(good("-t raw a.flac").type, SINK_RAW);
    assert_int_equal(good("-t null").type, SINK_NULL);
    assert_int_equal(good("-t wav").type, SINK_WAV);
    struct options o = good("-t raw -");
    assert_true(options_to_stdout(&o));
    o = good("-- -t.wav");
    assert_string_equal(o.file, "-t.wav");
    assert_false(options_to_stdout(&o));
}

static void test_last_one_counts(void **state)
{
    (void)state;
    struct options o = good("-d 1 -t wav -d 48000f -t flac a.b");
    assert_true(o.duration.is_frames);
    assert_true(o.duration.frames == 48000);
    assert_int_equal(o.type, SINK_FLAC);
    o = good("--fail-if-silent=-20 --fail-if-silent");
    assert_true(o.silence_dbfs <= -90.0 && o.silence_dbfs >= -90.0);
}

static void test_silence(void **state)
{
    (void)state;
    struct options o = good("--fail-if-silent");
    assert_true(o.fail_if_silent);
    assert_true(fabs(o.silence_dbfs + 90.0) < 1e-9);
    o = good("--fail-if-silent=-60.5dB");
    assert_true(fabs(o.silence_dbfs + 60.5) < 1e-9);
    o = good("--fail-if-silent=0");
    assert_true(fabs(o.silence_dbfs) < 1e-9);
    /* an optional argument stands behind = or not at all */
    o = good("--fail-if-silent 60.wav");
    assert_true(fabs(o.silence_dbfs + 90.0) < 1e-9);
}

static void test_bad_values(void **state)
{
    (void)state;
    bad("-d tomorrow", "tomorrow", "1h30m");
    bad("-d -5", "-5", "1h30m");
    bad("-d 0", "'0'", "1h30m");
    bad("-t mp4", "mp4", "flac");
    bad("-f u7", "u7", "s16, s24, s32, f32");
    bad("--compression=9", "9", "0 to 8");
    bad("--compression=-1", "-1", "0 to 8");
    bad("--compression=5x", "5x", "0 to 8");
    bad("--compression= a.flac", "compression", "0 to 8");
    bad("--buffer=soon", "soon", "10s");
    bad("--buffer=480f", "480f", "10s");
    bad("--buffer=1ms", "1ms", "10ms to 10m");
    bad("--buffer=2h", "2h", "10ms to 10m");
    bad("--fail-if-silent=3", "3", "-200 to 0");
    bad("--fail-if-silent=nan", "nan", "-200 to 0");
    bad("--fail-if-silent=-inf", "-inf", "-200 to 0");
    bad("--fail-if-silent=-0x10", "-0x10", "-200 to 0");
    bad("--fail-if-silent=-6.5.1", "-6.5.1", "-200 to 0");
    bad("--fail-if-silent=-", "'-'", "-200 to 0");
    bad("--fail-if-silent=--5", "--5", "-200 to 0");
    bad("--fail-if-silent=-201", "-201", "-200 to 0");
    bad("--source=alsa:hw", "alsa:hw", "synth:");
    bad("--source=synthetic", "synthetic", "synth:");
    bad("--device=", "device", "-l");
}

static void test_bad_words(void **state)
{
    (void)state;
    bad("--bogus", "--bogus", "unknown");
    bad("--bogus=3", "--bogus", "unknown");
    bad("-x", "-x", "unknown");
    bad("-qx a.wav", "-x", "unknown");
    bad("--fail-if-silent -60 a.wav", "-6", "--fail-if-silent=-60");
    bad("--device", "--device", "--device=NAME");
    bad("-d", "--duration", "--duration=TIME");
    bad("--quiet=yes", "--quiet", "no argument");
    bad("--ver", "--ver", "--verbose, --version");
    bad("a.wav b.wav", "b.wav", "leave out");
    bad("--strict a.wav -q b.wav", "b.wav", "leave out");
}

static void test_bad_combinations(void **state)
{
    (void)state;
    bad("song", "song", "-t");
    bad("song.doc", "song.doc", ".flac");
    bad("-", "standard output", "-t");
    bad("-t null a.wav", "a.wav", "leave out");
    bad("-f f32 a.flac", "f32", "s24");
    bad("-f s32", "s32", "s24");
    bad("--compression=3 a.wav", "--compression", "wav");
    bad("-t raw --compression=3 -", "--compression", "raw");
    bad("-D 1 --source=synth:tone", "--device", "--source");
    bad("-q -v", "--quiet", "--verbose");
    bad("-l a.wav", "a.wav", "--list-devices");
    bad("-l --source=synth:tone", "--source", "--list-devices");
}

static void test_first_fault_counts(void **state)
{
    (void)state;
    struct options o;
    struct fault f;
    assert_false(parse(&o, "-d never --bogus --json -t raw -", &f));
    assert_non_null(strstr(f.detail, "never"));
    assert_true(o.json); /* and what follows is still known */
    assert_true(options_to_stdout(&o));
}

static void test_empty_file(void **state)
{
    (void)state;
    struct options o;
    struct fault f = {0};
    char program[] = "looprec", empty[] = "";
    char *argv[] = {program, empty, NULL};
    assert_false(options_parse(&o, 2, argv, &f));
    assert_non_null(strstr(f.detail, "empty"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_last_one_counts),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_bad_words),
        cmocka_unit_test(test_bad_combinations),
        cmocka_unit_test(test_first_fault_counts),
        cmocka_unit_test(test_empty_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
