/* private: a sound server of our own, where none runs that would do: PulseAudio
 * in a folder of its own, with nothing in it but a socket that nobody else can
 * reach. It uses no sound card, no settings of the user's and no D-Bus, and
 * dies with this process. Main thread, but for private_ended. */
#ifndef LOOPREC_SOURCE_PULSE_PRIVATE_H
#define LOOPREC_SOURCE_PULSE_PRIVATE_H

#include <stdbool.h>

#include "core/error.h"

struct private_server;

/* Find the program, choose the folder. Makes nothing. NULL: ERR_NO_SERVER
 * (pulseaudio is not installed), NO_MEMORY, INTERNAL in F. */
struct private_server *private_plan(struct fault *f);

/* For PULSE_SERVER: "unix:FOLDER/native". */
const char *private_address(const struct private_server *p);

/* For PIPEWIRE_REMOTE: the path of a socket that is never there. */
const char *private_nowhere(const struct private_server *p);

/* Start it and wait until it answers, 5 s at the most. False: ERR_NO_SERVER, or
 * what making the folder can say, in F; ERR_OK: a stop was requested. */
bool private_start(struct private_server *p, const char *client_name,
                   struct fault *f);

/* It was started and runs no longer. Any thread. */
bool private_ended(const struct private_server *p);

/* End it, remove its folder, free. NULL is fine. */
void private_end(struct private_server *p);

#endif
