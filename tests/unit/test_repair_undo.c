/* repair/undo: an undo file from anywhere, and a file that is not as it should
 * be: nothing is written before all of it was believed. */
#include "repair/apply.h"
#include "repair/undo.h"
#include "unit/repair_bench.h"

enum { OLD = 1000, NEW = 700, AT_OLD = 16, AT_COUNT = 40, AT_PATCH = 48 };

static struct image before, after, undo_file, now;
static struct look l, t;

/* BEFORE, AFTER and the undo file between them: two patches, and CUT bytes less
 * or, below 0, more. */
static void make(int cut)
{
    struct plan p = {.count = 2,
                     .patches = {{.at = 40, .bytes = 4, .data = "size"},
                                 {.at = 4, .bytes = 8, .data = "the whol"}},
                     .length = OLD - cut};
    struct fault f = {0};

    before.length = OLD;
    for (int i = 0; i < OLD; i++) {
        before.data[i] = (uint8_t)(i * 7 + i / 256);
    }
    memcpy(before.data, "RIFF", 4);
    after = before;
    memcpy(after.data + 40, "size", 4);
    memcpy(after.data + 4, "the whol", 8);
    memset(after.data + OLD, 0, 16);
    after.length = OLD - cut;
    image_put(&before, "in");
    struct file *in = file_open("in", FILE_READ, &f);
    struct file *out = file_open("out", FILE_NEW, &f);
    assert_true(in != NULL && out != NULL);
    look_init(&l, in, "in");
    assert_true(undo_write(&p, &l, out, &f));
    assert_true(file_close(out, &f) && file_close(in, &f));
    image_get(&undo_file, "out");
    remove("out");
}

/* The undo file is spoilt, but its checksum is made right again. */
static void sign(void)
{
    uint64_t sum = UINT64_C(0xCBF29CE484222325);
    sf_count_t end = undo_file.length - 8;

    for (sf_count_t i = 0; i < end; i++) {
        sum = (sum ^ undo_file.data[i]) * UINT64_C(0x100000001B3);
    }
    bytes_put_le(undo_file.data + end, sum, 8);
}

/* Undo STATE by the undo file; what is there then is in NOW. */
static bool undo(const struct image *state, struct fault *f)
{
    *f = (struct fault){.err = ERR_OK};
    image_put(state, "in");
    image_put(&undo_file, "out");
    struct file *file = file_open("in", FILE_CHANGE, f);
    struct file *kept = file_open("out", FILE_READ, f);
    assert_true(file != NULL && kept != NULL);
    look_init(&t, file, "in");
    look_init(&l, kept, "out");
    bool good = apply_undo(&l, &t, file, f);
    file_close(file, NULL);
    file_close(kept, NULL);
    image_get(&now, "in");
    remove("out");
    return good;
}

static void is_back(const struct image *state)
{
    struct fault f;

    assert_true(undo(state, &f));
    assert_int_equal(now.length, before.length);
    assert_memory_equal(now.data, before.data, OLD);
}

static void is_refused(const struct image *state, const char *why)
{
    struct fault f;

    assert_false(undo(state, &f));
    assert_int_equal(f.err, ERR_NOT_REPAIRED);
    assert_non_null(strstr(f.detail, why));
    assert_int_equal(now.length, state->length);
    assert_memory_equal(now.data, state->data, (size_t)now.length);
}

static const char not_whole[] = "not whole";
static const char other[] = "not as the repair has left it";

static void what_was_there_comes_back(void **state)
{
    static const int cuts[] = {OLD - NEW, 0, -1};

    (void)state;
    for (int i = 0; i < 3; i++) {
        make(cuts[i]);
        is_back(&after);
    }
}

/* The repair, or the way back, ended at any point. */
static void half_way_is_good_enough(void **state)
{
    static struct image half;

    (void)state;
    make(OLD - NEW);
    is_back(&before);
    half = before;
    memcpy(half.data + 40, "si", 2); /* half of a patch */
    is_back(&half);
    half = after; /* the end is there again, in part */
    memcpy(half.data + NEW, before.data + NEW, OLD - NEW);
    for (half.length = NEW; half.length <= OLD; half.length += 100) {
        is_back(&half);
    }
    make(-1);
    half = before; /* the padding is not there yet */
    is_back(&half);
}

static void another_file_is_refused(void **state)
{
    static struct image file;

    (void)state;
    make(OLD - NEW);
    for (int at = 0; at < NEW; at += 11) {
        file = after;
        file.data[at] ^= 0x80;
        is_refused(&file, other);
    }
    file = after;
    file.length = NEW - 1;
    is_refused(&file, other);
    file.length = 0;
    is_refused(&file, other);
    file = before;
    file.length = OLD + 1;
    is_refused(&file, other);
    file.length = OLD; /* what was cut off is something else now */
    file.data[OLD - 1] ^= 1;
    is_refused(&file, other);
    make(-1);
    file = after;
    file.data[OLD] = 1; /* no padding */
    is_refused(&file, other);
}

/* In the middle of a large file one byte may be another: that is not looked at.
 * At both ends it is. */
static void both_ends_are_looked_at(void **state)
{
    static struct image file;
    struct plan p = {.count = 1,
                     .patches = {{.at = 4, .bytes = 4, .data = "size"}},
                     .length = 200000};
    struct fault f = {0};

    (void)state;
    file.length = 200000;
    memcpy(file.data, "RIFF", 4);
    image_put(&file, "in");
    struct file *in = file_open("in", FILE_READ, &f);
    struct file *out = file_open("out", FILE_NEW, &f);
    look_init(&l, in, "in");
    assert_true(undo_write(&p, &l, out, &f));
    assert_true(file_close(out, &f) && file_close(in, &f));
    image_get(&undo_file, "out");
    remove("out");
    memcpy(file.data + 4, "size", 4);
    assert_true(undo(&file, &f));
    static const int places[] = {0, 8, 65535, 200000 - 65536, 199999};
    for (int i = 0; i < 5; i++) {
        file.data[places[i]] ^= 1;
        is_refused(&file, other);
        file.data[places[i]] ^= 1;
    }
}

static void a_spoilt_undo_file_is_refused(void **state)
{
    (void)state;
    make(OLD - NEW);
    for (sf_count_t i = 16; i < undo_file.length; i += i < 100 ? 1 : 31) {
        undo_file.data[i] ^= 0x10;
        is_refused(&after, not_whole);
        undo_file.data[i] ^= 0x10;
    }
    sf_count_t length = undo_file.length;
    for (sf_count_t part = 16; part < length; part += part < 90 ? 1 : 29) {
        make(OLD - NEW);
        undo_file.length = part;
        is_refused(&after, not_whole);
        if (part >= AT_PATCH + 8) {
            sign();
            is_refused(&after, not_whole);
        }
    }
    make(OLD - NEW);
    undo_file.length = length + 1;
    is_refused(&after, not_whole);
    undo_file.data[13] = '1';
    is_refused(&after, "another version");
}

/* Numbers that somebody chose, with a checksum that fits. */
static void hostile_numbers_are_refused(void **state)
{
    static const uint64_t bad[] = {0,
                                   1,
                                   41,
                                   NEW - 1,
                                   NEW,
                                   OLD,
                                   OLD + 9,
                                   UINT64_C(0x7FFFFFFFFFFFFFFF),
                                   UINT64_C(0x7FFFFFFFFFFFFFF8),
                                   UINT64_C(0x8000000000000000),
                                   UINT64_C(0xFFFFFFFFFFFFFFFF),
                                   UINT64_C(0xFFFFFFFFFFFFFFD8),
                                   UINT64_C(0x100000000)};
    static const int places[] = {AT_OLD,   AT_OLD + 8,   AT_OLD + 16,
                                 AT_COUNT, AT_PATCH + 8, AT_PATCH};

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            make(OLD - NEW);
            if (bytes_get_le(undo_file.data + places[i], 8) == bad[k]) {
                continue;
            }
            bytes_put_le(undo_file.data + places[i], bad[k], 8);
            sign();
            /* a place within the file is only a wrong one */
            bool possible = places[i] == AT_OLD + 16 ||
                            (places[i] == AT_PATCH && bad[k] < NEW - 4 &&
                             (bad[k] < 1 || bad[k] >= 12));
            is_refused(&after, possible ? other : not_whole);
        }
    }
}

/* One patch over another, or over what was cut off. */
static void patches_lie_apart(void **state)
{
    static const int64_t places[] = {4, 1, 8, 11, NEW - 3, NEW, OLD - 4};

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        make(OLD - NEW);
        bytes_put_le(undo_file.data + AT_PATCH, (uint64_t)places[i], 8);
        sign();
        is_refused(&after, not_whole);
    }
}

/* More padding than there is, and more patches, though each were one. */
static void no_repair_does_so_much(void **state)
{
    (void)state;
    make(-UNDO_PADDING_MOST);
    is_back(&after);
    make(-UNDO_PADDING_MOST - 1);
    is_refused(&after, not_whole);
    for (int count = PLAN_PATCHES; count <= PLAN_PATCHES + 1; count++) {
        make(0);
        bytes_put_le(undo_file.data + AT_COUNT, (uint64_t)count, 8);
        uint8_t *patch = undo_file.data + AT_PATCH;
        for (int i = 0; i < count; i++, patch += 18) {
            bytes_put_le(patch, (uint64_t)(100 + 2 * i), 8);
            bytes_put_le(patch + 8, 1, 8);
            patch[16] = patch[17] = after.data[100 + 2 * i];
        }
        undo_file.length = patch + 8 - undo_file.data;
        sign();
        /* the checksum of the file is another one then */
        is_refused(&after, count <= PLAN_PATCHES ? other : not_whole);
    }
}

static void names_are_told_by_their_ending(void **state)
{
    char name[64];

    (void)state;
    assert_true(repair_undo_target(name, sizeof name, "d/a.wav.looprec-undo"));
    assert_string_equal(name, "d/a.wav");
    assert_false(repair_undo_target(name, sizeof name, ".looprec-undo"));
    assert_false(repair_undo_target(name, sizeof name, "a.wav"));
    assert_false(repair_undo_target(name, 5, "a.wav.looprec-undo"));
    assert_true(repair_undo_target(name, 6, "a.wav.looprec-undo"));
    assert_false(undo_name(name, 18, "a.wav"));
    assert_true(undo_name(name, 19, "a.wav"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_was_there_comes_back),
        IN_FOLDER(half_way_is_good_enough),
        IN_FOLDER(another_file_is_refused),
        IN_FOLDER(both_ends_are_looked_at),
        IN_FOLDER(a_spoilt_undo_file_is_refused),
        IN_FOLDER(hostile_numbers_are_refused),
        IN_FOLDER(patches_lie_apart),
        IN_FOLDER(no_repair_does_so_much),
        IN_FOLDER(names_are_told_by_their_ending),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
