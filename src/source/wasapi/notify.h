/* notify: what Windows tells about devices that come, go and become default.
 *
 * Its callbacks run on Windows' threads and may not block, wait, register or
 * release (IMMNotificationClient, remarks): they compare, store into atomics,
 * set an event and return. Everything else is the capture thread's. */
#ifndef LOOPREC_SOURCE_WASAPI_NOTIFY_H
#define LOOPREC_SOURCE_WASAPI_NOTIFY_H

#include <stdbool.h>

#include "source/wasapi/abi.h"

struct notify; /* reference-counted: Windows may hold it a little longer */

enum notify_news {
    NOTIFY_NOTHING,
    NOTIFY_MOVED,      /* another output is the default now */
    NOTIFY_NO_DEFAULT, /* no output is left */
    NOTIFY_UNPLUGGED,  /* the watched device: its plug is out */
    NOTIFY_DISABLED,   /* it was disabled */
    NOTIFY_REMOVED,    /* it was removed */
};

/* Begin to listen at ENUMERATOR. ID is the endpoint in use, NULL for none.
 * WAKE is set at every piece of news; a duplicate of it is kept. NULL: *HR
 * says why. */
struct notify *notify_create(IMMDeviceEnumerator *enumerator, const wchar_t *id,
                             HANDLE wake, HRESULT *hr);

/* Stop listening. NULL is fine. Not from a callback. */
void notify_destroy(struct notify *n);

/* What is to be known about the default (FOLLOW) and the watched device. */
enum notify_news notify_news(const struct notify *n, bool follow);

/* Has a device or a default come since the last call? */
bool notify_arrived(struct notify *n);

#endif
