/* synth_signal: the samples of a synthetic source, as a pure function of the
 * frame's number: what comes does not depend on how it is cut in packets. One
 * thread at a time. */
#ifndef LOOPREC_SOURCE_SYNTH_SIGNAL_H
#define LOOPREC_SOURCE_SYNTH_SIGNAL_H

#include <stdint.h>

#include "source/synth_spec.h"

struct synth_signal;

/* SPEC's signal at RATE with CHANNELS, to be asked for at most MOST frames at a
 * time. NULL: out of memory. */
struct synth_signal *synth_signal_create(const struct synth_spec *spec,
                                         uint32_t rate, uint32_t channels,
                                         uint32_t most);
void synth_signal_destroy(struct synth_signal *s); /* NULL is fine */

/* Frames NUMBER .. NUMBER + FRAMES - 1 in SPEC's type, interleaved; valid until
 * the next call. No lock, heap or system call. */
const void *synth_signal_at(struct synth_signal *s, uint64_t number,
                            uint32_t frames);

/* As many bytes as a packet may have, of loud rubbish: what lies under
 * packets that are flagged silent. */
const void *synth_signal_rubbish(const struct synth_signal *s);

#endif
