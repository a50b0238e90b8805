/* world: the machine that a script describes, and the order in which things
 * happen to it. One lock guards all of it: world_lock is recursive, held for
 * moments only and never while the caller is called. Times are simtime's. */
#ifndef LOOPREC_FAKE_WORLD_H
#define LOOPREC_FAKE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "fakes/mmdevapi/abi.h"

enum {
    ENDPOINTS_MAX = 24,
    SESSIONS_MAX = 64,
    ACTIONS_MAX = 2048,
    PROCESSES_MAX = 64,
    FAILURES_MAX = 64,
    WORDS_MAX = 40,
    TEXT_MAX = 200,
    UNITS_PER_S = 10000000,
};

enum method {
#define METHOD(name) CALL_##name,
#include "fakes/mmdevapi/methods.def"
#undef METHOD
    CALLS
};

enum wave_type { WAVE_F32, WAVE_S16, WAVE_S24, WAVE_S24IN32, WAVE_S32 };

struct wave {
    uint32_t rate, channels, mask;
    enum wave_type type;
};

enum signal_kind { PLAY_NOTHING, PLAY_SILENCE, PLAY_TONE, PLAY_COUNTER };

struct signal {
    enum signal_kind kind;
    double hz, amplitude;
};

/* A device's crystal: device time = base + (t - since) * (1 + ppm / 1e6), in
 * units of 100 ns; frame n is played at device time n / rate. */
struct pace {
    int64_t since;
    double base, ppm;
};

enum fault_discontinuity { NO_DISCONTINUITY, FIRST_PACKET, EVERY_PACKET };
enum fault_stamps {
    STAMPS_GOOD,
    STAMPS_MISSING,
    STAMPS_ZERO,
    STAMPS_ABSURD,
    STAMPS_BACKWARDS,
};
enum fault_position { POSITION_GOOD, POSITION_ZERO, POSITION_GARBAGE };

struct faults {
    bool packets_off, silent, runs, autoconvert_refused;
    enum fault_discontinuity discontinuity;
    enum fault_stamps stamps;
    double stamp_ppm;
    int64_t stamp_since, stamp_late;
    enum fault_position position;
    double clock_wrong_ppm;
};

struct endpoint {
    char id[TEXT_MAX], name[TEXT_MAX];
    wchar_t wide_id[TEXT_MAX], wide_name[TEXT_MAX];
    struct wave wave;
    struct signal signal;
    struct pace pace;
    struct faults faults;
    DWORD state; /* DEVICE_STATE_... */
    bool capture, idle_zeros, exclusive, removed, was_default;
    double meter; /* below 0: from what plays */
};

struct session {
    char key[TEXT_MAX], exe[TEXT_MAX], name[TEXT_MAX];
    DWORD pid; /* 0: by exe */
    int endpoint;
    AudioSessionState state;
    float volume;
    double peak; /* below 0: from what plays */
    bool mute, system;
    bool absent; /* a later action brings it */
    struct signal signal;
};

enum action_when { WHEN_NOW, WHEN_AT, WHEN_ON, WHEN_DONE };

struct action {
    enum action_when when;
    int64_t at;    /* WHEN_AT: since time zero */
    int64_t after; /* WHEN_ON: so long after the event; 0: with it */
    enum method method;
    bool open; /* of Start calls only those of capturing clients */
    unsigned count;
    int line, words;
    char *word[WORDS_MAX];
};

struct failure {
    enum method method;
    HRESULT hr;
    int64_t stall; /* not 0: no failure, the call takes so long */
    unsigned left; /* UINT_MAX: always */
    int endpoint;  /* -1: any */
};

struct activation {
    int64_t delay; /* INT64_MAX: never */
    HRESULT result, inner;
    unsigned result_left, inner_left;
    bool unavailable;
};

struct mix;
struct stream;

struct world {
    /* constant after the script was read */
    int64_t zero;
    bool simulated;
    char script[MAX_PATH];
    /* under the lock */
    int64_t period, wake; /* wake 0: every period, data or not */
    struct endpoint endpoints[ENDPOINTS_MAX];            /* 0 is `process` */
    int endpoint_count, default_render, default_capture; /* -1: none */
    bool service_down;
    struct session sessions[SESSIONS_MAX];
    int session_count;
    struct {
        DWORD pid, parent;
    } processes[PROCESSES_MAX];
    int process_count;
    struct action actions[ACTIONS_MAX];
    int action_count, awaited; /* awaited: of them those that are WHEN_ON */
    int64_t next_at;           /* the earliest of those that are WHEN_AT */
    struct failure failures[FAILURES_MAX];
    int failure_count;
    struct activation activation;
    unsigned revision; /* of what plays */
    unsigned calls[CALLS], opens, renders;
    struct stream *streams;
    struct mix *mixes;
    HANDLE ticker; /* wakes the ticker */
};

/* The one machine. The first call reads the script and starts the threads. */
struct world *world(void);

/* What detaching may look at: NULL where nobody used the DLL. No lock. */
struct world *world_if_used(void);

void world_lock(void);
void world_unlock(void);
/* As the process ends, when who holds it may be gone. */
void world_try_lock(void);

/* Since time zero, in seconds. */
double world_seconds(void);

/* Under the lock: let everything happen that is due by now. */
void world_advance(int64_t now);

/* Under the lock: METHOD is called the Nth time. */
void world_event(enum method method, bool open, int64_t now);

/* Under the lock: the HRESULT that METHOD is to fail with, or S_OK. */
HRESULT world_failure(enum method method, const struct endpoint *e);
/* How long METHOD is to take. */
int64_t world_stall(enum method method, const struct endpoint *e);

/* Under the lock: an action was added or waits for another moment. */
void world_plan(void);

/* Under the lock: something changed that the ticker must look at. */
void world_touch(void);

/* By ID, NULL: there is none. */
struct endpoint *world_endpoint(const char *id);
struct session *world_session(const char *key);
int world_index(const struct endpoint *e);

/* PID itself or its exe's; 0: not running. */
DWORD session_pid(const struct session *s);
/* Is PID below ANCESTOR, or itself? */
bool process_is_below(DWORD pid, DWORD ancestor);

/* --- pace --- */
double pace_device_time(const struct pace *p, int64_t t);
int64_t pace_frame(const struct pace *p, int64_t t, uint32_t rate);
int64_t pace_time(const struct pace *p, int64_t frame, uint32_t rate);
void pace_set(struct pace *p, int64_t t, double ppm);

/* --- script.c --- */

/* Read the script at PATH. Ends the process where it is wrong. */
void script_read(struct world *w, const char *path);
/* Do what the words say (DRY: only see whether they make sense). Under the
 * lock. NOW since simtime's zero. */
void action_run(struct world *w, struct action *a, bool dry, int64_t now);
/* A mistake in the script: says so and ends the process. */
_Noreturn void script_die(int line, const char *format, ...)
    __attribute__((format(gnu_printf, 2, 3)));

#endif
