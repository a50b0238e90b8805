/* awake: a stream that plays silence, so that an output goes on to run and
 * packets come where nothing plays (--keep-awake). It costs an entry in the
 * volume mixer and keeps the device from sleeping; nothing relies on it. Watch
 * thread, with COM initialised. */
#ifndef LOOPREC_SOURCE_WASAPI_AWAKE_H
#define LOOPREC_SOURCE_WASAPI_AWAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "source/wasapi/abi.h"

struct awake {
    IAudioClient *client;
    IAudioRenderClient *render;
    UINT32 frames;     /* of its buffer */
    int64_t buffer_ns; /* how long that lasts */
};

/* Play silence on DEVICE; CLIENT_NAME is how the mixer calls it. False: told in
 * F, nothing is left to close. */
bool awake_open(struct awake *a, IMMDevice *device, const char *client_name,
                struct fault *f);

/* Fill the buffer up; at least every half of buffer_ns. False: the stream is
 * lost, or A is closed. */
bool awake_feed(struct awake *a);

/* Stop and release; fine on one that is closed or all zero. */
void awake_close(struct awake *a);

#endif
