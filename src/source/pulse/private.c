/* private: see private.h. */
#include "source/pulse/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"
#include "source/pulse/link.h"
#include "sys/clock.h"
#include "sys/posix/folder.h"
#include "sys/posix/helper.h"
#include "sys/posix/program.h"
#include "sys/stop.h"

#define START_NS INT64_C(5000000000)
#define LOOK_NS  INT64_C(5000000)

enum { FILE_BYTES = FOLDER_BYTES + 16, VARIABLE_BYTES = FOLDER_BYTES + 64 };

static const char op[] = "start a private sound server";

struct private_server {
    /* constant after private_plan */
    char *program;
    char folder[FOLDER_BYTES];
    char address[FILE_BYTES];
    char nowhere[FILE_BYTES];
    /* constant after private_start */
    bool made; /* the folder */
    struct helper *helper;
};

/* Something else may be there to be started or installed. */
static bool tell_missing(struct fault *f)
{
    char *other = program_find("pipewire-pulse", NULL);
    const char *hint =
        other ? "start pipewire, wireplumber and pipewire-pulse, or install "
                "PulseAudio (Debian: apt install pulseaudio)"
              : "install PulseAudio (Debian: apt install pulseaudio), or start "
                "a sound server";
    free(other);
    return fault_set(f, ERR_NO_SERVER, op, "pulseaudio is not installed", hint);
}

struct private_server *private_plan(struct fault *f)
{
    struct private_server *p = calloc(1, sizeof *p);
    if (!p) {
        fault_set(f, ERR_NO_MEMORY, op, NULL, NULL);
        return NULL;
    }
    p->program = program_find("pulseaudio", NULL);
    if (!p->program) {
        tell_missing(f);
        goto out;
    }
    if (!folder_choose(p->folder, f)) {
        goto out;
    }
    snprintf(p->address, sizeof p->address, "unix:%s/native", p->folder);
    snprintf(p->nowhere, sizeof p->nowhere, "%s/none", p->folder);
    return p;
out:
    private_end(p);
    return NULL;
}

const char *private_address(const struct private_server *p)
{
    return p->address;
}

const char *private_nowhere(const struct private_server *p)
{
    return p->nowhere;
}

static bool start_helper(struct private_server *p, struct fault *f)
{
    char socket[2 * FILE_BYTES], log[FILE_BYTES];
    snprintf(socket, sizeof socket,
             "module-native-protocol-unix auth-anonymous=1 "
             "auth-cookie-enabled=0 socket=%s/native",
             p->folder);
    snprintf(log, sizeof log, "%s/log", p->folder);
    /* Of shared memory nothing would be left but when it is killed: pieces in
     * /dev/shm. */
    const char *const argv[] = {"pulseaudio",
                                "-n",
                                "--daemonize=no",
                                "--exit-idle-time=-1",
                                "--disallow-exit=yes",
                                "--use-pid-file=no",
                                "--system=no", /* as root it warns, and runs */
                                "--disable-shm=yes",
                                "--high-priority=no",
                                "--realtime=no",
                                "--log-target=stderr",
                                "--log-level=notice",
                                "-L",
                                socket,
                                NULL};
    char home[VARIABLE_BYTES], runtime[VARIABLE_BYTES], state[VARIABLE_BYTES];
    char bus[VARIABLE_BYTES], path[4096], libraries[4096];
    const char *const environment[] = {home,
                                       runtime,
                                       state,
                                       bus,
                                       "PULSE_CONFIG=/dev/null",
                                       "PULSE_CLIENTCONFIG=/dev/null",
                                       "LC_ALL=C",
                                       path,
                                       libraries,
                                       NULL};
    const char *ours = getenv("PATH"), *more = getenv("LD_LIBRARY_PATH");
    snprintf(home, sizeof home, "HOME=%s", p->folder);
    snprintf(runtime, sizeof runtime, "PULSE_RUNTIME_PATH=%s", p->folder);
    snprintf(state, sizeof state, "PULSE_STATE_PATH=%s", p->folder);
    /* Where there is none named it would look for the user's. */
    snprintf(bus, sizeof bus, "DBUS_SESSION_BUS_ADDRESS=unix:path=%s",
             p->nowhere);
    snprintf(path, sizeof path, "PATH=%s", ours ? ours : "/usr/bin:/bin");
    snprintf(libraries, sizeof libraries, "LD_LIBRARY_PATH=%s",
             more ? more : "");
    const struct helper_setup setup = {.path = p->program,
                                       .argv = argv,
                                       .environment = environment,
                                       .log = log};
    p->helper = helper_start(&setup, f);
    return p->helper != NULL;
}

/* It ended before it answered: its last line says why. */
static bool tell_end(const struct private_server *p, struct fault *f)
{
    char path[FILE_BYTES], line[200] = "", last[200] = "it ended at once";
    snprintf(path, sizeof path, "%s/log", p->folder);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        log_line("pulseaudio: %s", line);
        text_copy(last, sizeof last, line);
    }
    if (file) {
        fclose(file);
    }
    return fault_set(f, ERR_NO_SERVER, op, last,
                     "-v shows all that pulseaudio says");
}

static bool await_answer(const struct private_server *p,
                         const char *client_name, struct fault *f)
{
    int64_t deadline_ns = clock_now_ns() + START_NS;
    struct link l;
    bool answers = false;
    if (!link_create(&l, f)) {
        return false;
    }
    l.server = p->address;
    while (!answers) {
        if (stop_requested(NULL) != STOP_NONE) {
            if (f != NULL) {
                memset(f, 0, sizeof *f);
            }
            break;
        }
        if (helper_ended(p->helper)) {
            tell_end(p, f);
            break;
        }
        answers = link_connect(&l, client_name, deadline_ns, f);
        if (!answers) {
            if (clock_now_ns() > deadline_ns) {
                break; /* F says so */
            }
            clock_sleep_ns(LOOK_NS);
        }
    }
    link_destroy(&l);
    return answers;
}

bool private_start(struct private_server *p, const char *client_name,
                   struct fault *f)
{
    if (!folder_make(p->folder, f)) {
        return false;
    }
    p->made = true;
    if (!start_helper(p, f) || !await_answer(p, client_name, f)) {
        return false;
    }
    log_line("a private pulseaudio answers at %s", p->address);
    return true;
}

bool private_ended(const struct private_server *p)
{
    return p->helper && helper_ended(p->helper);
}

void private_end(struct private_server *p)
{
    if (!p) {
        return;
    }
    helper_end(p->helper);
    if (p->made) {
        folder_remove(p->folder);
    }
    free(p->program);
    free(p);
}
