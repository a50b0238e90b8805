/* replay: gives files to a fuzz target, one after the other; prints TAP. */
#include "fuzz/fuzz.h"

/* The whole file, in a block of its size; NULL: it cannot be read. */
static uint8_t *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;

    if (file == NULL) {
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0) {
        long length = ftell(file);
        *size = length > 0 ? (size_t)length : 0;
        rewind(file);
        data = malloc(*size > 0 ? *size : 1);
        if (data != NULL && fread(data, 1, *size, file) != *size) {
            free(data);
            data = NULL;
        }
    }
    fclose(file);
    return data;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;

    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        size_t size = 0;
        uint8_t *data = read_whole(argv[i], &size);
        if (data == NULL) {
            printf("not ok %d %s: cannot be read\n", i, argv[i]);
            failed = 1;
            continue;
        }
        printf("   %s\n", argv[i]); /* not TAP: seen by who runs it alone */
        fflush(stdout);
        LLVMFuzzerTestOneInput(data, size);
        free(data);
        printf("ok %d %s\n", i, argv[i]);
        fflush(stdout);
    }
    return failed;
}
