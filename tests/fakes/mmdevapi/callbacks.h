/* callbacks: the thread on which the caller is called: notifications, session
 * events, completed activations, in the order in which they happened. */
#ifndef LOOPREC_FAKE_CALLBACKS_H
#define LOOPREC_FAKE_CALLBACKS_H

#include "fakes/mmdevapi/object.h"
#include "fakes/mmdevapi/stream.h"
#include "fakes/mmdevapi/world.h"

/* Start the thread. */
void callbacks_begin(void);
/* As the process ends: what is still registered. */
void callbacks_check_end(void);

/* --- under the world's lock: to be told soon --- */

void callbacks_state(const struct endpoint *e);
void callbacks_added(const struct endpoint *e);
void callbacks_removed(const struct endpoint *e);
void callbacks_format(const struct endpoint *e);
/* E NULL: no device is left. The three roles. */
void callbacks_default(bool capture, const struct endpoint *e);
/* OnSessionDisconnected to those whose streams are on E (NULL: all). */
void callbacks_disconnected(const struct endpoint *e, int reason);
/* Make OLD as NEW, and tell what changed. */
void callbacks_session_changed(struct session *old, const struct session *new);
/* ActivateCompleted at DUE. OPERATION is an IActivateAudioInterfaceAsync-
 * Operation; both are held until then. */
void callbacks_activated(IActivateAudioInterfaceCompletionHandler *handler,
                         struct object *operation, int64_t due);

/* --- registration; not under the lock: taking away waits for a callback that
 * is under way --- */

enum registered { FOR_DEVICES, FOR_SESSIONS, FOR_EVENTS };

/* CALLED is the caller's object; it is held. ABOUT: FOR_SESSIONS an endpoint,
 * FOR_EVENTS a stream or a session. */
HRESULT callbacks_register(enum registered what, void *called,
                           const void *about);
HRESULT callbacks_unregister(enum registered what, void *called,
                             const void *about);
/* ABOUT is no more. */
void callbacks_forget(const void *about);

#endif
