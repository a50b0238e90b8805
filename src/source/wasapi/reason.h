/* reason: why Windows ended our stream: the word that it sends to the stream's
 * audio session (IAudioSessionEvents::OnSessionDisconnected). The object is
 * its own, reference-counted; its callbacks run on Windows' threads and only
 * store and set events. Everything else is the capture thread's. */
#ifndef LOOPREC_SOURCE_WASAPI_REASON_H
#define LOOPREC_SOURCE_WASAPI_REASON_H

#include <stdbool.h>

#include "source/wasapi/abi.h"

struct reason;

/* Begin to listen at CLIENT's session. WAKE is set when there is a reason; a
 * duplicate of it is kept. NULL: this stream has no session (process loopback
 * has none), or memory is short: then the stream's own errors have to do. */
struct reason *reason_create(IAudioClient *client, HANDLE wake);

/* Stop listening, before the client is released. NULL is fine. Not from a
 * callback. */
void reason_destroy(struct reason *r);

/* Is there one by now? Lock-free; for the capture path. NULL: no. */
bool reason_known(const struct reason *r);

/* Wait up to TIMEOUT_MS for it and put it into words; NULL: none came, or R is
 * NULL. *REMOVAL says that the device itself was taken away, which others may
 * know more exactly. Not while packets come. */
const char *reason_wait(const struct reason *r, DWORD timeout_ms,
                        bool *removal);

#endif
