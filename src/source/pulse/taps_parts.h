/* taps_parts: what the parts of the taps share. Private to taps.c and
 * taps_*.c. Capture thread only. */
#ifndef LOOPREC_SOURCE_PULSE_TAPS_PARTS_H
#define LOOPREC_SOURCE_PULSE_TAPS_PARTS_H

#include "source/pulse/taps.h"

/* libpulse: one stream of the list that others_op asks for; DATA is the tap. */
void taps_on_others(pa_context *c, const pa_sink_input_info *info, int eol,
                    void *data);

/* Hand over what TAP keeps, if that can be done. DEAD: nothing comes any
 * more. */
void taps_settle(struct taps *t, struct tap *tap, bool dead, int64_t now_ns);

/* Ask no more: it is unknown. */
void taps_forget_others(struct tap *tap);

#endif
