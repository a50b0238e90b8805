/* Tests of cli/options: every option's value, every refusal's words. */
#include <math.h>
#include <string.h>

#include "option_words.h"

static void test_defaults(void **state)
{
    (void)state;
    struct options o = good("");
    assert_int_equal(o.action, ACTION_RECORD);
    assert_null(o.file);
    assert_null(o.device);
    assert_int_equal(o.synth_count, 0);
    assert_int_equal(o.type, SINK_FLAC);
    assert_int_equal(o.sample, SAMPLE_NONE);
    assert_int_equal(o.compression, SINK_COMPRESSION_DEFAULT);
    assert_true(o.buffer_ns == INT64_C(10000000000));
    assert_int_equal(o.on_suspend, SUSPEND_CUT);
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
    assert_int_equal(good("--on-suspend=fill -t null").on_suspend,
                     SUSPEND_FILL);
    assert_int_equal(good("--on-suspend cut -t wav -").on_suspend, SUSPEND_CUT);
    assert_int_equal(good("--on-suspend=split").on_suspend, SUSPEND_SPLIT);
    assert_string_equal(o.file, "out.wav");
    assert_true(good("-v").verbose);
    o = good("--source=synth:tone --source synth");
    assert_int_equal(o.synth_count, 2);
    assert_string_equal(o.synths[0], "tone");
    assert_string_equal(o.synths[1], "");
    assert_string_equal(good("-D3").device, "3");
}

static void test_format(void **state)
{
    (void)state;
    struct options o = good("-r 44100 -c 1");
    assert_int_equal(o.rate, 44100);
    assert_int_equal(o.channels, 1);
    assert_false(o.dither);
    o = good("--rate=16000 --channels=32 -f s24 -t raw -");
    assert_int_equal(o.rate, 16000);
    assert_int_equal(o.channels, 32);
    bad("-r 44.1k", "'44.1k'", "44100");
    bad("-r 999", "'999'", "from 1000 to 768000");
    bad("-r 768001", "768001", "from 1000 to 768000");
    bad("-r -1", "-1", "from 1000");
    bad("--rate=", "''", "44100");
    bad("-c 0", "'0'", "from 1 to 32");
    bad("-c 33", "'33'", "from 1 to 32");
    bad("-c stereo", "'stereo'", "-c with one");
    /* before anything is opened, and with what is possible */
    bad("-r 44100 x.opus", "44100 Hz", "24000 and 48000 Hz");
    bad("-r 96000 x.mp3", "96000 Hz", "44100 and 48000 Hz");
    bad("-r 96001 x.flac", "96001 Hz", "multiples of 10");
    bad("-c 9 x.flac", "9 channels", "1 to 8");
    bad("-c 3 x.mp3", "3 channels", "1 to 2");
    good("-r 48000 -c 2 x.mp3");
}

static void test_dither(void **state)
{
    (void)state;
    struct options o = good("--dither x.wav");
    assert_true(o.dither);
    assert_int_equal(o.sample, SAMPLE_S16);
    assert_true(good("--dither -f s16").dither);
    bad("--dither -f s24", "--dither is for s16 and not for s24", "leave out");
    bad("--dither x.mp3", "mp3", "leave out --dither");
}

static void test_targets(void **state)
{
    (void)state;
    struct options o = good("--app=firefox --app 4711");
    assert_int_equal(o.app_count, 2);
    assert_string_equal(o.apps[0], "firefox");
    assert_string_equal(o.apps[1], "4711");
    o = good("--exclude-app=vlc.exe --exclude-app=mpv");
    assert_int_equal(o.excluded_count, 2);
    assert_string_equal(o.excluded[1], "mpv");
    assert_true(good("--all-devices").all_devices);
    bad("--app=", "--app", "-L");
    bad("--exclude-app=", "--exclude-app", "-L");
    bad("--app=1 --app=2 --app=3 --app=4 --app=5 --app=6 --app=7 --app=8 "
        "--app=9",
        "--app", "8 times");
    static const char *const ways[] = {"--source=synth", "--device=x",
                                       "--app=x", "--exclude-app=x",
                                       "--all-devices"};
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 5; k++) {
            char line[80], one[20], two[20];
            snprintf(line, sizeof line, "%s %s", ways[i], ways[k]);
            snprintf(one, sizeof one, "%.*s", (int)strcspn(ways[i], "="),
                     ways[i]);
            snprintf(two, sizeof two, "%.*s", (int)strcspn(ways[k], "="),
                     ways[k]);
            if (i != k) {
                bad(line, one, two);
                bad(line, "leave out", "one");
            } else {
                good(line);
            }
        }
        char line[40];
        snprintf(line, sizeof line, "-l %s", ways[i]);
        if (i != 1) {
            bad(line, "--list-devices", "leave out");
        } else {
            good(line);
        }
    }
}

static void test_wait(void **state)
{
    (void)state;
    struct options o = good("--wait");
    assert_true(o.wait && o.wait_ns == 0);
    o = good("--wait=1m30s");
    assert_true(o.wait && o.wait_ns == INT64_C(90000000000));
    assert_false(good("").wait);
    bad("--wait=soon", "soon", "--wait");
    bad("--wait=0", "'0'", "--wait");
    bad("--wait=480f", "480f", "--wait");
}

static void test_actions(void **state)
{
    (void)state;
    assert_int_equal(good("-l").action, ACTION_LIST);
    assert_int_equal(good("--list-devices --json").action, ACTION_LIST);
    assert_int_equal(good("-L").action, ACTION_LIST_APPS);
    assert_int_equal(good("--list-apps -L --json").action, ACTION_LIST_APPS);
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
    o = good("./-t.wav");
    assert_string_equal(o.file, "./-t.wav");
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

static void test_tags(void **state)
{
    (void)state;
    struct options o = good("--tag=title=A=B --tag TITLE=C --tag=Licence=x "
                            "--tag=license=y --tag=comment= a.flac");
    assert_string_equal(o.tags.value[SINK_TAG_TITLE], "C");
    assert_string_equal(o.tags.value[SINK_TAG_LICENCE], "y");
    assert_string_equal(o.tags.value[SINK_TAG_COMMENT], "");
    assert_null(o.tags.value[SINK_TAG_DATE]);
    assert_string_equal(
        good("--tag=title=A=B a.flac").tags.value[SINK_TAG_TITLE], "A=B");
    char word[1100] = "--tag=title=";
    size_t length = strlen(word);
    memset(word + length, 'x', SINK_TAG_BYTES + 1);
    bad(word, "1001 bytes", "1000");
    word[length + SINK_TAG_BYTES] = '\0';
    good(word);
}

static void test_sync(void **state)
{
    (void)state;
    assert_true(good("").sync_ns == 0);
    assert_true(good("--sync=5s").sync_ns == INT64_C(5000000000));
    assert_true(good("--sync=5s --sync=0").sync_ns == 0);
    assert_true(good("--sync 1h").sync_ns == INT64_C(3600000000000));
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
    bad("--tag=title a.flac", "'title' is no tag", "--tag=KEY=VALUE");
    bad("--tag==x a.flac", "''", "title, artist, album");
    bad("--tag=titel=x a.flac", "'titel'", "title, artist, album");
    bad("--tag= a.flac", "''", "--tag=KEY=VALUE");
    bad("--tag=title=Caf\xe9 a.flac", "the tag title is not UTF-8", "'Caf");
    /* as a lone surrogate of Windows comes */
    bad("--tag=artist=\xed\xa0\x80 a.flac", "the tag artist is not UTF-8", "");
    bad("--sync=0.5s a.flac", "0.5s", "1s to 1h");
    bad("--sync=2h a.flac", "2h", "1s to 1h");
    bad("--sync=48000f a.flac", "48000f", "1s to 1h");
    bad("--sync=x a.flac", "'x'", "1s to 1h");
    bad("--compression=9", "9", "0 to 8");
    bad("--compression=-1", "-1", "0 to 8");
    bad("--compression=5x", "5x", "0 to 8");
    bad("--compression= a.flac", "compression", "0 to 8");
    bad("--buffer=soon", "soon", "10s");
    bad("--on-suspend=", "''", "cut, fill, split");
    bad("--on-suspend=Cut", "Cut", "cut, fill, split");
    bad("--on-suspend=split -t null", "files", "FILE");
    bad("--on-suspend=split -t wav -", "files", "FILE");
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
    bad("-x.wav", "unknown option -x;", "./-x.wav");
    bad("-qx.wav", "unknown option -x;", "./-qx.wav");
    bad("--x.flac", "unknown option --x.flac;", "./--x.flac");
    bad("-6.wav", "unknown option -6;", "./-6.wav");
}

static void test_bad_combinations(void **state)
{
    (void)state;
    bad("song", "song", "-t");
    bad("song.doc", "song.doc", ".flac");
    bad(".", "'.' is a folder", "song.flac");
    bad("song.wav/", "'song.wav/' is a folder", "song.flac");
    bad("--compression=3 a.wav", "wav files are not", "--compression");
    bad("-", "standard output", "-t");
    bad("-t null a.wav", "a.wav", "leave out");
    bad("-f f32 a.flac", "f32", "s24");
    bad("-f s32", "s32", "s24");
    bad("--compression=3 a.wav", "--compression", "wav");
    bad("-t raw --compression=3 -", "--compression", "raw");
    bad("--source=synth --source=synth --source=synth --source=synth "
        "--source=synth --source=synth --source=synth --source=synth "
        "--source=synth",
        "--source", "8 times");
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

/* O's command is WORDS, one space between two. */
static void command_is(const struct options *o, const char *words)
{
    char all[256] = "";
    assert_non_null(o->command);
    for (char **word = o->command; *word != NULL; word++) {
        strcat(all, word == o->command ? "" : " ");
        strcat(all, *word);
    }
    assert_string_equal(all, words);
}

static void test_command(void **state)
{
    (void)state;
    struct options o = good("a.wav -- ./game -q --help b.wav");
    assert_string_equal(o.file, "a.wav");
    assert_false(o.quiet || o.kill_on_stop);
    command_is(&o, "./game -q --help b.wav");
    o = good("-q a.wav --strict -d 5 -- x");
    assert_string_equal(o.file, "a.wav");
    assert_true(o.quiet && o.strict && o.has_duration);
    command_is(&o, "x");
    o = good("-- -x -- y"); /* the first one counts */
    assert_null(o.file);
    assert_int_equal(o.type, SINK_FLAC);
    command_is(&o, "-x -- y");
    o = good("-D -- ./-x.wav"); /* an option's argument */
    assert_string_equal(o.device, "--");
    assert_string_equal(o.file, "./-x.wav");
    assert_null(o.command);
    o = good("-qD -- a.wav -f s16");
    assert_string_equal(o.device, "--");
    assert_null(o.command);
    o = good("--device -- a.wav");
    assert_string_equal(o.device, "--");
    assert_null(o.command);
    o = good("--source=synth:tone --kill-on-stop -t raw - -- x");
    assert_true(o.kill_on_stop && options_to_stdout(&o));
    command_is(&o, "x");
    o = good("--null-sink a.wav -- x");
    assert_true(o.null_sink && !o.kill_on_stop);
    command_is(&o, "x");
    assert_null(good("--null-sink a.wav").command);
    assert_false(good("a.wav").null_sink);
    assert_null(good("a.wav").command);
}

static void test_bad_commands(void **state)
{
    (void)state;
    bad("--", "--", "give a command");
    bad("a.wav --", "--", "give a command");
    bad("a.wav b.wav -- x", "b.wav", "leave out");
    bad("-D 1 a.wav -- x", "command", "--device");
    bad("--app=vlc a.wav -- x", "command", "--app");
    bad("--exclude-app=vlc a.wav -- x", "command", "--exclude-app");
    bad("--all-devices a.wav -- x", "command", "--all-devices");
    bad("--null-sink -D 1 a.wav", "--null-sink", "--device");
    bad("--null-sink --app=x a.wav -- x", "--null-sink", "--app");
    bad("--null-sink --exclude-app=x a.wav", "--null-sink", "--exclude-app");
    bad("--null-sink --all-devices a.wav", "--null-sink", "--all-devices");
    bad("--source=synth --null-sink a.wav -- x", "--null-sink", "--source");
    bad("-l --null-sink", "--list-devices", "--null-sink");
    bad("-L --null-sink", "--list-apps", "--null-sink");
    bad("--kill-on-stop a.wav", "--kill-on-stop", "command");
    assert_true(good("--until-exit --app=x a.wav").until_exit);
    assert_false(good("--app=x a.wav").until_exit);
    bad("--until-exit a.wav", "--until-exit", "--app");
    bad("--until-exit --exclude-app=x a.wav", "--until-exit", "--app");
    bad("--until-exit --all-devices a.wav", "--until-exit", "--app");
    bad("--until-exit --source=synth a.wav", "--until-exit", "--app");
    bad("--until-exit a.wav -- x", "--until-exit", "--app");
    bad("-l -- x", "--list-devices", "a command");
    bad("-L -- x", "--list-apps", "a command");
    bad("--bogus -- x", "--bogus", "unknown");
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
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_dither),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_last_one_counts),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_sync),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_bad_words),
        cmocka_unit_test(test_bad_combinations),
        cmocka_unit_test(test_first_fault_counts),
        cmocka_unit_test(test_empty_file),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_bad_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
