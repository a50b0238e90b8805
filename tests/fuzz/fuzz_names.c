/* fuzz_names: names with fields. The input: the number of a file (2 bytes), how
 * often that moment's name was there (1 byte), the moment in seconds (5 bytes),
 * a name up to a line's end, a folder. */
#include "fuzz/fuzz.h"
#include "sink/segments.h"
#include "sink/sink.h"

static size_t separators(const char *name)
{
    size_t count = 0;
    for (; *name != '\0'; name++) {
        count += *name == '/' || *name == '\\';
    }
    return count;
}

/* A field never leads into another folder, and no two files of a recording
 * have one name. */
static void check_segments(const char *path, unsigned number, unsigned again,
                           int64_t wall_ns)
{
    enum naming naming = naming_of(path);
    char *name = naming_segment(path, number, again, wall_ns);
    char *next = naming_segment(path, number + 1, again, wall_ns);
    char *once_more = naming_segment(path, number, again + 1, wall_ns);

    REQUIRE(name != NULL && next != NULL && once_more != NULL);
    REQUIRE(separators(name) == separators(path));
    REQUIRE(separators(next) == separators(path));
    REQUIRE((strcmp(name, next) == 0) == (naming == NAMING_TIME));
    if (again > 0) {
        REQUIRE((strcmp(name, once_more) == 0) == (naming != NAMING_TIME));
    }
    free(name);
    free(next);
    free(once_more);
}

/* A numbered name has a number, or at least the time; another stays. */
static void check_pattern(const char *path)
{
    char *plain = naming_pattern(path, false);
    char *numbered = naming_pattern(path, true);

    REQUIRE(plain != NULL && strcmp(plain, path) == 0);
    REQUIRE(numbered != NULL && naming_of(numbered) != NAMING_PLAIN);
    REQUIRE(naming_of(path) == NAMING_PLAIN || strcmp(numbered, path) == 0);
    free(plain);
    free(numbered);
}

/* In FOLDER it is called as in any other, and the folder is FOLDER. */
static void check_folder(const char *folder, const char *path, unsigned number,
                         int64_t wall_ns)
{
    const char *last = path + strlen(path);
    while (last > path && strchr("/\\:", last[-1]) == NULL) {
        last--;
    }
    char *pattern = naming_in_folder(folder, path);
    REQUIRE(pattern != NULL);
    REQUIRE(naming_of(pattern) == naming_of(last));
    char *there = naming_segment(pattern, number, 1, wall_ns);
    char *here = naming_segment(last, number, 1, wall_ns);
    REQUIRE(there != NULL && here != NULL);
    size_t length = strlen(folder);
    REQUIRE(strncmp(there, folder, length) == 0);
    length += there[length] == '/' && here[0] != '/';
    REQUIRE(strcmp(there + length, here) == 0);
    free(pattern);
    free(there);
    free(here);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    unsigned number = 1 + (unsigned)input_number(&in, 2);
    unsigned again = (unsigned)input_number(&in, 1);
    int64_t wall_ns = (int64_t)input_number(&in, 5) % (INT64_C(1) << 33) *
                      INT64_C(1000000000);
    char *path = input_text(&in, '\n');
    char *folder = input_text(&in, '\n');
    char name[40];

    check_segments(path, number, again, wall_ns);
    check_pattern(path);
    check_folder(folder, path, number, wall_ns);
    sink_default_name(name, 1 + size % sizeof name, SINK_FLAC, wall_ns);
    REQUIRE(strlen(name) <= size % sizeof name);
    (void)sink_type_from_path(path);
    free(path);
    free(folder);
    return 0;
}
