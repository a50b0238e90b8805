/* error: see error.h. Any thread; nothing here is shared. */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/text.h"

static const struct {
    const char *sentence;
    int exit_code;
} kinds[ERR_COUNT] = {
#define X(name, sentence, exit_code) [ERR_##name] = {sentence, exit_code},
    ERROR_LIST(X)
#undef X
};

/* Written out, because the preprocessor cannot make lower case; the test
 * compares them with the list. */
static const char *const names[ERR_COUNT] = {
    [ERR_OK] = "ok",
    [ERR_USAGE] = "usage",
    [ERR_NO_MEMORY] = "no-memory",
    [ERR_NO_SERVER] = "no-server",
    [ERR_SERVER_ENDED] = "server-ended",
    [ERR_NO_DEVICE] = "no-device",
    [ERR_DEVICE_AMBIGUOUS] = "device-ambiguous",
    [ERR_NO_APP] = "no-app",
    [ERR_APP_AMBIGUOUS] = "app-ambiguous",
    [ERR_NO_APP_CAPTURE] = "no-app-capture",
    [ERR_DEVICE_LOST] = "device-lost",
    [ERR_DEVICE_BUSY] = "device-busy",
    [ERR_SOURCE_FAILED] = "source-failed",
    [ERR_UNSUPPORTED] = "unsupported",
    [ERR_FORMAT] = "format",
    [ERR_FILE_EXISTS] = "file-exists",
    [ERR_NOT_A_DIRECTORY] = "not-a-directory",
    [ERR_NO_SUCH_DIRECTORY] = "no-such-directory",
    [ERR_NO_SUCH_FILE] = "no-such-file",
    [ERR_IS_A_DIRECTORY] = "is-a-directory",
    [ERR_PERMISSION] = "permission",
    [ERR_NO_SPACE] = "no-space",
    [ERR_FILE_GONE] = "file-gone",
    [ERR_FILE_IN_USE] = "file-in-use",
    [ERR_PIPE_CLOSED] = "pipe-closed",
    [ERR_IO] = "io",
    [ERR_ENCODER] = "encoder",
    [ERR_NOT_REPAIRED] = "not-repaired",
    [ERR_NO_COMMAND] = "no-command",
    [ERR_BAD_COMMAND] = "bad-command",
    [ERR_INTERNAL] = "internal",
};

static bool known(enum error err)
{
    return (unsigned)err < ERR_COUNT;
}

const char *error_sentence(enum error err)
{
    return kinds[known(err) ? err : ERR_INTERNAL].sentence;
}

int error_exit_code(enum error err)
{
    return kinds[known(err) ? err : ERR_INTERNAL].exit_code;
}

const char *error_name(enum error err)
{
    const char *name = names[known(err) ? err : ERR_INTERNAL];
    return name ? name : names[ERR_INTERNAL];
}

/* The strings may be F's own, so that it is filled aside. */
static bool fill(struct fault *f, enum error err, const char *op, long os_code,
                 const char *detail, const char *hint)
{
    if (f) {
        struct fault made = {.err = err, .os_code = os_code};
        text_copy(made.op, sizeof made.op, op);
        text_shorten(made.detail, sizeof made.detail, detail);
        text_copy(made.hint, sizeof made.hint, hint);
        *f = made;
    }
    return false;
}

bool fault_set(struct fault *f, enum error err, const char *op,
               const char *detail, const char *hint)
{
    return fill(f, err, op, 0, detail, hint);
}

bool fault_setf(struct fault *f, enum error err, const char *op, long os_code,
                const char *hint, const char *format, ...)
{
    /* The longest path, and the system's words behind it. */
    char detail[4096 + sizeof f->detail];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(detail, sizeof detail, format, arguments) < 0) {
        detail[0] = '\0'; /* a %ls that has no multibyte form */
    }
    va_end(arguments);
    return fill(f, err, op, os_code, detail, hint);
}
