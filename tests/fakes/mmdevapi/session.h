/* session: IAudioSessionManager2 and what it leads to. */
#ifndef LOOPREC_FAKE_SESSION_H
#define LOOPREC_FAKE_SESSION_H

#include "fakes/mmdevapi/object.h"
#include "fakes/mmdevapi/stream.h"
#include "fakes/mmdevapi/world.h"

/* How IAudioMeterInformation's methods see an object that has it. */
struct metered {
    struct object object;
    const struct endpoint *endpoint;
    const struct session *session; /* NULL: the endpoint as a whole */
};
extern const struct fake_meter_vtbl meter_methods;

/* A new reference to the control of a session that the script describes. */
IAudioSessionControl *session_control_of(const struct session *s);
/* The same of the session that a stream of the caller's is in. HOLDS is
 * referenced as long as the control lives. */
HRESULT session_control_of_stream(struct stream *s, struct object *holds,
                                  REFIID iid, void **out);
/* Is what events are ABOUT on endpoint E (NULL: any)? */
bool session_is_on(const void *about, const struct endpoint *e);

HRESULT session_manager_new(struct endpoint *e, REFIID iid, void **out);
/* The endpoint's IAudioMeterInformation. */
HRESULT session_meter_new(struct endpoint *e, REFIID iid, void **out);

#endif
