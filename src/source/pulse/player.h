/* player: who plays a stream, from what a sound server says of it. Any thread.
 *
 * What it says are properties, and most of these are the client's own words:
 * libpulse fills application.process.id and .binary in at the client's side
 * (pulse/internal's pa_init_proplist), and a client may set any others.
 * PipeWire adds pipewire.sec.pid, by SO_PEERCRED of the client's socket (its
 * protocol-native module), which nobody else can set; but of a client of
 * pipewire-pulse that is pipewire-pulse's own (0.3.65, by what `pactl list
 * clients` shows). So numbers are checked against the processes of this
 * machine. */
#ifndef LOOPREC_SOURCE_PULSE_PLAYER_H
#define LOOPREC_SOURCE_PULSE_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include <pulse/pulseaudio.h>

#include "sys/processes.h"

/* What is known of who plays one stream. Nothing is owned. */
struct player_facts {
    const pa_proplist *stream;
    const pa_proplist *client; /* NULL: none, or unknown */
    const char *stream_name;   /* NULL: none */
    const char *client_name;   /* NULL: none */
    bool pipewire;             /* the server's pipewire.sec.* can be trusted */
    const char *host;          /* this machine's name; NULL: the server is
                                * another machine's */
    /* Look the process up on this machine; false: there is none. */
    bool (*process)(uint32_t id, struct process_entry *out);
};

/* Strings are raw. */
struct player {
    uint32_t process_id;   /* 0: the server does not tell it for certain */
    char name[256];        /* for people; never empty */
    char application[256]; /* what the application calls itself; or empty */
    char executable[256];  /* the file's name, no folder; or empty */
    bool is_system;        /* the system's own sounds */
    bool is_ours;          /* a looprec's */
};

/* A process's number is given only where that process is there, and it is the
 * server's word or its executable's is the one that was declared. Pure but for
 * facts->process. */
void player_describe(const struct player_facts *facts, struct player *out);

#endif
