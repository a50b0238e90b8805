/* apps: the applications that play on a sound server, for -L: its sink inputs,
 * each with what is known of who plays it (player.h). Main thread. */
#ifndef LOOPREC_SOURCE_PULSE_APPS_H
#define LOOPREC_SOURCE_PULSE_APPS_H

#include <stdbool.h>
#include <stdint.h>

#include "source/pulse/link.h"
#include "source/source.h"

/* Append every sink input. Takes up to PEAKS_MOST_NS longer than the questions,
 * to look at how loud each is; nothing on the server is changed by that. Our
 * own streams are left out. False: ERR_NO_SERVER, SOURCE_FAILED, NO_MEMORY. */
bool apps_list(struct link *l, struct app_list *out, int64_t deadline_ns,
               struct fault *f);

#endif
