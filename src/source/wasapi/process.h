/* process: one stream that hears a tree of processes, or everything but one:
 * process loopback, Windows 10 2004 and later ("Application loopback audio
 * capture sample", learn.microsoft.com). It hangs on no output device. Capture
 * thread, with COM initialised (multi-threaded). */
#ifndef LOOPREC_SOURCE_WASAPI_PROCESS_H
#define LOOPREC_SOURCE_WASAPI_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "source/wasapi/abi.h"
#include "source/wasapi/endpoint.h"
#include "source/wasapi/pump.h"

/* All that opening may take, every attempt together. */
#define PROCESS_OPEN_NS INT64_C(4000000000)

/* Open E on the tree of the process PID (MODE includes or excludes it) and
 * start. PID must be that of a process which runs: Windows takes any number
 * and then hears nothing. NAME is for messages. Blocks up to END_NS
 * (clock_now_ns), which is PROCESS_OPEN_NS from the beginning of all attempts,
 * less when I is posted. False: nothing is left to close. ERR_NO_APP_CAPTURE,
 * PERMISSION, NO_SERVER, UNSUPPORTED, SOURCE_FAILED. */
bool process_open(struct endpoint *e, uint32_t pid,
                  enum process_loopback_mode mode, const char *name,
                  const struct interrupt *i, int64_t end_ns, struct fault *f);

#endif
