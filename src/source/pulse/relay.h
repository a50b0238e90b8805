/* relay: which sink inputs only pass on what others play, and which sinks are
 * passed on by them. Pure: what the server told is given as data. The roster's
 * thread.
 *
 * A module that combines, remaps, filters or loops back plays by a sink input
 * of its own, and takes what it plays from a sink of its own or from another's
 * monitor. Who records both hears it twice. On both servers such streams have
 * no client and the module's number (PulseAudio 16.1 and PipeWire 0.3.65, by
 * `pactl list`; a client's streams there have the number of the protocol's
 * module, so that alone says nothing); a program that does so on PipeWire, as
 * pw-loopback, has the property node.link-group on both sides. */
#ifndef LOOPREC_SOURCE_PULSE_RELAY_H
#define LOOPREC_SOURCE_PULSE_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "source/pulse/census.h"

/* What a sink input tells of itself. */
struct relay_input {
    uint32_t client; /* PA_INVALID_INDEX: it is a module's */
    uint32_t module; /* whose it is; PA_INVALID_INDEX: nobody's */
    char group[64];  /* PipeWire's node.link-group; empty: none */
};

/* Does I play what it takes from a sink? */
bool relay_is(const struct census *c, const struct relay_input *i);

/* Has I another side, by its group, that is not known yet, or not linked to
 * what it takes? */
bool relay_is_half(const struct census *c, const struct relay_input *i);

/* Does I play what it takes from S? */
bool relay_passes_on(const struct census *c, const struct relay_input *i,
                     const struct census_sink *s);

#endif
