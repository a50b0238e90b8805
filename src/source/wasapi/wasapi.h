/* wasapi: Windows' own audio, heard by loopback of a render endpoint. */
#ifndef LOOPREC_SOURCE_WASAPI_WASAPI_H
#define LOOPREC_SOURCE_WASAPI_WASAPI_H

#include "source/source.h"

extern const struct source_system wasapi_system;

#endif
