/* account: the class of every frame in a file. */
#ifndef LOOPREC_CORE_ACCOUNT_H
#define LOOPREC_CORE_ACCOUNT_H

#include <stdint.h>

enum account_class {
    CLASS_CAPTURED, /* came from the source (packets of zeros too) */
    CLASS_IDLE,     /* the source had nothing to give */
    CLASS_LOST,     /* audio existed and was missed */
    CLASS_GONE,     /* the device or server was away */
    CLASS_COUNT
};

struct account {
    uint64_t frames[CLASS_COUNT];
};

/* "captured", "idle", "lost", "gone". */
const char *account_class_name(enum account_class c);

/* The sum of all classes: the frames in the file. */
uint64_t account_total(const struct account *a);

#endif
