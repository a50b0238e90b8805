/* hresult: what Windows answers, told in words. Any thread. */
#ifndef LOOPREC_SOURCE_WASAPI_HRESULT_H
#define LOOPREC_SOURCE_WASAPI_HRESULT_H

#include <stdbool.h>

#include "core/error.h"

/* Fill F from HR (an HRESULT): its kind, its name and its meaning; OP is the
 * call that gave it, SUBJECT (may be NULL) the device's name. False always. */
bool hresult_fault(struct fault *f, const char *op, long hr,
                   const char *subject);

/* The same for a stream that was running: always ERR_DEVICE_LOST. */
bool hresult_lost(struct fault *f, const char *op, long hr,
                  const char *subject);

/* The next three for process loopback, which has no device: SUBJECT is the
 * application's name. Where a client for it was refused: ERR_NO_APP_CAPTURE, if
 * HR or the system's version tells that this Windows has none. */
bool hresult_activation_fault(struct fault *f, const char *op, long hr,
                              const char *subject);
/* Where there was one. */
bool hresult_process_fault(struct fault *f, const char *op, long hr,
                           const char *subject);
bool hresult_process_lost(struct fault *f, const char *op, long hr,
                          const char *subject);

/* ERR_NO_APP_CAPTURE because of an answer that stands in no table: WHY. */
bool hresult_no_process_loopback(struct fault *f, const char *op,
                                 const char *why);

/* Would another way of asking the same device make no difference? */
bool hresult_is_final(long hr);

#endif
