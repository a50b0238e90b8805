/* log: the JSON lines that a test reads. See check.h. Any thread. Written with
 * the system's own calls: it has to work while the process ends. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>

#include <psapi.h>

#include "fakes/mmdevapi/callbacks.h"
#include "fakes/mmdevapi/check.h"
#include "fakes/mmdevapi/simtime.h"

enum { LINE_MAX = 4096, VIOLATIONS_TOLD = 100, HANDLES_LOOKED_AT = 4096 };

static struct {
    HANDLE file;
    volatile LONG opened, violations;
    ULONGLONG began;
} the_log;

static void open_log(void)
{
    char name[MAX_PATH + 8] = "Z:";
    DWORD length;

    the_log.file = INVALID_HANDLE_VALUE;
    length = GetEnvironmentVariableA("LOOPREC_FAKE_LOG", name + 2, MAX_PATH);
    if (length > 0 && length < MAX_PATH)
        the_log.file =
            CreateFileA(name[2] == '/' ? name : name + 2, FILE_APPEND_DATA,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS,
                        FILE_ATTRIBUTE_NORMAL, NULL);
}

void log_begin(void)
{
    the_log.began = GetTickCount64();
}

static void write_line(const char *text, size_t length)
{
    DWORD done;

    if (InterlockedCompareExchange(&the_log.opened, 1, 0) == 0) {
        open_log();
        InterlockedExchange(&the_log.opened, 2);
    }
    while (the_log.opened != 2)
        SwitchToThread();
    /* one call: lines of several threads and processes stay whole */
    if (the_log.file != INVALID_HANDLE_VALUE)
        WriteFile(the_log.file, text, (DWORD)length, &done, NULL);
}

void log_escape(char *to, size_t size, const char *text)
{
    size_t used = 0;

    for (; *text && used + 7 < size; text++) {
        if (*text == '"' || *text == '\\')
            to[used++] = '\\';
        if ((unsigned char)*text < ' ')
            used += (size_t)snprintf(to + used, size - used, "\\u%04x", *text);
        else
            to[used++] = *text;
    }
    to[used] = '\0';
}

static void write_json(const char *format, va_list arguments)
{
    char line[LINE_MAX];
    int used =
        snprintf(line, sizeof(line) - 2, "{\"t\":%.7f,", world_seconds());
    int more = vsnprintf(line + used, sizeof(line) - 2 - (size_t)used, format,
                         arguments);

    if (more > 0)
        used += more;
    if (used > (int)sizeof(line) - 4)
        used = (int)sizeof(line) - 4;
    line[used++] = '}';
    line[used++] = '\n';
    write_line(line, (size_t)used);
}

void log_json(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_json(format, arguments);
    va_end(arguments);
}

void violation(const char *kind, const char *format, ...)
{
    char detail[1024], escaped[2048];
    va_list arguments;

    if (InterlockedIncrement(&the_log.violations) > VIOLATIONS_TOLD)
        return;
    va_start(arguments, format);
    vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    log_escape(escaped, sizeof(escaped), detail);
    log_json("\"violation\":\"%s\",\"detail\":\"%s\"", kind, escaped);
}

void log_error(const char *text)
{
    char escaped[2048];
    DWORD done;

    WriteFile(GetStdHandle(STD_ERROR_HANDLE), text, (DWORD)strlen(text), &done,
              NULL);
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), "\n", 1, &done, NULL);
    log_escape(escaped, sizeof(escaped), text);
    log_json("\"error\":\"%s\"", escaped);
}

/* GetProcessHandleCount answers 0 in Wine 10.0. Values are multiples of 4, the
 * lowest that is free is given. */
static int count_handles(void)
{
    int count = 0;
    DWORD flags;

    for (uintptr_t value = 4; value <= 4 * HANDLES_LOOKED_AT; value += 4)
        count += GetHandleInformation((HANDLE)value, &flags) != 0;
    return count;
}

void log_usage(void)
{
    PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof(memory)};

    K32GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof(memory));
    log_json("\"handles\":%d,\"resident\":%zu,\"objects\":%d", count_handles(),
             memory.WorkingSetSize, objects_alive());
}

/* --- the end --- */

struct tally {
    struct {
        const char *name;
        int count;
    } kinds[64];
    int count, all;
};

static void tally(struct tally *t, const char *name)
{
    int i = 0;

    t->all++;
    while (i < t->count && strcmp(t->kinds[i].name, name) != 0)
        i++;
    if (i == (int)COUNT_OF(t->kinds))
        return;
    if (i == t->count)
        t->kinds[t->count++].name = name;
    t->kinds[i].count++;
}

static void tally_object(const struct object *o, void *context)
{
    tally(context, o->kind->name);
}

static void tally_memory(const char *what, void *context)
{
    (void)context;
    violation("memory", "%s: what it gave was not freed", what);
}

void log_summary(void)
{
    const struct world *w = world_if_used();
    struct tally t = {.count = 0};
    char calls[LINE_MAX - 512] = "";
    size_t used = 0;

    if (!w)
        return;
    memory_each(tally_memory, NULL);
    callbacks_check_end();
    object_each_alive(tally_object, &t);
    for (int i = 0; i < t.count; i++)
        log_json("\"leak\":\"%s\",\"count\":%d", t.kinds[i].name,
                 t.kinds[i].count);
    for (int i = 0; i < CALLS; i++)
        if (w->calls[i] && used < sizeof(calls))
            used += (size_t)snprintf(calls + used, sizeof(calls) - used,
                                     "%s\"%s\":%u", used ? "," : "",
                                     method_name((enum method)i), w->calls[i]);
    log_json("\"summary\":true,\"violations\":%ld,\"leaked\":%d,"
             "\"time\":%.3f,\"wall\":%.3f,\"calls\":{%s}",
             the_log.violations, t.all, world_seconds(),
             (double)(GetTickCount64() - the_log.began) / 1000.0, calls);
}
