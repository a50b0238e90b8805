/* interfaces: how the files that implement them make each other's objects.
 * What is given in *OUT is a new reference of the caller's. */
#ifndef LOOPREC_FAKE_INTERFACES_H
#define LOOPREC_FAKE_INTERFACES_H

#include "fakes/mmdevapi/check.h"
#include "fakes/mmdevapi/object.h"
#include "fakes/mmdevapi/stream.h"
#include "fakes/mmdevapi/world.h"

/* IAudioClient, with what GetService gives. */
struct client {
    struct object object;
    struct face face;
    /* constant */
    struct endpoint *endpoint; /* of process loopback: endpoint 0 */
    /* under the world's lock */
    struct stream stream;
    bool initialized, tried;
    /* the capture client's buffer, or the render client's */
    bool held;
    DWORD holder;
    uint32_t held_frames;
    unsigned char *buffer;
};

HRESULT enumerator_new(REFIID iid, void **out);
HRESULT device_new(struct endpoint *e, REFIID iid, void **out);
struct client *client_new(struct endpoint *e);
/* Right before OPERATION's completion is told: its parameters are still there.
 */
void activate_check(struct object *operation);

HRESULT capture_new(struct client *c, REFIID iid, void **out);
HRESULT render_new(struct client *c, REFIID iid, void **out);
HRESULT clock_new(struct client *c, REFIID iid, void **out);

/* O is made: hand out its first face as IID, and let go of it. */
HRESULT give(void *o, REFIID iid, void **out);

/* --- wave.c --- */

/* What Windows' own description of W is. */
WAVEFORMATEXTENSIBLE wave_describe(const struct wave *w);
/* The other way; false: it makes no sense. */
bool wave_understand(const WAVEFORMATEX *f, struct wave *w);
bool wave_same(const struct wave *a, const struct wave *b);

#endif
