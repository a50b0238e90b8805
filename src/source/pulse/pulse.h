/* pulse: what Linux plays, by way of libpulse: PulseAudio, and PipeWire with
 * pipewire-pulse. */
#ifndef LOOPREC_SOURCE_PULSE_PULSE_H
#define LOOPREC_SOURCE_PULSE_PULSE_H

#include "source/source.h"

extern const struct source_system pulse_system;

#endif
