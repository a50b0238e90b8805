/* checkup: plays a sound on an output, and looks at what is in its way; see
 * source.h. Main thread. */
#ifndef LOOPREC_SOURCE_WASAPI_CHECKUP_H
#define LOOPREC_SOURCE_WASAPI_CHECKUP_H

#include "source/source.h"

extern const struct checkup_ops checkup_ops;

#endif
