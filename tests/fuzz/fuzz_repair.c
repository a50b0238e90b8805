/* fuzz_repair: a file that is to be repaired; the input is the file. Whatever
 * it holds, looking at it changes nothing; what was repaired is whole; the undo
 * file brings every byte back. Linked so that waiting for a writer to be at
 * rest (clock_sleep_ns) takes no time. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "repair/repair.h"

void __wrap_clock_sleep_ns(int64_t ns);

void __wrap_clock_sleep_ns(int64_t ns)
{
    (void)ns;
}

/* A folder in memory where there is one. */
static void name_file(char *path, size_t size, const char *name)
{
    const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, size, "%s/looprec-fuzz-%ld-%s", folder, (long)getpid(),
             name);
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL);
    REQUIRE(fwrite(data, 1, size, file) == size);
    REQUIRE(fclose(file) == 0);
}

/* The file of PATH is that of DATA. */
static void check_bytes(const char *path, const uint8_t *data, size_t size)
{
    uint8_t *there = malloc(size + 1);
    FILE *file = fopen(path, "rb");
    REQUIRE(file != NULL && there != NULL);
    REQUIRE(fread(there, 1, size + 1, file) == size);
    REQUIRE(size == 0 || memcmp(there, data, size) == 0);
    fclose(file);
    free(there);
}

/* PATH is repaired: there is nothing more to do. */
static void check_whole(const char *path)
{
    struct repair_request look = {.path = path, .dry_run = true};
    struct repair_report report;
    struct fault f = {0};
    REQUIRE(repair_file(&look, &report, &f));
    REQUIRE(report.state == REPAIR_GOOD);
}

static void check_copy(const char *path, const char *copy)
{
    struct repair_request request = {.path = path, .output = copy};
    struct repair_report report;
    struct fault f = {0};

    if (repair_file(&request, &report, &f) && report.state == REPAIR_DONE) {
        check_whole(copy);
    }
    unlink(copy);
}

/* False: it is refused, and as it was. */
static int repair_in_place(const char *path, const uint8_t *data, size_t size,
                           char undo[4096])
{
    struct repair_request request = {.path = path};
    struct repair_report report;
    struct fault f = {0};

    if (!repair_file(&request, &report, &f)) {
        REQUIRE(f.err != ERR_OK && f.detail[0] != '\0');
        check_bytes(path, data, size);
        return 0;
    }
    REQUIRE(report.state == REPAIR_DONE);
    REQUIRE(strlen(report.undo) < sizeof report.undo);
    memcpy(undo, report.undo, sizeof report.undo);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], copy[64], undo[4096] = "";
    struct repair_report report;
    struct fault f = {0};

    name_file(path, sizeof path, "file");
    name_file(copy, sizeof copy, "copy");
    unlink(copy);
    write_file(path, data, size);
    struct repair_request look = {.path = path, .dry_run = true};
    int good = repair_file(&look, &report, &f);
    check_bytes(path, data, size);
    REQUIRE(memchr(report.found, '\0', sizeof report.found) != NULL);
    REQUIRE(good || (f.err != ERR_OK && f.detail[0] != '\0'));
    if (good && report.state == REPAIR_NEEDED) {
        check_copy(path, copy);
        check_bytes(path, data, size);
        if (repair_in_place(path, data, size, undo)) {
            struct repair_request back = {.path = undo};
            check_whole(path);
            REQUIRE(repair_file(&back, &report, &f));
            REQUIRE(report.state == REPAIR_UNDONE);
            check_bytes(path, data, size);
        }
    }
    unlink(path);
    return 0;
}
