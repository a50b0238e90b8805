/* message: see message.h. Main thread; message_log any thread. */
#include "cli/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

/* Back to the line's start, and what stands there away. */
#define CLEAR_LINE "\r\033[K"

/* LEAD (our own text) and TEXT, made printable, as one line. */
static void put(const char *lead, const char *text)
{
    char line[MESSAGE_MAX];
    size_t used = strlen(lead);
    memcpy(line, lead, used);
    text_printable(line + used, sizeof line - used - 1, text);
    used += strlen(line + used);
    line[used++] = '\n';
    fwrite(line, 1, used, stderr);
    fflush(stderr);
}

static void put_format(const char *lead, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void put_format(const char *lead, const char *format, va_list args)
{
    char text[MESSAGE_MAX];
    if (vsnprintf(text, sizeof text, format, args) >= 0) {
        put(lead, text);
    }
}

void message_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_format("", format, args);
    va_end(args);
}

void message_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_format("looprec: ", format, args);
    va_end(args);
}

void message_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_format("looprec: warning: ", format, args);
    va_end(args);
}

/* Kinds that say little without the operation and the system's code. */
static bool is_vague(enum error err)
{
    switch (err) {
    case ERR_SOURCE_FAILED:
    case ERR_UNSUPPORTED:
    case ERR_IO:
    case ERR_ENCODER:
    case ERR_INTERNAL: return true;
    default: return false;
    }
}

/* " (write, error 5)"; an HRESULT is known by its number in base 16. */
static void describe_origin(char *buffer, size_t size, const struct fault *f)
{
    buffer[0] = '\0';
    if (!is_vague(f->err) || f->op[0] == '\0') {
        return;
    }
    if (f->os_code < -65535 || f->os_code > 65535) {
        snprintf(buffer, size, " (%s, 0x%08lx)", f->op,
                 (unsigned long)f->os_code & 0xffffffffUL);
    } else if (f->os_code != 0) {
        snprintf(buffer, size, " (%s, error %ld)", f->op, f->os_code);
    } else {
        snprintf(buffer, size, " (%s)", f->op);
    }
}

void message_describe(char *buffer, size_t size, const struct fault *f)
{
    char origin[96];
    describe_origin(origin, sizeof origin, f);
    const char *sentence = error_sentence(f->err);
    /* The detail of wrong usage is a sentence of its own; who else than the
     * options says it is worth a word. */
    if (f->err == ERR_USAGE && f->detail[0] != '\0') {
        bool ours = strcmp(f->op, "options") == 0;
        sentence = ours || f->op[0] == '\0' ? NULL : f->op;
    }
    snprintf(buffer, size, "%s%s%s%s%s%s", sentence != NULL ? sentence : "",
             sentence != NULL && f->detail[0] != '\0' ? ": " : "", f->detail,
             origin, f->hint[0] == '\0' ? "" : "; ", f->hint);
}

void message_fault(const struct fault *f)
{
    char text[sizeof(struct fault) + 256];
    message_describe(text, sizeof text, f);
    message_error("%s", text);
    if (error_exit_code(f->err) == 2) {
        message_note("Try 'looprec --help'");
    }
}

void message_log(void *context, const char *line)
{
    const bool *over_status = context;
    put(*over_status ? CLEAR_LINE "looprec: " : "looprec: ", line);
}

int message_flush_stdout(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return 0;
    }
    message_error("cannot write to standard output; is it closed or full?");
    return 1;
}
