/* repair: of each type, cut anywhere, spoilt anywhere, good in many ways: what
 * is made of it begins as the original did, and a good file stays. */
#include "unit/repair_bench.h"

enum { FRAMES = 15000 };

static struct image whole, cut, fixed, again;
static struct sound before, after;

static const struct {
    const char *name;
    int format, channels;
    int frame_bytes; /* 0: a block's are not known */
} kinds[] = {
    {"wav s16", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2, 4},
    {"wav s24, an odd length", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 1, 3},
    {"wav u8", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 1, 1},
    {"wav f32 with fact and PEAK", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 2, 8},
    {"wav ulaw", SF_FORMAT_WAV | SF_FORMAT_ULAW, 1, 1},
    {"wav extensible", SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 2, 6},
    {"rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 2, 4},
    {"w64 s16", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 2, 4},
    {"w64 s24, an odd length", SF_FORMAT_W64 | SF_FORMAT_PCM_24, 1, 3},
    {"flac s16", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 2, 0},
    {"flac s24", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 1, 0},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void make(size_t kind, size_t frames)
{
    image_make(&whole, kinds[kind].format, kinds[kind].channels, frames);
}

static void cut_to(sf_count_t length)
{
    memcpy(&cut, &whole, sizeof cut);
    cut.length = length;
}

static void a_good_file_of_each_type_stays(void **state)
{
    static const size_t lengths[] = {1, 2, 5, 4096, FRAMES, FRAMES + 1};

    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            make(kind, lengths[i]);
            print_message("%s, %d frames\n", kinds[kind].name, (int)lengths[i]);
            assert_true(image_is_good(&whole));
        }
    }
}

/* With anything behind it, of any length. */
static void a_good_file_stays_whatever_follows(void **state)
{
    static const int lengths[] = {1, 2, 3, 7, 8, 9, 100, 128, 5003, 100000};
    uint32_t seed = 1;

    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        make(kind, 5001);
        for (size_t i = 0; i < 3 * sizeof lengths / sizeof lengths[0]; i++) {
            cut_to(whole.length);
            int length = lengths[i / 3];
            for (int k = 0; k < length; k++) {
                int noise = (int)(bench_random(&seed) & 0xFF);
                int likely = (uint8_t) "TAG\xff\xf8LIST"[k % 9];
                cut.data[cut.length++] = (uint8_t)(i % 3 == 0   ? noise
                                                   : i % 3 == 1 ? likely
                                                                : 0);
            }
            print_message("%s and %d bytes\n", kinds[kind].name, length);
            assert_true(image_is_good(&cut));
        }
    }
}

/* What was made of CUT begins as WHOLE does, is good, and keeps as much as can
 * be. LOST_MOST: frames. */
static void check_fixed(size_t kind, size_t lost_most)
{
    print_message("%s: %d of %d bytes: %d frames\n", kinds[kind].name,
                  (int)cut.length, (int)whole.length, (int)after.frames);
    assert_true(after.frames <= before.frames);
    assert_true(after.frames + lost_most >= before.frames);
    assert_memory_equal(after.samples, before.samples,
                        after.frames * (size_t)after.info.channels *
                            sizeof after.samples[0]);
    assert_true(image_is_good(&fixed));
}

static void a_cut_file_begins_as_the_whole_did(void **state)
{
    struct repair_report report;
    struct fault f;
    uint32_t seed = 3;

    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        make(kind, FRAMES);
        assert_true(image_sound(&whole, &before));
        assert_int_equal(before.frames, FRAMES);
        int bytes = kinds[kind].frame_bytes;
        for (int i = 0; i < 16; i++) {
            sf_count_t left = (sf_count_t)bench_random(&seed) % whole.length;
            cut_to(i == 0 ? whole.length - 1 : left);
            if (!image_repair(&cut, &fixed, &report, &f)) {
                assert_int_equal(f.err, ERR_NOT_REPAIRED);
                /* not one whole block, or not one frame */
                assert_true(cut.length < (bytes == 0 ? 20000 : 300));
                continue;
            }
            if (report.frames == 0) {
                continue; /* a header */
            }
            assert_true(image_sound(&fixed, &after));
            assert_int_equal(after.frames, report.frames);
            /* all but the frame that was cut, or the block */
            sf_count_t lost = whole.length - cut.length;
            check_fixed(kind, bytes > 0 ? (size_t)(lost / bytes) + 1
                                        : (size_t)(lost / 2) + 4096);
        }
    }
}

/* Spoilt headers: no crash, no more sound than the bytes can hold, and what was
 * repaired once needs it no more. */
static void a_spoilt_file_is_repaired_once(void **state)
{
    static const uint8_t bytes[] = {0, 1, 0x7F, 0x80, 0xFF};
    struct repair_report report;
    struct fault f;
    uint32_t seed = 5;

    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        make(kind, 300);
        for (int i = 0; i < 60; i++) {
            cut_to(whole.length);
            for (int k = 0; k <= i % 4; k++) {
                uint32_t at = bench_random(&seed) % 160;
                cut.data[at % (uint32_t)cut.length] =
                    i % 3 == 0 ? bytes[bench_random(&seed) % 5]
                               : (uint8_t)bench_random(&seed);
            }
            if (i % 5 == 0) {
                cut.length -= bench_random(&seed) % 100;
            }
            if (image_repair(&cut, &fixed, &report, &f)) {
                assert_true(report.frames <= 65536 * 8);
                if (report.state != REPAIR_GOOD) {
                    print_message("%s %d: %s\n", kinds[kind].name, i,
                                  report.found);
                    assert_true(image_is_good(&fixed));
                }
            } else {
                assert_true(f.detail[0] != '\0');
            }
        }
    }
}

/* The blocks of WHOLE, a FLAC of one channel. */
static size_t find_blocks(sf_count_t places[], size_t most)
{
    static const uint8_t begin[] = {0xFF, 0xF8};
    size_t count = 0;

    for (sf_count_t at = 42; at + 6 < whole.length && count < most; at++) {
        if (memcmp(whole.data + at, begin, sizeof begin) == 0 &&
            (whole.data[at + 3] & 0xF1) == 0 && whole.data[at + 4] == count) {
            places[count++] = at;
        }
    }
    return count;
}

/* The header of one block, any byte of it: the file stays as it is. */
static void a_spoilt_block_header_is_no_reason_to_cut(void **state)
{
    struct repair_report report;
    struct fault f;
    sf_count_t places[8] = {0};

    (void)state;
    image_make(&whole, kinds[KINDS - 1].format, 1, FRAMES);
    assert_int_equal(find_blocks(places, 8), 4);
    for (int block = 1; block < 3; block++) {
        for (int byte = 0; byte < 6; byte++) {
            cut_to(whole.length);
            cut.data[places[block] + byte] ^= 0x41;
            print_message("block %d, byte %d\n", block, byte);
            assert_true(image_repair(&cut, &fixed, &report, &f));
            assert_int_equal(report.state, REPAIR_GOOD);
            assert_int_equal(report.frames, FRAMES);
            assert_non_null(strstr(report.found, "damaged"));
        }
    }
    /* not there at all */
    cut_to(whole.length - (places[2] - places[1]));
    memmove(cut.data + places[1], whole.data + places[2],
            (size_t)(whole.length - places[2]));
    assert_false(image_repair(&cut, &fixed, &report, &f));
    assert_int_equal(f.err, ERR_NOT_REPAIRED);
}

/* Damaged ones right before what is broken off go with it. */
static void a_torn_end_behind_damage_is_repaired_once(void **state)
{
    struct repair_report report;
    struct fault f;
    sf_count_t places[8] = {0};

    (void)state;
    image_make(&whole, kinds[KINDS - 1].format, 1, FRAMES);
    assert_int_equal(find_blocks(places, 8), 4);
    for (int first = 2; first >= 0; first--) {
        cut_to(places[3] + 500);
        for (int block = first; block < 3; block++) {
            cut.data[places[block] + 300] ^= 0x10;
        }
        if (first == 0) {
            assert_false(image_repair(&cut, &fixed, &report, &f));
            assert_int_equal(f.err, ERR_NOT_REPAIRED);
            continue;
        }
        assert_true(image_repair(&cut, &fixed, &report, &f));
        assert_non_null(strstr(report.found, "damaged"));
        assert_int_equal(report.frames, first * 4096);
        assert_int_equal(fixed.length, places[first]);
        assert_true(image_is_good(&fixed));
    }
}

/* In place and back, once: it takes a second. */
static void in_place_and_back(void **state)
{
    struct repair_request request = {.path = "in"};
    struct repair_report report;
    struct fault f = {0};

    (void)state;
    make(0, 1000);
    cut_to(whole.length - 101);
    assert_true(image_repair(&cut, &fixed, &report, &f));
    assert_true(repair_file(&request, &report, &f));
    assert_int_equal(report.state, REPAIR_DONE);
    image_get(&again, "in");
    assert_int_equal(again.length, fixed.length);
    assert_memory_equal(again.data, fixed.data, (size_t)fixed.length);
    request.path = "in.looprec-undo";
    request.dry_run = true;
    assert_true(repair_file(&request, &report, &f));
    assert_int_equal(report.state, REPAIR_NEEDED);
    request.dry_run = false;
    assert_true(repair_file(&request, &report, &f));
    assert_int_equal(report.state, REPAIR_UNDONE);
    image_get(&again, "in");
    assert_int_equal(again.length, cut.length);
    assert_memory_equal(again.data, cut.data, (size_t)cut.length);
    assert_false(file_exists("in.looprec-undo"));
}

/* Silent for as long as the repair looks. */
static void somebody_elses_file_is_left_alone(void **state)
{
    struct repair_request request = {.path = "in"};
    struct repair_report report;
    struct fault f = {0};

    (void)state;
    make(0, 1000);
    cut_to(whole.length - 101);
    image_put(&cut, "in");
    struct file *writer = file_open("in", FILE_CHANGE, NULL);
    assert_non_null(writer);
    assert_false(repair_file(&request, &report, &f));
    assert_int_equal(f.err, ERR_FILE_IN_USE);
    assert_non_null(strstr(f.hint, "-o NEW"));
    assert_false(file_exists("in.looprec-undo"));
    assert_true(file_close(writer, NULL));
    image_get(&again, "in");
    assert_int_equal(again.length, cut.length);
    assert_memory_equal(again.data, cut.data, (size_t)cut.length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_good_file_of_each_type_stays),
        IN_FOLDER(a_good_file_stays_whatever_follows),
        IN_FOLDER(a_cut_file_begins_as_the_whole_did),
        IN_FOLDER(a_spoilt_file_is_repaired_once),
        IN_FOLDER(a_spoilt_block_header_is_no_reason_to_cut),
        IN_FOLDER(a_torn_end_behind_damage_is_repaired_once),
        IN_FOLDER(in_place_and_back),
        IN_FOLDER(somebody_elses_file_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
