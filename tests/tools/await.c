/* await: reads raw samples of 16 bits from standard input, as a recorder of
 * small latency gives them, and prints the time at which sound came. That is
 * the time of the read that brought it: later than the sound by the recorder's
 * latency. */
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "audio.h"

static const char *const OPTIONS[] = {"raw", "threshold", "every", NULL};

static const char USAGE[] = "Usage: await [--raw=s16,48000,2] [--threshold=DB] "
                            "[--every=SECONDS] <SAMPLES\n"
                            "Prints time_ns=... frame=... at the first sample "
                            "above the threshold (-40)\n"
                            "and ends; with --every it goes on, for each sound "
                            "after so much silence.\n";

static int64_t wall_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int watch(const struct arguments *arguments)
{
    SF_INFO info = {0};
    parse_raw(option_text(arguments, "raw", "s16,48000,2"), &info);
    double threshold =
        32768 * pow(10, option_number(arguments, "threshold", -40) / 20);
    double every = option_number(arguments, "every", 0);
    int64_t pause = llround(every * info.samplerate);
    int64_t samples = 0, last = INT64_MIN / 2;
    unsigned char block[4096];
    size_t kept = 0;
    ssize_t got;

    while ((got = read(0, block + kept, sizeof(block) - kept)) > 0) {
        int64_t now = wall_ns();
        size_t have = kept + (size_t)got;
        for (size_t i = 0; i + 1 < have; i += 2, samples++) {
            int16_t value = (int16_t)(block[i] | block[i + 1] << 8);
            if (abs(value) <= threshold) {
                continue;
            }
            int64_t frame = samples / info.channels;
            if (frame - last > pause) {
                printf("time_ns=%lld frame=%lld\n", (long long)now,
                       (long long)frame);
                fflush(stdout);
                if (every <= 0) {
                    return 0;
                }
            }
            last = frame;
        }
        kept = have % 2;
        block[0] = block[have - kept];
    }
    if (every > 0) {
        return 0;
    }
    die("the input ended without any sound");
}

int main(int argc, char **argv)
{
    tool_name = "await";
    struct arguments arguments = {argc - 1, argv + 1};
    if (operand(&arguments, 0)) {
        fputs(USAGE, stderr);
        return 2;
    }
    check_options(&arguments, OPTIONS);
    return watch(&arguments);
}
