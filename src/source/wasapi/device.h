/* device: render endpoints: which there are, what they are called, which one
 * is meant. Never a capture endpoint. Threads with COM initialised. */
#ifndef LOOPREC_SOURCE_WASAPI_DEVICE_H
#define LOOPREC_SOURCE_WASAPI_DEVICE_H

#include <stdbool.h>

#include "core/error.h"
#include "source/source.h"
#include "source/wasapi/abi.h"

enum { DEVICE_TEXT_BYTES = 256 }; /* as in struct device and source_info */

/* COM for the calling thread (multi-threaded). *OWNED says whether
 * device_com_end has something to undo. */
bool device_com_begin(bool *owned, struct fault *f);
void device_com_end(bool *owned);

/* The system's list of devices; released by the caller. NULL: told in F. */
IMMDeviceEnumerator *device_enumerator(struct fault *f);

/* The default output (role eConsole: what Windows' settings call the default
 * device; the default for calls may be another one). NULL: told in F. */
IMMDevice *device_default(IMMDeviceEnumerator *e, struct fault *f);

/* The active output that -D's WANTED means. NULL: told in F. */
IMMDevice *device_find(IMMDeviceEnumerator *e, const char *wanted,
                       struct fault *f);

/* The active output with this ID or, where a plug in another socket gave it a
 * new id, the only one with exactly this NAME. NULL: told in F. */
IMMDevice *device_again(IMMDeviceEnumerator *e, const char *id,
                        const char *name, struct fault *f);

/* Its id, as Windows' own string (CoTaskMemFree), NULL if it will not say. */
wchar_t *device_wide_id(IMMDevice *d);

/* Its id and name in UTF-8; without a name the id serves for both. */
void device_describe(IMMDevice *d, char id[DEVICE_TEXT_BYTES],
                     char name[DEVICE_TEXT_BYTES]);

/* What would be recorded from D: its mix format, or, where it cannot be asked
 * (exclusive use), the format that its driver was set to. OUT stays as it is
 * where neither can be had. */
void device_read_format(IMMDevice *d, struct audio_format *out);

/* VISIT every active output until it returns false. False: they cannot be
 * listed, told in F. */
bool device_each(IMMDeviceEnumerator *e,
                 bool (*visit)(void *context, IMMDevice *d), void *context,
                 struct fault *f);

/* Every active output. */
bool device_enumerate(IMMDeviceEnumerator *e, struct device_list *out,
                      struct fault *f);

#endif
