/* sessions: the applications' audio sessions on the outputs, which is what
 * Windows' volume mixer shows. Main thread, capture thread or watch thread,
 * with COM initialised; every function makes calls that may take some
 * milliseconds, so none belongs on the capture path. */
#ifndef LOOPREC_SOURCE_WASAPI_SESSIONS_H
#define LOOPREC_SOURCE_WASAPI_SESSIONS_H

#include <stdbool.h>

#include "core/error.h"
#include "source/source.h"
#include "source/wasapi/abi.h"

/* Which sessions are meant: those of whose process MATCHES says so. MATCHES is
 * called from within these functions and may not call them. */
struct session_filter {
    bool (*matches)(void *context, DWORD process_id);
    void *context;
};

/* Append every session of every active output to OUT, but expired ones and our
 * own process's. False: NO_SERVER, NO_MEMORY ... in F. */
bool sessions_list(IMMDeviceEnumerator *e, struct app_list *out,
                   struct fault *f);

/* Tell LISTENER (NULL: nobody) where every session that FILTER means is muted
 * or turned down to nothing: what a recording of them will be is silence. One
 * that is heard is enough to say nothing. False: there is none (yet). */
bool sessions_warn_if_silent(IMMDeviceEnumerator *e,
                             const struct session_filter *filter,
                             const struct source_listener *listener);

/* The loudest peak now, linear, among the sessions that FILTER means and that
 * can be heard: where one is muted or turned down to nothing its meter may
 * move, for nothing says on which side of the volume it is. Below 0: none
 * tells. */
double sessions_peak(IMMDeviceEnumerator *e,
                     const struct session_filter *filter);

/* The peak that an IAudioMeterInformation tells, linear; below 0: it tells
 * none. METER may be NULL. */
struct meter;
double meter_peak(struct meter *m);

#endif
