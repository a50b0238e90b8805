/* fuzz_lengths: durations and sizes. The input is one of either, as typed. What
 * is taken is within its limits, and means the same when it is written down in
 * another way. */
#include <inttypes.h>

#include "core/duration.h"
#include "core/format.h"
#include "core/size.h"
#include "fuzz/fuzz.h"

#define NS_PER_S INT64_C(1000000000)
#define MOST_NS  (INT64_C(100) * 36525 * 864 * NS_PER_S)

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

static void check_time(int64_t ns)
{
    static const uint32_t rates[] = {FORMAT_RATE_MIN, 11025, 44100, 48000,
                                     FORMAT_RATE_MAX};
    char text[64];
    struct duration again;

    REQUIRE(ns >= 0 && ns <= MOST_NS);
    snprintf(text, sizeof text, "%" PRId64 ".%09" PRId64 "s", ns / NS_PER_S,
             ns % NS_PER_S);
    REQUIRE(duration_parse(text, true, &again));
    REQUIRE(!again.is_frames && again.ns == ns);
    duration_format(text, sizeof text, ns);
    REQUIRE(duration_parse(text, true, &again));
    REQUIRE(again.ns == ns / 1000000 * 1000000);
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        int64_t frames = frames_from_ns(ns, rates[i]);
        REQUIRE(frames >= 0 && frames_from_ns(-ns, rates[i]) == -frames);
        REQUIRE(distance(frames_to_ns(frames, rates[i]), ns) <=
                NS_PER_S / rates[i]);
    }
}

static void check_duration(const char *text)
{
    struct duration d = {.frames = 7};
    struct duration positive = {.frames = 7};
    bool good = duration_parse(text, true, &d);
    bool zero = good && d.frames == 0 && d.ns == 0;

    REQUIRE(duration_parse(text, false, &positive) == (good && !zero));
    if (!good) {
        REQUIRE(d.frames == 7); /* it is left alone */
        return;
    }
    if (d.is_frames) {
        char frames[32];
        struct duration again;
        REQUIRE(d.ns == 0);
        snprintf(frames, sizeof frames, "%" PRIu64 "f", d.frames);
        REQUIRE(duration_parse(frames, true, &again));
        REQUIRE(again.is_frames && again.frames == d.frames);
        REQUIRE(duration_frames(&d, 48000) == d.frames);
    } else {
        REQUIRE(d.frames == 0);
        check_time(d.ns);
    }
}

static void check_size(const char *text)
{
    uint64_t bytes = 7;
    uint64_t again;
    char plain[32];

    if (!size_parse(text, &bytes)) {
        return;
    }
    REQUIRE(bytes > 0 && bytes <= UINT64_C(1) << 62);
    snprintf(plain, sizeof plain, "%" PRIu64 "B", bytes);
    REQUIRE(size_parse(plain, &again) && again == bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    char *text = input_text(&in, '\0');

    check_duration(text);
    check_size(text);
    free(text);
    return 0;
}
