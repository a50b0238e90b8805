/* taps_others: where the taps are, and who else plays where a stream begins.
 * See taps.h. */
#include "source/pulse/taps_parts.h"

#include "sys/clock.h"

void taps_on_others(pa_context *c, const pa_sink_input_info *info, int eol,
                    void *data)
{
    struct tap *tap = data;
    (void)c;
    if (eol != 0 || info == NULL) {
        if (tap->others == OTHERS_UNKNOWN) {
            tap->others = eol > 0 ? OTHERS_NONE : OTHERS_SOME;
        }
    } else if (info->index != tap->who.input && info->corked == 0 &&
               (info->sink == tap->who.sink ||
                info->sink == PA_INVALID_INDEX)) {
        tap->others = OTHERS_SOME;
    }
}

void taps_forget_others(struct tap *tap)
{
    if (tap->others_op != NULL) {
        pa_operation_cancel(tap->others_op);
        pa_operation_unref(tap->others_op);
        tap->others_op = NULL;
    }
    tap->others = OTHERS_UNKNOWN;
}

void taps_removed(struct taps *t, uint32_t input)
{
    bool others = true;
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        struct tap *tap = &t->items[i];
        if (tap->who.input == input) {
            tap->gone = tap->intake.ended = true;
            others = false;
        }
    }
    if (others) {
        t->removed_ns = clock_now_ns();
    }
}

bool taps_in_use(const struct taps *t)
{
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        if (t->items[i].state != TAP_FREE) {
            return true;
        }
    }
    return t->waiting_count > 0;
}

unsigned taps_outputs(const struct taps *t, struct keepers_use *out)
{
    unsigned count = 0;
    for (unsigned i = 0; i < TAPS_MAX; i++) {
        const struct tap *tap = &t->items[i];
        if (tap->state != TAP_FREE && tap->who.input != STREAM_WHOLE) {
            out[count++] = (struct keepers_use){.sink = tap->who.sink,
                                                .plays = tap->steady};
        }
    }
    return count;
}
