/* size: numbers of bytes as people type them, and what is none. */
#include "core/size.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"10M", 10000000},
        {"10MB", 10000000},
        {"10MiB", 10485760},
        {"1G", 1000000000},
        {"1.5G", 1500000000},
        {"0.5KiB", 512},
        {"2T", UINT64_C(2000000000000)},
        {"1TiB", UINT64_C(1099511627776)},
        {"3k", 3000},
        {"3K", 3000},
        {"3kB", 3000},
        {"7B", 7},
        {"0.1234567M", 123456},
        {"1.9B", 1},
        {"4194304TiB", UINT64_C(1) << 62},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint64_t bytes = 0;
        if (!size_parse(good[i].text, &bytes) || bytes != good[i].bytes)
            fail_msg("%s: %llu", good[i].text, (unsigned long long)bytes);
    }
}

static void no_sizes(void **state)
{
    static const char *const bad[] = {
        "",     "M",    "10",   "10m",  "10 M", "10Mb",  "10MIB", "-1M",
        "+1M",  "0M",   "0.0G", "1.M",  ".5G",  "1,5G",  "1e3M",  "10g",
        "10M ", "10MM", "1h",   "0.4B", "1G1M", "1.5.5M"};
    static const char *const large[] = {
        "4194305TiB", "4611686018427387905B", "99999999999999999999B",
        "99999999999999999999T", "18446744073709551617B"};
    uint64_t bytes = 77;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (size_parse(bad[i], &bytes))
            fail_msg("'%s' was taken", bad[i]);
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++)
        if (size_parse(large[i], &bytes))
            fail_msg("'%s' was taken", large[i]);
    assert_int_equal(bytes, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(no_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
