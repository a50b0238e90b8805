/* repair: chunks around the sound of a WAV or Wave64, and the blocks of a FLAC.
 */
#include "repair/flac_block.h"
#include "repair/plan.h"
#include "unit/repair_bench.h"

static struct image made, fixed;
static struct look look;
static int64_t data_at; /* of the sound in MADE */

/* --- making --- */

static void add(const void *data, size_t bytes)
{
    memcpy(made.data + made.length, data, bytes);
    made.length += (sf_count_t)bytes;
}

static void add_number(uint64_t value, unsigned bytes)
{
    uint8_t data[8];
    bytes_put_le(data, value, bytes);
    add(data, bytes);
}

/* BYTES that are no chunk and no frame's half: 0x55. */
static void add_chunk(const char *id, size_t bytes)
{
    add(id, 4);
    add_number(bytes, 4);
    memset(made.data + made.length, 0x55, bytes);
    made.length += (sf_count_t)bytes;
    if (bytes & 1) {
        add("", 1);
    }
}

/* A WAV of FRAMES (s24, mono) with chunks of SIZE before and behind the sound.
 */
static void make_wav(size_t frames, const char *const *before,
                     const char *const *behind, size_t size)
{
    made.length = 0;
    add("RIFF....WAVE", 12);
    for (; *before != NULL; before++) {
        add_chunk(*before, size);
    }
    add("fmt \x10\0\0\0\1\0\1\0", 12);
    add_number(8000, 4);
    add_number(24000, 4);
    add_number(3, 2);
    add_number(24, 2);
    add("data", 4);
    add_number(frames * 3, 4);
    data_at = made.length;
    for (size_t i = 0; i < frames; i++) {
        add_number(i * 77777 + 0x101010, 3);
    }
    if (frames & 1) {
        add("", 1);
    }
    for (; *behind != NULL; behind++) {
        add_chunk(*behind, size);
    }
    bytes_put_le(made.data + 4, (uint64_t)made.length - 8, 4);
}

static void set(int64_t at, uint64_t value, unsigned bytes)
{
    bytes_put_le(made.data + at, value, bytes);
}

/* --- WAV --- */

static const char *const none[] = {NULL};
static const char *const heads[][4] = {
    {NULL}, {"LIST", NULL}, {"bext", "id3 ", NULL}, {"JUNK", "fact", NULL}};
static const char *const tails[][3] = {
    {NULL}, {"LIST", NULL}, {"id3 ", "bext", NULL}, {"iXML", "abcd", NULL}};
static const size_t sizes[] = {4, 5, 28, 602, 70001, 200000};

static void a_good_wav_with_chunks_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4 * 4 * 6 * 2; i++) {
        make_wav(200 + i % 2, heads[i / 2 % 4], tails[i / 8 % 4],
                 sizes[i / 32]);
        assert_true(image_is_good(&made));
    }
}

/* What a program leaves in the sizes that did not finish. */
static void chunks_of_an_unfinished_wav_are_no_sound(void **state)
{
    static const uint32_t left[][2] = {
        {0, 0}, {0xFFFFFFFF, 0xFFFFFFFF}, {0x7FFFF024, 0x7FFFF000}, {36, 0}};
    struct repair_report report;
    struct fault f;

    (void)state;
    for (size_t i = 0; i < 3 * 6 * 4 * 2; i++) {
        size_t frames = 200 + i % 2;
        make_wav(frames, none, tails[1 + i / 2 % 3], sizes[i / 24]);
        set(4, left[i / 6 % 4][0], 4);
        set(data_at - 4, left[i / 6 % 4][1], 4);
        assert_true(image_repair(&made, &fixed, &report, &f));
        assert_int_equal(report.state, REPAIR_DONE);
        assert_int_equal(report.frames, frames);
        assert_int_equal(fixed.length, made.length);
        assert_int_equal(bytes_get_le(fixed.data + data_at - 4, 4), frames * 3);
        assert_int_equal(bytes_get_le(fixed.data + 4, 4), made.length - 8);
        assert_true(image_is_good(&fixed));
    }
}

/* Within the RIFF or behind it, with a chunk before it or not. */
static void noise_behind_agreeing_sizes_is_told(void **state)
{
    struct repair_report report;
    struct fault f = {0};
    const struct repair_request request = {.path = "in", .dry_run = true};

    (void)state;
    for (int i = 0; i < 4; i++) {
        make_wav(200, none, tails[i % 2], 40);
        memset(made.data + made.length, 0xA5, 5000);
        made.length += 5000;
        if (i / 2 == 1) {
            set(4, (uint64_t)made.length - 8, 4);
        }
        assert_true(image_is_good(&made));
        assert_true(repair_file(&request, &report, &f));
        assert_int_equal(report.frames, 200);
        assert_non_null(strstr(report.found, "bytes of something else"));
        /* only straight behind the sound it may be some */
        assert_int_equal(strstr(report.found, "-o FILE") != NULL, i == 0);
        assert_true(image_repair(&made, &fixed, &report, &f));
        assert_int_equal(report.state == REPAIR_GOOD, i != 0);
        assert_int_equal(report.frames, i == 0 ? 200 + 5000 / 3 : 200);
    }
}

/* Sizes of chunks that lead beyond the end, round and round, or far too far. */
static void hostile_sizes_are_refused(void **state)
{
    static const uint32_t bad[] = {0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 100000};
    struct repair_report report;
    struct fault f;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        make_wav(200, heads[1], none, 40);
        set(16, bad[i], 4); /* of the LIST before the sound */
        assert_false(image_repair(&made, &fixed, &report, &f));
        assert_int_equal(f.err, ERR_NOT_REPAIRED);
        assert_non_null(strstr(f.detail, "before its sound"));
    }
    make_wav(200, none, none, 0);
    set(32, 0, 2); /* a frame of no bytes */
    assert_false(image_repair(&made, &fixed, &report, &f));
    set(32, 3, 2);
    set(24, 0, 4); /* no rate */
    assert_false(image_repair(&made, &fixed, &report, &f));
    /* nothing but chunks of nothing */
    made.length = 12;
    for (int i = 0; i < 5000; i++) {
        add_chunk("abcd", 0);
    }
    assert_false(image_repair(&made, &fixed, &report, &f));
}

/* --- FLAC --- */

/* Sound of many kinds, so that blocks are of all of FLAC's. */
static void make_flac(int style, int channels, int bits, size_t frames)
{
    SF_INFO info = {.samplerate = 8000,
                    .channels = channels,
                    .format = SF_FORMAT_FLAC | (bits == 16 ? SF_FORMAT_PCM_16
                                                           : SF_FORMAT_PCM_24)};
    uint32_t seed = (uint32_t)frames;
    made.length = made.at = 0;
    SNDFILE *snd = sf_open_virtual(&image_io, SFM_WRITE, &info, &made);
    assert_non_null(snd);
    for (size_t i = 0; i < frames; i++) {
        int noise = (int)(bench_random(&seed) << 8);
        int hum = (int)(i % 100) * 20000000 - 1000000000;
        int frame[2] = {hum, hum + noise / 4096};
        if (style == 0) {
            frame[0] = frame[1] = 0; /* one value for all */
        } else if (style == 1) {
            frame[0] = noise;
            frame[1] = (int)(bench_random(&seed) << 8);
        } else if (style == 2) {
            frame[0] = frame[1] = noise & ~0xFFFFF; /* wasted bits */
        } else if (style == 3) {
            frame[1] = i % 1000 == 0 ? noise : 1 << 20; /* seldom anything */
        }
        assert_int_equal(sf_writef_int(snd, frame, 1), 1);
    }
    sf_close(snd);
}

static struct file *look_open(void)
{
    image_put(&made, "in");
    struct file *file = file_open("in", FILE_READ, NULL);
    assert_non_null(file);
    look_init(&look, file, "in");
    return file;
}

static int64_t first_block(void)
{
    int64_t at = 4;
    bool last = false;
    while (!last) {
        last = made.data[at] & 0x80;
        at += 4 + (int64_t)bytes_get_be(made.data + at + 1, 3);
    }
    return at;
}

/* By its content a block ends where the next one begins, and the last one where
 * the file does; zeros behind it change nothing. */
static void blocks_end_where_the_next_begins(void **state)
{
    (void)state;
    for (int i = 0; i < 5 * 2 * 2; i++) {
        make_flac(i / 4, i % 2 + 1, i / 2 % 2 ? 16 : 24, 4096 * 3 + 700);
        sf_count_t length = made.length;
        made.length += 50; /* zeros */
        memset(made.data + length, 0, 50);
        struct file *file = look_open();
        int64_t at = first_block();
        for (unsigned k = 0; k < 4; k++) {
            const uint8_t *b = made.data + at;
            assert_int_equal(b[0] << 8 | b[1], 0xFFF8);
            assert_int_equal(b[4], k);
            assert_int_equal(b[2] >> 4, k < 3 ? 12 : 7);
            const struct flac_shape shape = {
                .samples = k < 3 ? 4096 : 700,
                .bits = i / 2 % 2 ? 16 : 24,
                .channels = (unsigned)i % 2 + 1,
                .assignment = b[3] >> 4,
            };
            at = flac_block_end(&look, at + (k < 3 ? 6 : 8), &shape);
            assert_in_range(at, first_block(), length);
        }
        assert_int_equal(at, length);
        file_close(file, NULL);
    }
}

/* Whatever it is, it ends, and within the file. */
static void hostile_blocks_end(void **state)
{
    uint32_t seed = 11;

    (void)state;
    for (int i = 0; i < 300; i++) {
        made.length = 1 + bench_random(&seed) % 4000;
        for (sf_count_t k = 0; k < made.length; k++) {
            uint32_t any = bench_random(&seed);
            made.data[k] = (uint8_t)(i % 3 == 0 ? any : any & any >> 8);
        }
        made.data[0] &= 0x7F;
        struct file *file = look_open();
        const struct flac_shape shape = {
            .samples = i % 4 == 0 ? 65536 : 1 + bench_random(&seed) % 5000,
            .bits = 4 + bench_random(&seed) % 29,
            .channels = 1 + bench_random(&seed) % 8,
            .assignment = bench_random(&seed) % 11,
        };
        int64_t end = flac_block_end(&look, 0, &shape);
        assert_true(end == -1 || (end > 0 && end <= made.length));
        file_close(file, NULL);
    }
}

/* The checksum of the last block ends with a zero in one of 256, and then comes
 * out without it, too. */
static void a_zero_of_the_last_block_is_never_lost(void **state)
{
    struct repair_report report;
    struct fault f;
    int seen = 0;

    (void)state;
    for (size_t frames = 16; seen < 3 && frames < 4000; frames++) {
        make_flac(4, 1, 16, frames);
        sf_count_t length = made.length;
        if (made.data[length - 1] != 0) {
            continue;
        }
        seen++;
        for (int zeros = 0; zeros < 6; zeros++) {
            memset(made.data + length, 0, 6);
            made.length = length + zeros;
            assert_true(image_is_good(&made));
            uint8_t said[5], md5[16];
            memcpy(said, made.data + 21, sizeof said);
            memcpy(md5, made.data + 26, sizeof md5);
            made.data[21] &= 0xF0;
            memset(made.data + 22, 0, 4 + sizeof md5);
            assert_true(image_repair(&made, &fixed, &report, &f));
            assert_int_equal(report.frames, frames);
            assert_int_equal(fixed.length, length);
            memcpy(made.data + 21, said, sizeof said);
            memcpy(made.data + 26, md5, sizeof md5);
            memcpy(fixed.data + 26, md5, sizeof md5);
            assert_memory_equal(fixed.data, made.data, (size_t)length);
        }
    }
    assert_int_equal(seen, 3); /* or it tests nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_good_wav_with_chunks_stays),
        IN_FOLDER(chunks_of_an_unfinished_wav_are_no_sound),
        IN_FOLDER(noise_behind_agreeing_sizes_is_told),
        IN_FOLDER(hostile_sizes_are_refused),
        IN_FOLDER(blocks_end_where_the_next_begins),
        IN_FOLDER(hostile_blocks_end),
        IN_FOLDER(a_zero_of_the_last_block_is_never_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
