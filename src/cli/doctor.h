/* doctor: what the two halves of --doctor share: the examination (doctor.c) and
 * what is told of it (diagnosis.c). Main thread. */
#ifndef LOOPREC_CLI_DOCTOR_H
#define LOOPREC_CLI_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "core/chirp.h"
#include "session/session.h"
#include "source/source.h"

/* What the examination found out. */
struct diagnosis {
    const struct options *o;
    /* Why nothing was recorded; err ERR_OK: something was, or it was stopped.
     */
    struct fault fault;
    bool recorded; /* the rest is meaningful */
    struct session_facts facts;
    struct session_report report;
    struct sound_played played;
    struct checkup checkup;   /* its troubles are those of all parts */
    struct chirp_found chirp; /* in the channel where it is the clearest */
    unsigned channels_found, channels_searched;
    double latency_ms; /* from its writing to its frame in the recording */
};

/* As words to standard output, and what failed to standard error; or as one
 * JSON object. The exit code. */
int diagnosis_tell(const struct diagnosis *d);

#endif
