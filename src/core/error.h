/* Errors: one table of kinds, and the record of one fault, filled where it
 * happens and printed once, by the command line. Any thread. */
#ifndef LOOPREC_CORE_ERROR_H
#define LOOPREC_CORE_ERROR_H

#include <stdbool.h>

/* name, sentence (what failed; the remedy is in the fault's hint), exit code */
#define ERROR_LIST(X)                                              \
    X(OK, "no error", 0)                                           \
    X(USAGE, "wrong usage", 2)                                     \
    X(NO_MEMORY, "out of memory", 1)                               \
    X(NO_SERVER, "no sound server answers", 5)                     \
    X(SERVER_ENDED, "the private sound server has ended", 1)       \
    X(NO_DEVICE, "no such output device", 5)                       \
    X(DEVICE_AMBIGUOUS, "the device name fits several outputs", 2) \
    X(NO_APP, "no such application runs", 5)                       \
    X(APP_AMBIGUOUS, "the name fits several applications", 2)      \
    X(NO_APP_CAPTURE, "this cannot be recorded here", 5)           \
    X(DEVICE_LOST, "the device went away", 1)                      \
    X(DEVICE_BUSY, "the device is in exclusive use", 1)            \
    X(SOURCE_FAILED, "the audio source failed", 1)                 \
    X(UNSUPPORTED, "not supported here", 1)                        \
    X(FORMAT, "the file type cannot hold this format", 2)          \
    X(FILE_EXISTS, "the file exists", 1)                           \
    X(NOT_A_DIRECTORY, "not a directory", 1)                       \
    X(NO_SUCH_DIRECTORY, "no such directory", 1)                   \
    X(NO_SUCH_FILE, "no such file", 1)                             \
    X(IS_A_DIRECTORY, "is a directory", 1)                         \
    X(PERMISSION, "permission denied", 1)                          \
    X(NO_SPACE, "no space left", 1)                                \
    X(FILE_GONE, "the file was deleted meanwhile", 1)              \
    X(FILE_IN_USE, "the file is in use", 1)                        \
    X(PIPE_CLOSED, "the reader closed the pipe", 1)                \
    X(IO, "input/output error", 1)                                 \
    X(ENCODER, "the encoder failed", 1)                            \
    X(NOT_REPAIRED, "this cannot be repaired", 1)                  \
    X(NO_COMMAND, "there is no such command", 127)                 \
    X(BAD_COMMAND, "the command cannot be run", 126)               \
    X(INTERNAL, "internal error", 1)

enum error {
#define X(name, sentence, exit_code) ERR_##name,
    ERROR_LIST(X)
#undef X
        ERR_COUNT
};

/* One fault. Strings are copied in, truncated to fit on a UTF-8 boundary (a
 * detail in its middle, so that a path's last name is there), and may hold
 * hostile bytes (file and device names): the printer escapes them. */
struct fault {
    enum error err;
    char op[48];      /* what was being done: "open file", "IAudioClient" */
    char detail[320]; /* the thing's name, or the system's own words */
    char hint[160];   /* what the user can do; empty: nothing sensible */
    long os_code;     /* errno, PA_ERR_*, HRESULT; 0: none */
};

/* The kind's sentence, no full stop; never NULL. */
const char *error_sentence(enum error err);

/* The kind's exit code, as section 4 of the man page lists them. */
int error_exit_code(enum error err);

/* The kind's name in lower case with '-', for JSON: "no-such-device" style of
 * the enum's own name ("file-exists"). Never NULL. */
const char *error_name(enum error err);

/* Fill a fault. F may be NULL (the caller does not want to know). DETAIL and
 * HINT may be NULL. Returns false always, so that `return fault_set(...)`
 * reads well. A fault already filled (err != ERR_OK) is overwritten. */
bool fault_set(struct fault *f, enum error err, const char *op,
               const char *detail, const char *hint);

/* The same with the system's code, and DETAIL made by printf. */
bool fault_setf(struct fault *f, enum error err, const char *op, long os_code,
                const char *hint, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 6, 7)))
#endif
    ;

#endif
