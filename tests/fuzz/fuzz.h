/* fuzz: what the fuzz targets share. Each target is one file with an
 * LLVMFuzzerTestOneInput: clang's libFuzzer makes a program of it that looks
 * for inputs (`make fuzz`); with replay.c it is one that takes those of
 * tests/fuzz/corpus (`make check`). One thread. */
#ifndef LOOPREC_TESTS_FUZZ_FUZZ_H
#define LOOPREC_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What holds for every input. */
#define REQUIRE(condition)                                             \
    do {                                                               \
        if (!(condition)) {                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, \
                    #condition);                                       \
            abort();                                                   \
        }                                                              \
    } while (0)

/* An input, read from its front. What is not there reads as zeros. */
struct input {
    const uint8_t *data;
    size_t size;
};

static inline uint64_t input_number(struct input *in, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && in->size > 0; i++) {
        value |= (uint64_t)*in->data++ << (8 * i);
        in->size--;
    }
    return value;
}

/* The bytes up to END, or to the end, in a block that is not a byte larger than
 * the string (so that a sanitizer sees what reads beyond); free. */
static inline char *input_text(struct input *in, char end)
{
    size_t length = 0;
    while (length < in->size && in->data[length] != (uint8_t)end &&
           in->data[length] != '\0') {
        length++;
    }
    char *text = malloc(length + 1);
    if (text == NULL) {
        abort();
    }
    memcpy(text, in->data, length);
    text[length] = '\0';
    length += length < in->size;
    in->data += length;
    in->size -= length;
    return text;
}

#endif
