/* hold: a hold on one process: its number stays its own meanwhile, and its end
 * can be waited for. Any thread, but never the capture path. */
#ifndef LOOPREC_SOURCE_WASAPI_HOLD_H
#define LOOPREC_SOURCE_WASAPI_HOLD_H

#include "source/target.h"
#include "source/wasapi/abi.h"

enum hold {
    HOLD_GONE, /* it has ended, or its number is another's now */
    HOLD_KEPT, /* *HANDLE is signalled when it ends; its number stays its own
                * until CloseHandle */
    HOLD_NONE, /* it runs, but Windows does not let us wait for it */
};

enum hold hold_take(const struct target *t, HANDLE *handle);

#endif
