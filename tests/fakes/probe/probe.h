/* probe: what its files share. A call that must not fail ends the program. */
#ifndef LOOPREC_FAKE_PROBE_H
#define LOOPREC_FAKE_PROBE_H

#include <stdbool.h>

#include "fakes/mmdevapi/abi.h"

void check(HRESULT hr, const char *what);
/* Each initialises COM on this thread, and is a reference of the caller's. */
IMMDeviceEnumerator *enumerator(void);
IMMDevice *device(void);
/* Of the default output. */
void *activate(REFIID iid);
/* An initialized client of it: FLAGS 0 is a player. */
IAudioClient *client(DWORD flags);
void *service(IAudioClient *c, REFIID iid);
/* A started capture with a packet in it. */
IAudioCaptureClient *capture(IAudioClient **c);
/* Process loopback; MODE as in fake_activation. */
IAudioClient *process_client(DWORD pid, INT32 mode);

/* Set by what is called. */
extern HANDLE called;
extern bool is_agile, keeps_parameters;
HRESULT STDMETHODCALLTYPE called_query(IUnknown *this, REFIID iid, void **out);
ULONG STDMETHODCALLTYPE called_count(IUnknown *this);

/* --- misuse.c --- */

/* False: there is no such misuse. */
bool misuse(const char *name);

#endif
