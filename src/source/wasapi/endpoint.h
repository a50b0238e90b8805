/* endpoint: one stream that hears what a render endpoint plays, or what
 * process loopback (process.h) gives. Capture thread. */
#ifndef LOOPREC_SOURCE_WASAPI_ENDPOINT_H
#define LOOPREC_SOURCE_WASAPI_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/format.h"
#include "source/wasapi/abi.h"
#include "source/wasapi/heard.h"
#include "source/wasapi/reason.h"

struct endpoint {
    /* constant between open and close */
    IAudioClient *client;
    IAudioCaptureClient *capture;
    HANDLE event; /* set when packets are ready; NULL: the stream is polled */
    struct audio_format format; /* of its packets; native: their samples */
    int64_t buffer_ns;          /* what fits into the system's buffer */
    bool of_processes;          /* process loopback: no device, no positions */
    struct reason *reason;      /* who hears why Windows ends it; may be NULL */
    struct heard *heard; /* the source's, set after open; NULL: none looks */
};

/* Open DEVICE for loopback and start. NAME is for messages, CLIENT_NAME how
 * our audio session is called; WAKE is set when Windows ends the stream and
 * says why. False: nothing is left to close; F says why. */
bool endpoint_open(struct endpoint *e, IMMDevice *device, const char *name,
                   const char *client_name, HANDLE wake, struct fault *f);

/* Recording is never hidden: the session of CLIENT that Windows' mixer may show
 * is called CLIENT_NAME, UTF-8, may be NULL. Before it starts. */
void endpoint_name_session(IAudioClient *client, const char *client_name);

/* The last steps, for process.c too: the client of E is initialised; EVENTS: to
 * be driven by events. False: told in F, E is closed. */
bool endpoint_start(struct endpoint *e, bool events, const char *name,
                    struct fault *f);

/* Stop and release; fine on one that is closed or all zero. */
void endpoint_close(struct endpoint *e);

#endif
