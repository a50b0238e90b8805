/* endpoint: one stream that hears what a render endpoint plays. Capture
 * thread. */
#ifndef LOOPREC_SOURCE_WASAPI_ENDPOINT_H
#define LOOPREC_SOURCE_WASAPI_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/format.h"
#include "source/wasapi/abi.h"

struct endpoint {
    /* constant between open and close */
    IAudioClient *client;
    IAudioCaptureClient *capture;
    HANDLE event; /* set when packets are ready; NULL: the stream is polled */
    struct audio_format format; /* of its packets; native: their samples */
    int64_t buffer_ns;          /* what fits into the system's buffer */
};

/* Open DEVICE for loopback and start. NAME is for messages, CLIENT_NAME how
 * our audio session is called. False: nothing is left to close; F says why. */
bool endpoint_open(struct endpoint *e, IMMDevice *device, const char *name,
                   const char *client_name, struct fault *f);

/* Stop and release; fine on one that is closed or all zero. */
void endpoint_close(struct endpoint *e);

#endif
