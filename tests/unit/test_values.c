/* Tests of cli/values: lengths of time, and which files a recording goes to. */
#include "option_words.h"

static void test_split(void **state)
{
    (void)state;
    struct options o = good("");
    assert_true(!o.has_split && o.split_bytes == 0);
    o = good("--split=10m");
    assert_true(o.has_split && o.split.ns == INT64_C(600000000000));
    assert_true(o.split_bytes == 0);
    o = good("--split 48000f a%n.wav");
    assert_true(o.split.is_frames && o.split.frames == 48000);
    o = good("--split=1h --split=10M");
    assert_true(!o.has_split && o.split_bytes == 10000000);
    o = good("--split=10M --split=90");
    assert_true(o.has_split && o.split_bytes == 0);
    bad("--split=x", "'x'", "500M");
    bad("--split=10mb", "'10mb'", "500M");
    bad("--split=0", "'0'", "500M");
    bad("--split=999kB", "999kB", "1M");
    bad("--split=99ms", "99ms", "100ms");
    bad("--split=999f", "999f", "1000f");
    bad("--split=1h -t wav -", "--split", "FILE");
    bad("--split=1h -t null", "--split", "leave out");
}

static void test_fallback(void **state)
{
    (void)state;
    assert_null(good("").fallback);
    assert_string_equal(good("--fallback=/mnt/b a.wav").fallback, "/mnt/b");
    bad("--fallback= a.wav", "--fallback", "folder");
    bad("--fallback=b -t wav -", "--fallback", "FILE");
    bad("--fallback=b -t null", "--fallback", "leave out");
}

static void test_keep(void **state)
{
    (void)state;
    struct options o = good("--split=1h");
    assert_true(o.keep_files == 0 && o.keep_bytes == 0 && !o.keeps_time);
    o = good("--split=1h --keep=24");
    assert_true(o.keep_files == 24 && o.keep_bytes == 0 && !o.keeps_time);
    o = good("--split=1h --keep=24 --keep=10G");
    assert_true(o.keep_files == 0 && o.keep_bytes == 10000000000);
    o = good("--split=10M --keep=10G --keep=7d");
    assert_true(o.keep_bytes == 0 && o.keeps_time);
    assert_true(o.keep.ns == INT64_C(604800000000000));
    bad("--split=1h --keep=0", "--keep=0", "1 or more");
    bad("--split=1h --keep=-1", "'-1'", "10G");
    bad("--split=1h --keep=10g", "'10g'", "10G");
    bad("--split=1h --keep=10k", "10k", "1M");
    bad("--keep=24", "--keep", "--split");
    bad("--keep=24 --on-suspend=split", "--keep", "--split");
}

static void test_too_long(void **state)
{
    (void)state;
    bad("-d 1000000h", "--duration=1000000h is too long", "36525d");
    bad("-d 99999999999999", "too long", "36525d");
    bad("-d 1000000hh", "no duration", "2d");
    bad("--wait=1000000h", "--wait=1000000h is too long", "36525d");
    bad("--split=1000000h", "--split=1000000h is too long", "36525d");
    bad("--split=1h --keep=1000000h", "--keep=1000000h is too long", "36525d");
    bad("--split=1h --keep=99999999999", "no number of files", "24");
    bad("--buffer=1000000h", "out of range", "10ms to 10m");
    bad("--sync=1000000h", "'1000000h'", "1s to 1h");
    good("-d 36525d --wait=36525d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
