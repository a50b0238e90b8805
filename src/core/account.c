/* account: see account.h. */
#include "core/account.h"

const char *account_class_name(enum account_class c)
{
    static const char *const names[CLASS_COUNT] = {
        [CLASS_CAPTURED] = "captured",
        [CLASS_IDLE] = "idle",
        [CLASS_LOST] = "lost",
        [CLASS_GONE] = "gone",
    };
    return c < CLASS_COUNT ? names[c] : "?";
}

uint64_t account_total(const struct account *a)
{
    uint64_t sum = 0;
    for (int i = 0; i < CLASS_COUNT; i++) {
        sum += a->frames[i];
    }
    return sum;
}
