/* Tests of cli/checks: what --repair, --doctor and the lists take, and words
 * that were meant as an option's value. */
#include "option_words.h"

static void test_repair(void **state)
{
    (void)state;
    struct options o = good("a.wav --repair b.flac --dry-run -q c.x");
    assert_int_equal(o.action, ACTION_REPAIR);
    assert_int_equal(o.file_count, 3);
    assert_string_equal(o.files[0], "a.wav");
    assert_string_equal(o.files[1], "b.flac");
    assert_string_equal(o.files[2], "c.x");
    assert_true(o.dry_run && o.output == NULL);
    o = good("--repair -o new.wav a.wav");
    assert_string_equal(o.output, "new.wav");
    assert_false(o.dry_run);
    bad("--repair", "--repair needs a file", "song.wav");
    bad("--repair -o n.wav a.wav b.wav", "one file", "b.wav");
    bad("--repair --json a.wav", "JSON", "leave out");
    bad("--repair -l", "--repair", "leave out one");
    bad("--repair --app=x a.wav", "--app", "leave out");
    bad("--repair -o - a.wav", "standard output", "new file");
    bad("--repair a.wav -", "standard input", "give a file");
    bad("--repair -d 5 a.wav", "records nothing", "leave out --duration");
    bad("-r 48000 --repair a.wav", "records nothing", "leave out --rate");
    bad("--repair a.wav --split=1h", "records nothing", "leave out --split");
    bad("--repair --overwrite a.wav", "records nothing", "--overwrite");
    good("--repair -v a.wav");
    bad("-o new.wav a.wav", "--output", "--repair");
    bad("--dry-run a.wav", "--dry-run", "--repair");
    bad("a.wav b.wav", "one file only", "b.wav");
}

static void test_doctor(void **state)
{
    (void)state;
    struct options o = good("--doctor -D headset --json -q");
    assert_int_equal(o.action, ACTION_DOCTOR);
    assert_string_equal(o.device, "headset");
    assert_true(o.json && o.quiet);
    bad("--doctor a.wav", "--doctor takes no file", "a.wav");
    bad("--doctor --app=x", "--app", "leave out one");
    bad("--doctor --source=synth:", "--source", "leave out one");
    bad("--doctor -l", "--doctor", "leave out one");
    good("--doctor --wait=1 --no-follow --keep-awake -v");
}

static void test_useless(void **state)
{
    (void)state;
    static const char *const words[] = {
        "-d 5",
        "-r 8000",
        "-c 1",
        "-t wav",
        "-f s16",
        "--dither",
        "--split=1h",
        "--overwrite",
        "--buffer=1",
        "--strict",
        "--tag=title=x",
        "--sync=1s",
        "--keep=1",
        "--fallback=x",
        "--fail-if-silent",
        "--kill-on-stop",
        "--until-exit",
        "--compression=1",
        "--on-suspend=cut",
    };
    char line[80];
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        snprintf(line, sizeof line, "-l %s", words[i]);
        bad(line, "--list-devices records nothing", "leave out --");
        snprintf(line, sizeof line, "%s -L", words[i]);
        bad(line, "--list-apps records nothing", "leave out --");
        snprintf(line, sizeof line, "%s --doctor", words[i]);
        bad(line, "--doctor keeps no recording", "leave out --");
        snprintf(line, sizeof line, "a.wav --repair %s", words[i]);
        bad(line, "--repair records nothing", "leave out --");
    }
    bad("-l --wait", "--list-devices", "leave out --wait");
    bad("-L --no-follow -d 5", "--list-apps", "leave out --no-follow");
    bad("-l -o x", "--output", "--repair");
    good("-q -L --json -D x");
}

static void test_stray_values(void **state)
{
    (void)state;
    bad("--fail-if-silent 5 x.wav", "'5' is taken", "--fail-if-silent=5,");
    bad("--wait 5 x.wav", "write --wait=5,", "leave out 'x.wav'");
    bad("x.wav --wait 1m30s", "write --wait=1m30s,", "leave out '1m30s'");
    bad("--wait 5", "'5' is taken", "write --wait=5");
    bad("--wait 5 -- x", "'5' is taken", "write --wait=5");
    struct options o;
    struct fault f;
    static const char *const others[] = {
        "--wait x.wav y.wav", "--wait 5.wav x.wav", "--wait=5 6 x.wav",
        "--wait -q 5 x.wav",  "--strict 5 x.wav",   "--wait soon x.wav"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(parse(&o, others[i], &f));
        assert_null(strstr(f.detail, "write --"));
    }
    assert_string_equal(good("--wait 5 -t wav").file, "5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repair),
        cmocka_unit_test(test_doctor),
        cmocka_unit_test(test_useless),
        cmocka_unit_test(test_stray_values),
    };
    return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
